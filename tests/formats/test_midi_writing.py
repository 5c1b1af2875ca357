"""What is written as MIDI reads back as the same music."""

from __future__ import annotations

import io

import pytest

from musicvae.formats.midi import midi_to_note_sequence
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.lazy_note_seq import NoteSequence

TICK_SECONDS = 60 / 120 / 480


def _sequence(qpm: float = 120.0) -> NoteSequence:
    sequence = NoteSequence(total_time=4.0)
    sequence.tempos.add(qpm=qpm)
    return sequence


def _heard(sequence: NoteSequence) -> list[tuple[object, ...]]:
    return sorted(
        (n.is_drum, n.program, n.pitch, n.velocity, round(n.start_time, 3), round(n.end_time, 3))
        for n in sequence.notes
    )


def test_notes_programs_drums_and_velocities_are_kept() -> None:
    sequence = _sequence()
    for k, (program, is_drum) in enumerate([(0, False), (33, False), (0, True)]):
        for step in range(4):
            sequence.notes.add(
                pitch=40 + step,
                velocity=1 + 42 * step,
                start_time=step * 0.5,
                end_time=step * 0.5 + 0.25,
                instrument=k,
                program=program,
                is_drum=is_drum,
            )
    assert _heard(midi_to_note_sequence(note_sequence_to_midi(sequence))) == _heard(sequence)


def test_other_programs_read_the_file_too() -> None:
    import pretty_midi

    sequence = _sequence()
    sequence.notes.add(pitch=36, velocity=90, start_time=1.0, end_time=1.5, is_drum=True)
    read = pretty_midi.PrettyMIDI(io.BytesIO(note_sequence_to_midi(sequence)))
    (instrument,) = read.instruments
    (note,) = instrument.notes
    assert instrument.is_drum
    assert (note.pitch, note.velocity, note.start, note.end) == (36, 90, 1.0, 1.5)


@pytest.mark.parametrize("qpm", [20.0, 97.3, 138.0, 300.0])
def test_fault_07_tempo_and_times_are_kept(qpm: float) -> None:
    sequence = _sequence(qpm)
    sequence.notes.add(pitch=60, velocity=80, start_time=1.2345, end_time=3.3333)
    read = midi_to_note_sequence(note_sequence_to_midi(sequence))
    assert read.tempos[0].qpm == pytest.approx(qpm, rel=1e-5)
    assert read.notes[0].start_time == pytest.approx(1.2345, abs=60 / qpm / 480)
    assert read.notes[0].end_time == pytest.approx(3.3333, abs=60 / qpm / 480)


def test_times_after_a_change_of_tempo_are_kept() -> None:
    sequence = _sequence(60.0)
    sequence.tempos.add(qpm=180.0, time=2.0)
    for time in (0.5, 2.0, 3.25):
        sequence.notes.add(pitch=60, velocity=80, start_time=time, end_time=time + 0.25)
    assert _heard(midi_to_note_sequence(note_sequence_to_midi(sequence))) == _heard(sequence)


def test_metres_are_kept() -> None:
    sequence = _sequence()
    sequence.time_signatures.add(numerator=3, denominator=8)
    read = midi_to_note_sequence(note_sequence_to_midi(sequence))
    assert (read.time_signatures[0].numerator, read.time_signatures[0].denominator) == (3, 8)


def test_a_file_lasts_as_long_as_the_piece_with_its_silence() -> None:
    import mido

    sequence = _sequence()
    sequence.notes.add(pitch=60, velocity=80, start_time=0.0, end_time=0.5)
    file = mido.MidiFile(file=io.BytesIO(note_sequence_to_midi(sequence)))
    assert file.length == pytest.approx(4.0)
    assert mido.MidiFile(file=io.BytesIO(note_sequence_to_midi(NoteSequence()))).length == 0


def test_more_instruments_than_channels_are_all_heard_with_their_programs() -> None:
    sequence = _sequence()
    for k in range(40):
        start = 0.05 * k
        sequence.notes.add(
            pitch=60, velocity=80, start_time=start, end_time=start + 0.04, instrument=k, program=k
        )
    assert len(midi_to_note_sequence(note_sequence_to_midi(sequence)).notes) == 40


def test_notes_that_meet_and_notes_without_length_stay_notes() -> None:
    sequence = _sequence()
    for start, end in ((0.0, 0.5), (0.5, 1.0), (1.0, 1.0)):
        sequence.notes.add(pitch=60, velocity=80, start_time=start, end_time=end)
    assert len(midi_to_note_sequence(note_sequence_to_midi(sequence)).notes) == 3


def test_what_midi_cannot_hold_is_brought_into_range() -> None:
    sequence = _sequence(1e9)
    sequence.time_signatures.add(numerator=5, denominator=7)
    sequence.notes.add(pitch=60, velocity=0, start_time=-1.0, end_time=1e7)
    (note,) = midi_to_note_sequence(note_sequence_to_midi(sequence)).notes
    assert (note.velocity, note.start_time) == (1, 0.0)
