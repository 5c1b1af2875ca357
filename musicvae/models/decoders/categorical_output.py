"""Distributions over classes: one class a step, or several side by side.

Axes: T time step, N examples, D columns of a step, which are its classes, K outputs, E columns of
the lowest layer's entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from musicvae.models.decoders.outputs import SMALLEST, Output, dimensions
from musicvae.models.forward import CountsByTag, MetricCounts, merge_parts
from musicvae.models.random_numbers import fold, uniform

Tensor = Any


class Categorical(Output):
    """One of D classes, by a softmax."""

    def __init__(self, depth: int) -> None:
        """Makes the distribution.

        Args:
          depth: D.
        """
        self.depth = self.parameters = depth

    def loss(self, parameters: Tensor, targets: Tensor) -> Tensor:
        """Returns the softmax cross-entropy of the target's class.

        Args:
          parameters: float32 `[T, N, D]`, logits.
          targets: float32 `[T, N, D]`, one-hot.

        Returns:
          float32 `[T, N]`, in nats.
        """
        labels = tf.argmax(targets, -1, output_type=tf.int32)
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=parameters)

    def noise(self, shape: Any, seed: Tensor) -> Tensor:
        """Draws Gumbel noise for each class.

        Args:
          shape: of the steps, such as `[N, T]`.
          seed: int32 `[2]`.

        Returns:
          float32 `[*shape, D]`.
        """
        drawn = uniform([*dimensions(shape), self.depth], seed, SMALLEST)
        return -tf.math.log(-tf.math.log(drawn))

    def draw(self, parameters: Tensor, noise: Tensor) -> Tensor:
        """Chooses the class with the largest noisy logit.

        Args:
          parameters: float32 `[N, D]`, logits.
          noise: float32 `[N, D]`, times the temperature.

        Returns:
          int32 `[N]`, 0 to D - 1.
        """
        return tf.argmax(parameters + noise, -1, output_type=tf.int32)

    def steps(self, drawn: Tensor) -> Tensor:
        """Returns classes, int32 `[...]`, as one-hot rows, float32 `[..., D]`."""
        return tf.one_hot(drawn, self.depth)

    def drawn(self, step: Tensor) -> Tensor:
        """Returns one-hot rows, float32 `[N, D]`, as classes, int32 `[N]`."""
        return tf.argmax(step, -1, output_type=tf.int32)

    def feed(self, drawn: Tensor, rows: Tensor) -> Tensor:
        """Looks up the row of each class, which is its one-hot row times the matrix.

        Args:
          drawn: classes, int32 `[N]`.
          rows: `[D, E]`, in the dtype that products are computed in.

        Returns:
          float32 `[N, E]`.
        """
        return tf.cast(tf.gather(rows, drawn), tf.float32)

    def label(self, drawn: Tensor) -> Tensor:
        """Returns the classes themselves, int32 `[N]`."""
        return drawn

    def array(self, length: int) -> Any:
        """Returns an empty TensorArray for `length` steps of classes, int32 `[N]` each."""
        return tf.TensorArray(tf.int32, length, element_shape=[None])

    def metric_counts(self, parameters: Tensor, targets: Tensor, mask: Tensor) -> CountsByTag:
        """Counts right classes, over all steps and for each class of the target.

        Args:
          parameters: float32 `[T, N, D]`, logits.
          targets: float32 `[T, N, D]`, one-hot.
          mask: float32 `[T, N]`, 1 within a sequence and 0 past its end.

        Returns:
          `metrics/accuracy`, counts `[N]`, and `metrics/mean_per_class_accuracy`, `[N, D]`.
        """
        label = tf.argmax(targets, -1, output_type=tf.int32)
        right = mask * tf.cast(
            tf.equal(tf.argmax(parameters, -1, output_type=tf.int32), label), tf.float32
        )
        by_class = tf.one_hot(label, self.depth)
        return {
            "metrics/accuracy": MetricCounts((tf.reduce_sum(right, 0),), (tf.reduce_sum(mask, 0),)),
            "metrics/mean_per_class_accuracy": MetricCounts(
                (tf.einsum("tn,tnd->nd", right, by_class),),
                (tf.einsum("tn,tnd->nd", mask, by_class),),
            ),
        }


class MultiCategorical(Output):
    """Several categorical outputs side by side."""

    def __init__(self, depths: Sequence[int]) -> None:
        """Makes the distribution.

        Args:
          depths: classes of each output.
        """
        self._depths = tuple(depths)
        self._parts = [Categorical(depth) for depth in depths]
        self.depth = self.parameters = sum(depths)

    def loss(self, parameters: Tensor, targets: Tensor) -> Tensor:
        """Returns the sum of the outputs' softmax cross-entropies.

        Args:
          parameters: float32 `[T, N, D]`, logits of all outputs, side by side.
          targets: float32 `[T, N, D]`, one-hot rows, side by side.

        Returns:
          float32 `[T, N]`, in nats.
        """
        return tf.reduce_sum(self.part_losses(parameters, targets), -1)

    def part_losses(self, parameters: Tensor, targets: Tensor) -> Tensor:
        """Returns the softmax cross-entropy of each of K outputs.

        Args:
          parameters: float32 `[..., D]`, logits of all outputs, side by side.
          targets: float32 `[..., D]`, one-hot rows, side by side.

        Returns:
          float32 `[..., K]`, in nats.
        """
        pairs = zip(self._parts, self._split(parameters), self._split(targets), strict=True)
        return tf.stack([part.loss(p, t) for part, p, t in pairs], -1)

    def noise(self, shape: Any, seed: Tensor) -> Tensor:
        """Draws Gumbel noise for each class of each output.

        Args:
          shape: of the steps, such as `[N, T]`.
          seed: int32 `[2]`.

        Returns:
          float32 `[*shape, D]`.
        """
        parts = enumerate(self._parts)
        return tf.concat([part.noise(shape, fold(seed, k)) for k, part in parts], -1)

    def draw(self, parameters: Tensor, noise: Tensor) -> Tensor:
        """Chooses a class for each of K outputs.

        Args:
          parameters: float32 `[N, D]`, logits.
          noise: float32 `[N, D]`, times the temperature.

        Returns:
          int32 `[N, K]`.
        """
        pairs = zip(self._parts, self._split(parameters), self._split(noise), strict=True)
        return tf.stack([part.draw(p, n) for part, p, n in pairs], -1)

    def steps(self, drawn: Tensor) -> Tensor:
        """Returns classes, int32 `[..., K]`, as one-hot rows side by side, float32 `[..., D]`."""
        parts = enumerate(self._parts)
        return tf.concat([part.steps(drawn[..., k]) for k, part in parts], -1)

    def drawn(self, step: Tensor) -> Tensor:
        """Returns one-hot rows side by side, float32 `[N, D]`, as classes, int32 `[N, K]`."""
        pairs = zip(self._parts, self._split(step), strict=True)
        return tf.stack([part.drawn(row) for part, row in pairs], -1)

    def feed(self, drawn: Tensor, rows: Tensor) -> Tensor:
        """Looks up the row of each output's class and adds them up.

        Args:
          drawn: classes, int32 `[N, K]`.
          rows: `[D, E]`, in the dtype that products are computed in.

        Returns:
          float32 `[N, E]`.
        """
        rows = enumerate(zip(self._parts, tf.split(rows, self._depths, 0), strict=True))
        return tf.add_n([part.feed(drawn[:, k], own) for k, (part, own) in rows])

    def label(self, drawn: Tensor) -> Tensor:
        """Returns the first output's class, int32 `[N]`."""
        return drawn[..., 0]

    def array(self, length: int) -> Any:
        """Returns an empty TensorArray for `length` steps of classes, int32 `[N, K]` each."""
        return tf.TensorArray(tf.int32, length, element_shape=[None, len(self._parts)])

    def metric_counts(self, parameters: Tensor, targets: Tensor, mask: Tensor) -> CountsByTag:
        """Counts right classes, over all steps and for each class, of each output.

        Args:
          parameters: float32 `[T, N, D]`, logits.
          targets: float32 `[T, N, D]`, one-hot rows, side by side.
          mask: float32 `[T, N]`, 1 within a sequence and 0 past its end.

        Returns:
          The tags of `Categorical`, with a part for each output.
        """
        pairs = zip(self._parts, self._split(parameters), self._split(targets), strict=True)
        return merge_parts([part.metric_counts(p, t, mask) for part, p, t in pairs], together=False)

    def _split(self, x: Tensor) -> list[Tensor]:
        return list(tf.split(x, self._depths, -1))
