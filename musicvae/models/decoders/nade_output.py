"""A drum roll drawn class by class: a neural autoregressive distribution estimator.

    a = b_enc;  for each class i:  p_i = sigmoid(b_dec_i + sigmoid(a) · w_dec_t[i]);  a += v_i *
    w_enc[i]

The biases of a step, [b_enc, b_dec], are its parameters; the weights are shared by all steps.

Axes: T time step, N examples, D classes, H hidden units.

Source: Uria et al. 2016, section 2; conditioned on a recurrent network as Boulanger-Lewandowski et
al. 2012.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from musicvae.models.decoders.outputs import (
    Output,
    bernoulli_loss,
    dimensions,
    hit_counts,
    logistic_noise,
)
from musicvae.models.forward import CountsByTag, MetricCounts
from musicvae.models.variables import Variables

Tensor = Any


class NADE(Output):
    """A distribution over rolls of D on-off classes."""

    steps_a_turn = 1

    def __init__(self, variables: Variables, scope: str, depth: int, hidden: int) -> None:
        """Makes the shared weights.

        Args:
          variables: where they are made.
          scope: their names before `/w_enc` and `/w_dec_t`.
          depth: D.
          hidden: H.
        """
        self.depth = depth
        self.parameters = hidden + depth
        self._hidden = hidden

        def initializer(shape: Sequence[int], seed: Tensor) -> Tensor:
            return tf.random.stateless_truncated_normal(shape, seed, stddev=1.0 / math.sqrt(depth))

        self._w_enc = variables.create(f"{scope}/w_enc", [depth, 1, hidden], initializer)
        self._w_dec_t = variables.create(f"{scope}/w_dec_t", [depth, hidden, 1], initializer)

    def loss(self, parameters: Tensor, targets: Tensor) -> Tensor:
        """Returns the negative log likelihood of rolls.

        Args:
          parameters: float32 `[T, N, H + D]`, biases.
          targets: float32 `[T, N, D]`, 0 or 1.

        Returns:
          float32 `[T, N]`, in nats.
        """
        probabilities = tf.sigmoid(self._logits(parameters, targets))
        return tf.reduce_sum(bernoulli_loss(probabilities, targets, 1e-6), -1)

    def noise(self, shape: Any, seed: Tensor) -> Tensor:
        """Draws logistic noise for each class.

        Args:
          shape: of the steps, such as `[N, T]`.
          seed: int32 `[2]`.

        Returns:
          float32 `[*shape, D]`.
        """
        return logistic_noise([*dimensions(shape), self.depth], seed)

    def draw(self, parameters: Tensor, noise: Tensor) -> Tensor:
        """Chooses one class after the other.

        Args:
          parameters: float32 `[N, H + D]`, biases.
          noise: float32 `[N, D]`, times the temperature.

        Returns:
          float32 `[N, D]`, 0 or 1.
        """
        a, b_dec = tf.split(parameters, [self._hidden, self.depth], -1)
        drawn = []
        for i in range(self.depth):
            logit = b_dec[:, i : i + 1] + tf.matmul(tf.sigmoid(a), self._w_dec_t[i])
            value = tf.cast(logit + noise[:, i : i + 1] > 0, tf.float32)
            a += value * self._w_enc[i]
            drawn.append(value)
        return tf.concat(drawn, -1)

    def metric_counts(self, parameters: Tensor, targets: Tensor, mask: Tensor) -> CountsByTag:
        """Counts whole steps that are right, and hits found.

        A class is predicted where it is more likely than not, given the target's classes before it.

        Args:
          parameters: float32 `[T, N, H + D]`, biases.
          targets: float32 `[T, N, D]`, 0 or 1.
          mask: float32 `[T, N]`, 1 within a sequence and 0 past its end.

        Returns:
          Accuracy, precision, recall and f1, counts `[N]` by TensorBoard tag.
        """
        drawn = tf.cast(self._logits(parameters, targets) > 0, tf.float32)
        right = mask * tf.cast(tf.reduce_all(tf.equal(drawn, targets), -1), tf.float32)
        drawn, real = drawn * mask[..., None], targets * mask[..., None]
        return {
            "metrics/accuracy": MetricCounts((tf.reduce_sum(right, 0),), (tf.reduce_sum(mask, 0),)),
            **hit_counts(drawn, real, "metrics/"),
        }

    def _logits(self, parameters: Tensor, targets: Tensor) -> Tensor:
        """Returns `[T, N, D]` logits of each class given the target's classes before it."""
        b_enc, b_dec = tf.split(parameters, [self._hidden, self.depth], -1)
        values = tf.unstack(targets, axis=-1)
        a, logits = b_enc, []
        for i in range(self.depth):
            logits.append(tf.reduce_sum(tf.sigmoid(a) * self._w_dec_t[i][:, 0], -1))
            if i + 1 < self.depth:
                a += values[i][..., None] * self._w_enc[i]
        return b_dec + tf.stack(logits, -1)
