"""Performances: the notes of one instrument in one bar as a list of tokens.

Time is on a metric grid of 24 steps to a quarter, 96 to a bar. Tokens, in this order:

    note-on      128   a pitch starts
    note-off     128   a pitch ends
    shift         96   time goes on by 1..96 steps
    velocity       8   the loudness of what starts from here on, in bins of 16
    program      129   the instrument: a MIDI program, or drums
    end            1   nothing follows

A performance has its program token first, then events, then the end token. Its events always fill
the bar. Events of one step are ordered by the notes that they belong to, and these by start and
pitch; where a pitch is struck again while it sounds, the first note that starts is the first one
that ends.

Source: Simon et al. 2018, arXiv:1806.00195, section 3.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from musicvae.converters.examples import Array
from musicvae.converters.notes import MAX_VELOCITY

STEPS_PER_QUARTER = 24
STEPS_PER_BAR = 96
NUM_PITCHES = 128
NUM_PROGRAMS = 128
DRUMS = NUM_PROGRAMS


class Vocabulary(NamedTuple):
    """The tokens, for a number of velocity bins.

    Attributes:
      num_velocity_bins: bins of velocity; 0 leaves velocity out.
    """

    num_velocity_bins: int

    @property
    def note_on(self) -> int:
        """First note-on token."""
        return 0

    @property
    def note_off(self) -> int:
        """First note-off token."""
        return NUM_PITCHES

    @property
    def shift(self) -> int:
        """First shift token, of one step."""
        return 2 * NUM_PITCHES

    @property
    def velocity(self) -> int:
        """First velocity token."""
        return self.shift + STEPS_PER_BAR

    @property
    def program(self) -> int:
        """First program token; that of drums is `program + DRUMS`."""
        return self.velocity + self.num_velocity_bins

    @property
    def end(self) -> int:
        """The end token."""
        return self.program + NUM_PROGRAMS + 1

    @property
    def size(self) -> int:
        """Number of tokens."""
        return self.end + 1

    @property
    def velocities_per_bin(self) -> int:
        """MIDI velocities in one bin."""
        return (
            -(-MAX_VELOCITY // self.num_velocity_bins) if self.num_velocity_bins else MAX_VELOCITY
        )

    def bin_of(self, velocity: Array) -> Array:
        """Returns the bin, from 0, of MIDI velocities 1..127."""
        return (velocity - 1) // self.velocities_per_bin


class Events(NamedTuple):
    """The events of G performances, one after another.

    Attributes:
      tokens: int64 `[E]`.
      steps: int64 `[E]`, when each event happens, from the start of its bar.
      bounds: int64 `[G + 1]`, where each performance's events start.
    """

    tokens: Array
    steps: Array
    bounds: Array


def encode_performances(
    group: Array,
    start: Array,
    end: Array,
    pitch: Array,
    velocity: Array,
    *,
    num_groups: int,
    vocabulary: Vocabulary,
) -> Events:
    """Writes the notes of G bars as events.

    Args:
      group: int64 `[N]`, which performance each note belongs to. The notes of one performance are
        in the order of their unrounded starts.
      start: int64 `[N]`, step 0..96 of the bar.
      end: int64 `[N]`, a later step.
      pitch: int64 `[N]`, 0..127.
      velocity: int64 `[N]`, 1..127.
      num_groups: G.
      vocabulary: the tokens.

    Returns:
      the events of each performance, without program and end tokens. A performance without notes is
      a shift over the bar.
    """
    # Within a pitch, starts and ends pair up in order; what the bar's end leaves no time is lost.
    by_start = np.lexsort((start, pitch, group))
    by_end = np.lexsort((end, pitch, group))
    group, start, pitch = group[by_start], start[by_start], pitch[by_start]
    end = np.minimum(end[by_end], STEPS_PER_BAR)
    loudness = vocabulary.bin_of(velocity[by_start])
    audible = start < end
    order = np.lexsort((pitch[audible], start[audible], group[audible]))
    group, start, end, pitch, loudness = (
        column[audible][order] for column in (group, start, end, pitch, loudness)
    )
    # Each note makes two events; its position breaks ties between events of one step.
    count = len(group)
    step = np.concatenate([start, end])
    position = np.tile(np.arange(count), 2)
    is_off = np.repeat([False, True], count)
    order = np.lexsort((is_off, position, step, np.tile(group, 2)))
    step, note, is_off = step[order], position[order], is_off[order]
    owner, token = group[note], pitch[note] + np.where(is_off, NUM_PITCHES, 0)
    first = np.diff(owner, prepend=-1) != 0
    before = np.where(first, 0, np.append(0, step)[: count * 2])
    louder = _changes(loudness[note], ~is_off, owner) & bool(vocabulary.num_velocity_bins)
    # Up to three tokens for each event, and one shift to the end of the bar for each performance.
    tokens = np.stack(
        [vocabulary.shift + step - before - 1, vocabulary.velocity + loudness[note], token]
    )
    kept = np.stack([step > before, louder, np.ones_like(louder)])
    steps = np.stack([before, step, step])
    last_step = np.zeros(num_groups, np.int64)
    last_step[owner] = step
    rest = last_step < STEPS_PER_BAR
    flat = kept.T.ravel()
    owners = np.concatenate([np.repeat(owner, 3)[flat], np.flatnonzero(rest)])
    order = np.argsort(owners, kind="stable")
    tail = vocabulary.shift + STEPS_PER_BAR - last_step - 1
    return Events(
        tokens=np.concatenate([tokens.T.ravel()[flat], tail[rest]])[order],
        steps=np.concatenate([steps.T.ravel()[flat], last_step[rest]])[order],
        bounds=np.searchsorted(owners[order], np.arange(num_groups + 1)),
    )


def _changes(values: Array, counts: Array, group: Array) -> Array:
    """Finds where a value differs from the one before it.

    Args:
      values: int64 `[E]`, from 0.
      counts: bool `[E]`, the entries that count.
      group: int64 `[E]`, ascending.

    Returns:
      bool `[E]`, True at entries that count and differ from the last one of their group that does,
      or are the first.
    """
    changed = np.zeros(len(values), bool)
    index = np.flatnonzero(counts)
    new_group = np.diff(group[index], prepend=-1) != 0
    changed[index] = new_group | (np.diff(values[index], prepend=-1) != 0)
    return changed


class PerformedNote(NamedTuple):
    """A note read from events: steps from the start of the bar, and MIDI numbers."""

    start: int
    end: int
    pitch: int
    velocity: int


def decode_performance(
    tokens: Array, vocabulary: Vocabulary, velocity: int
) -> Iterator[PerformedNote]:
    """Reads events as notes.

    Args:
      tokens: int `[E]`; program and end tokens among them are passed over.
      vocabulary: the tokens.
      velocity: MIDI velocity until a velocity token comes.

    Yields:
      notes of at least one step within the bar. One that no token ends lasts as long as the bar.
    """
    steps = np.minimum(event_steps(tokens, vocabulary), STEPS_PER_BAR).tolist()
    sounding: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for token, step in zip(np.asarray(tokens).tolist(), steps, strict=True):
        if token < vocabulary.note_off:
            sounding[token].append((step, velocity))
        elif token < vocabulary.shift:
            pitch = token - vocabulary.note_off
            if sounding[pitch]:
                start, loudness = sounding[pitch].pop(0)
                if start < step:
                    yield PerformedNote(start, step, pitch, loudness)
        elif vocabulary.velocity <= token < vocabulary.program:
            velocity = 1 + (token - vocabulary.velocity) * vocabulary.velocities_per_bin
    for pitch, held in sounding.items():
        for start, loudness in held:
            if start < STEPS_PER_BAR:
                yield PerformedNote(start, STEPS_PER_BAR, pitch, loudness)


def event_steps(tokens: Array, vocabulary: Vocabulary) -> Array:
    """Returns the step at which each event happens, int64 `[E]`."""
    tokens = np.asarray(tokens, np.int64)
    is_shift = (tokens >= vocabulary.shift) & (tokens < vocabulary.velocity)
    shifts = np.where(is_shift, tokens - vocabulary.shift + 1, 0)
    steps: Array = np.cumsum(shifts) - shifts
    return steps
