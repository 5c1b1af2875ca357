"""One training step as one graph: loss, gradients, clipping, Adam."""

from __future__ import annotations

from typing import Any, Protocol

import tensorflow as tf

from musicvae.models import schedules
from musicvae.models.optimizer import AdamOptimizer, clip_gradients
from musicvae.models.vae import Batch, Losses, MusicVAE

Tensor = Any


class Objective(Protocol):
    """What training minimizes where it is not the model's own loss."""

    def __call__(
        self, model: MusicVAE, batch: Batch, step: Tensor, *, eps: Tensor, seed: Tensor
    ) -> Losses:
        """Returns the losses of a batch; the arguments are those of `MusicVAE.loss`."""


class TrainStep(tf.Module):  # type: ignore[misc]
    """Trains a model by one batch at a time.

    Attributes:
      model: what is trained.
      optimizer: with its moments.
      global_step: int64 scalar, how many steps were taken.
    """

    def __init__(
        self,
        model: MusicVAE,
        optimizer: AdamOptimizer,
        global_step: tf.Variable | None = None,
        objective: Objective | None = None,
    ) -> None:
        """Makes a step.

        Args:
          model: what is trained.
          optimizer: made of the model's `named_variables`.
          global_step: int64 scalar; None starts at 0.
          objective: what to minimize; None for the model's own loss.
        """
        super().__init__(name="train_step")
        self.model = model
        self.optimizer = optimizer
        if global_step is None:
            global_step = tf.Variable(0, dtype=tf.int64, name="global_step", trainable=False)
        self.global_step = global_step
        self._objective = objective or _own_loss
        self._step = tf.function(self._take, reduce_retracing=True, autograph=False)

    def __call__(self, batch: Batch, seed: Tensor, eps: Tensor = None) -> dict[str, Tensor]:
        """Takes a step, unless the loss or the gradient is not finite.

        Args:
          batch: the examples.
          seed: int32 `[2]`, for all that is random in this step.
          eps: float32 `[B, Z]`, the noise of the posterior; None draws it.

        Returns:
          Float32 scalars by TensorBoard tag, of the model as it was before the step: loss,
          losses/r_loss, losses/kl_loss, losses/kl_bits, losses/kl_beta, sampling_probability,
          learning_rate, global_norm.
        """
        scalars: dict[str, Tensor] = self._step(batch, seed, eps)
        return scalars

    def _take(self, batch: Batch, seed: Tensor, eps: Tensor) -> dict[str, Tensor]:
        losses, gradients = self.gradients(batch, seed, eps)
        clipped = clip_gradients(gradients, self.model.config.hparams)
        rate = schedules.learning_rate(self.global_step, self.model.config.hparams)
        variables = list(self.model.named_variables.values())

        def apply() -> Tensor:
            self.optimizer.apply(clipped.gradients, variables, rate)
            return self.global_step.assign_add(1)

        finite = tf.math.is_finite(losses.loss) & tf.math.is_finite(clipped.global_norm)
        tf.cond(finite, apply, lambda: self.global_step.read_value())
        return {**losses.scalars(), "learning_rate": rate, "global_norm": clipped.global_norm}

    def gradients(
        self, batch: Batch, seed: Tensor, eps: Tensor = None
    ) -> tuple[Losses, list[Tensor]]:
        """Returns the losses of a batch and their gradient for each of the model's variables.

        Args:
          batch: as above.
          seed: as above.
          eps: as above.
        """
        variables = list(self.model.named_variables.values())
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            losses = self._objective(self.model, batch, self.global_step, eps=eps, seed=seed)
        unconnected = tf.UnconnectedGradients.ZERO
        return losses, tape.gradient(losses.loss, variables, unconnected_gradients=unconnected)


def _own_loss(model: MusicVAE, batch: Batch, step: Tensor, *, eps: Tensor, seed: Tensor) -> Losses:
    return model.loss(batch, step, training=True, eps=eps, seed=seed)
