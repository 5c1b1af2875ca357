"""Sections: stretches of a piece with one tempo and time signature, and their grid of steps.

A piece is cut where its tempo or time signature changes. Every section starts at second 0 of its
own; a note belongs to the section that it starts in, and is cut at that section's end. Until
something else is said, a piece is in 4/4 at 120 quarter notes a minute.

Quantizing rounds to the nearest step, halves up; a note lasts one step at least.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from musicvae.converters.examples import Array, Origin, Rejection
from musicvae.converters.notes import (
    ChordSymbol,
    KeySignature,
    Notes,
    Score,
    Tempo,
    TimeSignature,
)
from musicvae.grid import DEFAULT_QPM, QUARTERS_PER_BAR, STEPS_PER_BAR, STEPS_PER_QUARTER

MAX_STEP = 2**31 - 1
# More silent bars than any piece has.
NO_GAP_BARS = 10_000
_seconds = attrgetter("seconds")


class Section(NamedTuple):
    """A stretch of one tempo and one time signature.

    Attributes:
      notes: those that start in it, seconds from its start.
      qpm: tempo in quarter notes a minute.
      time_signature: time signature.
      chords: chord symbols, seconds from its start; the one that goes on from before is at 0.
      keys: key signatures, likewise.
      start_seconds: where it starts in the piece.
      end_seconds: where it ends in the piece.
      first_bar: number of its first bar in the piece; the piece's first is 1.
      rejected: why nothing can be made of it, as far as that is known.
    """

    notes: Notes
    qpm: float
    time_signature: TimeSignature
    chords: list[ChordSymbol]
    keys: list[KeySignature]
    start_seconds: float
    end_seconds: float
    first_bar: int
    rejected: Rejection | None = None

    def seconds_at(self, step: int, steps_per_quarter: int) -> float:
        """Returns the time in the piece of a step of this section."""
        return self.start_seconds + step * 60.0 / (self.qpm * steps_per_quarter)

    def origin(self, tracks: tuple[int, ...], step: int) -> Origin:
        """Returns where a window starts that starts at a sixteenth of this section.

        Args:
          tracks: the instruments that it is made of.
          step: first step, four to a quarter, at the start of a bar.
        """
        bar = self.first_bar + step // STEPS_PER_BAR
        return Origin(tracks, bar, self.seconds_at(step, STEPS_PER_QUARTER))

    @property
    def notes_end(self) -> float:
        """End of the last note, seconds from the section's start."""
        return float(self.notes.end.max(initial=0.0))


def split_sections(score: Score) -> tuple[list[Section], list[Rejection]]:
    """Cuts a score where its tempo or time signature changes.

    Args:
      score: a whole piece.

    Returns:
      its sections in order, those without notes too, and the rejections of notes before second 0,
      which are in none.
    """
    tempos, time_signatures = score.tempos, score.time_signatures
    starts = [0.0, *_change_times(tempos, time_signatures, score.total_seconds)]
    ends = [*starts[1:], score.total_seconds]
    notes = score.notes
    order = np.argsort(notes.start, kind="stable")
    bounds = np.searchsorted(notes.start[order], [*starts, np.inf])
    bounds[-1] = np.searchsorted(notes.start[order], score.total_seconds)
    rejections = []
    if bounds[0]:
        rejections.append(Rejection("bad_time", f"{bounds[0]} notes start before second 0"))
    sections = []
    bar = 1
    for index, (start, end) in enumerate(zip(starts, ends, strict=True)):
        own = notes.select(order[bounds[index] : bounds[index + 1]])
        tempo = _state_at(tempos, start) or Tempo(0.0, DEFAULT_QPM)
        time_signature = _state_at(time_signatures, start) or TimeSignature(0.0, 4, 4)
        sections.append(
            Section(
                notes=Notes(
                    own.pitch,
                    own.velocity,
                    own.start - start,
                    np.minimum(own.end, end) - start,
                    own.instrument,
                    own.program,
                    own.is_drum,
                ),
                qpm=tempo.qpm,
                time_signature=time_signature,
                chords=events_within(score.chords, start, end),
                keys=events_within(score.keys, start, end),
                start_seconds=start,
                end_seconds=end,
                first_bar=bar,
            )
        )
        seconds_per_bar = time_signature.quarters * 60.0 / tempo.qpm if tempo.qpm > 0 else 0.0
        if seconds_per_bar > 0 and math.isfinite(seconds_per_bar):
            bar += math.ceil((end - start) / seconds_per_bar - 1e-6)
    return sections, rejections


def whole_section(score: Score) -> Section:
    """Takes a piece as one section; one that changes its tempo or time signature is rejected.

    Args:
      score: a whole piece.
    """
    time_signatures = score.time_signatures or [TimeSignature(0.0, 4, 4)]
    tempos = score.tempos or [Tempo(0.0, DEFAULT_QPM)]
    return Section(
        notes=score.notes,
        qpm=tempos[0].qpm,
        time_signature=time_signatures[0],
        chords=score.chords,
        keys=score.keys,
        start_seconds=0.0,
        end_seconds=score.total_seconds,
        first_bar=1,
        rejected=_change(tempos, time_signatures),
    )


def _change(tempos: list[Tempo], time_signatures: list[TimeSignature]) -> Rejection | None:
    """Returns the rejection of a piece that changes its tempo, or else its time signature."""
    if tempos[0].seconds != 0:
        tempos = [Tempo(0.0, DEFAULT_QPM), *tempos]
    for slow, fast in pairwise(tempos):
        if slow.qpm != fast.qpm:
            detail = f"{slow.qpm:g} becomes {fast.qpm:g} quarter notes a minute"
            return Rejection("tempo_change", detail, None, None, fast.seconds)
    if time_signatures[0].seconds != 0:
        time_signatures = [TimeSignature(0.0, 4, 4), *time_signatures]
    for before, after in pairwise(time_signatures):
        if before[1:] != after[1:]:
            detail = f"{before.name} becomes {after.name}"
            return Rejection("time_signature_change", detail, None, None, after.seconds)
    return None


def quantize(seconds: Array, steps_per_quarter: int, qpm: float) -> Array:
    """Rounds times to steps.

    Args:
      seconds: float64 `[N]`.
      steps_per_quarter: resolution of the grid.
      qpm: tempo in quarter notes a minute.

    Returns:
      int64 `[N]`, at most `MAX_STEP`.
    """
    steps = np.trunc(seconds * (steps_per_quarter * qpm / 60.0) + 0.5)
    return np.clip(steps, -MAX_STEP, MAX_STEP).astype(np.int64)


def quantize_notes(notes: Notes, steps_per_quarter: int, qpm: float) -> tuple[Array, Array]:
    """Rounds notes to steps.

    Args:
      notes: N notes.
      steps_per_quarter: resolution of the grid.
      qpm: tempo in quarter notes a minute.

    Returns:
      start and end, int64 `[N]` each; an end is at least one step after its start.
    """
    start = quantize(notes.start, steps_per_quarter, qpm)
    end = quantize(notes.end, steps_per_quarter, qpm)
    return start, np.maximum(end, start + 1)


def reject_section(section: Section, quarters_per_bar: int = QUARTERS_PER_BAR) -> Rejection | None:
    """Returns why a section fits no grid of four quarters a bar, or None where it does."""
    if section.rejected is not None:
        return section.rejected
    bar, seconds = section.first_bar, section.start_seconds
    if not (math.isfinite(section.qpm) and section.qpm > 0):
        return Rejection(
            "bad_tempo", f"a tempo of {section.qpm} quarter notes a minute", None, bar, seconds
        )
    if section.time_signature.quarters != quarters_per_bar:
        detail = f"the time signature is {section.time_signature.name}, not 4/4"
        return Rejection("time_signature", detail, None, bar, seconds)
    return None


def _change_times(
    tempos: list[Tempo], time_signatures: list[TimeSignature], total_seconds: float
) -> list[float]:
    """Returns the times, past 0, at which tempo or time signature takes another value."""
    qpm, time_signature = DEFAULT_QPM, (4, 4)
    times: list[float] = []
    events: list[Any] = sorted([*time_signatures, *tempos], key=lambda event: event.seconds)
    for event in events:
        if event.seconds >= total_seconds:
            break
        if isinstance(event, Tempo):
            changed, qpm = event.qpm != qpm, event.qpm
        else:
            changed, time_signature = event[1:] != time_signature, event[1:]
        if changed and event.seconds > (times[-1] if times else 0.0):
            times.append(event.seconds)
    return times


def _state_at(events: Sequence[Any], seconds: float) -> Any:
    """Returns the last event at or before a time, or None."""
    index = bisect.bisect_right(events, seconds, key=_seconds)
    return events[index - 1] if index else None


def events_within(events: Sequence[Any], start: float, end: float) -> list[Any]:
    """Cuts a list of changes to a stretch of time.

    Args:
      events: with `seconds`, ascending.
      start: seconds.
      end: seconds.

    Returns:
      those within, in seconds from the start; what goes on from before is at 0.
    """
    first = bisect.bisect_right(events, start, key=_seconds)
    last = bisect.bisect_left(events, end, key=_seconds)
    within = [event._replace(seconds=event.seconds - start) for event in events[first:last]]
    return [events[first - 1]._replace(seconds=0.0), *within] if first else within
