"""--whole: all bars of a piece come back in their places, rests included."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from pieces import drum_beat, melody, trio
from tiny_models import write_run

from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.converters.voices import NOTE_OFF
from musicvae.errors import InputError, NoExamplesError
from musicvae.formats.midi import midi_to_note_sequence
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.generate import TrainedModel
from musicvae.generate.modes import interpolate, morph, reconstruct
from musicvae.generate.results import Piece, SamplingOptions
from musicvae.generate.whole_piece import read_whole
from musicvae.lazy_note_seq import NoteSequence

OPTIONS = SamplingOptions(seed=5)
MELODY, DRUMS, GROOVE = "cat-mel_2bar_small", "cat-drums_2bar_small", "groovae_2bar_humanize"
CHORDS, TRIO, MULTITRACK = (
    "cat-mel_2bar_med_chords",
    "flat-trio_16bar_small",
    "hier-multiperf_vel_1bar_med",
)
CONVERTERS = {
    name: build_converter(load_config(name).converter)
    for name in (MELODY, DRUMS, GROOVE, CHORDS, TRIO, MULTITRACK)
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    found = {}
    for name in CONVERTERS:
        write_run(folder / name, name)
        found[name] = TrainedModel(name, 4, folder / name)
    return found


def tune(*notes: tuple[float, float], beats: float, signature: tuple[int, int] = (4, 4)):
    """A melody at 60 qpm: (first beat, beats) of each note, rising."""
    sequence = NoteSequence(total_time=beats)
    sequence.tempos.add(qpm=60)
    sequence.time_signatures.add(numerator=signature[0], denominator=signature[1])
    for k, (start, length) in enumerate(notes):
        sequence.notes.add(
            pitch=60 + k % 12, velocity=90, start_time=start, end_time=start + length
        )
    return sequence


def quarters(*beats: float) -> list[tuple[float, float]]:
    return [(beat, 1.0) for beat in beats]


def several_bars(name: str, bars: int) -> NoteSequence:
    """Music for a model, at 120 qpm, that ends before its last bar line."""
    piece = NoteSequence()
    kind = {MELODY: melody, CHORDS: melody, TRIO: trio, MULTITRACK: trio}.get(name, drum_beat)
    for start in range(0, bars, 2):
        for note in kind().notes:
            if note.start_time + 2 * start < 2 * bars:
                copy = piece.notes.add()
                copy.CopyFrom(note)
                copy.start_time, copy.end_time = (
                    note.start_time + 2 * start,
                    note.end_time + 2 * start,
                )
    piece.tempos.add(qpm=120)
    piece.total_time = max(note.end_time for note in piece.notes)
    return piece


def as_file(sequence: NoteSequence) -> NoteSequence:
    return midi_to_note_sequence(note_sequence_to_midi(sequence), with_silence=True)


def whole(models, name: str, piece: NoteSequence, **options: object):
    wanted = dataclasses.replace(OPTIONS, **options)
    return reconstruct(models[name], Piece(piece, "piece"), 1, wanted, whole=True)


@pytest.mark.parametrize("name", CONVERTERS)
@pytest.mark.parametrize("bars", [1, 3, 4, 5])
def test_bars_in_are_bars_out(models, name, bars):
    result = whole(models, name, several_bars(name, bars))
    sequence = result.samples[0].sequence
    assert sequence.total_time == pytest.approx(2.0 * bars)
    assert as_file(sequence).total_time == pytest.approx(2.0 * bars, abs=1e-3)
    assert max(note.end_time for note in sequence.notes) <= 2.0 * bars + 1e-9


@pytest.mark.parametrize("name", CONVERTERS)
def test_what_a_window_has_is_read_and_the_rest_is_silence(name):
    if name == GROOVE:
        pytest.skip("its windows are tested in test_every_hit.py")
    converter = CONVERTERS[name]
    piece = read_whole(several_bars(name, 5), converter, name="piece")
    notes = [
        note
        for tile in piece.tiles
        for note in converter.to_notes(tile.example.outputs, qpm=120.0).notes
    ]
    assert [tile.slot for tile in piece.tiles] == {
        TRIO: [0], MULTITRACK: [0, 1, 2, 3, 4]
    }.get(name, [0, 2, 4])  # fmt: skip
    expected = several_bars(name, 5).notes
    assert len(notes) == len(expected)
    assert sorted(note.pitch for note in notes) == sorted(note.pitch for note in expected)


def test_rests_stay_where_they_are():
    piece = tune(*quarters(9, 10), *quarters(28, 29), beats=40)
    read = read_whole(piece, CONVERTERS[MELODY], name="tune")
    assert [tile.slot for tile in read.tiles] == [2, 6]
    assert read.lines.num_bars == 10
    first, second = (tile.example.outputs.argmax(axis=1) for tile in read.tiles)
    assert np.flatnonzero(first > NOTE_OFF).tolist() == [4, 8]
    assert np.flatnonzero(second > NOTE_OFF).tolist() == [16, 20]
    assert second[24] == NOTE_OFF


def test_a_gap_inside_a_window_ends_nothing():
    piece = tune(*quarters(0, 30, 31, 60), beats=64)
    converter = build_converter(load_config("hierdec-mel_16bar").converter)
    [tile] = read_whole(piece, converter, name="tune").tiles
    labels = tile.example.outputs.argmax(axis=1)
    assert np.flatnonzero(labels > NOTE_OFF).tolist() == [0, 120, 124, 240]


def test_silent_windows_are_silent_in_the_result(models):
    piece = tune(*quarters(0, 1, 2, 3), *quarters(20, 21), beats=24)
    sequence = whole(models, MELODY, piece, temperatures=(1.5,)).samples[0].sequence
    assert sequence.total_time == 24.0
    assert sequence.notes
    assert not [note for note in sequence.notes if 8.0 <= note.start_time < 16.0]


@pytest.mark.parametrize("name", [MELODY, DRUMS, GROOVE])
@pytest.mark.parametrize(("signature", "beats"), [((3, 4), 15.0), ((6, 8), 9.0), ((5, 4), 15.0)])
def test_a_piece_keeps_its_time_signature_and_ends_on_its_own_bar_line(
    models, name, signature, beats
):
    piece = tune(*quarters(*range(int(beats))), beats=beats, signature=signature)
    for note in piece.notes:
        note.is_drum, note.pitch = name != MELODY, 36 if name != MELODY else note.pitch
    result = whole(models, name, piece)
    written = as_file(result.samples[0].sequence)
    assert written.total_time == pytest.approx(beats)
    [found] = written.time_signatures
    assert (found.numerator, found.denominator) == signature
    assert "bars of {}/{} were read".format(*signature) in result.notes[0]


def test_every_bar_of_a_waltz_is_read_from_its_own_first_beat():
    piece = tune(*quarters(*range(15)), beats=15, signature=(3, 4))
    tiles = read_whole(piece, CONVERTERS[MELODY], name="waltz").tiles
    steps = [np.flatnonzero(tile.example.outputs.argmax(axis=1) > 1).tolist() for tile in tiles]
    assert steps == [[0, 4, 8, 16, 20, 24], [0, 4, 8, 16, 20, 24], [0, 4, 8]]


def test_tempos_and_time_signatures_inside_a_piece_are_kept(models):
    piece = tune(*quarters(*range(22)), beats=22)
    piece.time_signatures.add(time=16.0, numerator=3, denominator=4)
    piece.tempos.add(time=8.0, qpm=120)
    for note in piece.notes:
        for field in ("start_time", "end_time"):
            beat = getattr(note, field)
            setattr(note, field, beat if beat < 8 else 8 + (beat - 8) / 2)
    piece.time_signatures[1].time = 12.0
    piece.total_time = 15.0
    written = as_file(whole(models, MELODY, piece).samples[0].sequence)
    assert [(tempo.time, tempo.qpm) for tempo in written.tempos] == [(0.0, 60.0), (8.0, 120.0)]
    assert [(each.time, each.numerator) for each in written.time_signatures] == [(0, 4), (12, 3)]
    assert written.total_time == pytest.approx(15.0)


def test_one_window_of_a_waltz_is_bars_of_a_waltz_too(models):
    piece = Piece(tune(*quarters(*range(15)), beats=15, signature=(3, 4)), "waltz")
    common = Piece(tune(*quarters(*range(8)), beats=8), "march")
    [sample] = reconstruct(models[MELODY], piece, 1, OPTIONS).samples
    assert sample.sequence.total_time == 6.0
    assert [each.numerator for each in sample.sequence.time_signatures] == [3]
    assert all(note.end_time <= 6.0 for note in sample.sequence.notes)
    path = interpolate(models[MELODY], piece, common, 4, OPTIONS).samples
    assert [each.sequence.total_time for each in path] == [6.0, 6.0, 8.0, 8.0]
    [joined] = morph(models[MELODY], [piece, common], 4, OPTIONS).samples
    assert joined.sequence.total_time == 28.0
    assert [(s.time, s.numerator) for s in joined.sequence.time_signatures] == [(0, 3)]


def test_the_bar_of_a_waltz_is_its_own(models):
    piece = Piece(tune(*quarters(*range(15)), beats=15, signature=(3, 4)), "waltz")
    assert reconstruct(models[MELODY], piece, 1, dataclasses.replace(OPTIONS, bar=3)).samples
    with pytest.raises(InputError, match="no window of 'waltz' begins at bar 9; there are some at"):
        reconstruct(models[MELODY], piece, 1, dataclasses.replace(OPTIONS, bar=9))


def test_a_trio_in_which_one_rests_is_read():
    piece = trio()
    for start in (2, 4):
        for note in melody(program=33, instrument=1, lowest=36).notes:
            copy = piece.notes.add()
            copy.CopyFrom(note)
            copy.start_time, copy.end_time = note.start_time + 2 * start, note.end_time + 2 * start
    [tile] = read_whole(piece, CONVERTERS[TRIO], name="trio").tiles
    written = CONVERTERS[TRIO].to_notes(tile.example.outputs, qpm=120.0)
    assert len(written.notes) == len(piece.notes)


def test_bars_that_a_model_cannot_read_are_silent_and_said(models):
    piece = several_bars(MULTITRACK, 3)
    for k in range(70):
        piece.notes.add(
            pitch=40 + k, velocity=80, start_time=2.0 + k * 0.02, end_time=2.1 + k * 0.02
        )
    result = whole(models, MULTITRACK, piece)
    assert "the window at bar 2 could not be read and is silent: " in result.notes[-1]
    assert result.samples[0].sequence.total_time == pytest.approx(6.0)


def test_of_several_melodies_the_one_that_plays_most_is_read_and_that_is_said():
    piece = tune(*quarters(*range(8)), beats=16)
    for beat in range(16):
        piece.notes.add(
            pitch=80, velocity=80, start_time=beat, end_time=beat + 1, instrument=3, program=5
        )
    read = read_whole(piece, CONVERTERS[MELODY], name="two")
    assert [tile.program for tile in read.tiles] == [5, 5]
    assert read.notes == ("of its 2 melodies that of track 3 was read",)


def test_chords_of_a_piece_stay_and_those_that_are_asked_for_go_round(models):
    piece = several_bars(CHORDS, 6)
    for bar, figure in enumerate(("C", "F", "G", "Am", "Dm", "E")):
        piece.text_annotations.add(time=2.0 * bar, text=figure, annotation_type=1)
    own = whole(models, CHORDS, piece).samples[0].sequence
    assert [(mark.time, mark.text) for mark in own.text_annotations] == [
        (0.0, "C"), (2.0, "F"), (4.0, "G"), (6.0, "Am"), (8.0, "Dm"), (10.0, "E")
    ]  # fmt: skip
    given = whole(models, CHORDS, piece, chords="C G").samples[0].sequence
    assert [mark.text for mark in given.text_annotations] == ["C", "G"] * 3


def test_a_length_cuts_a_whole_piece(models):
    piece = tune(*quarters(*range(20)), beats=20)
    sequence = whole(models, MELODY, piece, length=40).samples[0].sequence
    assert sequence.total_time == 10.0
    with pytest.raises(InputError, match="tokens of a bar"):
        whole(models, MULTITRACK, several_bars(MULTITRACK, 2), length=40)


def test_the_wished_tempo_and_instrument_are_those_of_the_whole(models):
    piece = tune(*quarters(*range(12)), beats=12)
    sequence = whole(models, MELODY, piece, qpm=120.0, program=73).samples[0].sequence
    assert sequence.total_time == 6.0
    assert {note.program for note in sequence.notes} == {73}


def test_an_empty_piece_has_a_reason():
    for name in (MELODY, DRUMS, TRIO, MULTITRACK):
        with pytest.raises(NoExamplesError, match="'nothing' has nothing"):
            read_whole(NoteSequence(), CONVERTERS[name], name="nothing")
