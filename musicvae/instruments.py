"""Who plays in a NoteSequence, and the notes that can be drawn and played.

An instrument here is what shares an instrument number, a program and being drums or not.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

from musicvae.general_midi import PROGRAM_NAMES
from musicvae.grid import BASS_PROGRAMS
from musicvae.lazy_note_seq import NoteSequence


@dataclasses.dataclass(frozen=True, order=True)
class PlotVoice:
    """One part of a piece.

    Attributes:
      is_drum: whether pitches are percussion keys.
      instrument: the number that its notes share.
      program: General MIDI program, 0..127.
    """

    is_drum: bool
    instrument: int
    program: int

    @property
    def is_bass(self) -> bool:
        """Whether it is one of General MIDI's basses."""
        return not self.is_drum and self.program in BASS_PROGRAMS

    @property
    def name(self) -> str:
        """Its instrument's name."""
        if self.is_drum:
            return "Drums"
        return PROGRAM_NAMES[self.program] if 0 <= self.program <= 127 else "Unknown"


def voice_of(note: Any) -> PlotVoice:
    """Returns the voice that a note belongs to; all drums are one."""
    if note.is_drum:
        return PlotVoice(is_drum=True, instrument=0, program=0)
    return PlotVoice(is_drum=False, instrument=note.instrument, program=note.program)


def voices_of(sequences: Iterable[NoteSequence]) -> tuple[PlotVoice, ...]:
    """Returns the voices of some pieces together, melodic ones first, drums last."""
    return tuple(sorted({voice_of(note) for piece in sequences for note in piece.notes}))


def sound_notes(sequence: NoteSequence) -> list[Any]:
    """Returns the notes that can be drawn and played, by onset, then pitch.

    Left out are notes with times or pitches that mean nothing, which broken files have.
    """
    notes = [
        note
        for note in sequence.notes
        if 0 <= note.pitch <= 127
        and math.isfinite(note.start_time)
        and math.isfinite(note.end_time)
        and note.start_time >= 0
    ]
    return sorted(notes, key=lambda note: (note.start_time, note.pitch, note.instrument))
