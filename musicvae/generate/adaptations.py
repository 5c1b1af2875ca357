"""Changes to a piece that let a model read it, each with a sentence that says what was done.

An adaptation takes a NoteSequence and returns a changed copy, or None where nothing need be done.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from musicvae.generate.bar_lines import BarLines
from musicvae.generate.grid_pieces import on_grid
from musicvae.grid import BASS_PROGRAMS
from musicvae.lazy_note_seq import NoteSequence

MAX_PIECE_SECONDS = 3600.0

_TAP_PITCH = 38
_MELODY_PROGRAM = 0


class Adapted(NamedTuple):
    """A changed copy of a piece.

    Attributes:
      sequence: the copy.
      notes: what was changed, for the user.
    """

    sequence: NoteSequence
    notes: str


Adaptation = Callable[[NoteSequence], Adapted | None]


def copy_of(sequence: NoteSequence) -> NoteSequence:
    """Returns a copy that may be changed."""
    copy = NoteSequence()
    copy.CopyFrom(sequence)
    return copy


def within_an_hour(sequence: NoteSequence) -> Adapted | None:
    """Leaves out what is past the first hour."""
    if sequence.total_time <= MAX_PIECE_SECONDS:
        return None
    result, count = copy_of(sequence), len(sequence.notes)
    del result.notes[:]
    result.notes.extend(note for note in sequence.notes if note.start_time < MAX_PIECE_SECONDS)
    for note in result.notes:
        note.end_time = min(note.end_time, MAX_PIECE_SECONDS)
    result.total_time = MAX_PIECE_SECONDS
    return Adapted(result, "only its first hour was read" if len(result.notes) < count else "")


def as_one_instrument(sequence: NoteSequence, programs: Collection[int] | None) -> NoteSequence:
    """Lets an instrument that changes its program count as one that does not.

    Args:
      sequence: the piece, not changed.
      programs: those that a model reads; None for all.

    Returns:
      The piece where nothing is to do; or a copy, in which all notes of an instrument have the
      first program of it that the model reads.
    """
    if programs is None:
        return sequence
    readable: dict[int, int] = {}
    others = set()
    for note in sequence.notes:
        if not note.is_drum and note.program in programs:
            readable.setdefault(note.instrument, note.program)
        elif not note.is_drum:
            others.add(note.instrument)
    if not others & readable.keys():
        return sequence
    result = copy_of(sequence)
    for note in result.notes:
        if not note.is_drum and note.instrument in readable:
            note.program = readable[note.instrument]
    return result


def with_one_tempo(sequence: NoteSequence) -> Adapted | None:
    """Plays a piece whose tempo changes at one tempo: each note keeps its beat, not its second."""
    lines = BarLines.of(sequence)
    if len(lines.tempos) < 2:
        return None
    qpm = lines.main_tempo

    def moved(time: float) -> float:
        return lines.beat_at(time) * 60.0 / qpm

    result = copy_of(sequence)
    for note in result.notes:
        note.start_time, note.end_time = moved(note.start_time), moved(note.end_time)
    events: Any
    for events in (result.time_signatures, result.key_signatures, result.text_annotations,
                   result.control_changes, result.pitch_bends):  # fmt: skip
        for event in events:
            event.time = moved(event.time)
    result.total_time = moved(sequence.total_time)
    del result.tempos[:]
    result.tempos.add(qpm=qpm)
    return Adapted(result, f"its changes of tempo were evened out to {qpm:.4g} qpm")


def in_bars_of_four(sequence: NoteSequence) -> Adapted | None:
    """Lays the bars of a piece in another time signature out as bars of 4/4; see bar_lines.py."""
    lines = BarLines.of(sequence)
    if not lines.other_time_signatures:
        # One of bars of impossible length is none.
        written = [f"{each.numerator}/{each.denominator}" for each in sequence.time_signatures]
        impossible = [name for name in written if name != "4/4"]
        if not impossible:
            return None
        return Adapted(
            on_grid(sequence, lines, lines.main_tempo),
            f"its time signature of {impossible[0]} was taken for 4/4",
        )
    names = " and ".join(lines.other_time_signatures)
    return Adapted(
        on_grid(sequence, lines, lines.main_tempo),
        f"its bars of {names} were read as bars of 4/4, and are kept",
    )


def on_a_piano(sequence: NoteSequence) -> Adapted | None:
    """Lets every melodic instrument but basses count as a piano, for models that know few."""
    result = copy_of(sequence)
    changed = 0
    for note in result.notes:
        is_other = note.program != _MELODY_PROGRAM and note.program not in BASS_PROGRAMS
        if not note.is_drum and is_other:
            note.program = _MELODY_PROGRAM
            changed += 1
    return Adapted(result, "its instruments were read as a piano") if changed else None


def basses_on_a_piano(sequence: NoteSequence) -> Adapted | None:
    """Lets a bass count as a melody, where nothing else is there."""
    result = copy_of(sequence)
    basses = [note for note in result.notes if not note.is_drum and note.program in BASS_PROGRAMS]
    for note in basses:
        note.program = _MELODY_PROGRAM
    return Adapted(result, "its bass was read as a melody") if basses else None


def as_taps(sequence: NoteSequence) -> Adapted | None:
    """Lets the notes of any instrument count as taps on a drum, where there are no drums."""
    if not sequence.notes or any(note.is_drum for note in sequence.notes):
        return None
    result = copy_of(sequence)
    for note in result.notes:
        note.is_drum, note.pitch, note.program, note.instrument = True, _TAP_PITCH, 0, 9
    del result.part_infos[:]
    return Adapted(result, "its notes were read as taps")
