"""Changes to a piece that let a model read it, each with a sentence that says what was done.

A repair takes a NoteSequence and returns a changed copy, or None where there is nothing to repair.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

from musicvae.lazy_note_seq import NoteSequence

DEFAULT_QPM = 120.0
BASS_PROGRAMS = range(32, 40)

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


Repair = Callable[[NoteSequence], Adapted | None]


def copy_of(sequence: NoteSequence) -> NoteSequence:
    """Returns a copy that may be changed."""
    copy = NoteSequence()
    copy.CopyFrom(sequence)
    return copy


def with_one_tempo(sequence: NoteSequence) -> Adapted | None:
    """Plays a piece whose tempo changes at one tempo: each note keeps its beat, not its second."""
    tempos = _changes(sequence)
    if len(tempos) < 2:
        return None
    qpm = _longest_tempo(tempos, sequence.total_time)
    seconds = [time for time, _ in tempos]
    beats = [0.0]
    for (start, rate), (end, _) in itertools.pairwise(tempos):
        beats.append(beats[-1] + (end - start) * rate / 60.0)

    def moved(time: float) -> float:
        k = max(bisect.bisect_right(seconds, time) - 1, 0)
        return (beats[k] + (time - seconds[k]) * tempos[k][1] / 60.0) * 60.0 / qpm

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


def in_common_time(sequence: NoteSequence) -> Adapted | None:
    """Counts a piece of another time signature in bars of 4/4."""
    time_signatures = {
        (time_signature.numerator, time_signature.denominator)
        for time_signature in sequence.time_signatures
    }
    others = sorted(time_signatures - {(4, 4)})
    if not others:
        return None
    result = copy_of(sequence)
    del result.time_signatures[:]
    result.time_signatures.add(numerator=4, denominator=4)
    names = " and ".join(f"{numerator}/{denominator}" for numerator, denominator in others)
    return Adapted(result, f"its {names} was counted in bars of 4/4")


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


def _changes(sequence: NoteSequence) -> list[tuple[float, float]]:
    """Returns (seconds, qpm) of each tempo that differs from the one before; the first is at 0."""
    changes = [(0.0, DEFAULT_QPM)]
    for tempo in sorted(sequence.tempos, key=lambda tempo: tempo.time):
        if not (0 < tempo.qpm < math.inf and 0 <= tempo.time < math.inf):
            continue
        if tempo.time <= changes[-1][0]:
            changes[-1] = (changes[-1][0], tempo.qpm)
        elif tempo.qpm != changes[-1][1]:
            changes.append((tempo.time, tempo.qpm))
    return changes


def _longest_tempo(tempos: list[tuple[float, float]], total_seconds: float) -> float:
    """Returns the tempo that holds for the longest time."""
    lasting: dict[float, float] = {}
    ends = [time for time, _ in tempos[1:]] + [max(total_seconds, tempos[-1][0])]
    for (start, qpm), end in zip(tempos, ends, strict=True):
        lasting[qpm] = lasting.get(qpm, 0.0) + end - start
    return max(lasting, key=lambda qpm: lasting[qpm])
