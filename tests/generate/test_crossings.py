"""What happens across bar lines, and that borders between windows aim at it."""

from __future__ import annotations

import numpy as np
import pytest
from pieces import melody_rows

from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.generate.composing import Composition
from musicvae.generate.crossings import aimed_at, crossings, differences
from musicvae.generate.loading import load_model
from musicvae.generate.results import SamplingOptions

CONVERTER = build_converter(load_config("cat-mel_2bar_small").converter)


def test_a_leap_is_from_the_last_note_before_a_bar_line_to_the_first_one_after():
    found = crossings(CONVERTER, melody_rows(4, s3=60, s14=62, s20=67, s33=30), [1, 2, 3])
    assert found.leaps[0, :2, 0].tolist() == [5, -24]
    assert np.isnan(found.leaps[0, 2, 0])
    assert found.before.tolist() == [[1, 0, 0]]
    assert found.after.tolist() == [[1, 1, 0]]


def test_bar_lines_differ_by_the_semitones_of_their_leaps_and_the_onsets_on_each_side():
    rows = melody_rows(3, s14=60, s15=60, s16=62, s30=62, s32=57, s34=57)
    found = crossings(CONVERTER, rows, [1, 2])
    one, other = (type(found)(*(array[:, k : k + 1] for array in found)) for k in (0, 1))
    semitones, onsets = differences(one, other)
    assert semitones.tolist() == [[7]]
    assert onsets.tolist() == [[2]]


def test_what_is_aimed_at_is_one_of_the_bar_lines():
    found = crossings(CONVERTER, melody_rows(3, s14=60, s16=62, s30=62, s32=57), [1, 2])
    drawn = {aimed_at(found, np.random.default_rng(seed)).leaps.item() for seed in range(20)}
    assert drawn == {2, -5}


def test_a_bar_line_as_dense_before_as_is_wanted_is_aimed_at():
    found = crossings(CONVERTER, melody_rows(3, s14=60, s16=62, s28=62, s30=62, s32=57), [1, 2])
    for before, leap in ((0, 2), (1, 2), (2, -5), (8, -5)):
        drawn = {aimed_at(found, np.random.default_rng(k), before).leaps.item() for k in range(20)}
        assert drawn == {leap}


@pytest.mark.slow
def test_leaps_across_borders_are_as_wide_as_inside_windows(monkeypatch):
    model = load_model("cat-mel_2bar_small", batch_size=64)

    def excess(seeds) -> float:
        borders, inside = list[float](), list[float]()
        for seed in seeds:
            piece = Composition(model, 16, SamplingOptions(seed=seed), 0.5, None)
            rows = piece.decode(["A"], lambda: None)
            sizes = np.abs(crossings(model.converter, rows[np.newaxis], np.arange(1, 16)).leaps)
            borders += sizes[0, 1::2, 0].tolist()
            inside += sizes[0, 0::2, 0].tolist()
        return float(np.nanmean(borders) - np.nanmean(inside))

    seeds = range(1000, 1012)
    aimed = excess(seeds)
    monkeypatch.setattr(Composition, "_border_prices", lambda self, rows, aim: np.zeros(len(rows)))
    assert abs(aimed) < excess(seeds)
