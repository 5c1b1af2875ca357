"""q(z|x): a normal distribution, read off the vector that an encoder gives.

Axes: B batch, Z columns of z.

Source: Roberts et al. 2018, section 3.2.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from musicvae.batch import Batch
from musicvae.config import Config, ExampleSpec
from musicvae.models.encoders import ENCODERS
from musicvae.models.forward import Forward
from musicvae.models.variables import Dense, Variables, narrow_normal

Tensor = Any


class Posterior(NamedTuple):
    """q(z|x), a normal distribution with a diagonal covariance.

    Attributes:
      mu: float32 `[B, Z]`.
      sigma: float32 `[B, Z]`, standard deviations.
    """

    mu: Tensor
    sigma: Tensor

    def sample(self, eps: Tensor) -> Tensor:
        """Returns z for noise of N(0, I), float32 `[B, Z]`."""
        return self.mu + self.sigma * eps

    def kl(self) -> Tensor:
        """Returns the divergence from N(0, I), float32 `[B]`, in nats."""
        terms = self.mu**2 + self.sigma**2 - 1.0 - 2.0 * tf.math.log(self.sigma)
        return 0.5 * tf.reduce_sum(terms, 1)


class PosteriorHead:
    """The half of a model that encodes: an encoder, and q(z|x) read off its vector.

    Attributes:
      encoder: the encoder.
    """

    def __init__(self, config: Config, spec: ExampleSpec, variables: Variables) -> None:
        """Makes the variables.

        Args:
          config: sizes and parts.
          spec: the shape of the examples.
          variables: where they are made.

        Raises:
          ConfigError: the encoder is unknown, or does not fit the examples.
        """
        encoder = ENCODERS.get(config.encoder.type)
        depth = spec.input_depth + spec.control_depth
        self.encoder = encoder(config.encoder, config.hparams, variables, depth, "encoder")
        depth, z_size = self.encoder.output_depth, config.hparams.z_size
        self._mu = Dense(variables, "encoder/mu", depth, z_size, narrow_normal)
        self._sigma = Dense(variables, "encoder/sigma", depth, z_size, narrow_normal)

    def __call__(self, batch: Batch, forward: Forward) -> Posterior:
        """Reads a batch's inputs and controls.

        Args:
          batch: its outputs are not used.
          forward: seed, dropout and dtype.
        """
        sequence = tf.cast(batch.inputs, tf.float32)
        if batch.controls is not None:
            sequence = tf.concat([sequence, tf.cast(batch.controls, tf.float32)], -1)
        embedding = self.encoder.encode(sequence, batch.lengths, forward)
        sigma = tf.nn.softplus(self._sigma(embedding, forward.dtype))
        return Posterior(self._mu(embedding, forward.dtype), sigma)
