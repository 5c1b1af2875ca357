"""Batches of full tensors from compact examples, with the random changes of training.

What is random is drawn anew for every step: augmentation and note dropout here, order and choice
of windows in epochs.py. A batch is a function of seed and step alone. A slice of a batch (for a
GPU, a machine, or one round of gradient accumulation) is the same rows that the whole batch has
there.

Axes: B batch, T time step, D depth.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from musicvae.augmentation import Augmentation
from musicvae.batch import Batch
from musicvae.converters import Converter, drum_converter
from musicvae.data.augmenting import augmented, check_augmentation
from musicvae.data.epochs import EpochOrder
from musicvae.data.example_set import Array, ExampleSet

_BY_STEP = 1


class TrainingBatches:
    """An endless sequence of batches, each by its step.

    Attributes:
      batch_size: examples in a batch.
      max_per_source: examples that an epoch takes of one piece at most; None for all.
    """

    def __init__(
        self,
        examples: ExampleSet,
        converter: Converter,
        batch_size: int,
        *,
        seed: int = 0,
        augmentation: Augmentation | None = None,
        max_per_source: int | None = None,
    ) -> None:
        """Plans the batches.

        Args:
          examples: at least one; those of a set with weights are taken as often as these say.
          converter: what the examples were made with.
          batch_size: examples in a batch; where the set has fewer, a batch repeats them.
          seed: at least 0.
          augmentation: random changes to the examples, or None.
          max_per_source: examples that an epoch takes of one piece at most; None for all.

        Raises:
          ConfigError: the augmentation is for drums and the converter is not.
        """
        check_augmentation(augmentation, converter)
        self._examples = examples
        self._converter = converter
        self._seed = seed
        self._augmentation = augmentation
        self._order = EpochOrder(examples.sources, seed, max_per_source, examples.weights)
        self.batch_size = batch_size
        self.max_per_source = max_per_source

    @property
    def examples_per_epoch(self) -> int:
        """Examples that an epoch takes."""
        return self._order.examples_per_epoch

    @property
    def examples_by_weight(self) -> Mapping[float, int]:
        """How many of an epoch's examples have each weight."""
        return self._order.examples_by_weight

    @property
    def batches_per_epoch(self) -> float:
        """Batches in an epoch, with a fraction: the stream does not stop at an epoch's end."""
        return self.examples_per_epoch / self.batch_size

    def batch(self, step: int, rows: slice = slice(None)) -> Batch:
        """Makes one batch, or some of its rows.

        Args:
          step: from 0.
          rows: which of the `batch_size` rows.

        Returns:
          inputs, outputs, controls `[B, T, D]` and lengths int32.
        """
        indices = self._order.at(step * self.batch_size, self.batch_size)
        compact: Any = self._examples.take(indices)
        generator = np.random.default_rng([self._seed, step, _BY_STEP])
        if self._augmentation is not None:
            compact = augmented(compact, self._converter, self._augmentation, generator)
        drums = drum_converter(self._converter)
        if drums is not None:
            compact = drums.drop_notes(compact, generator)
        return self._converter.expand({name: array[rows] for name, array in compact.items()})


class EvaluationBatches:
    """Every example once, unchanged, always in the same order; the last batch may be smaller."""

    def __init__(
        self,
        examples: ExampleSet,
        converter: Converter,
        batch_size: int,
        *,
        max_batches: int | None = None,
    ) -> None:
        """Plans the batches.

        Args:
          examples: at least one.
          converter: what the examples were made with.
          batch_size: examples in a batch.
          max_batches: stop after so many batches, of examples drawn at random (always the same
            ones) from the whole set; None for all examples.
        """
        self._examples = examples
        self._converter = converter
        self._batch_size = batch_size
        self._indices: Array = np.arange(len(examples))
        if max_batches is not None and max_batches * batch_size < len(examples):
            self._indices = np.random.default_rng(0).permutation(len(examples))
            self._indices = np.sort(self._indices[: max_batches * batch_size])

    @property
    def num_examples(self) -> int:
        """Examples that are evaluated."""
        return len(self._indices)

    def __len__(self) -> int:
        return math.ceil(self.num_examples / self._batch_size)

    def __iter__(self) -> Iterator[Batch]:
        for start in range(0, self.num_examples, self._batch_size):
            indices = self._indices[start : start + self._batch_size]
            yield self._converter.expand(self._examples.take(indices))
