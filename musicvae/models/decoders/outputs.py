"""What a decoder's top layer means: a distribution over one step of music.

Each distribution is read off a row of parameters (the dense layer on the top LSTM output) and knows
its loss, how to draw from it at a temperature, and how well its most likely value meets the target.

Temperature divides logits. Noise is scaled instead, which is the same and leaves temperature 0 the
most likely value rather than a division by zero.

Axes: T time step, N examples, D columns of a step, P parameters of a step.
"""

from __future__ import annotations

import abc
from typing import Any

import tensorflow as tf

from musicvae.models.forward import CountsByTag, MetricCounts
from musicvae.models.random_numbers import uniform
from musicvae.models.variables import product

Tensor = Any

SMALLEST = 1.2e-38


class Output(abc.ABC):
    """A distribution over one step.

    Attributes:
      depth: D.
      parameters: P.
      steps_a_turn: how many steps a sampling loop may take in each turn. What a turn costs
        beside its steps, a fifth of a small model's time, is then paid once for so many; but so
        many times as large is the graph to be traced.
    """

    depth: int
    parameters: int
    steps_a_turn: int = 4

    @abc.abstractmethod
    def loss(self, parameters: Tensor, targets: Tensor) -> Tensor:
        """Returns each step's negative log likelihood, or what stands for it.

        Args:
          parameters: float32 `[T, N, P]`.
          targets: float32 `[T, N, D]`.

        Returns:
          float32 `[T, N]`, in nats.
        """

    def part_losses(self, parameters: Tensor, targets: Tensor) -> Tensor:
        """Returns the loss of each of the K parts that are chosen side by side.

        Args:
          parameters: float32 `[..., P]`.
          targets: float32 `[..., D]`.

        Returns:
          float32 `[..., K]`, in nats.
        """
        return self.loss(parameters, targets)[..., None]

    def sample(self, parameters: Tensor, temperature: Tensor, seed: Tensor) -> Tensor:
        """Draws one step.

        Args:
          parameters: float32 `[N, P]`.
          temperature: float32 scalar, at least 0; 0 takes the most likely value.
          seed: int32 `[2]`.

        Returns:
          float32 `[N, D]`.
        """
        noise = temperature * self.noise(tf.shape(parameters)[:1], seed)
        return self.steps(self.draw(parameters, noise))

    @abc.abstractmethod
    def noise(self, shape: Any, seed: Tensor) -> Tensor:
        """Draws the noise of some steps at temperature 1.

        Args:
          shape: of the steps, such as `[N, T]`.
          seed: int32 `[2]`.

        Returns:
          float32 `[*shape, Q]`.
        """

    @abc.abstractmethod
    def draw(self, parameters: Tensor, noise: Tensor) -> Tensor:
        """Chooses one step.

        Args:
          parameters: float32 `[N, P]`.
          noise: float32 `[N, Q]`, times the temperature.

        Returns:
          The step in the distribution's own form: for classes an int32 `[N]`, or one column for
          each of several; else float32 `[N, D]`.
        """

    def steps(self, drawn: Tensor) -> Tensor:
        """Returns what was drawn, `[...]` or `[..., K]`, as float32 `[..., D]`."""
        return drawn

    def drawn(self, step: Tensor) -> Tensor:
        """Returns a step, float32 `[N, D]`, in the form that `draw` gives it."""
        return step

    def with_fixed(self, drawn: Tensor, fixed: Tensor) -> Tensor:
        """Returns a drawn step with given values in their places.

        Args:
          drawn: one step as `draw` gives it.
          fixed: float32 `[N, D]`, NaN where the step stays as it was drawn.
        """
        return self.drawn(tf.where(tf.math.is_nan(fixed), self.steps(drawn), fixed))

    def feed(self, drawn: Tensor, rows: Tensor) -> Tensor:
        """Multiplies a drawn step by a matrix.

        Args:
          drawn: one step as `draw` gives it.
          rows: `[D, E]`, in the dtype that products are computed in.

        Returns:
          float32 `[N, E]`.
        """
        return product(drawn, rows, rows.dtype)

    def label(self, drawn: Tensor) -> Tensor:
        """Returns the first of a drawn step's largest columns, int32 `[N]`."""
        return tf.argmax(drawn, -1, output_type=tf.int32)

    def array(self, length: int) -> Any:
        """Returns an empty TensorArray for `length` steps as `draw` gives them."""
        return tf.TensorArray(tf.float32, length, element_shape=[None, self.depth])

    @abc.abstractmethod
    def metric_counts(self, parameters: Tensor, targets: Tensor, mask: Tensor) -> CountsByTag:
        """Measures how well the distribution meets the target.

        Args:
          parameters: float32 `[T, N, P]`.
          targets: float32 `[T, N, D]`.
          mask: float32 `[T, N]`, 1 within a sequence and 0 past its end.

        Returns:
          Counts `[N, ...]` by TensorBoard tag.
        """


def hit_counts(drawn: Tensor, real: Tensor, prefix: str) -> dict[str, MetricCounts]:
    """Counts hits that are found: precision, recall and their harmonic mean.

    Args:
      drawn: float32 `[T, N, D]`, 1 where a hit is predicted within the sequence.
      real: float32 `[T, N, D]`, 1 where there is one.
      prefix: what stands before `precision`, `recall` and `f1` in the tags.
    """
    both = tf.reduce_sum(drawn * real, [0, 2])
    predicted, wanted = tf.reduce_sum(drawn, [0, 2]), tf.reduce_sum(real, [0, 2])
    return {
        f"{prefix}recall": MetricCounts((both,), (wanted,)),
        f"{prefix}precision": MetricCounts((both,), (predicted,)),
        f"{prefix}f1": MetricCounts((2.0 * both,), (predicted + wanted,)),
    }


def dimensions(shape: Any) -> list[Any]:
    """Returns a shape, a list or an int32 tensor, as a list of its dimensions."""
    return shape if isinstance(shape, list) else tf.unstack(shape)


def bernoulli_loss(probability: Tensor, target: Tensor, epsilon: float) -> Tensor:
    """Returns the cross-entropy of a 0-or-1 target, in nats.

    Args:
      probability: float32 `[...]` of a 1.
      target: float32 `[...]`.
      epsilon: what keeps the logarithms finite.
    """
    yes = target * tf.math.log(probability + epsilon)
    return -(yes + (1.0 - target) * tf.math.log(1.0 - probability + epsilon))


def logistic_noise(shape: Tensor, seed: Tensor) -> Tensor:
    """Draws noise that makes `logit + noise > 0` happen with probability sigmoid(logit).

    Args:
      shape: of the result.
      seed: int32 `[2]`.
    """
    drawn = uniform(shape, seed, SMALLEST)
    return tf.math.log(drawn) - tf.math.log1p(-drawn)
