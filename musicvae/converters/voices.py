"""Voices: lines of notes of which no two start together, and the labels that write them down.

Labels, one for each step: 0 nothing happens (a note is held, or a rest goes on), 1 the note ends,
2.. pitches upwards from the lowest that the representation has.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from musicvae.converters.examples import Array
from musicvae.converters.notes import Notes

NO_EVENT = 0
NOTE_OFF = 1
FIRST_PITCH = 2


class Voice(NamedTuple):
    """One line of notes: no two start together.

    Attributes:
      start: int64 `[N]`, first step, ascending.
      end: int64 `[N]`, step at which the note would end if no later note cut it.
      pitch: int64 `[N]`, MIDI pitch.
    """

    start: Array
    end: Array
    pitch: Array

    def labels(self, first_step: int, num_steps: int, min_pitch: int) -> Array:
        """Writes the voice as labels.

        Args:
          first_step: the step that the line starts at, at or before the first note.
          num_steps: length T of the line; what is later is left out.
          min_pitch: the pitch of label 2.

        Returns:
          uint8 `[T]`.
        """
        line = np.zeros(num_steps, np.uint8)
        start, end = self.start - first_step, self.end - first_step
        rests = end[:-1] < start[1:]
        ends = np.append(end[:-1][rests], end[-1:])
        line[ends[ends < num_steps]] = NOTE_OFF
        within = start < num_steps
        line[start[within]] = self.pitch[within] - min_pitch + FIRST_PITCH
        return line


def voices(notes: Notes, start: Array, end: Array, gap_steps: int) -> Iterator[tuple[int, Voice]]:
    """Finds the lines of each instrument, cut where nothing sounds for a while.

    Args:
      notes: N notes.
      start: int64 `[N]`, first step of each.
      end: int64 `[N]`, step at which each ends.
      gap_steps: steps between a note's end and the next one's start that end a line.

    Yields:
      instrument number and line, by instrument and time.
    """
    if not len(notes):
        return
    order = np.lexsort((-notes.pitch, start, notes.instrument))
    instrument, onset = notes.instrument[order], start[order]
    fresh = np.ones(len(order), bool)
    fresh[1:] = (instrument[1:] != instrument[:-1]) | (onset[1:] != onset[:-1])
    order = order[fresh]
    instrument, onset, offset, pitch = (
        instrument[fresh],
        onset[fresh],
        end[order],
        notes.pitch[order],
    )
    cuts = (instrument[1:] != instrument[:-1]) | (onset[1:] - offset[:-1] >= gap_steps)
    bounds = np.concatenate([[0], np.flatnonzero(cuts) + 1, [len(order)]])
    for first, last in pairwise(bounds.tolist()):
        line = slice(first, last)
        yield int(instrument[first]), Voice(onset[line], offset[line], pitch[line])


def silence_before_first_note(windows: Array) -> Array:
    """Removes note-offs that end a note from before the window.

    Args:
      windows: uint8 labels `[N, T]`.

    Returns:
      a copy in which everything before the first note of a window is 0.
    """
    sounded = np.logical_or.accumulate(windows >= FIRST_PITCH, axis=1)
    return np.where(sounded, windows, np.uint8(NO_EVENT))


def transpose_labels(labels: Array, semitones: Array, depth: int) -> tuple[Array, Array]:
    """Transposes melodies.

    Args:
      labels: uint8 `[B, T]`.
      semitones: int `[B]`; an amount that leaves the range is brought nearer to 0.
      depth: number of labels.

    Returns:
      labels uint8 `[B, T]`, and the amounts that they were moved by, int64 `[B]`.
    """
    notes = labels >= FIRST_PITCH
    lowest = np.where(notes, labels, depth - 1).min(axis=1).astype(np.int64)
    highest = np.where(notes, labels, FIRST_PITCH).max(axis=1).astype(np.int64)
    amount = np.clip(semitones, FIRST_PITCH - lowest, depth - 1 - highest)
    return np.where(notes, labels + amount[:, np.newaxis], labels).astype(np.uint8), amount


def notes_of_labels(labels: Array, min_pitch: int) -> Iterator[tuple[int, int, int]]:
    """Reads labels as notes.

    Args:
      labels: integers `[T]`.
      min_pitch: the pitch of label 2.

    Yields:
      first step, end step and pitch of each note; the last one ends with the line at the latest.
    """
    events = np.flatnonzero(labels)
    ends = np.append(events[1:], len(labels))
    for start, end in zip(events.tolist(), ends.tolist(), strict=False):
        if labels[start] >= FIRST_PITCH:
            yield start, end, int(labels[start]) - FIRST_PITCH + min_pitch
