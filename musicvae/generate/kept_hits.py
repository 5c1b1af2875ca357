"""Hits of the input played in a model's manner: all of them, and no others.

The hit that the model heard in a cell takes the velocity and the place that the model gives it. The
others of the cell keep their distance from it, and the ratio of their velocity to its own, so that
a flam stays a flam and a roll a roll. Where that would take one of them out of its cell, those on
its side of the heard hit are drawn together instead. So no hit overtakes one of another sixteenth,
and no two hits of one drum change their order.

Axes: N hits.
"""

from __future__ import annotations

import numpy as np

from musicvae.converters.examples import Array
from musicvae.generate.drum_hits import DrumHits
from musicvae.grid import STEPS_PER_QUARTER

LEAST_BEATS = 1 / 64
MAX_VELOCITY = 127

_HALF = 0.5


def played(
    hits: DrumHits,
    velocities: Array,
    late: Array,
    start: float,
    end: float,
    *,
    timing: float = 1.0,
    velocity: float = 1.0,
) -> tuple[Array, Array]:
    """Plays hits in a model's manner.

    Args:
      hits: N hits, in the order of the piece.
      velocities: int64 `[N]`, what the model has in each hit's cell, 1 to 127.
      late: float64 `[N]`, how far behind its sixteenth the model plays each hit's cell, in steps.
      start: the beat at which the result begins.
      end: the beat at which it ends.
      timing: 0 leaves every hit where it is in the input, 1 puts it where the model has it.
      velocity: 0 leaves every hit as loud as in the input, 1 makes it as loud as the model has it.

    Returns:
      The beat of each hit, float64 `[N]`, and its velocity, int64 `[N]`.
    """
    if not len(hits):
        return np.empty(0), np.empty(0, np.int64)
    follows = hits.heard >= 0
    heard = np.where(follows, hits.heard, 0)
    ratio = np.where(follows, velocities / hits.velocity[heard], 1.0)
    change = hits.velocity * (ratio - 1.0) * velocity
    loudness = np.clip(np.rint(hits.velocity + change), 1, MAX_VELOCITY).astype(np.int64)
    if timing == 0.0:
        return hits.beat, loudness
    shift = np.where(follows, _late_in_cell(hits, heard, late) - hits.late, 0.0)
    beats = np.clip(hits.beat + shift * timing / STEPS_PER_QUARTER, start, end)
    # Pitches of no class are drums of their own.
    drums = np.where(hits.drum >= 0, hits.drum, 128 + hits.pitch)
    for drum in np.unique(drums):
        own = np.flatnonzero(drums == drum)
        beats[own] = _apart(hits.beat[own], beats[own], end)
    return beats, loudness


def _late_in_cell(hits: DrumHits, heard: Array, late: Array) -> Array:
    """Returns how far behind its sixteenth each hit is to be, float64 `[N]`, in steps.

    Args:
      hits: N hits.
      heard: int64 `[N]`, the heard hit of each one's cell.
      late: float64 `[N]`, where the model has that.
    """
    own, own_heard = hits.late, hits.late[heard]
    wanted = own + late - own_heard
    side = np.sign(own - own_heard).astype(np.int64)
    group = 3 * heard + side + 1
    leaves = np.isin(group, group[(np.abs(wanted) > _HALF) & (side != 0)])
    # The far edge of the cell on the hit's side stays where it is.
    edge = side * np.maximum(_HALF, np.abs(own))
    span = np.where(side == 0, 1.0, edge - own_heard)
    drawn = edge - (edge - own) / span * (edge - late)
    return np.where(leaves, drawn, wanted)


def _apart(before: Array, after: Array, end: float) -> Array:
    """Keeps hits of one drum apart that were apart, by a little at least: no file merges them.

    Args:
      before: float64 `[N]`, beats in the input, ascending.
      after: float64 `[N]`, beats in the result, in the same order.
      end: the beat at which the result ends.
    """
    result = after.copy()
    gaps = np.minimum(np.diff(before), LEAST_BEATS)
    for k in range(1, len(result)):
        result[k] = max(result[k], result[k - 1] + gaps[k - 1])
    room = np.append(np.cumsum(gaps[::-1])[::-1], 0.0)
    ordered: Array = np.minimum(result, end - LEAST_BEATS / 2 - room)
    return ordered
