"""Decoded grooves as pieces: hits that were kept, hi-hats that were added, or all that was decoded.

Axes: N hits, W windows with hits, T time step, C drum classes.
"""

from __future__ import annotations

import collections
import itertools
import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from musicvae.converters import Converter, performance_converter
from musicvae.converters.drum_classes import REDUCED, ROLAND
from musicvae.converters.examples import Array
from musicvae.converters.groove import NUM_DRUMS
from musicvae.generate.drum_hits import DrumHits
from musicvae.generate.drum_performance import DrumPerformance
from musicvae.generate.grid_pieces import GRID_QPM
from musicvae.generate.kept_hits import LEAST_BEATS, MAX_VELOCITY, played
from musicvae.generate.results import SamplingOptions
from musicvae.grid import DRUM_INSTRUMENT, STEPS_PER_QUARTER
from musicvae.lazy_note_seq import NoteSequence

_APART_BEATS = 0.5 / STEPS_PER_QUARTER


class _Hit(NamedTuple):
    """A hit of a result: beats of the input's piece."""

    beat: float
    beats: float
    pitch: int
    velocity: int
    program: int


def write_kept(
    performance: DrumPerformance, rows: Array, converter: Converter, options: SamplingOptions
) -> NoteSequence:
    """Plays the hits of the input as a model has it.

    Args:
      performance: the input.
      rows: float32 `[W, T, 3C]`, the decoded windows.
      converter: the model's.
      options: its timing and velocity say how much of the model's manner is applied.
    """
    del converter
    hits = performance.hits
    velocities, late = _model_playing(hits, performance.first_steps, rows)
    beats, loudness = played(
        hits,
        velocities,
        late,
        performance.start,
        performance.end,
        timing=options.timing,
        velocity=options.velocity,
    )
    return _piece(performance, _with_beats(hits, beats, loudness), options)


def write_added(
    performance: DrumPerformance, rows: Array, converter: Converter, options: SamplingOptions
) -> NoteSequence:
    """Leaves the hits of the input as they are and adds those of some classes.

    Args:
      performance: the input.
      rows: float32 `[W, T, 3C]`, the decoded windows.
      converter: its `added_classes` are added. Where the input has a hit of the same drum half a
        sixteenth away or nearer, nothing is added.
      options: what is asked for.
    """
    hits, drums = performance.hits, _added(converter)
    beats_of_drum = {drum: hits.beat[hits_of_drum(performance, drum)] for drum in drums}
    added = []
    for hit in _written_hits(performance, rows, converter):
        drum = performance.drum_map.class_of(hit.pitch)
        same = beats_of_drum.get(drum)
        if same is None:
            continue
        if not len(same) or np.abs(same - hit.beat).min() > _APART_BEATS:
            added.append(hit)
    kept = _with_beats(hits, hits.beat, hits.velocity)
    return _piece(performance, [*kept, *added], options)


def write_free(
    performance: DrumPerformance, rows: Array, converter: Converter, options: SamplingOptions
) -> NoteSequence:
    """Writes what a model decoded, hits and all.

    Args:
      performance: the input, whose bars the result has.
      rows: float32 `[W, T, 3C]`, the decoded windows.
      converter: the model's.
      options: what is asked for.
    """
    return _piece(performance, _written_hits(performance, rows, converter), options)


def _added(converter: Converter) -> tuple[int, ...]:
    found = performance_converter(converter)
    assert found is not None, "hits are added by a converter without velocity and timing"
    return found.added_classes


def hits_of_drum(performance: DrumPerformance, drum: int) -> Array:
    """Returns which hits are on the drum that gives a class its name, bool `[N]`.

    A shaker shares the class of the closed hi-hat, and is none.
    """
    own = {*ROLAND[drum], REDUCED[drum][0]}
    pitches = map(performance.drum_map.general_midi_pitch, performance.hits.pitch.tolist())
    return np.array([pitch in own for pitch in pitches], bool)


def _model_playing(hits: DrumHits, first_steps: Array, rows: Array) -> tuple[Array, Array]:
    """Returns velocity, int64, and steps behind the grid, float64, of each hit's cell, `[N]`."""
    heard = np.where(hits.heard >= 0, hits.heard, 0)
    step, drum = hits.step[heard], np.maximum(hits.drum[heard], 0)
    window = np.clip(np.searchsorted(first_steps, step, side="right") - 1, 0, None)
    cell = rows[window, np.clip(step - first_steps[window], 0, rows.shape[1] - 1)]
    cell = cell.astype(np.float64).reshape(len(hits), 3, NUM_DRUMS)
    _, loud, offset = np.moveaxis(cell, 1, 0)[:, np.arange(len(hits)), drum]
    velocities = np.clip(np.rint(loud * MAX_VELOCITY), 1, MAX_VELOCITY).astype(np.int64)
    return velocities, np.clip(offset, -1.0, 1.0) / -2.0


def _with_beats(hits: DrumHits, beats: Array, velocities: Array) -> list[_Hit]:
    columns = (beats, hits.beats, hits.pitch, velocities, hits.program)
    return list(itertools.starmap(_Hit, zip(*(each.tolist() for each in columns), strict=True)))


def _written_hits(
    performance: DrumPerformance, rows: Array, converter: Converter
) -> Iterator[_Hit]:
    """Yields the hits of the bars that decoded windows give, on the kit of the input."""
    programs = collections.Counter(performance.hits.program.tolist())
    program = programs.most_common(1)[0][0] if programs else 0
    # A silent step goes before each window, so that its first hits may be early.
    silence = np.zeros((1, rows.shape[2]), rows.dtype)
    ends = np.minimum(performance.ends, performance.end)
    for first_step, end, window in zip(
        performance.first_steps.tolist(), ends.tolist(), rows, strict=True
    ):
        own = window[: max(round(end * STEPS_PER_QUARTER) - first_step, 0)]
        piece = converter.to_notes(np.concatenate([silence, own]), qpm=GRID_QPM)
        for note in piece.notes:
            beat = max((first_step - 1) / STEPS_PER_QUARTER + note.start_time, performance.start)
            pitch = performance.drum_map.original_pitch(note.pitch)
            yield _Hit(beat, 1 / STEPS_PER_QUARTER, pitch, note.velocity, program)


def _piece(
    performance: DrumPerformance, hits: Iterable[_Hit], options: SamplingOptions
) -> NoteSequence:
    """Writes hits with the tempos and time signatures of the input.

    Each ends before its drum is hit again.
    """
    start, end = performance.start, performance.end
    piece, seconds = performance.lines.excerpt(start, end, options.qpm)
    next_beat: dict[int, float] = {}
    ordered = sorted(hits, key=lambda hit: hit.beat)
    ends = []
    for hit in reversed(ordered):
        following = next_beat.get(hit.pitch, math.inf)
        ends.append(min(hit.beat + max(hit.beats, LEAST_BEATS), max(following, hit.beat), end))
        if hit.beat < following:
            next_beat[hit.pitch] = hit.beat
    for hit, until in zip(ordered, reversed(ends), strict=True):
        if hit.beat < end:
            piece.notes.add(
                pitch=hit.pitch,
                velocity=hit.velocity,
                start_time=seconds(max(hit.beat, start)),
                end_time=seconds(until),
                instrument=DRUM_INSTRUMENT,
                program=hit.program,
                is_drum=True,
            )
    return piece
