"""MusicVAE: an encoder q(z|x), a decoder p(x|z), and the loss that trains both.

    loss = mean(-log p(x|z)) + beta * mean(max(KL(q(z|x) || N(0, I)) - free_bits * ln 2, 0))

Axes: B batch, T time step, D columns of a step, C controls, Z columns of z, S segments.

Source: Roberts et al. 2018, sections 2 and 3.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import tensorflow as tf

from musicvae.batch import Batch
from musicvae.config import Config, ExampleSpec
from musicvae.errors import ConfigError
from musicvae.models import schedules
from musicvae.models.decoders import Decoded
from musicvae.models.decoders.base import Target
from musicvae.models.decoders.checkpointing import check_segments
from musicvae.models.forward import Forward
from musicvae.models.halves import build
from musicvae.models.losses import Losses
from musicvae.models.posterior import Posterior
from musicvae.models.random_numbers import fold, normal
from musicvae.models.sampling_graphs import SamplingGraphs
from musicvae.models.variables import InitialValues, Variables
from musicvae.precision import Precision

Tensor = Any

_NATS_PER_BIT = math.log(2.0)
_ENCODER_SEED, _DECODER_SEED, _POSTERIOR_SEED = 0, 1, 2


class _Decoding(NamedTuple):
    """The arguments of one decoding: tensors, and those that were given as options."""

    z: Tensor
    temperature: Tensor
    seed: Tensor
    end_token: int | None
    options: dict[str, Tensor]


class MusicVAE(tf.Module):  # type: ignore[misc]
    """A model with its variables.

    Attributes:
      config: what it was built of.
      spec: the shape of its examples.
      decoder: its p(x|z).
      dtype: what products are computed in.
      named_variables: its variables by their names in a checkpoint, in order of creation.
    """

    def __init__(
        self,
        config: Config,
        spec: ExampleSpec,
        *,
        seed: int | None = None,
        precision: Precision = "float32",
        kept_in: Precision = "float32",
        initial_values: InitialValues | None = None,
        decoder_only: bool = False,
        checkpoint_segments: int = 0,
        compiled: bool = False,
        frozen: bool = False,
    ) -> None:
        """Makes all variables.

        Args:
          config: sizes and parts.
          spec: the shape of the converter's examples.
          seed: what the first values depend on; None draws a new one.
          precision: bfloat16 or float16 computes products with operands of that type; all else
            stays float32.
          kept_in: the type that kernels are kept in; a model that trains needs float32.
          initial_values: gives the first value of (name, shape), such as a checkpoint's; None draws
            them.
          decoder_only: leaves out the encoder and its variables; such a model can only decode.
          checkpoint_segments: gradient checkpointing: segments of a hierarchical decoder to
            recompute at a time in training, instead of keeping their activations; 0 keeps them.
          compiled: whether XLA compiles the graph that samples, once for each size of a batch.
          frozen: whether weights never change, so that what sampling makes of them can be kept.

        Raises:
          ConfigError: an encoder or decoder is unknown, or does not fit the examples; the decoder's
            segments cannot be run so many at a time.
        """
        super().__init__(name="musicvae")
        self.config = config
        self.spec = spec
        self.dtype = tf.dtypes.as_dtype(precision)
        variables = Variables(seed, initial_values, tf.dtypes.as_dtype(kept_in), frozen=frozen)
        self._posterior_head, self.decoder = build(
            config, spec, variables, decoder_only=decoder_only
        )
        self._checkpoint_segments = checkpoint_segments
        check_segments(self.decoder.independent_segments, checkpoint_segments)
        self._graphs = SamplingGraphs(
            self.decoder, spec, config.hparams.z_size, self.dtype, compiled=compiled
        )
        self._scorers: dict[tuple[Any, ...], Any] = {}
        self.named_variables: dict[str, tf.Variable] = variables.by_name

    def encode(
        self,
        inputs: Tensor,
        lengths: Tensor,
        controls: Tensor = None,
        *,
        training: bool = False,
        seed: Tensor = None,
    ) -> Posterior:
        """Reads sequences.

        Args:
          inputs: bool or float32 `[B, T, input_depth]`.
          lengths: int32 `[B]`, or `[B, S]`.
          controls: bool or float32 `[B, T, C]`, or None.
          training: whether dropout is on.
          seed: int32 `[2]` for dropout; None draws a new one.

        Returns:
          q(z|x).
        """
        keep_prob = self.config.hparams.dropout_keep_prob if training else 1.0
        forward = Forward(_seed(seed), keep_prob=keep_prob, dtype=self.dtype)
        return self._encode(Batch(inputs, None, controls, lengths), forward)

    def loss(
        self,
        batch: Batch,
        step: Tensor,
        *,
        training: bool,
        eps: Tensor = None,
        seed: Tensor = None,
        sampling_probability: float | None = None,
    ) -> Losses:
        """Computes the loss of a batch.

        Args:
          batch: the examples.
          step: the global step, which schedules depend on.
          training: whether dropout is on; metrics are computed only where it is False.
          eps: float32 `[B, Z]`, the noise of the posterior; None draws it.
          seed: int32 `[2]` for all that is random; None draws a new one.
          sampling_probability: how often a decoder's step is fed its own sample instead of the
            target; None is the model's schedule in training, and in evaluation 1 if the model has a
            schedule.

        Returns:
          The loss and its parts.
        """
        hparams = self.config.hparams
        seed = _seed(seed)
        batch = _floats(batch)
        forward = Forward(
            seed,
            keep_prob=hparams.dropout_keep_prob if training else 1.0,
            sampling=self._sampling(step, sampling_probability, training=training),
            measure=not training,
            dtype=self.dtype,
            segments_at_a_time=self._checkpoint_segments if training else 0,
        )
        batch_size = tf.shape(batch.outputs)[0]
        posterior, z, kl = None, tf.zeros([batch_size, 0]), tf.zeros([batch_size])
        if hparams.z_size:
            posterior = self._encode(batch, forward.child(_ENCODER_SEED))
            if eps is None:
                eps = normal(tf.shape(posterior.mu), fold(seed, _POSTERIOR_SEED))
            z, kl = posterior.sample(eps), posterior.kl()
        target = Target(batch.outputs, batch.lengths, batch.controls)
        reconstruction = self.decoder.reconstruct(z, target, forward.child(_DECODER_SEED))
        kl_loss = tf.reduce_mean(tf.maximum(kl - hparams.free_bits * _NATS_PER_BIT, 0.0))
        beta = schedules.beta(step, hparams)
        metric_counts = self.decoder.summed(reconstruction.metric_counts)
        return Losses(
            loss=tf.reduce_mean(reconstruction.loss) + beta * kl_loss,
            r_loss=reconstruction.loss,
            kl=kl,
            kl_bits=tf.reduce_mean(kl) / _NATS_PER_BIT,
            kl_loss=kl_loss,
            beta=beta,
            sampling_probability=tf.constant(0.0) if forward.sampling is None else forward.sampling,
            metrics={tag: counts.value() for tag, counts in metric_counts.items()},
            metric_counts=metric_counts,
            outputs=reconstruction.parameters,
            posterior=posterior,
            z=z,
        )

    def decode(
        self,
        z: Tensor,
        length: int,
        *,
        temperature: Tensor = 1.0,
        controls: Tensor = None,
        seed: Tensor = None,
        stop_at_end_token: bool = True,
        fixed: Tensor = None,
        first_input: Tensor = None,
    ) -> Decoded:
        """Samples music for latent vectors.

        Args:
          z: float32 `[B, Z]`.
          length: the most steps.
          temperature: at least 0; 0 takes the most likely value of each step.
          controls: float32 `[T, C]` for all, or `[B, T, C]`; None for a model without controls.
          seed: int32 `[2]`; None draws a new one.
          stop_at_end_token: whether a sequence or segment ends at the converter's end token, if it
            has one.
          fixed: float32 `[B, T, D]`, values that the music must have; NaN where the model chooses.
          first_input: float32 `[B, D]`, the step before the first one; None for zeros, which a
            window of training music begins with.

        Returns:
          The steps, and how many there are.

        Raises:
          ConfigError: this model's decoder takes no fixed values.
        """
        arguments = self._decoding(
            z,
            temperature=temperature,
            controls=controls,
            seed=seed,
            stop_at_end_token=stop_at_end_token,
            fixed=fixed,
            first_input=first_input,
        )
        sample = self._graphs.whole(length, arguments.end_token, frozenset(arguments.options))
        decoded: Decoded = sample(
            arguments.z, arguments.temperature, arguments.seed, **arguments.options
        )
        return decoded

    def decode_parts(self, z: Tensor, length: int, **options: Any) -> Iterator[Decoded]:
        """Samples music for latent vectors part after part: what `decode` gives, as it comes.

        Args:
          z: float32 `[B, Z]`.
          length: the most steps.
          **options: as for `decode`.

        Yields:
          The steps of a part, and how many of them each piece has, `[B]`: a bar of flat decoders, a
          segment of hierarchical ones, and all at once where conductors wait for what is sampled.

        Raises:
          ConfigError: this model's decoder takes no fixed values.
        """
        arguments = self._decoding(z, **options)
        key = (length, arguments.end_token, frozenset(arguments.options))
        common = (arguments.temperature, arguments.seed)
        part_state = self._graphs.begin(*key)(arguments.z, *common, **arguments.options)
        write = self._graphs.part(*key)
        for first in range(0, length, self.decoder.part_steps(length)):
            part, part_state = write(part_state, tf.constant(first), *common, **arguments.options)
            yield part

    def _decoding(
        self,
        z: Tensor,
        *,
        temperature: Tensor = 1.0,
        controls: Tensor = None,
        seed: Tensor = None,
        stop_at_end_token: bool = True,
        fixed: Tensor = None,
        first_input: Tensor = None,
    ) -> _Decoding:
        """Checks the arguments of `decode` and makes tensors of them."""
        if fixed is not None and not self.decoder.takes_fixed:
            raise ConfigError(
                f"config '{self.config.name}' cannot hold values fixed: a part of its decoder, of "
                f"type '{self.config.decoder.type}', takes none"
            )
        z = tf.convert_to_tensor(z, tf.float32)
        if fixed is not None:
            fixed = tf.cast(fixed, tf.float32)
        if controls is not None:
            controls = tf.cast(controls, tf.float32)
            if len(controls.shape) == 2:
                controls = tf.tile(controls[None], [tf.shape(z)[0], 1, 1])
        if first_input is not None:
            first_input = tf.cast(first_input, tf.float32)
        options = {"controls": controls, "fixed": fixed, "first_input": first_input}
        return _Decoding(
            z,
            tf.convert_to_tensor(temperature, tf.float32),
            _seed(seed),
            self.spec.end_token if stop_at_end_token else None,
            {name: value for name, value in options.items() if value is not None},
        )

    def step_losses(
        self, z: Tensor, outputs: Tensor, lengths: Tensor, controls: Tensor = None
    ) -> Tensor:
        """Returns how unlikely each step of some music is, given a latent vector and what precedes.

        Args:
          z: float32 `[B, Z]`.
          outputs: bool or float32 `[B, T, D]`, as long as the model's windows.
          lengths: int32 `[B]`, or `[B, S]`; what lies past them means nothing.
          controls: bool or float32 `[B, T, C]`, or None.

        Returns:
          float32 `[B, T, K]`: -log p of each part of each step, in nats; of grooves what stands for
          it.
        """
        return self._scored(self._step_losses, _arrays(z, outputs, lengths, controls))

    def log_likelihood_and_gradient(
        self, z: Tensor, outputs: Tensor, known: Tensor, lengths: Tensor, controls: Tensor = None
    ) -> tuple[Tensor, Tensor]:
        """Returns how well latent vectors explain some steps of music, and where to better ones.

        Args:
          z: float32 `[B, Z]`.
          outputs: bool or float32 `[B, T, D]`, as long as the model's windows.
          known: bool or float32 `[B, T, K]`, which parts of which steps count.
          lengths: int32 `[B]`, or `[B, S]`.
          controls: bool or float32 `[B, T, C]`, or None.

        Returns:
          float32 `[B]`, log p of the known steps, each given all the steps before it, in nats; and
          float32 `[B, Z]`, its gradient in z.
        """
        arrays = [tf.cast(known, tf.float32), *_arrays(z, outputs, lengths, controls)]
        found, slope = self._scored(self._likelihood, arrays)
        return found, slope

    def _step_losses(
        self, z: Tensor, outputs: Tensor, lengths: Tensor, controls: Tensor = None
    ) -> Tensor:
        forward = Forward(tf.zeros([2], tf.int32), dtype=self.dtype)
        target = Target(outputs, lengths, controls)
        parameters = self.decoder.reconstruct(z, target, forward).parameters
        return self.decoder.step_losses(parameters, outputs)

    def _likelihood(
        self, known: Tensor, z: Tensor, outputs: Tensor, lengths: Tensor, controls: Tensor = None
    ) -> tuple[Tensor, Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(z)
            losses = self._step_losses(z, outputs, lengths, controls)
            found = -tf.reduce_sum(losses * known, [1, 2])
        return found, tape.gradient(found, z)

    def _scored(self, function: Any, arrays: list[Tensor]) -> Any:
        """Runs a function's graph, traced once for batches of any size of arrays like these."""
        key = (function.__name__, *(array.shape[1:] for array in arrays))
        if key not in self._scorers:
            self._scorers[key] = tf.function(function, autograph=False).get_concrete_function(
                *(tf.TensorSpec([None, *array.shape[1:]], array.dtype) for array in arrays)
            )
        return self._scorers[key](*arrays)

    def _encode(self, batch: Batch, forward: Forward) -> Posterior:
        assert self._posterior_head is not None, "a model without an encoder cannot encode"
        return self._posterior_head(batch, forward)

    def _sampling(self, step: Tensor, probability: float | None, *, training: bool) -> Tensor:
        """Returns the probability of feeding a sample back, or None for never."""
        if probability is not None:
            return tf.constant(probability) if probability > 0.0 else None
        if not schedules.uses_scheduled_sampling(self.config.hparams):
            return None
        if training:
            return schedules.sampling_probability(step, self.config.hparams)
        return tf.constant(1.0)


def _seed(seed: Tensor) -> Tensor:
    if seed is None:
        return tf.random.uniform([2], maxval=2**31 - 1, dtype=tf.int32)
    return tf.convert_to_tensor(seed, tf.int32)


def _floats(batch: Batch) -> Batch:
    controls = None if batch.controls is None else tf.cast(batch.controls, tf.float32)
    inputs, outputs = tf.cast(batch.inputs, tf.float32), tf.cast(batch.outputs, tf.float32)
    return Batch(inputs, outputs, controls, batch.lengths)


def _arrays(z: Tensor, outputs: Tensor, lengths: Tensor, controls: Tensor) -> list[Tensor]:
    """Returns latent vectors and music in the types that they are scored in."""
    arrays = [tf.cast(z, tf.float32), tf.cast(outputs, tf.float32), tf.cast(lengths, tf.int32)]
    return arrays if controls is None else [*arrays, tf.cast(controls, tf.float32)]
