"""Who plays in a NoteSequence: its voices, their names and their colours.

A voice is what shares an instrument number, a program and being drums or not.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from typing import Any

from musicvae.general_midi import PROGRAM_NAMES
from musicvae.lazy_note_seq import NoteSequence
from musicvae.plot.drawing import PAPER, mixed

_DRUM_COLOUR = "#e2553d"
_BASS_COLOUR = "#0c9488"
# For other instruments in order of appearance; each differs from its neighbours in lightness too,
# so that they are told apart without colour vision.
_COLOURS = ("#4a5bdc", "#b4509e", "#d08a12", "#5c9436", "#2f86c9", "#8a6a4c", "#8d5ae0", "#64748b")
_BASS_PROGRAMS = range(32, 40)
_LOUD = 112


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
        return not self.is_drum and self.program in _BASS_PROGRAMS

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


def colours_of(voices: Sequence[PlotVoice]) -> dict[PlotVoice, str]:
    """Returns a colour for each voice.

    Drums and the first bass always have the same ones, so that pictures compare.
    """
    colours: dict[PlotVoice, str] = {}
    others = 0
    for voice in voices:
        if voice.is_drum:
            colours[voice] = _DRUM_COLOUR
        elif voice.is_bass and _BASS_COLOUR not in colours.values():
            colours[voice] = _BASS_COLOUR
        else:
            colours[voice] = _COLOURS[others % len(_COLOURS)]
            others += 1
    return colours


def shade(colour: str, velocity: int) -> str:
    """Returns a voice's colour for a note: the softer, the paler.

    Args:
      colour: "#rrggbb".
      velocity: 1..127.
    """
    return mixed(colour, PAPER, 0.22 + 0.78 * min(max(velocity, 0) / _LOUD, 1.0) ** 1.3)


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
