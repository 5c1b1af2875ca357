"""Batches as a tf.data pipeline: made ahead by other threads, so that a training step never waits.

An element is one slice of a step's batch: with K slices (GPUs times rounds of accumulation)
elements K * s to K * s + K - 1 together are the batch of step s. Tensors keep the converter's
types, bool where a representation has only 0 and 1, and are widened on the device.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from musicvae.batch import Batch
from musicvae.data.batches import EvaluationBatches, TrainingBatches
from musicvae.data.example_set import Array

Dataset = Any
Tensor = Any

_MAKERS = 2
_AHEAD = 4


class Slices(NamedTuple):
    """Which parts of every batch a process makes.

    Attributes:
      total: parts that a batch is cut into, of equal size.
      own: the numbers of those that this process makes, in order.
    """

    total: int = 1
    own: Sequence[int] = (0,)


def training_dataset(
    batches: TrainingBatches,
    first_step: int,
    num_steps: int,
    slices: Slices = Slices(),  # noqa: B008
) -> Dataset:
    """Returns the batches of consecutive steps, in order.

    Args:
      batches: what makes them.
      first_step: the step of the first one.
      num_steps: for how many steps.
      slices: how each batch is cut.

    Returns:
      a dataset of Batch `[B / total, T, D]`; `controls` is None where there are none.
    """
    size = batches.batch_size // slices.total
    assert size * slices.total == batches.batch_size, "slices are of equal size"
    layout = _Layout(batches.batch(0, slice(0, 1)), size)
    own = list(slices.own)

    def make(number: Array) -> list[Array]:
        step, part = divmod(int(number), len(own))
        rows = slice(own[part] * size, (own[part] + 1) * size)
        return layout.arrays(batches.batch(first_step + step, rows))

    def element(number: Tensor) -> Batch:
        return layout.batch(tf.numpy_function(make, [number], layout.dtypes, stateful=False))

    # No pipeline runs as long as int64 counts, but tf.data checks the end of the range.
    numbers = tf.data.Dataset.range(max(0, num_steps) * len(own))
    made = numbers.map(element, num_parallel_calls=_MAKERS, deterministic=True)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    options.threading.private_threadpool_size = _MAKERS
    return made.prefetch(_AHEAD).with_options(options)


def evaluation_dataset(batches: EvaluationBatches) -> Dataset:
    """Returns every batch of an evaluation once; the last one may be smaller.

    Args:
      batches: what makes them.
    """
    layout = _Layout(next(iter(batches)), None)

    def generate() -> Iterator[tuple[Array, ...]]:
        for batch in batches:
            yield tuple(layout.arrays(batch))

    made = tf.data.Dataset.from_generator(generate, output_signature=tuple(layout.signature))
    return made.map(lambda *tensors: layout.batch(list(tensors))).prefetch(_AHEAD)


class _Layout:
    """How a batch travels: without empty controls, and only once where inputs equal outputs."""

    def __init__(self, sample: Batch, size: int | None) -> None:
        self._autoencodes = sample.inputs is sample.outputs
        self._has_controls = sample.controls.shape[-1] > 0
        arrays = self.arrays(sample)
        self.dtypes = [tf.as_dtype(array.dtype) for array in arrays]
        self.signature = [
            tf.TensorSpec([size, *array.shape[1:]], dtype)
            for array, dtype in zip(arrays, self.dtypes, strict=True)
        ]

    def arrays(self, batch: Batch) -> list[Array]:
        """Returns what travels of a batch."""
        arrays = [batch.lengths, batch.outputs]
        if not self._autoencodes:
            arrays.append(batch.inputs)
        if self._has_controls:
            arrays.append(batch.controls)
        return [np.ascontiguousarray(array) for array in arrays]

    def batch(self, tensors: Sequence[Tensor]) -> Batch:
        """Makes a batch of what travelled."""
        shaped = [
            tf.ensure_shape(tensor, spec.shape)
            for tensor, spec in zip(tensors, self.signature, strict=True)
        ]
        lengths, outputs = shaped[:2]
        rest = shaped[2:]
        inputs = outputs if self._autoencodes else rest.pop(0)
        controls = rest.pop(0) if self._has_controls else None
        return Batch(inputs, outputs, controls, lengths)
