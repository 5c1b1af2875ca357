"""What happens across bar lines: the leap of each part, and the onsets on either side.

A long piece aims, where a window ends, at what happens at a bar line inside its windows, so that
the border cannot be told from other bar lines.

Axes: M pieces of music, T time step, D columns of a step, P pitched parts, L bar lines.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from musicvae.converters import Converter
from musicvae.converters.voices import FIRST_PITCH
from musicvae.generate.piece_rows import Rows, has_onset, part_columns, steps_per_bar

MAX_LEAP = 24

Array = npt.NDArray[np.float64]


class Crossings(NamedTuple):
    """What happens across bar lines.

    Attributes:
      leaps: float64 `[M, L, P]`, semitones from the last note before to the first one after, at
        most 24 up or down; NaN where there is none before or after.
      before: float64 `[M, L]`, onsets in the half bar before.
      after: float64 `[M, L]`, onsets in the half bar after.
    """

    leaps: Array
    before: Array
    after: Array


def crossings(converter: Converter, rows: Rows, bars: npt.ArrayLike) -> Crossings:
    """Describes bar lines.

    Args:
      converter: what the rows are of.
      rows: float32 `[M, T, D]`, whole bars.
      bars: int `[L]`, the bars that begin at the bar lines, over 0.
    """
    step = steps_per_bar(converter)
    columns, reach = part_columns(converter), step // 2
    labels = [rows[..., columns[part]].argmax(axis=-1) for part in converter.pitched_parts]
    starts = has_onset(converter, rows)
    leaps, before, after = [], [], []
    for line in step * np.asarray(bars):
        leaps.append([_leap(own, line) for own in labels])
        before.append(starts[:, line - reach : line].sum(axis=1))
        after.append(starts[:, line : line + reach].sum(axis=1))
    shape = (len(leaps), len(labels), len(rows))
    return Crossings(
        np.array(leaps, np.float64).reshape(shape).transpose(2, 0, 1),
        np.array(before, np.float64).T,
        np.array(after, np.float64).T,
    )


def _leap(labels: npt.NDArray[np.int64], line: int) -> Array:
    """Returns the leap of a part, labels `[M, T]`, across a step, `[M]`."""
    notes = np.where(labels >= FIRST_PITCH, labels, 0).astype(np.float64)
    first, last = notes[:, line:], notes[:, :line][:, ::-1]
    pitches = []
    for side in (first, last):
        at = (side > 0).argmax(axis=1)[:, np.newaxis]
        own = np.take_along_axis(side, at, axis=1)[:, 0]
        pitches.append(np.where(own > 0, own, np.nan))
    leaps: Array = np.clip(pitches[0] - pitches[1], -MAX_LEAP, MAX_LEAP)
    return leaps


def aimed_at(
    inside: Crossings, generator: np.random.Generator, before: float | None = None
) -> Crossings:
    """Draws one of the bar lines, `[1, 1]`.

    Args:
      inside: the bar lines.
      generator: decides.
      before: onsets in the half bar before; only the lines that come nearest to it are drawn from.
        None for all.
    """
    away = np.zeros_like(inside.before) if before is None else np.abs(inside.before - before)
    pieces, lines = np.nonzero(away == away.min())
    chosen = int(generator.integers(len(lines)))
    one, line = pieces[chosen], lines[chosen]
    return Crossings(*(array[one : one + 1, line : line + 1] for array in inside))


def differences(one: Crossings, other: Crossings) -> tuple[Array, Array]:
    """Compares bar lines that broadcast to `[M, L]`.

    Returns:
      The semitones by which leaps differ, all parts' together, and the onsets by which the sides
      do, both `[M, L]`.
    """
    semitones = np.nan_to_num(np.abs(one.leaps - other.leaps)).sum(axis=-1)
    onsets = np.abs(one.before - other.before) + np.abs(one.after - other.after)
    return semitones, onsets
