"""Long pieces: forms, returns that are recognised, and what windows are chosen by."""

from __future__ import annotations

import numpy as np
import pytest
from tiny_models import write_run

import musicvae as mv
from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.errors import ConfigError, InputError
from musicvae.generate import composing
from musicvae.generate.forms import parse_form
from musicvae.generate.piece_rows import read_rows
from musicvae.generate.pitch_content import by_class, in_best_key, mean_pitch, pitch_counts
from musicvae.generate.results import Piece, SamplingOptions
from musicvae.generate.window_filling import FillOptions


@pytest.fixture(scope="module", autouse=True)
def few_candidates():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FillOptions.__init__, "__defaults__", (0.5, 0, 8, 1, 1))
        patch.setattr(composing, "CANDIDATES", 4)
        patch.setattr(composing, "BEGUN", 6)
        yield


def model_of(folder, name: str) -> mv.Model:
    write_run(folder, name)
    return mv.load(folder, batch_size=32)


@pytest.fixture(scope="module")
def melodies(tmp_path_factory) -> mv.Model:
    return model_of(tmp_path_factory.mktemp("melodies"), "cat-mel_2bar_small")


def rows_of(model: mv.Model, sample) -> np.ndarray:
    options = SamplingOptions()
    return read_rows(model.trained.converter, Piece(sample.sequence, "piece"), options).rows


def difference(rows: np.ndarray, bars: int, one: int, other: int) -> float:
    sections = np.split(rows, len(rows) // (16 * bars))
    return float((sections[one] != sections[other]).any(axis=1).mean())


@pytest.mark.parametrize("name", ["cat-mel_2bar_small", "cat-drums_2bar_small"])
def test_a_section_that_returns_is_recognised_and_another_is_not(tmp_path, name):
    model = model_of(tmp_path, name)
    result = model.compose(16, "AABA", temperature=1.0, seed=1)
    rows = rows_of(model, result[0])
    assert result[0].sequence.total_time == 32.0
    for again in (1, 3):
        assert 0.02 <= difference(rows, 4, 0, again) <= 0.35
    assert difference(rows, 4, 0, 2) > 0.35
    assert result.notes[0].startswith("AABA: A new; A again, ")


def test_a_section_is_cut_where_windows_do_not_fill_it(melodies):
    result = melodies.compose(6, "verse,chorus", n=2, temperature=1.0, seed=1)
    assert {sample.sequence.total_time for sample in result} == {12.0}
    assert [sample.title for sample in result] == [
        "verse,chorus, version 1", "verse,chorus, version 2",
    ]  # fmt: skip
    assert len({sample.to_midi() for sample in result}) == 2


def test_trios_are_composed_too(tmp_path):
    model = model_of(tmp_path, "flat-trio_16bar_small")
    [sample] = model.compose(32, "AB", temperature=1.0, seed=1)
    assert sample.sequence.total_time == 64.0
    assert {note.is_drum for note in sample.sequence.notes} == {True, False}


def test_chords_go_round_over_the_whole_piece(tmp_path):
    model = model_of(tmp_path, "cat-mel_2bar_med_chords")
    [sample] = model.compose(6, "AB", chords="C Am F", temperature=1.0, seed=1)
    found = [(a.time, a.text) for a in sample.sequence.text_annotations if a.annotation_type == 1]
    assert [text for _, text in found] == ["C", "Am", "F", "C", "Am", "F"]
    with pytest.raises(InputError, match="plays over chords; give --chords"):
        model.compose(4, "AB", seed=1)


def test_a_seed_makes_it_repeatable(melodies):
    pieces = [melodies.compose(4, "AA", seed=seed)[0].to_midi() for seed in (1, 1, 2)]
    assert pieces[0] == pieces[1] != pieces[2]


def test_the_last_step_of_a_window_is_fed_to_the_next(melodies, monkeypatch):
    fed = []
    real = melodies.trained.decode_to_tensors

    def recorded(*arguments, **keywords):
        if "first_input" in keywords:
            fed.append(keywords["first_input"])
        return real(*arguments, **keywords)

    monkeypatch.setattr(melodies.trained, "decode_to_tensors", recorded)
    melodies.compose(4, "A", temperature=1.0, seed=1)
    assert fed[0] is None and fed[1].shape == (4, 90)
    assert (fed[1].sum(axis=1) == 1).all()


def test_windows_cost_whose_border_is_unlike_the_bar_lines_inside_windows(melodies):
    def rows_with(notes: dict[int, int]) -> np.ndarray:
        labels = np.zeros(32, np.int64)
        for step, pitch in notes.items():
            labels[step] = 2 + pitch - 21
        return np.eye(90, dtype=np.float32)[labels]

    piece = composing.Composition(melodies.trained, 4, SamplingOptions(seed=1), 0.5, None)
    candidates = np.stack([rows_with({0: 70}), rows_with({0: 77}), rows_with({0: 70, 2: 60})])
    assert piece._aim() is None
    piece._rows = rows_with({14: 60, 16: 65, 30: 65})
    prices = piece._border_prices(candidates, piece._aim())
    assert prices[0] == 0.0
    assert prices[1:].tolist() == pytest.approx([0.5 * 7, 0.3])


def test_long_windows_go_on_from_the_beginnings_whose_borders_cost_the_least(tmp_path, monkeypatch):
    model = model_of(tmp_path, "flat-trio_16bar_small")
    monkeypatch.setattr(composing, "BEGUN", 12)
    piece = composing.Composition(model.trained, 32, SamplingOptions(seed=1), 1.0, None)
    piece._write_section()
    piece._rows, second = np.split(piece._rows, 2)
    aim = piece._aim()
    prices, begun = [], []
    real = piece._border_prices

    def recorded(rows, aim):
        begun.append(rows)
        prices.append(real(rows, aim))
        return prices[-1]

    monkeypatch.setattr(piece, "_border_prices", recorded)
    z, fixed = piece._well_begun(model.trained.sample_z(12, seed=2), aim)
    assert len(second) == fixed.shape[1] == 256
    assert len(z) == 4
    assert begun[0].shape[:2] == (12, 16)
    best = np.argsort(prices[0], kind="stable")[:4]
    np.testing.assert_array_equal(fixed[:, :16], begun[0][best])
    assert np.isnan(fixed[:, 16:]).all()


def test_a_new_section_that_is_too_like_an_earlier_one_is_written_anew(melodies, monkeypatch):
    piece = composing.Composition(melodies.trained, 1, SamplingOptions(seed=1), 0.5, None)
    rows = np.eye(90, dtype=np.float32)
    labels = iter([[5] * 16, [5] * 16, [5] * 12 + [6] * 4, [5] * 8 + [6] * 8, [7] * 16])

    def write() -> None:
        piece._rows = np.concatenate([piece._rows, rows[next(labels)]])

    monkeypatch.setattr(composing, "_NEW_TRIES", 3)
    monkeypatch.setattr(piece, "_write_section", write)
    piece._write_new_section(())
    piece._write_new_section((0,))
    assert piece._rows.argmax(axis=1).tolist() == [5] * 24 + [6] * 8
    assert next(labels) == [7] * 16


def test_it_says_which_section_is_done(melodies):
    said = []
    options = SamplingOptions(seed=1)
    composing.compose(
        melodies.trained, 6, "ABA", 1, options, progress=lambda *done: said.append(done)
    )
    assert said == [(1, 3), (2, 3), (3, 3)]


def test_forms_are_letters_or_names():
    assert parse_form("AABA") == ["A", "A", "B", "A"]
    assert parse_form("verse, chorus,verse") == ["verse", "chorus", "verse"]
    for form in ("", "a,,b", ","):
        with pytest.raises(InputError, match="--form="):
            parse_form(form)
    with pytest.raises(InputError, match="65 sections; at most 64"):
        parse_form("A" * 65)


def test_bars_that_do_not_divide_and_models_that_cannot_are_refused(melodies, tmp_path):
    with pytest.raises(InputError, match="10 bars do not make 4 sections of equal length"):
        melodies.compose(10, "AABA")
    with pytest.raises(ConfigError, match="--mode=compose is for melodies"):
        model_of(tmp_path, "groovae_4bar").compose(8, "AB")


def test_the_key_of_rows_is_the_major_key_that_most_notes_lie_in():
    converter = build_converter(load_config("cat-mel_2bar_small").converter)
    rows = np.zeros((2, 32, 90), np.float32)
    for k, tonic in enumerate((60, 62)):
        for step, semitones in enumerate((0, 2, 4, 5, 7, 9, 11)):
            rows[k, step, 2 + tonic + semitones - 21] = 1
    classes = by_class(pitch_counts(converter, rows))
    assert np.flatnonzero(in_best_key(classes)[0]).tolist() == [0, 2, 4, 5, 7, 9, 11]
    assert np.flatnonzero(in_best_key(classes)[1]).tolist() == [1, 2, 4, 6, 7, 9, 11]
    means = mean_pitch(pitch_counts(converter, rows))
    assert means[1] - means[0] == pytest.approx(2.0)
