"""The bars of a section, each put on the grid by itself: who plays in each, and what.

Source: Simon et al. 2018, arXiv:1806.00195, section 3.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np

from musicvae.converters.examples import Array, Rejection
from musicvae.converters.notes import Notes
from musicvae.converters.performance import (
    DRUMS,
    NUM_PITCHES,
    STEPS_PER_BAR,
    STEPS_PER_QUARTER,
    Events,
    Vocabulary,
    encode_performances,
)
from musicvae.converters.sections import Section, quantize_notes


class Tracks(NamedTuple):
    """The instruments of each bar, one entry of each column a track.

    Attributes:
      bar: int64 `[G]`, number of the bar in its section from 0, ascending.
      instrument: int64 `[G]`, its number.
      program: int64 `[G]`, MIDI program, or DRUMS, that tracks are sorted by.
      sound: int64 `[G]`, the program that is written down: a track that is left without notes
        counts as drums.
      rank: int64 `[G]`, place among tracks of one program.
      last_step: int64 `[G]`, the last step of the bar that the track's notes end at.
      events: their tokens; performance g is that of track g.
    """

    bar: Array
    instrument: Array
    program: Array
    sound: Array
    rank: Array
    last_step: Array
    events: Events

    @property
    def num_events(self) -> Array:
        """Number of events of each track, int64 `[G]`."""
        return np.diff(self.events.bounds)


def find_tracks(notes: Notes, total_seconds: float, qpm: float, vocabulary: Vocabulary) -> Tracks:
    """Cuts a section into bars and writes down what each instrument plays in each.

    Args:
      notes: those of the section, sorted by start.
      total_seconds: length of the section; notes that start later are left out.
      qpm: tempo in quarter notes a minute; a bar has four quarter notes.
      vocabulary: the tokens.
    """
    in_range = (notes.pitch >= 0) & (notes.pitch < NUM_PITCHES)
    notes = notes.select(in_range & (notes.start < total_seconds))
    bar, notes = cut_into_bars(notes, 240.0 / qpm, total_seconds)
    rank = track_rank(bar, notes.instrument)
    order = np.lexsort((notes.pitch, notes.start, notes.instrument, bar))
    bar, rank, notes = bar[order], rank[order], notes.select(order)
    new = (np.diff(bar, prepend=-1) != 0) | (np.diff(notes.instrument, prepend=-1) != 0)
    group, first = np.cumsum(new) - 1, np.flatnonzero(new)
    start, end = quantize_notes(notes, STEPS_PER_QUARTER, qpm)
    events = encode_performances(
        group,
        start,
        end,
        notes.pitch,
        notes.velocity,
        num_groups=len(first),
        vocabulary=vocabulary,
    )
    program = np.where(notes.is_drum, DRUMS, np.clip(notes.program, 0, DRUMS - 1))[first]
    last_step = np.zeros(len(first), np.int64)
    np.maximum.at(last_step, group, end)
    return Tracks(
        bar=bar[first],
        instrument=notes.instrument[first],
        program=program,
        sound=np.where(np.diff(events.bounds) == 1, DRUMS, program),
        rank=rank[first],
        last_step=last_step,
        events=events,
    )


def cut_into_bars(notes: Notes, bar_seconds: float, total_seconds: float) -> tuple[Array, Notes]:
    """Cuts a section into bars of equal seconds.

    Args:
      notes: N notes of a section.
      bar_seconds: length of a bar.
      total_seconds: length of the section.

    Returns:
      the bar of each note, int64 `[N]` from 0, and the notes in seconds from the start of their
      bar, cut at its end.
    """
    bar = np.floor(notes.start / bar_seconds)
    bar += bar_start(bar + 1, bar_seconds) <= notes.start
    bar -= bar_start(bar, bar_seconds) > notes.start
    start = bar_start(bar, bar_seconds)
    end = np.minimum(bar_start(bar + 1, bar_seconds), total_seconds)
    cut = dataclasses.replace(
        notes, start=notes.start - start, end=np.minimum(notes.end, end) - start
    )
    return bar.astype(np.int64), cut


def bar_start(bar: Array, bar_seconds: float) -> Array:
    """Returns the seconds at which bars start, with the rounding of `numpy.arange(one bar, ..)`."""
    return np.where(bar > 0, bar_seconds + (bar - 1) * bar_seconds, 0.0)


def track_rank(bar: Array, instrument: Array) -> Array:
    """Orders the instruments of each bar.

    Recorded examples have tracks of one program in the order in which a set of their instrument
    numbers iterates, so the order is taken from a set here, too.

    Args:
      bar: int64 `[N]`, bar of each note.
      instrument: int64 `[N]`, instrument of each note, in the order of the notes' starts.

    Returns:
      int64 `[N]`, the place of each note's instrument among those of its bar.
    """
    keys = list(zip(bar.tolist(), instrument.tolist(), strict=True))
    instruments: dict[int, set[int]] = {}
    for number, track in keys:
        instruments.setdefault(number, set()).add(track)
    places = {
        (number, track): place
        for number, tracks in instruments.items()
        for place, track in enumerate(tracks)
    }
    return np.array([places[key] for key in keys], np.int64)


class BarLimits(NamedTuple):
    """What a bar must have to be used.

    Attributes:
      min_tracks: instruments at least.
      max_tracks: instruments at most.
      min_events: events of all instruments together, at least.
      max_events_per_track: events of one instrument at most.
    """

    min_tracks: int
    max_tracks: int
    min_events: int
    max_events_per_track: int


def usable_bars(
    tracks: Tracks, section: Section, limits: BarLimits
) -> tuple[Array, list[Rejection]]:
    """Finds the bars that are within the limits.

    Args:
      tracks: of a section.
      section: the section.
      limits: what a bar must have.

    Returns:
      their numbers in the section, int64 `[N]`, and why others are not among them.
    """
    bars, index = np.unique(tracks.bar, return_inverse=True)
    num_tracks = np.bincount(index, minlength=len(bars))
    total = np.bincount(index, tracks.num_events, len(bars))
    most = np.zeros(len(bars), np.int64)
    np.maximum.at(most, index, tracks.num_events)
    faults = (
        (
            "too_few_tracks",
            num_tracks < limits.min_tracks,
            num_tracks,
            f"{{}} instruments play; at least {limits.min_tracks} are wanted",
        ),
        (
            "too_many_tracks",
            num_tracks > limits.max_tracks,
            num_tracks,
            f"{{}} instruments play; at most {limits.max_tracks} are allowed",
        ),
        (
            "too_few_events",
            total < limits.min_events,
            total,
            f"{{:.0f}} events; at least {limits.min_events} are wanted",
        ),
        (
            "too_many_events",
            most > limits.max_events_per_track,
            most,
            f"{{}} events of one instrument; at most {limits.max_events_per_track} are allowed",
        ),
    )
    usable, rejections = np.ones(len(bars), bool), []
    for reason, faulty, number, detail in faults:
        for place in np.flatnonzero(faulty & usable).tolist():
            bar = int(bars[place])
            track = None
            if reason == "too_many_events":
                worst = (tracks.bar == bar) & (tracks.num_events == most[place])
                track = int(tracks.instrument[worst][0])
            seconds = section.seconds_at(bar * STEPS_PER_BAR, STEPS_PER_QUARTER)
            said = detail.format(number[place])
            rejections.append(Rejection(reason, said, track, section.first_bar + bar, seconds))
        usable &= ~faulty
    return bars[usable], rejections
