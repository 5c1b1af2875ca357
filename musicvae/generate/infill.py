"""Pieces that go on, gaps that are filled, and parts that are written to others.

What is kept is held exactly, step by step; what is written is chosen to fit it (see filling.py).

Axes: T steps of a piece, K parts of a step.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from musicvae.errors import InputError
from musicvae.generate.chords import chord_rows
from musicvae.generate.controls import check_controls, chords_of, plays_over_chords
from musicvae.generate.filling import Progress, fill
from musicvae.generate.performing import check_number
from musicvae.generate.piece_rows import (
    MAX_BARS,
    Known,
    PieceRows,
    Rows,
    check_writes_rows,
    notes_of_rows,
    parts_named,
    read_rows,
    silent_rows,
    steps_per_bar,
)
from musicvae.generate.results import Piece, Result, Sample, SamplingOptions
from musicvae.generate.window_filling import FillOptions

if TYPE_CHECKING:
    from musicvae.converters import Converter
    from musicvae.generate import TrainedModel

_RANGE = re.compile(r"\s*(\d+)\s*(?:-\s*(\d*)\s*)?")


def continue_piece(
    model: TrainedModel,
    piece: Piece,
    bars: int,
    n: int = 1,
    options: SamplingOptions | None = None,
    *,
    progress: Progress | None = None,
) -> Result:
    """Lets a piece go on.

    Args:
      model: a trained model with its encoder.
      piece: the input.
      bars: how many bars are added.
      n: how many results.
      options: what is asked for.
      progress: called with how many windows are done, and of how many.

    Returns:
      The whole piece as the model reads it, each time with another end.

    Raises:
      ConfigError: the model is of grooves or of several tracks.
      InputError: the input does not fit, or a number is out of range.
    """
    options = options or SamplingOptions()
    check_number(n)
    check_writes_rows(model.converter, model.config.name, "continue")
    read = read_rows(model.converter, piece, options)
    step = steps_per_bar(model.converter)
    before = len(read.rows) // step
    if not 1 <= bars <= MAX_BARS - before:
        raise InputError(f"{bars} bars to add; give 1 to {MAX_BARS - before}, such as --bars=8")
    added = silent_rows(model.converter, bars * step)
    known = np.ones((len(read.rows), len(model.converter.parts)), bool)
    known = np.concatenate([known, np.zeros((bars * step, known.shape[1]), bool)])
    rows = np.concatenate([read.rows, added])
    note = f"{_counted(before)} kept, {bars} written"
    return _written(model, piece, read, rows, known, n, options, (note,), progress)


def infill(
    model: TrainedModel,
    piece: Piece,
    keep: str | None = None,
    n: int = 1,
    options: SamplingOptions | None = None,
    *,
    keep_parts: Sequence[str] = (),
    progress: Progress | None = None,
) -> Result:
    """Writes the bars and parts of a piece that are not kept.

    Args:
      model: a trained model with its encoder.
      piece: the input.
      keep: the bars that are kept, such as "1-4,9-16", from 1; "9-" is up to the end. None for no
        bar, with `keep_parts`.
      n: how many results.
      options: what is asked for.
      keep_parts: parts of a trio that are kept in every bar: melody, bass, drums. The piece may
        lack the others.
      progress: called with how many windows are done, and of how many.

    Returns:
      The whole piece as the model reads it, each time with something else in the gaps.

    Raises:
      ConfigError: the model is of grooves or of several tracks.
      InputError: the input does not fit, or there is nothing to keep or to write.
    """
    options = options or SamplingOptions()
    check_number(n)
    converter = model.converter
    check_writes_rows(converter, model.config.name, "infill")
    if keep is None and not keep_parts:
        raise InputError("nothing is kept; give bars, as in --keep=1-4,9-16, or --keep_parts")
    parts = [False] * len(converter.parts)
    if keep_parts:
        parts = parts_named(converter, keep_parts, model.config.name)
    missing = (
        [part.name for part in model.converter.parts if part.name not in keep_parts]
        if keep_parts
        else []
    )
    read = read_rows(converter, piece, options, missing=missing)
    bars = len(read.rows) // steps_per_bar(converter)
    kept = kept_bars(keep, [read.lines.slot_numbered(k).bar for k in range(bars)])
    known = np.repeat(kept, steps_per_bar(converter))[:, np.newaxis] | np.array(parts)
    if known.all():
        raise InputError(f"--keep={keep} keeps all {bars} bars, so that nothing is left to write")
    what = f"{int(kept.sum())} of {_counted(bars)} kept" if keep else f"{_counted(bars)}"
    if keep_parts:
        what += f", {' and '.join(keep_parts)} kept throughout"
    return _written(model, piece, read, read.rows, known, n, options, (what,), progress)


def kept_bars(keep: str | None, bars: Sequence[int]) -> Known:
    """Reads which bars are kept.

    Args:
      keep: such as "1-4,9-16" or "5-"; None for none.
      bars: number of the bar that each bar of the grid belongs to.

    Returns:
      bool, one for each bar of the grid.

    Raises:
      InputError: it is no list of bars, or names bars that the piece lacks.
    """
    numbers, last = np.array(bars, np.int64), bars[-1]
    kept = np.zeros(len(numbers), bool)
    for text in [] if keep is None else keep.split(","):
        match = _RANGE.fullmatch(text)
        if match is None:
            raise InputError(f"--keep={keep}: '{text}' is no range of bars; write 1-4,9-16 or 9-")
        first = int(match[1])
        end = first if match[2] is None else int(match[2] or last)
        if not 1 <= first <= end <= last:
            raise InputError(f"--keep={keep}: bars {text} are not in 1-{last}, those of the piece")
        kept |= (numbers >= first) & (numbers <= end)
    return kept


def controls_of_rows(
    converter: Converter, config_name: str, read: PieceRows, steps: int, options: SamplingOptions
) -> Rows | None:
    """Returns the controls of each step of a piece: those asked for, else its own, that go on.

    Args:
      converter: the model's.
      config_name: the configuration's name.
      read: the piece.
      steps: how many.
      options: what is asked for.

    Raises:
      InputError: controls are given that the model does not take.
    """
    check_controls(converter, config_name, options, has_input=True)
    if not converter.spec.control_depth:
        return None
    if options.chords is not None and plays_over_chords(converter):
        return chord_rows(converter, *chords_of(options), steps // steps_per_bar(converter))
    assert read.controls is not None
    own = read.controls[:steps]
    missing = steps - len(own)
    return np.concatenate([own, np.repeat(own[-1:], missing, axis=0)])


def _written(
    model: TrainedModel,
    piece: Piece,
    read: PieceRows,
    rows: Rows,
    known: Known,
    n: int,
    options: SamplingOptions,
    notes: tuple[str, ...],
    progress: Progress | None,
) -> Result:
    converter = model.converter
    controls = controls_of_rows(converter, model.config.name, read, len(rows), options)
    placed = PieceRows(rows, controls, read.lines, read.velocity, read.program)
    samples = []
    for temperature in options.temperatures:
        seed = np.random.default_rng().integers(2**31) if options.seed is None else options.seed
        own = FillOptions(temperature, int(seed))
        found = fill(model, rows, known, n, own, controls=controls, progress=progress)
        for k, each in enumerate(found):
            caption = piece.name if n == 1 else f"{piece.name}, version {k + 1}"
            if len(options.temperatures) > 1:
                caption = f"{caption}, temperature {temperature:g}"
            samples.append(Sample(notes_of_rows(converter, each, placed, options), caption))
    lines = tuple(f"{piece.name}: {note}" for note in (*read.notes, *notes))
    return Result(tuple(samples), lines)


def _counted(bars: int) -> str:
    return f"{bars} bar{'' if bars == 1 else 's'}"
