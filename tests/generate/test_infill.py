"""What is kept is kept exactly, and what is written fits in: pieces that go on, gaps, parts."""

from __future__ import annotations

import numpy as np
import pytest
from pieces import drum_beat, melody, trio
from tiny_models import write_run

import musicvae as mv
from musicvae.errors import ConfigError, InputError
from musicvae.generate import window_filling
from musicvae.generate.filling import Span, spans
from musicvae.generate.infill import kept_bars
from musicvae.generate.piece_rows import (
    has_onset,
    read_rows,
    silent_rows,
    sounding_before,
    with_note_offs,
)
from musicvae.generate.results import Piece, SamplingOptions
from musicvae.generate.window_filling import FillOptions

CONFIGS = ("cat-mel_2bar_small", "cat-drums_2bar_small", "nade-drums_2bar_reduced",
           "flat-trio_16bar_small", "hierdec-trio_16bar_small")  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def few_candidates():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FillOptions.__init__, "__defaults__", (0.5, 0, 8, 2, 1))
        yield


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, mv.Model]:
    found = {}
    for name in CONFIGS:
        folder = tmp_path_factory.mktemp(name)
        write_run(folder, name)
        found[name] = mv.load(folder, batch_size=32)
    return found


def repeated(piece, times: int):
    """A piece over and over, each time two semitones higher where it has pitches."""
    result, length = type(piece)(), piece.total_time
    result.tempos.add(qpm=120)
    for k in range(times):
        for note in piece.notes:
            copy = result.notes.add()
            copy.CopyFrom(note)
            copy.pitch += 0 if note.is_drum else 2 * (k % 3)
            copy.start_time += k * length
            copy.end_time += k * length
    result.total_time = times * length
    return result


def part_of(note) -> str:
    return "drums" if note.is_drum else "bass" if note.program == 33 else "melody"


def notes(sequence, first_bar: int, end_bar: int, parts=("melody", "bass", "drums")) -> set:
    """The notes that begin in some bars, counted from 1, of 2 s each."""
    found = set()
    for note in sequence.notes:
        part = part_of(note)
        if 2 * (first_bar - 1) - 1e-6 <= note.start_time < 2 * end_bar - 1e-6 and part in parts:
            found.add((part, note.pitch, round(note.start_time, 4)))
    return found


@pytest.mark.parametrize(
    ("name", "piece"),
    [
        ("cat-mel_2bar_small", repeated(melody(), 3)),
        ("cat-drums_2bar_small", repeated(drum_beat(), 3)),
        ("nade-drums_2bar_reduced", repeated(drum_beat(), 3)),
        ("flat-trio_16bar_small", repeated(trio(), 8)),
        ("hierdec-trio_16bar_small", repeated(trio(), 9)),
    ],
)
def test_what_is_kept_is_kept_exactly_and_the_gap_is_written(models, name, piece):
    result = models[name].infill(piece, keep="1-2,4-", n=2, temperature=1.0, seed=3)
    bars = round(piece.total_time / 2)
    for sample in result:
        assert sample.sequence.total_time == piece.total_time
        assert notes(sample.sequence, 1, 2) == notes(piece, 1, 2)
        assert notes(sample.sequence, 4, bars) == notes(piece, 4, bars)
    assert any(notes(sample.sequence, 3, 3) != notes(piece, 3, 3) for sample in result)
    assert result.notes[-1] == f"music: {bars - 1} of {bars} bars kept"


def test_a_piece_goes_on_for_as_many_bars_as_are_asked_for(models):
    tune = melody()
    result = models["cat-mel_2bar_small"].continue_(tune, bars=5, n=3, temperature=1.0, seed=3)
    assert len({sample.to_midi() for sample in result}) == 3
    for sample in result:
        assert sample.sequence.total_time == 14.0
        assert notes(sample.sequence, 1, 2) == notes(tune, 1, 2)
    assert result.notes == ("music: 2 bars kept, 5 written",)


def test_parts_of_a_trio_are_kept_and_may_be_all_that_there_is(models):
    drums = repeated(drum_beat(), 8)
    model = models["flat-trio_16bar_small"]
    result = model.infill(drums, keep_parts=["drums"], temperature=1.0, seed=3)
    assert result.notes == ("music: 16 bars, drums kept throughout",)
    [sample] = result
    assert notes(sample.sequence, 1, 16, ("drums",)) == notes(drums, 1, 16)
    assert notes(sample.sequence, 1, 16, ("melody", "bass"))
    band = repeated(trio(), 8)
    kept = ("melody", "bass")
    [sample] = model.infill(band, "1-4", keep_parts=kept, temperature=1.0, seed=3)
    assert notes(sample.sequence, 1, 16, kept) == notes(band, 1, 16, kept)
    assert notes(sample.sequence, 1, 4) == notes(band, 1, 4)
    assert notes(sample.sequence, 5, 16) != notes(band, 5, 16)


@pytest.mark.slow
@pytest.mark.parametrize("kept", [("drums",), ("melody", "bass"), ("bass",)])
def test_the_trio_that_ships_writes_the_other_parts_to_those_that_are_kept(kept):
    model = mv.load("hierdec-trio_16bar_small", batch_size=32)
    band = repeated(trio(), 8)
    for note in [note for note in band.notes if part_of(note) not in kept]:
        band.notes.remove(note)
    [sample] = model.infill(band, keep_parts=kept, temperature=1.0, seed=3)
    assert notes(sample.sequence, 1, 16, kept) == notes(band, 1, 16, kept)
    for part in {"melody", "bass", "drums"} - {*kept}:
        written = [note for note in sample.sequence.notes if part_of(note) == part]
        assert len({int(note.start_time // 2) for note in written}) >= 8


def test_a_seed_makes_it_repeatable_and_another_differs(models):
    model, tune = models["cat-mel_2bar_small"], repeated(melody(), 2)
    again = [model.infill(tune, "1", seed=seed, temperature=1.0)[0].to_midi() for seed in (1, 1, 2)]
    assert again[0] == again[1] != again[2]


def test_bars_of_three_quarters_and_the_tempo_stay(models):
    waltz = repeated(melody(), 2)
    waltz.tempos[0].qpm = 90
    for note in waltz.notes:
        note.start_time, note.end_time = note.start_time * 4 / 3, note.end_time * 4 / 3
    waltz.total_time *= 4 / 3
    waltz.time_signatures.add(numerator=3, denominator=4)
    [sample] = models["cat-mel_2bar_small"].infill(waltz, "1-2,4-", seed=1)
    assert sample.sequence.tempos[0].qpm == 90
    assert sample.sequence.time_signatures[0].numerator == 3
    early = {
        (note.pitch, round(note.start_time, 4)) for note in waltz.notes if note.start_time < 4.0
    }
    assert early <= {(note.pitch, round(note.start_time, 4)) for note in sample.sequence.notes}


def test_a_written_note_ends_where_silence_is_kept(models):
    converter = models["cat-mel_2bar_small"].trained.converter
    rows = silent_rows(converter, 32)[np.newaxis].copy()
    rows[0, 4] = np.eye(rows.shape[-1])[40]
    ends = np.zeros((32, 1), bool)
    ends[16] = True
    assert sounding_before(converter, rows)[0, 5:, 0].all()
    ended = with_note_offs(converter, rows, ends)
    assert ended[0, 16].argmax() == 1
    assert not sounding_before(converter, ended)[0, 17:].any()
    assert not sounding_before(converter, ended)[0, :5].any()


def test_windows_see_both_sides_of_a_gap_that_fits_and_half_a_window_before_one_that_does_not():
    def missing(text):
        return np.array([letter == "." for letter in text])

    assert list(spans(missing("xxxxxx..xxxxxx"), 8)) == [Span(3, 6, 8)]
    assert list(spans(missing("xx......"), 4)) == [Span(0, 2, 4), Span(2, 4, 6), Span(4, 6, 8)]
    assert list(spans(missing(".xxx.x"), 2)) == [Span(0, 0, 1), Span(3, 4, 5)]
    assert list(spans(missing("x."), 16)) == [Span(0, 1, 2)]
    assert not list(spans(missing("xxx"), 2))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_candidate_with_the_best_score_is_taken(models, monkeypatch, sign):
    model, counts = models["cat-mel_2bar_small"], []

    def onsets(model, z, rows, known, controls):
        del z, known, controls
        counts.append(sign * has_onset(model.converter, rows).sum(axis=1).astype(float))
        return counts[-1]

    monkeypatch.setattr(window_filling, "_scores", onsets)
    monkeypatch.setattr(window_filling, "FOREIGN_NATS", 0.0)
    monkeypatch.setattr(window_filling, "EMPTY_NATS", 0.0)
    tune = repeated(melody(), 2)
    [sample] = model.infill(tune, "1-3", seed=3, temperature=1.0)
    written = len(notes(sample.sequence, 3, 4))
    assert sign * written == counts[-1].max() != counts[-1].min()


def test_beside_a_single_bar_what_is_worth_the_most_of_all_that_was_tried_is_taken(
    models, monkeypatch
):
    model, counts = models["cat-mel_2bar_small"], []

    def onsets(model, rows, known, controls):
        del known, controls
        counts.append(-has_onset(model.converter, rows).sum(axis=1).astype(float))
        return counts[-1]

    monkeypatch.setattr(window_filling.single_bar, "worth", onsets)
    monkeypatch.setattr(window_filling, "FOREIGN_NATS", 0.0)
    monkeypatch.setattr(window_filling, "EMPTY_NATS", 0.0)
    [sample] = model.infill(melody(), "1", seed=3, temperature=1.0)
    assert len(counts) == 3
    assert -len(notes(sample.sequence, 1, 2)) == np.max(counts) != np.min(counts)


def test_bars_are_read_as_people_write_them():
    bars = list(range(1, 9))
    assert np.flatnonzero(kept_bars("1-2, 4,7-", bars)).tolist() == [0, 1, 3, 6, 7]
    assert not kept_bars(None, bars).any()
    # A bar of 7/4 is two on the grid.
    assert kept_bars("2", [1, 1, 2, 2]).tolist() == [False, False, True, True]


@pytest.mark.parametrize("keep", ["", "a", "0-2", "3-2", "7-9", "1--2"])
def test_what_is_no_range_of_bars_is_said(keep):
    with pytest.raises(InputError, match="--keep="):
        kept_bars(keep, list(range(1, 9)))


def test_mistakes_are_one_line(models):
    tune = melody()
    flat = models["cat-mel_2bar_small"]
    for call, message in (
        (lambda: flat.infill(tune), "nothing is kept; give bars, as in --keep=1-4,9-16"),
        (lambda: flat.infill(tune, "1-2"), "--keep=1-2 keeps all 2 bars"),
        (lambda: flat.infill(tune, keep_parts=["bass"]), "has one part; leave it out"),
        (lambda: flat.continue_(tune, bars=0), "0 bars to add; give 1 to 1022"),
        (
            lambda: models["flat-trio_16bar_small"].infill(trio(), keep_parts=["vox"]),
            "no part 'vox'; known: melody, bass, drums",
        ),
    ):
        with pytest.raises(InputError, match=message) as error:
            call()
        assert "\n" not in str(error.value)


def test_grooves_and_bars_of_several_tracks_are_refused(tmp_path):
    write_run(tmp_path, "groovae_4bar")
    with pytest.raises(ConfigError, match="plays grooves; take another model"):
        mv.load(tmp_path).continue_(drum_beat())


def test_rows_are_those_of_the_whole_piece(models):
    piece = Piece(repeated(melody(), 3), "tune")
    converter = models["cat-mel_2bar_small"].trained.converter
    read = read_rows(converter, piece, SamplingOptions())
    assert read.rows.shape == (96, 90)
    assert converter.to_notes(read.rows).notes[0].pitch == 60
    assert len(converter.to_notes(read.rows).notes) == len(piece.sequence.notes)
