"""What training minimizes, and what it is made of.

Axes: B batch, T time step, P parameters of a step, Z columns of z.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import tensorflow as tf

from musicvae.batch import Batch
from musicvae.models.forward import CountsByTag
from musicvae.models.posterior import Posterior

if TYPE_CHECKING:
    from musicvae.models.vae import MusicVAE

Tensor = Any


class Losses(NamedTuple):
    """The loss of a batch and what it is made of.

    Attributes:
      loss: float32 scalar, what training minimizes.
      r_loss: float32 `[B]`, -log p(x|z) in nats.
      kl: float32 `[B]`, KL divergence in nats.
      kl_bits: float32 scalar, its mean in bits.
      kl_loss: float32 scalar, the mean of what is above the free bits, in nats.
      beta: float32 scalar, its weight.
      sampling_probability: float32 scalar, how often a sample was fed back.
      metrics: float32 scalars of this batch by TensorBoard tag; empty in training.
      metric_counts: the same as counts, which add up over batches.
      outputs: float32 `[B, T, P]`, what each step's distribution was read off.
      posterior: q(z|x), or None for an unconditional model.
      z: float32 `[B, Z]`.
    """

    loss: Tensor
    r_loss: Tensor
    kl: Tensor
    kl_bits: Tensor
    kl_loss: Tensor
    beta: Tensor
    sampling_probability: Tensor
    metrics: dict[str, Tensor]
    metric_counts: CountsByTag
    outputs: Tensor
    posterior: Posterior | None
    z: Tensor

    def scalars(self) -> dict[str, Tensor]:
        """Returns the loss and its parts by TensorBoard tag."""
        return {
            "loss": self.loss,
            "losses/r_loss": tf.reduce_mean(self.r_loss),
            "losses/kl_loss": self.kl_loss,
            "losses/kl_bits": self.kl_bits,
            "losses/kl_beta": self.beta,
            "sampling_probability": self.sampling_probability,
        }


class Objective(Protocol):
    """What training minimizes where it is not the model's own loss."""

    def __call__(
        self, model: MusicVAE, batch: Batch, step: Tensor, *, eps: Tensor, seed: Tensor
    ) -> Losses:
        """Returns the losses of a batch; the arguments are those of `MusicVAE.loss`."""
