"""The sustain pedal, held against note_seq."""

from __future__ import annotations

import random

import pytest

from musicvae.converters.notes import read_notes
from musicvae.converters.sustain import apply_sustain, read_pedals
from musicvae.lazy_note_seq import NoteSequence, note_seq


def _random_piece(seed):
    choice = random.Random(seed)
    sequence = NoteSequence()
    for _ in range(choice.randrange(1, 60)):
        start = choice.randrange(80) / 4
        drum = choice.random() < 0.2
        sequence.notes.add(
            pitch=choice.randrange(60, 66),
            velocity=choice.randrange(1, 128),
            start_time=start,
            end_time=start + choice.choice([0.25, 0.5, 3.0]),
            instrument=9 if drum else choice.randrange(3),
            is_drum=drum,
        )
    for _ in range(choice.randrange(12)):
        sequence.control_changes.add(
            time=choice.randrange(80) / 4,
            control_number=choice.choice([64, 64, 64, 66]),
            control_value=choice.choice([0, 63, 64, 127]),
            instrument=choice.randrange(4),
        )
    sequence.total_time = max(note.end_time for note in sequence.notes)
    return sequence


@pytest.mark.parametrize("seed", range(60))
def test_notes_last_as_long_as_note_seq_has_them(seed):
    sequence = _random_piece(seed)
    expected = note_seq.sequences_lib.apply_sustain_control_changes(sequence)
    notes, total_seconds = apply_sustain(read_notes(sequence), read_pedals(sequence))
    found = zip(notes.pitch, notes.start, notes.end, notes.instrument, notes.velocity, strict=True)
    assert sorted(found) == sorted(
        (n.pitch, n.start_time, n.end_time, n.instrument, n.velocity) for n in expected.notes
    )
    assert total_seconds == expected.total_time


def test_without_a_pedal_the_notes_are_left_alone():
    sequence = _random_piece(0)
    del sequence.control_changes[:]
    notes = read_notes(sequence)
    assert apply_sustain(notes, {})[0] is notes
