"""The sustain pedal, written out: notes last as long as they sound.

While the pedal of an instrument is down its notes go on until it is lifted, or until the same pitch
is struck again. Drums are left alone.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from musicvae.converters.examples import Array
from musicvae.converters.notes import Notes

SUSTAIN = 64
DOWN_FROM = 64
_DOWN, _UP, _ON, _OFF = range(4)


class PedalMove(NamedTuple):
    """The pedal goes down, or up, at `seconds`."""

    seconds: float
    down: bool


def read_pedals(sequence: Any) -> dict[int, list[PedalMove]]:
    """Reads a NoteSequence's sustain pedal: moves by instrument number, sorted by time."""
    pedals: dict[int, list[PedalMove]] = {}
    for change in sequence.control_changes:
        if change.control_number == SUSTAIN and math.isfinite(change.time):
            move = PedalMove(change.time, change.control_value >= DOWN_FROM)
            pedals.setdefault(change.instrument, []).append(move)
    for moves in pedals.values():
        moves.sort(key=lambda move: move.seconds)
    return pedals


def apply_sustain(notes: Notes, pedals: Mapping[int, Sequence[PedalMove]]) -> tuple[Notes, float]:
    """Lengthens the notes of a section by the sustain pedal.

    Args:
      notes: seconds from the section's start.
      pedals: moves by instrument number, likewise.

    Returns:
      the notes with other ends, and where the last one ends. Of notes of a pedalled instrument that
      start together on one pitch only the last is left. Where a pedal is not lifted, the section
      ends with its last pitched note or pedal move, even if drums go on.
    """
    total_seconds = float(notes.end.max(initial=0.0))
    pitched = np.flatnonzero(~notes.is_drum)
    if not len(pitched) or not any(move.down for moves in pedals.values() for move in moves):
        return notes, total_seconds
    end, silent = notes.end.copy(), np.zeros(len(notes), bool)
    unfinished: list[int] = []
    for instrument, moves in pedals.items():
        own = pitched[notes.instrument[pitched] == instrument]
        if len(own) and any(move.down for move in moves):
            cut, held = _hold(notes, own, moves, end)
            silent[cut] = True
            unfinished += held
    last_seconds = max(
        float(notes.start[pitched].max()),
        float(notes.end[pitched].max()),
        *(moves[-1].seconds for moves in pedals.values() if moves),
    )
    end[unfinished] = last_seconds
    sustained = dataclasses.replace(notes, end=end).select(~silent)
    if unfinished:
        return sustained, last_seconds
    return sustained, max(total_seconds, float(sustained.end.max(initial=0.0)))


def _hold(
    notes: Notes, own: Array, moves: Sequence[PedalMove], end: Array
) -> tuple[list[int], list[int]]:
    """Lengthens the notes of one instrument, in place.

    Args:
      notes: notes of any instrument.
      own: int64 indices of the instrument's notes.
      moves: of its pedal.
      end: float64 `[N]`, the ends of all notes, changed here.

    Returns:
      the notes that are left no time, and those that nothing ends.
    """
    indices = own.tolist()
    start_of = dict(zip(indices, notes.start[own].tolist(), strict=True))
    pitch_of = dict(zip(indices, notes.pitch[own].tolist(), strict=True))
    events = [(seconds, _ON, note) for note, seconds in start_of.items()]
    events += zip(notes.end[own].tolist(), [_OFF] * len(indices), indices, strict=True)
    events += [(move.seconds, _DOWN if move.down else _UP, -1) for move in moves]
    events.sort(key=lambda event: event[:2])
    down, sounding, silent = False, dict[int, None](), []
    for seconds, kind, note in events:
        if kind == _DOWN:
            down = True
        elif kind == _UP:
            down = False
            for held in [held for held in sounding if end[held] < seconds]:
                end[held] = seconds
                del sounding[held]
        elif kind == _ON:
            if down:
                for held in [held for held in sounding if pitch_of[held] == pitch_of[note]]:
                    end[held] = seconds
                    del sounding[held]
                    if start_of[held] == seconds:
                        silent.append(held)
            sounding[note] = None
        elif not down:
            sounding.pop(note, None)
    return silent, list(sounding)
