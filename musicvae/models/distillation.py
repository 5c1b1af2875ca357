"""Learning from another model, the teacher, as well as from music.

Every batch of music gets examples that the teacher makes up: z ~ N(0, I), decoded by sampling. The
model encodes and decodes them as it does the music, with one difference: at each step its target is
not the event that was drawn but the teacher's whole distribution over events, which says more.
There is no end of such examples, and none is seen twice.

Only the teacher's decoder is needed. Where it learnt from far more music than there is here, the
model hears of it.

Axes: B examples of music, N drawn examples, T time step, D classes, Z latent.

Source: Hinton, Vinyals and Dean 2015 (arXiv:1503.02531), section 2.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from musicvae.batch import Batch
from musicvae.errors import ConfigError
from musicvae.models.decoders.base import Request, Target
from musicvae.models.forward import Forward
from musicvae.models.losses import Losses
from musicvae.models.random_numbers import fold, normal, uniform
from musicvae.models.vae import MusicVAE

Tensor = Any

_EPS, _Z, _TEMPERATURE, _DRAWS, _TARGETS, _MODEL = range(6)


class Distillation:
    """The loss of a batch of music and of examples that a teacher makes up.

    An Objective of training.
    """

    def __init__(
        self, teacher: MusicVAE, *, ratio: float = 1.0, min_temperature: float = 1.0
    ) -> None:
        """Takes a teacher.

        Args:
          teacher: a trained model of the same representation; its encoder is not used.
          ratio: drawn examples for each one of music, over 0.
          min_temperature: at least 0 and up to 1; each batch is drawn at a temperature between this
            and 1. Targets are the teacher's distributions at temperature 1.

        Raises:
          ConfigError: the steps are not of one class each, or the teacher needs controls.
        """
        if teacher.config.decoder.type != "categorical" or teacher.spec.control_depth:
            raise ConfigError(
                f"config '{teacher.config.name}' cannot be taught by another model: that needs a "
                "decoder of type 'categorical' without controls"
            )
        self._teacher = teacher
        self._ratio = ratio
        self._min_temperature = min_temperature

    def __call__(
        self, model: MusicVAE, batch: Batch, step: Tensor, *, eps: Tensor, seed: Tensor
    ) -> Losses:
        """Returns the losses of music and drawn examples together, each example counting alike.

        Args:
          model: what is trained.
          batch: the music.
          step: the global step.
          eps: float32 `[B, Z]`, the noise of the posteriors of the music; None draws it.
          seed: int32 `[2]`, for all that is random.

        Returns:
          The losses, as if all examples were one batch. `r_loss` of drawn examples is the
          cross-entropy of the teacher's and the model's distributions, in nats.
        """
        size = tf.shape(batch.outputs)[0]
        count = tf.cast(tf.round(self._ratio * tf.cast(size, tf.float32)), tf.int32)
        drawn, probabilities = self.draw(count, batch.outputs.shape[1], seed)
        if eps is None:
            eps = normal([size, model.config.hparams.z_size], fold(seed, _EPS))
        more = normal([count, model.config.hparams.z_size], fold(fold(seed, _EPS), 1))
        joined = Batch(
            *(
                None if own is None else tf.concat([tf.cast(own, new.dtype), new], 0)
                for own, new in zip(batch, drawn, strict=True)
            )
        )
        losses = model.loss(
            joined,
            step,
            training=True,
            eps=tf.concat([eps, more], 0),
            seed=fold(seed, _MODEL),
        )
        logits = losses.outputs[size:]
        cross_entropy = tf.nn.softmax_cross_entropy_with_logits(probabilities, logits)
        r_loss = tf.concat([losses.r_loss[:size], tf.reduce_sum(cross_entropy, 1)], 0)
        loss = tf.reduce_mean(r_loss) + losses.beta * losses.kl_loss
        return losses._replace(loss=loss, r_loss=r_loss)

    def draw(self, count: Tensor, length: int, seed: Tensor) -> tuple[Batch, Tensor]:
        """Lets the teacher make up examples.

        Args:
          count: N, int32 scalar.
          length: T.
          seed: int32 `[2]`.

        Returns:
          The examples, one-hot float32 `[N, T, D]`, and the teacher's distribution over the events
          of each step given those before it, float32 `[N, T, D]`.
        """
        teacher = self._teacher
        z = normal([count, teacher.config.hparams.z_size], fold(seed, _Z))
        temperature = uniform([], fold(seed, _TEMPERATURE), self._min_temperature)
        request = Request(length, temperature, fold(seed, _DRAWS))
        dtype = teacher.dtype
        outputs = teacher.decoder.sample(teacher.decoder.precompute(z, dtype), request).outputs
        lengths = tf.fill([count], length)
        found = teacher.decoder.reconstruct(
            z, Target(outputs, lengths), Forward(fold(seed, _TARGETS), dtype=dtype)
        )
        examples = Batch(outputs, outputs, None, lengths)
        return examples, tf.nn.softmax(found.parameters)
