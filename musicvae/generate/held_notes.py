"""Notes that are held over the end of a window of a whole piece.

A window reads what is held into it as a note that begins with it, unless another one does. What the
model makes of it is held on from the window before where both agree: the one ends with a note, the
next begins with the same pitch, and the piece held a note there and struck none.

Times are grid beats (bar_lines.py).
"""

from __future__ import annotations

import bisect
import collections
import dataclasses
import math
from collections.abc import Collection, Sequence
from typing import Any

from musicvae.generate.bar_lines import EARLY_BEATS, SLOT_BEATS, BarLines
from musicvae.lazy_note_seq import NoteSequence

# What a hostile file's long notes may add, over all windows.
_MAX_HELD = 100_000
_TINY = 1e-6


@dataclasses.dataclass
class WindowNotes:
    """The notes of a window, as numbers in their piece.

    Attributes:
      struck: those that begin in it.
      held: those that an earlier window holds into it.
    """

    struck: list[int] = dataclasses.field(default_factory=list)
    held: list[int] = dataclasses.field(default_factory=list)


def notes_of_windows(
    notes: Sequence[Any],
    instruments: Collection[int],
    slots: Sequence[int],
    early: float,
    *,
    num_slots: int,
    by_pitch: bool,
) -> dict[int, WindowNotes]:
    """Returns the notes of each window that has some, by the slot that it begins with.

    Args:
      notes: of a piece on the grid.
      instruments: those that count.
      slots: the slot that each window begins with, ascending; notes before the first do not count.
      early: how long before a window a note begins that belongs to it.
      num_slots: slots up to the piece's end; no note is held past it.
      by_pitch: whether a note that begins with a window ends only a held one of its pitch, and not
        all of its instrument.
    """
    starts = [slot * SLOT_BEATS for slot in slots]
    found: dict[int, WindowNotes] = collections.defaultdict(WindowNotes)
    long: list[tuple[int, int, int]] = []
    for k, note in enumerate(notes):
        if note.instrument not in instruments or not 0 <= note.start_time < math.inf:
            continue
        window = bisect.bisect_right(starts, note.start_time + early + _TINY) - 1
        if window < 0:
            continue
        found[slots[window]].struck.append(k)
        # Less than half a sixteenth of it is no step of the next window.
        end = min(note.end_time - EARLY_BEATS, num_slots * SLOT_BEATS)
        last = bisect.bisect_left(starts, end - _TINY) - 1
        if last > window and not note.is_drum:
            long.append((k, window, last))
    taken: dict[int, set[tuple[int, int]]] = {}
    num_held = 0
    for k, window, last in long:
        for later in range(window + 1, last + 1):
            num_held += 1
            if num_held > _MAX_HELD:
                return found
            own = found[slots[later]]
            if later not in taken:
                first = starts[later] + EARLY_BEATS
                taken[later] = {
                    _voice(notes[j], by_pitch)
                    for j in own.struck
                    if notes[j].start_time < first - _TINY
                }
            if _voice(notes[k], by_pitch) not in taken[later]:
                own.held.append(k)
    return found


def _voice(note: Any, by_pitch: bool) -> tuple[int, int]:
    return note.instrument, note.pitch if by_pitch else 0


def hold_on(
    pieces: Sequence[NoteSequence],
    slots: Sequence[int],
    held: Sequence[Collection[int]],
    bars: Sequence[int],
    lines: BarLines,
    *,
    any_pitch: bool,
) -> None:
    """Joins notes of windows that follow each other where the input held one.

    Args:
      pieces: the result's windows, changed.
      slots: the slot that each begins with.
      held: the pitches that the input holds into each, and does not strike.
      bars: length of each in slots.
      lines: the input's bar lines.
      any_pitch: whether a note of another pitch than the input's is held on too, as where there is
        one voice.
    """
    # From the last to the first: a note may last over several windows.
    for k in reversed(range(len(pieces) - 1)):
        if not held[k + 1] or slots[k + 1] != slots[k] + bars[k]:
            continue
        border = lines.slot_numbered(slots[k + 1]).beat
        start = slots[k] * SLOT_BEATS
        lasting = {
            _sound(note): note
            for note in pieces[k].notes
            if not note.is_drum and lines.end_at_grid(start + note.end_time) >= border - _TINY
        }
        kept = []
        for note in pieces[k + 1].notes:
            before = lasting.get(_sound(note))
            goes_on = note.start_time < _TINY and (any_pitch or note.pitch in held[k + 1])
            if before is None or not goes_on:
                kept.append(note)
                continue
            before.end_time = bars[k] * SLOT_BEATS + note.end_time
            del lasting[_sound(note)]
        if len(kept) < len(pieces[k + 1].notes):
            copies = NoteSequence(notes=kept)
            del pieces[k + 1].notes[:]
            pieces[k + 1].notes.extend(copies.notes)


def _sound(note: Any) -> tuple[int, int, int]:
    return note.instrument, note.program, note.pitch
