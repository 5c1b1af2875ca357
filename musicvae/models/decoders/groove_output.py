"""The distribution of a groove's step: hits, velocities and offsets.

Axes: T time step, N examples, D columns of a step, P parameters of a step.

Source: Gillick et al. 2019 (arXiv:1905.06118), section 4.
"""

from __future__ import annotations

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

Tensor = Any

_MAX_VELOCITY = 127.0
# An offset of 1 is half a step early.
_OFFSETS_PER_STEP = 2.0


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
        """Returns the cross-entropy of hits plus the squared errors of velocities and offsets.

        Args:
          parameters: float32 `[T, N, D]`, before the sigmoid or tanh.
          targets: float32 `[T, N, D]`, hits, velocities, offsets.

        Returns:
          float32 `[T, N]`, summed over the drums; hits in nats.
        """
        return tf.add_n(self._losses(parameters, targets))

    def noise(self, shape: Any, seed: Tensor) -> Tensor:
        """Draws logistic noise for each hit.

        Args:
          shape: of the steps, such as `[N, T]`.
          seed: int32 `[2]`.

        Returns:
          float32 `[*shape, D / 3]`.
        """
        return logistic_noise([*dimensions(shape), self.depth // 3], seed)

    def draw(self, parameters: Tensor, noise: Tensor) -> Tensor:
        """Chooses the hits; velocities and offsets are the expected ones.

        Args:
          parameters: float32 `[N, D]`, before the sigmoid or tanh.
          noise: float32 `[N, D / 3]`, times the temperature.

        Returns:
          float32 `[N, D]`: hits 0 or 1, velocities 0 to 1, offsets -1 to 1.
        """
        hits, velocities, offsets = tf.split(parameters, 3, -1)
        hits = tf.cast(hits + noise > 0, tf.float32)
        return tf.concat([hits, tf.sigmoid(velocities), tf.tanh(offsets)], -1)

    def metric_counts(self, parameters: Tensor, targets: Tensor, mask: Tensor) -> CountsByTag:
        """Adds up the parts of the loss, and errors in the units of music.

        A drum is predicted where it is more likely hit than not. Velocity and timing are compared
        at the target's hits: `velocity_mae` in MIDI velocity (0..127), `velocity_mse` in squares of
        0..1, `timing_mae` in steps and `timing_mse` in their squares.

        Args:
          parameters: float32 `[T, N, D]`, before the sigmoid or tanh.
          targets: float32 `[T, N, D]`, hits, velocities, offsets.
          mask: float32 `[T, N]`, 1 within a sequence and 0 past its end.

        Returns:
          Counts `[N]` by TensorBoard tag.
        """
        total = tf.reduce_sum(mask, 0)
        tags = ("metrics/hits_loss", "metrics/velocities_loss", "metrics/offsets_loss")
        losses = zip(tags, self._losses(parameters, targets), strict=True)
        found = {
            tag: MetricCounts((tf.reduce_sum(mask * loss, 0),), (total,)) for tag, loss in losses
        }
        hits, velocities, offsets = tf.split(parameters, 3, -1)
        target_hits, target_velocities, target_offsets = tf.split(targets, 3, -1)
        real = target_hits * mask[..., None]
        found |= hit_counts(tf.cast(hits > 0, tf.float32) * mask[..., None], real, "metrics/hits_")
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
            found[f"metrics/{name}"] = MetricCounts(
                (tf.reduce_sum(real * error, [0, 2]),), (count,)
            )
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
