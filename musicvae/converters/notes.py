"""Notes as columns: a NoteSequence read once, into arrays that the converters walk.

Reading a message field by field is slow, so it happens here and nowhere else. Times are seconds.
"""

from __future__ import annotations

import dataclasses
import math
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from musicvae.converters.examples import Array, Rejection
from musicvae.lazy_note_seq import NoteSequence

CHORD_SYMBOL: int = NoteSequence.TextAnnotation.CHORD_SYMBOL
MAX_VELOCITY = 127


@dataclasses.dataclass(frozen=True, slots=True)
class Notes:
    """Notes, one entry of each column a note.

    Attributes:
      pitch: int64 `[N]`, MIDI pitch.
      velocity: int64 `[N]`, MIDI velocity.
      start: float64 `[N]`, seconds.
      end: float64 `[N]`, seconds.
      instrument: int64 `[N]`, number of the track.
      program: int64 `[N]`, MIDI program.
      is_drum: bool `[N]`.
    """

    pitch: Array
    velocity: Array
    start: Array
    end: Array
    instrument: Array
    program: Array
    is_drum: Array

    def select(self, which: Array) -> Notes:
        """Returns the notes that a mask or an index array picks, in its order."""
        return Notes(
            self.pitch[which],
            self.velocity[which],
            self.start[which],
            self.end[which],
            self.instrument[which],
            self.program[which],
            self.is_drum[which],
        )

    def __len__(self) -> int:
        return len(self.pitch)


class Tempo(NamedTuple):
    """A tempo from `seconds` on, in quarter notes a minute."""

    seconds: float
    qpm: float


class TimeSignature(NamedTuple):
    """A time signature from `seconds` on."""

    seconds: float
    numerator: int
    denominator: int

    @property
    def name(self) -> str:
        """As a musician writes it: "3/4"."""
        return f"{self.numerator}/{self.denominator}"

    @property
    def quarters(self) -> float:
        """Quarter notes in a bar; 0 where the signature makes no sense."""
        if self.denominator <= 0 or self.denominator & (self.denominator - 1):
            return 0.0
        return 4.0 * self.numerator / self.denominator


class ChordSymbol(NamedTuple):
    """A chord symbol from `seconds` on."""

    seconds: float
    figure: str


class KeySignature(NamedTuple):
    """A key from `seconds` on: pitch class of the tonic."""

    seconds: float
    tonic: int


class Score(NamedTuple):
    """A whole NoteSequence, its events sorted by time.

    Attributes:
      notes: in the order of the NoteSequence.
      tempos: tempo changes.
      time_signatures: time signature changes.
      keys: key signatures.
      chords: chord symbols.
      total_seconds: the length, at least the end of the last note.
    """

    notes: Notes
    tempos: list[Tempo]
    time_signatures: list[TimeSignature]
    keys: list[KeySignature]
    chords: list[ChordSymbol]
    total_seconds: float


def outside_range(pitch: Array, lowest: int, highest: int) -> str:
    """Says how many pitches are below and above a range; empty where none is.

    Args:
      pitch: int64 `[N]`, MIDI pitches.
      lowest: of the range.
      highest: of the range.
    """
    parts = []
    for outside, where, bound in (
        (pitch < lowest, "below", lowest),
        (pitch > highest, "above", highest),
    ):
        count = int(outside.sum())
        if count:
            notes_are = "note is" if count == 1 else "notes are"
            parts.append(f"{count} {notes_are} {where} pitch {bound}")
    return " and ".join(parts)


def of_no_class(count: int) -> str:
    """Says how many drum notes have a pitch of no class.

    Args:
      count: at least 1.
    """
    notes_have = "note has" if count == 1 else "notes have"
    return f"{count} drum {notes_have} a pitch of no class"


_NOTE_FIELDS = attrgetter(
    "pitch", "velocity", "start_time", "end_time", "instrument", "program", "is_drum"
)


def read_notes(sequence: Any) -> Notes:
    """Reads a NoteSequence's notes into columns."""
    rows = np.array(list(map(_NOTE_FIELDS, sequence.notes)), dtype=np.float64).reshape(-1, 7)
    pitch, velocity, start, end, instrument, program, is_drum = rows.T.copy()
    return Notes(
        pitch=pitch.astype(np.int64),
        velocity=np.minimum(velocity, MAX_VELOCITY).astype(np.int64),
        start=start,
        end=end,
        instrument=instrument.astype(np.int64),
        program=program.astype(np.int64),
        is_drum=is_drum > 0,
    )


def read_score(sequence: Any) -> tuple[Score, list[Rejection]]:
    """Reads a NoteSequence, leaving out notes that nothing can be made of.

    Args:
      sequence: a NoteSequence.

    Returns:
      the score, without notes of velocity 0 or of times that are not numbers, and the rejections of
      those notes.
    """
    notes = read_notes(sequence)
    rejections = []
    finite = np.isfinite(notes.start) & np.isfinite(notes.end)
    if not finite.all():
        count = int(len(finite) - finite.sum())
        rejections.append(Rejection("bad_time", f"{count} notes have no finite start or end"))
    keep = finite & (notes.velocity > 0)
    if not keep.all():
        notes = notes.select(keep)
    if not len(notes):
        rejections.append(Rejection("no_notes", "there are no notes"))
    total = max(float(sequence.total_time), float(notes.end.max(initial=0.0)))
    score = Score(
        notes=notes,
        tempos=_by_time(Tempo(event.time, event.qpm) for event in sequence.tempos),
        time_signatures=_by_time(
            TimeSignature(event.time, event.numerator, event.denominator)
            for event in sequence.time_signatures
        ),
        keys=_by_time(KeySignature(event.time, event.key) for event in sequence.key_signatures),
        chords=_by_time(
            ChordSymbol(event.time, event.text)
            for event in sequence.text_annotations
            if event.annotation_type == CHORD_SYMBOL
        ),
        total_seconds=total if math.isfinite(total) else float(notes.end.max(initial=0.0)),
    )
    return score, rejections


def _by_time(events: Any) -> list[Any]:
    """Sorts events by time, those of one time in their own order, dropping what has no time."""
    return sorted(
        (event for event in events if math.isfinite(event.seconds)),
        key=lambda event: event.seconds,
    )
