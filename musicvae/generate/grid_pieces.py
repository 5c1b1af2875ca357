"""Pieces laid on the grid that models read, and back into bars of their own (bar_lines.py)."""

from __future__ import annotations

import math
from collections.abc import Callable

from musicvae.converters.sustain import SUSTAIN
from musicvae.generate.bar_lines import SLOT_BEATS, BarLines
from musicvae.lazy_note_seq import NoteSequence

GRID_QPM = 60.0
"""The tempo at which a second is a beat."""


def on_grid(sequence: NoteSequence, lines: BarLines, qpm: float) -> NoteSequence:
    """Returns a copy of a piece on the grid, in 4/4.

    Args:
      sequence: the piece, no longer than an hour.
      lines: its bar lines.
      qpm: its tempo there.

    Returns:
      The copy; of its controls it has the sustain pedal's.
    """
    result = NoteSequence()
    result.CopyFrom(sequence)

    def moved(seconds: float) -> float:
        return lines.grid_at(lines.beat_at(seconds)) * 60.0 / qpm

    for note in result.notes:
        if math.isfinite(note.start_time) and math.isfinite(note.end_time):
            note.start_time, note.end_time = moved(note.start_time), moved(note.end_time)
    pedal = [each for each in result.control_changes if each.control_number == SUSTAIN]
    del result.pitch_bends[:], result.control_changes[:]
    result.control_changes.extend(pedal)
    for events in (result.key_signatures, result.text_annotations, result.control_changes):
        for event in events:
            event.time = moved(event.time)
    end = SLOT_BEATS * lines.slot_at(lines.end).number * 60.0 / qpm
    result.total_time = max([end, *(note.end_time for note in result.notes)])
    del result.tempos[:], result.time_signatures[:]
    result.tempos.add(qpm=qpm)
    result.time_signatures.add(numerator=4, denominator=4)
    return result


def place(
    piece: NoteSequence,
    slot: int,
    lines: BarLines,
    result: NoteSequence,
    seconds: Callable[[float], float],
    end: float,
) -> None:
    """Puts notes and chord symbols of the grid into bars; what lies between bars is left out.

    Args:
      piece: on the grid, at `GRID_QPM`.
      slot: the slot that it begins with.
      lines: the bars.
      result: where they are put.
      seconds: turns a beat into seconds of the result.
      end: the beat at which the result ends; what sounds longer is cut.
    """
    start = slot * SLOT_BEATS
    for note in piece.notes:
        beat = lines.beat_at_grid(start + note.start_time)
        if beat is not None and beat < end:
            copy = result.notes.add()
            copy.CopyFrom(note)
            copy.start_time = seconds(beat)
            copy.end_time = seconds(min(lines.end_at_grid(start + note.end_time), end))
    for annotation in piece.text_annotations:
        beat = lines.beat_at_grid(start + annotation.time)
        if beat is not None and beat < end:
            copied = result.text_annotations.add()
            copied.CopyFrom(annotation)
            copied.time = seconds(beat)


def in_bars_of(piece: NoteSequence, time_signature: tuple[int, int], qpm: float) -> NoteSequence:
    """Returns a piece of the grid in bars of a time signature.

    Args:
      piece: on the grid, at `GRID_QPM`.
      time_signature: numerator and denominator.
      qpm: tempo of the result in quarters a minute.
    """
    lines = BarLines.steady(*time_signature)
    slots = math.ceil(piece.total_time / SLOT_BEATS - 1e-6)
    end = lines.slot_numbered(slots).beat
    result, seconds = lines.excerpt(0.0, end, qpm)
    place(piece, 0, lines, result, seconds, end)
    return result
