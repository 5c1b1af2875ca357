"""Music as numbers: one label for each step and part, equal where the same happens.

A melody's label is the column of its one-hot row, a drum pattern's the drums as bits, a groove's
its hits as bits. A trio has three parts. A multitrack bar has one label for each place of its token
list. Where a sequence has ended the label is `NO_LABEL`.

Axes: N examples, T time step, P parts, D columns of a step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from musicvae.converters import Converter, Example
from musicvae.data.example_set import ExampleSet

Labels = npt.NDArray[np.int64]
Array = npt.NDArray[np.generic]

_TOGETHER = 256


def joined(converter: Converter, labels: Labels) -> Labels:
    """Returns one label a step for all parts together.

    Args:
      converter: what the examples are of.
      labels: int64 `[..., T, P]`.

    Returns:
      int64 `[..., T]`, equal where all parts are.
    """
    result = labels[..., 0]
    for k, part in enumerate(converter.parts[1:], start=1):
        result = result * (part.depth + 1) + labels[..., k]
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
        outputs = converter.expand(examples.take(indices)).outputs
        parts.append(converter.step_labels(outputs))
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
        yield from converter.examples(examples.take(indices))


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
