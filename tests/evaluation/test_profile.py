from __future__ import annotations

import math

import numpy as np
import pytest
from pieces import drum_beat, melody

from musicvae.evaluation.profile import (
    Repetition,
    bar_repetition,
    density_histogram,
    histogram_pair,
    profile_of,
)
from musicvae.lazy_note_seq import NoteSequence


def test_a_scales_profile_is_what_one_can_count():
    # 16 notes over two bars: c d e f g a b c' b a g f e d c c, all eighths.
    found = profile_of([melody()], repetition=Repetition(0.25, 0.5))
    assert found.pieces == 1
    assert found.onsets_per_bar.tolist() == [8.0]
    assert found.pitch_classes["C"] == 4 / 16
    assert found.pitch_classes["D"] == found.pitch_classes["B"] == 2 / 16
    assert found.pitch_classes["C#"] == 0.0
    assert found.pitches["72"] == 1 / 16 and found.pitches["60"] == 3 / 16
    assert found.drums == {}
    assert {place for place, share in found.positions.items() if share} == {
        *("1", "3", "5", "7", "9", "11", "13", "15")
    }
    assert found.positions["3"] == 2 / 16
    assert (found.lowest, found.highest, found.pitch_range) == (60.0, 72.0, 12.0)
    assert found.velocity == (80.0, 0.0)
    assert found.repetition.bars == 0.25
    assert found.attributes["c_diatonic"] == 1.0


def test_a_beats_profile_counts_drums_by_name():
    found = profile_of([drum_beat()])
    # In two bars: 16 closed hi-hats, 4 kicks and 4 snares.
    assert found.drums == {
        "Kick": pytest.approx(4 / 24),
        "Snare": pytest.approx(4 / 24),
        "Hi-hat, closed": pytest.approx(16 / 24),
    }
    assert found.onsets_per_bar.tolist() == [12.0]
    assert found.pitch_classes == {} and found.pitches == {}
    assert math.isnan(found.lowest) and math.isnan(found.pitch_range)
    assert math.isnan(found.attributes["c_diatonic"])


def test_pieces_without_notes_do_not_count():
    found = profile_of([NoteSequence(), melody(lowest=61), melody(lowest=63)])
    assert found.pieces == 2
    assert found.lowest == 62.0
    assert profile_of([]).positions == {}


def test_bars_that_equal_the_one_before_are_repeated():
    labels = np.zeros((1, 64, 1), np.int64)
    labels[0, [0, 16, 32], 0] = 5, 5, 6  # the last bar is empty
    onsets = labels[..., 0] > 0
    # Of the two bars that count one equals its predecessor, the other in 15 steps of 16.
    assert bar_repetition(labels, onsets) == (0.5, 31 / 32)


def test_empty_bars_are_no_repetition():
    silent = bar_repetition(np.zeros((2, 32, 1), np.int64), np.zeros((2, 32), bool))
    short = bar_repetition(np.ones((2, 16, 1), np.int64), np.ones((2, 16), bool))
    assert all(map(math.isnan, (*silent, *short)))


def test_a_bar_repeats_only_if_all_parts_do():
    labels = np.ones((1, 32, 2), np.int64)
    onsets = np.ones((1, 32), bool)
    assert bar_repetition(labels, onsets) == (1.0, 1.0)
    labels[0, 20, 1] = 2
    assert bar_repetition(labels, onsets) == (0.0, 31 / 32)


def test_densities_fall_into_bins_whose_last_takes_the_rest():
    found = density_histogram(np.array([0.0, 1.4, 1.6, 9.0]), highest=3)
    assert found == {"0": 0.25, "1": 0.25, "2": 0.25, "3": 0.25}
    assert list(density_histogram(np.array([5.0]), highest=23)) == [
        f"{low}-{low + 1}" for low in range(0, 24, 2)
    ]


def test_two_histograms_are_put_over_the_same_names():
    names, one, other = histogram_pair({"a": 0.5, "c": 0.5}, {"a": 0.25, "b": 0.75})
    assert names == ["a", "b", "c"]
    assert (one, other) == ([0.5, 0.0, 0.5], [0.25, 0.75, 0.0])
