"""--whole: a note that is held over the end of a window sounds on, where model and input agree."""

from __future__ import annotations

import numpy as np
import pytest
from pieces import drum_beat

from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.converters.voices import FIRST_PITCH, NOTE_OFF
from musicvae.generate.results import SamplingOptions
from musicvae.generate.whole_piece import read_whole
from musicvae.generate.whole_reconstruction import _written
from musicvae.lazy_note_seq import NoteSequence

MELODY, TRIO, MULTITRACK = (
    "cat-mel_2bar_small",
    "flat-trio_16bar_small",
    "hier-multiperf_vel_1bar_med",
)
CONVERTERS = {
    name: build_converter(load_config(name).converter) for name in (MELODY, TRIO, MULTITRACK)
}


def tune(*notes: tuple[int, float, float], beats: float, signature=(4, 4)) -> NoteSequence:
    """A piece at 60 qpm: pitch, first and last beat of each note."""
    sequence = NoteSequence(total_time=beats)
    sequence.tempos.add(qpm=60)
    sequence.time_signatures.add(numerator=signature[0], denominator=signature[1])
    for pitch, start, end in notes:
        sequence.notes.add(pitch=pitch, velocity=90, start_time=start, end_time=end)
    return sequence


def result(piece: NoteSequence, name: str = MELODY, change=lambda rows: rows):
    """What a model gives that gives back what it reads, and what `change` makes of that."""
    whole = read_whole(piece, CONVERTERS[name], name="piece")
    rows = change([tile.example.outputs.copy() for tile in whole.tiles])
    written = _written(CONVERTERS[name], whole, rows, None, SamplingOptions())
    return sorted((n.pitch, round(n.start_time, 3), round(n.end_time, 3)) for n in written.notes)


def first_label(label: int):
    """Gives the second window another first label."""

    def change(rows):
        rows[1][0] = np.eye(rows[1].shape[1])[label]
        return rows

    return change


def test_a_note_held_over_the_end_of_a_window_is_one_note():
    notes = [(60, 0.0, 1.0), (64, 6.0, 10.0), (62, 10.0, 11.0)]
    assert result(tune(*notes, beats=16)) == sorted(notes)


def test_a_note_is_held_over_as_many_windows_as_it_lasts():
    notes = [(60, 0.0, 1.0), (64, 6.0, 29.0), (62, 30.0, 31.0)]
    assert result(tune(*notes, beats=32)) == sorted(notes)


def test_a_note_that_is_struck_again_at_the_border_stays_two_notes():
    notes = [(64, 6.0, 8.0), (64, 8.0, 10.0)]
    assert result(tune(*notes, beats=16)) == notes
    late = [(64, 6.0, 9.0), (62, 8.0, 10.0)]
    assert result(tune(*late, beats=16)) == [(62, 8.0, 10.0), (64, 6.0, 8.0)]


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (0, [(64, 6.0, 8.0)]),
        (NOTE_OFF, [(64, 6.0, 8.0)]),
        (FIRST_PITCH, [(21, 8.0, 10.0), (64, 6.0, 8.0)]),
    ],
)
def test_where_the_model_does_not_go_on_the_note_ends_with_its_window(label, expected):
    assert result(tune((64, 6.0, 10.0), beats=16), change=first_label(label)) == expected


def test_a_note_of_another_pitch_than_the_inputs_is_held_on_where_the_model_goes_on_with_it():
    def transposed(rows):
        return [
            np.roll(window, 2, axis=1) * (window.argmax(axis=1) >= FIRST_PITCH)[:, None]
            + window * (window.argmax(axis=1) < FIRST_PITCH)[:, None]
            for window in rows
        ]

    assert result(tune((64, 6.0, 10.0), beats=16), change=transposed) == [(66, 6.0, 10.0)]


def test_a_note_of_less_than_half_a_sixteenth_in_the_next_window_is_not_held_on():
    assert result(tune((64, 6.0, 8.1), beats=16)) == [(64, 6.0, 8.0)]


def test_a_note_is_held_over_the_bar_lines_of_a_waltz():
    notes = [(60, 0.0, 1.0), (64, 5.0, 8.0), (62, 8.0, 9.0)]
    assert result(tune(*notes, beats=12, signature=(3, 4))) == sorted(notes)


def test_voices_of_several_instruments_are_held_each_on_its_own():
    piece = tune((60, 2.0, 6.0), (64, 3.0, 4.0), (67, 4.0, 6.0), beats=8)
    for pitch, start, end in ((40, 0.0, 8.0), (43, 1.0, 4.0), (43, 4.0, 5.0)):
        piece.notes.add(
            pitch=pitch, velocity=90, start_time=start, end_time=end, instrument=1, program=33
        )
    assert result(piece, MULTITRACK) == sorted(
        (n.pitch, n.start_time, n.end_time) for n in piece.notes
    )


def test_drums_are_not_held():
    drums = "cat-drums_2bar_small"
    converter = build_converter(load_config(drums).converter)
    beat = drum_beat(4)
    for note in beat.notes:
        note.end_time = note.start_time + 20.0
    assert [tile.held for tile in read_whole(beat, converter, name="beat").tiles] == [
        frozenset()
    ] * 2


def test_long_notes_of_a_hostile_file_are_bounded(monkeypatch):
    from musicvae.generate import held_notes

    monkeypatch.setattr(held_notes, "_MAX_HELD", 3)
    piece = tune(*((40 + k, 0.0, 400.0) for k in range(20)), beats=400)
    assert len(read_whole(piece, CONVERTERS[MELODY], name="long").tiles) <= 4
