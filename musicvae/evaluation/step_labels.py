"""Music as numbers: one label for each step and part, equal where the same happens.

A melody's label is the column of its one-hot row, a drum pattern's the drums as bits, a groove's
its hits as bits. A trio has three parts. A multitrack bar has one label for each place of its token
list. Where a sequence has ended the label is `NOTHING`.

Axes: N examples, T time step, P parts, D columns of a step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from musicvae.converters import Converter, Example
from musicvae.converters.drums import DrumsConverter
from musicvae.converters.groove import GrooveConverter
from musicvae.converters.melody import MelodyConverter
from musicvae.data.example_set import ExampleSet

Labels = npt.NDArray[np.int64]
Array = npt.NDArray[np.generic]

NOTHING = -1
MAX_ROLL_COLUMNS = 62
FIRST_PITCH = 2

_TOGETHER = 256


def step_labels(converter: Converter, outputs: npt.ArrayLike) -> Labels:
    """Returns the labels of examples.

    Args:
      converter: what the examples are of.
      outputs: bool or float `[..., T, D]`.

    Returns:
      int64 `[..., T, P]`.
    """
    rows = np.asarray(outputs) > 0.5
    parts = converter.spec.part_depths or (rows.shape[-1],)
    if isinstance(converter, GrooveConverter):
        return _bits(rows[..., : rows.shape[-1] // 3])[..., np.newaxis]
    if isinstance(converter, DrumsConverter) and converter.config.roll_output:
        return _bits(rows)[..., np.newaxis]
    bounds = np.cumsum(parts)[:-1]
    columns = [_columns(part) for part in np.split(rows, bounds, axis=-1)]
    return np.stack(columns, axis=-1)


def pitched_parts(converter: Converter) -> tuple[int, ...]:
    """Returns which parts P are melodies, whose labels from `FIRST_PITCH` on are pitches."""
    if converter.spec.part_depths:
        return (0, 1)
    return (0,) if isinstance(converter, MelodyConverter) else ()


def joined(converter: Converter, labels: Labels) -> Labels:
    """Returns one label a step for all parts together.

    Args:
      converter: what the examples are of.
      labels: int64 `[..., T, P]`.

    Returns:
      int64 `[..., T]`, equal where all parts are.
    """
    result = labels[..., 0]
    for k, depth in enumerate(converter.spec.part_depths[1:], start=1):
        result = result * (depth + 1) + labels[..., k]
    return result


def labels_of_set(
    converter: Converter, examples: ExampleSet, progress: Callable[[int], None] | None = None
) -> Labels:
    """Returns the labels of all examples of a set.

    Args:
      converter: what the examples are of.
      examples: at least one.
      progress: called with the number of examples done.

    Returns:
      int64 `[N, T, P]`.
    """
    parts = []
    for start in range(0, len(examples), _TOGETHER):
        indices = np.arange(start, min(start + _TOGETHER, len(examples)))
        parts.append(step_labels(converter, converter.expand(examples.take(indices)).outputs))
        if progress is not None:
            progress(int(indices[-1]) + 1)
    return np.concatenate(parts)


def each_example(converter: Converter, examples: ExampleSet) -> Iterator[Example]:
    """Yields the examples of a set in full form, a few in memory at a time.

    Args:
      converter: what the examples are of.
      examples: the set.
    """
    for start in range(0, len(examples), _TOGETHER):
        indices = np.arange(start, min(start + _TOGETHER, len(examples)))
        yield from map(Example, *converter.expand(examples.take(indices)))


def drawn_set(examples: ExampleSet, most: int | None, seed: int) -> ExampleSet:
    """Returns the whole set, or so many of its examples drawn at random, in their order.

    Args:
      examples: the set.
      most: how many at most; None for all.
      seed: at least 0.
    """
    if most is None or most >= len(examples):
        return examples
    chosen = np.sort(np.random.default_rng(seed).permutation(len(examples))[:most])
    return ExampleSet(examples.take(chosen), examples.sources[chosen], examples.findings)


def _bits(rows: npt.NDArray[np.bool_]) -> Labels:
    assert rows.shape[-1] <= MAX_ROLL_COLUMNS, "a roll of more columns than a number has bits"
    bits: Labels = rows @ (1 << np.arange(rows.shape[-1], dtype=np.int64))
    return bits


def _columns(rows: npt.NDArray[np.bool_]) -> Labels:
    columns: Labels = np.where(rows.any(axis=-1), rows.argmax(axis=-1), NOTHING).astype(np.int64)
    return columns
