"""Writing what is missing of a piece, window by window, each with up to half of it known.

Axes: N results, T steps of the piece, S steps of a window, D columns of a step, K parts of a step,
C columns of control.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from musicvae.converters.voices import FIRST_PITCH
from musicvae.generate.piece_rows import (
    Known,
    Rows,
    has_onset,
    part_columns,
    silent_rows,
    sounding_before,
    steps_per_bar,
    with_note_offs,
)
from musicvae.generate.window_filling import (
    FillOptions,
    Following,
    Windows,
    fill_windows,
)

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

Progress = Callable[[int, int], None]

_KNOWN_SHARE = 0.02


class Span(NamedTuple):
    """A window of a piece, in bars, and what is written of it.

    Attributes:
      start: its first bar, from 0.
      first: the first bar that is written.
      end: the bar after the last one that is written.
    """

    start: int
    first: int
    end: int


def spans(missing: npt.NDArray[np.bool_], bars: int) -> Iterator[Span]:
    """Yields the windows in which missing bars are written, in order.

    Args:
      missing: bool `[bars of the piece]`.
      bars: of a window.
    """
    total, first = len(missing), 0
    while first < total:
        if not missing[first]:
            first += 1
            continue
        gap = int(np.argmin(np.append(missing[first:], False)))
        if gap >= bars:
            before = min(first, bars // 2)
        else:
            room = bars - gap
            after = min(total - first - gap, room // 2)
            before = min(first, room - after)
        start = max(0, min(first - before, total - bars))
        end = min(start + bars, first + gap)
        yield Span(start, first, end)
        first = end


def fill(
    model: TrainedModel,
    rows: Rows,
    known: Known,
    count: int,
    options: FillOptions,
    *,
    controls: Rows | None = None,
    progress: Progress | None = None,
) -> Rows:
    """Writes what is missing.

    Args:
      model: a trained model with its encoder.
      rows: float32 `[T, D]`, whole bars; what is not known of them does not count.
      known: bool `[T, K]`.
      count: N.
      options: temperature, seed and number of candidates.
      controls: float32 `[T, C]`, or None.
      progress: called with how many windows are done, and of how many.

    Returns:
      float32 `[N, T, D]`; what is known is as it was, but for a note-off where a note that was
      written would ring into silence.
    """
    step, bars = steps_per_bar(model.converter), model.converter.bars
    missing = np.array([not bar.all() for bar in np.split(known, len(known) // step)])
    todo = list(spans(missing, bars))
    ends = _silent_ends(model, rows, known)
    played = has_onset(model.converter, rows).reshape(len(missing), step).any(axis=1)
    pool = rows.reshape(len(missing), step, -1)[~missing & played]
    foreign = foreign_classes(model, rows, known)
    written = np.repeat(rows[np.newaxis], count, axis=0)
    done = known.copy()
    size = bars * step
    for number, span in enumerate(todo):
        here = slice(span.start * step, span.start * step + size)
        nothing = np.zeros((size, known.shape[1]), bool)
        window = Windows(
            _padded(written[:, here], silent_rows(model.converter, size)),
            _padded(done[here][np.newaxis], nothing)[0],
            _padded(ends[here][np.newaxis], nothing)[0],
            None if controls is None else _last_repeated(controls[here], size),
            pool,
            foreign,
        )
        own = dataclasses.replace(options, seed=options.seed + 7919 * number)
        after = _following(written, done, window, ends, controls, span, step)
        best = fill_windows(model, window, own, after)
        first, end = span.first * step, span.end * step
        offset = first - here.start
        written[:, first:end] = best[:, offset : offset + end - first]
        done[first:end] = True
        if progress is not None:
            progress(number + 1, len(todo))
    return with_note_offs(model.converter, written, ends)


def _following(
    written: Rows,
    done: Known,
    filled: Windows,
    ends: Known,
    controls: Rows | None,
    span: Span,
    step: int,
) -> Following | None:
    """Returns what stands after a gap, if it is known and outside the window that fills it."""
    size = len(filled.known)
    end, reach = span.end * step, span.start * step + size
    if end < reach or end + step > len(done) or not done[end : end + step].all():
        return None
    first = max(end - size + step, span.first * step)
    here = slice(first, first + size)
    rows = written[:, here]
    if rows.shape[1] < size or not done[end : first + size].all():
        return None
    known = done[here].copy()
    known[: end - first] = False
    own = None if controls is None else controls[here]
    windows = filled._replace(rows=rows.copy(), known=known, ends=ends[here], controls=own)
    return Following(windows, first - span.start * step, end - first)


def _silent_ends(model: TrainedModel, rows: Rows, known: Known) -> Known:
    """Returns the steps after gaps at which nothing sounded, bool `[T, K]`."""
    after_gap = np.zeros_like(known)
    after_gap[1:] = known[1:] & ~known[:-1]
    return after_gap & ~sounding_before(model.converter, rows)


def foreign_classes(model: TrainedModel, rows: Rows, known: Known) -> Known:
    """Returns the pitch classes that what is known lacks, bool `[12]`; none without any notes."""
    counts = np.zeros(12)
    for part in model.converter.pitched_parts:
        labels = rows[..., part_columns(model.converter)[part]].argmax(axis=-1)
        counts += np.bincount(
            (labels[known[:, part] & (labels >= FIRST_PITCH)] - FIRST_PITCH) % 12, minlength=12
        )
    rare: Known = counts < _KNOWN_SHARE * counts.sum()
    return rare


def _padded(rows: Any, filling: Any) -> Any:
    """Lengthens `[N, T, ...]` to the length of a filling `[S, ...]`, by its end."""
    missing = len(filling) - rows.shape[1]
    if not missing:
        return rows.copy()
    end = np.repeat(filling[np.newaxis, len(filling) - missing :], len(rows), axis=0)
    return np.concatenate([rows, end], axis=1)


def _last_repeated(controls: Rows, size: int) -> Rows:
    missing = size - len(controls)
    return np.concatenate([controls, np.repeat(controls[-1:], missing, axis=0)])
