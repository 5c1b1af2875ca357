"""What a decoder's top layer means: a distribution over one step of music.

Each distribution is read off a row of parameters (the dense layer on the top LSTM output) and knows
its loss, how to draw from it at a temperature, and how well its most likely value meets the target.

Temperature divides logits. It is written as noise that is scaled instead, which is the same and
leaves temperature 0 the most likely value rather than a division by zero.

Axes: T time step, N examples, D columns of a step, P parameters of a step.
"""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from musicvae.models.forward import Tallies, Tally, fold, side_by_side

Tensor = Any

_SMALLEST = 1.2e-38
_MAX_VELOCITY = 127.0
# An offset of 1 is half a step early.
_OFFSETS_PER_STEP = 2.0


class Output(abc.ABC):
    """A distribution over one step.

    Attributes:
      depth: D.
      parameters: P.
    """

    depth: int
    parameters: int

    @abc.abstractmethod
    def loss(self, parameters: Tensor, targets: Tensor) -> Tensor:
        """Returns each step's negative log likelihood, or what stands for it.

        Args:
          parameters: float32 `[T, N, P]`.
          targets: float32 `[T, N, D]`.

        Returns:
          float32 `[T, N]`, in nats.
        """

    @abc.abstractmethod
    def sample(self, parameters: Tensor, temperature: Tensor, seed: Tensor) -> Tensor:
        """Draws one step.

        Args:
          parameters: float32 `[N, P]`.
          temperature: float32 scalar, at least 0; 0 takes the most likely value.
          seed: int32 `[2]`.

        Returns:
          float32 `[N, D]`.
        """

    @abc.abstractmethod
    def tallies(self, parameters: Tensor, targets: Tensor, mask: Tensor) -> Tallies:
        """Measures how well the distribution meets the target.

        Args:
          parameters: float32 `[T, N, P]`.
          targets: float32 `[T, N, D]`.
          mask: float32 `[T, N]`, 1 within a sequence and 0 past its end.

        Returns:
          Counts `[N, ...]` by TensorBoard tag.
        """


class Categorical(Output):
    """One of D classes, by a softmax."""

    def __init__(self, depth: int) -> None:
        """Makes the distribution.

        Args:
          depth: D.
        """
        self.depth = self.parameters = depth

    def loss(self, parameters: Tensor, targets: Tensor) -> Tensor:
        """Returns the softmax cross-entropy, as Output.loss."""
        labels = tf.argmax(targets, -1, output_type=tf.int32)
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=parameters)

    def sample(self, parameters: Tensor, temperature: Tensor, seed: Tensor) -> Tensor:
        """Draws a class as a one-hot row, as Output.sample."""
        uniform = tf.random.stateless_uniform(tf.shape(parameters), seed, minval=_SMALLEST)
        gumbel = -tf.math.log(-tf.math.log(uniform))
        return tf.one_hot(tf.argmax(parameters + temperature * gumbel, -1), self.depth)

    def tallies(self, parameters: Tensor, targets: Tensor, mask: Tensor) -> Tallies:
        """Counts right classes, in all and by class, as Output.tallies."""
        label = tf.argmax(targets, -1, output_type=tf.int32)
        right = mask * tf.cast(
            tf.equal(tf.argmax(parameters, -1, output_type=tf.int32), label), tf.float32
        )
        by_class = tf.one_hot(label, self.depth)
        return {
            "metrics/accuracy": Tally((tf.reduce_sum(right, 0),), (tf.reduce_sum(mask, 0),)),
            "metrics/mean_per_class_accuracy": Tally(
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
        """Returns the sum of the outputs' cross-entropies, as Output.loss."""
        pairs = zip(self._parts, self._split(parameters), self._split(targets), strict=True)
        return tf.add_n([part.loss(p, t) for part, p, t in pairs])

    def sample(self, parameters: Tensor, temperature: Tensor, seed: Tensor) -> Tensor:
        """Draws a class for each output, as Output.sample."""
        drawn = enumerate(zip(self._parts, self._split(parameters), strict=True))
        return tf.concat([part.sample(p, temperature, fold(seed, k)) for k, (part, p) in drawn], -1)

    def tallies(self, parameters: Tensor, targets: Tensor, mask: Tensor) -> Tallies:
        """Counts right classes for each output, as Output.tallies."""
        pairs = zip(self._parts, self._split(parameters), self._split(targets), strict=True)
        return side_by_side([part.tallies(p, t, mask) for part, p, t in pairs], together=False)

    def _split(self, x: Tensor) -> list[Tensor]:
        return list(tf.split(x, self._depths, -1))


class Groove(Output):
    """For each of D / 3 drums: whether it is hit, how hard, and how far from the grid.

    The D columns are hits (0 or 1), velocities (0 to 1) and offsets (-1 to 1).

    Source: Gillick et al. 2019, section 4.2.
    """

    def __init__(self, depth: int) -> None:
        """Makes the distribution.

        Args:
          depth: D, three times the number of drums.
        """
        self.depth = self.parameters = depth

    def loss(self, parameters: Tensor, targets: Tensor) -> Tensor:
        """Returns cross-entropy of hits plus squared errors of the rest, as Output.loss."""
        return tf.add_n(self._losses(parameters, targets))

    def sample(self, parameters: Tensor, temperature: Tensor, seed: Tensor) -> Tensor:
        """Draws the hits; velocities and offsets are the expected ones. As Output.sample."""
        hits, velocities, offsets = tf.split(parameters, 3, -1)
        hits = hits + temperature * logistic_noise(tf.shape(hits), seed) > 0
        return tf.concat([tf.cast(hits, tf.float32), tf.sigmoid(velocities), tf.tanh(offsets)], -1)

    def tallies(self, parameters: Tensor, targets: Tensor, mask: Tensor) -> Tallies:
        """Adds up the parts of the loss, and what musicians understand, as Output.tallies.

        A drum is predicted where it is more likely hit than not. Velocity and timing are compared
        at the target's hits: `velocity_mae` in MIDI velocity (0..127), `velocity_mse` in squares of
        0..1, `timing_mae` in steps and `timing_mse` in their squares.
        """
        total = tf.reduce_sum(mask, 0)
        tags = ("metrics/hits_loss", "metrics/velocities_loss", "metrics/offsets_loss")
        losses = zip(tags, self._losses(parameters, targets), strict=True)
        found = {tag: Tally((tf.reduce_sum(mask * loss, 0),), (total,)) for tag, loss in losses}
        hits, velocities, offsets = tf.split(parameters, 3, -1)
        target_hits, target_velocities, target_offsets = tf.split(targets, 3, -1)
        real = target_hits * mask[..., None]
        found |= hit_tallies(tf.cast(hits > 0, tf.float32) * mask[..., None], real, "metrics/hits_")
        loudness = tf.abs(tf.sigmoid(velocities) - target_velocities)
        late = tf.abs(tf.tanh(offsets) - target_offsets) / _OFFSETS_PER_STEP
        errors = {
            "velocity_mae": _MAX_VELOCITY * loudness,
            "velocity_mse": loudness**2,
            "timing_mae": late,
            "timing_mse": late**2,
        }
        count = tf.reduce_sum(real, [0, 2])
        for name, error in errors.items():
            found[f"metrics/{name}"] = Tally((tf.reduce_sum(real * error, [0, 2]),), (count,))
        return found

    def _losses(self, parameters: Tensor, targets: Tensor) -> list[Tensor]:
        hits, velocities, offsets = tf.split(parameters, 3, -1)
        target_hits, target_velocities, target_offsets = tf.split(targets, 3, -1)
        return [
            tf.reduce_sum(bernoulli_loss(tf.sigmoid(hits), target_hits, 1e-7), -1),
            tf.reduce_sum(
                tf.math.squared_difference(tf.sigmoid(velocities), target_velocities), -1
            ),
            tf.reduce_sum(tf.math.squared_difference(tf.tanh(offsets), target_offsets), -1),
        ]


def hit_tallies(drawn: Tensor, real: Tensor, prefix: str) -> dict[str, Tally]:
    """Counts hits that are found: precision, recall and their harmonic mean.

    Args:
      drawn: float32 `[T, N, D]`, 1 where a hit is predicted within the sequence.
      real: float32 `[T, N, D]`, 1 where there is one.
      prefix: what stands before `precision`, `recall` and `f1` in the tags.
    """
    both = tf.reduce_sum(drawn * real, [0, 2])
    predicted, wanted = tf.reduce_sum(drawn, [0, 2]), tf.reduce_sum(real, [0, 2])
    return {
        f"{prefix}recall": Tally((both,), (wanted,)),
        f"{prefix}precision": Tally((both,), (predicted,)),
        f"{prefix}f1": Tally((2.0 * both,), (predicted + wanted,)),
    }


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
    uniform = tf.random.stateless_uniform(shape, seed, minval=_SMALLEST)
    return tf.math.log(uniform) - tf.math.log1p(-uniform)
