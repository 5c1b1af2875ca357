"""A decoder whose controls are read both ways first, so that each step knows what comes.

Axes: B batch, T time step, D columns of a step, P parameters of a step, C controls, Z columns of z,
K parts of a step, H units of the layers over the controls.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import tensorflow as tf

from musicvae.components import Component, options_as
from musicvae.errors import ConfigError
from musicvae.hparams import HParams
from musicvae.models.bidirectional import BidirectionalLayers, both_directions
from musicvae.models.decoders.base import (
    DECODERS,
    Decoded,
    Decoder,
    DecoderContext,
    Precomputed,
    ReconstructionLoss,
    Request,
    Target,
)
from musicvae.models.decoders.categorical import NoOptions
from musicvae.models.decoders.flat import time_major
from musicvae.models.forward import CountsByTag, Forward
from musicvae.models.variables import Variables

Tensor = Any

_LAYERS, _CORE = 0, 1


@DECODERS.register("control_preprocessing")
class ControlPreprocessingDecoder(Decoder):
    """A core decoder with layers over its controls."""

    def __init__(
        self, component: Component, hparams: HParams, variables: Variables, context: DecoderContext
    ) -> None:
        """Makes the layers over the controls, and the core.

        Args:
          component: no options; the core decoder inside it.
          hparams: control_preprocessing_rnn_size and the core's sizes.
          variables: where they are made.
          context: where the decoder stands; with controls.

        Raises:
          ConfigError: the component has an option or no core, or there are no controls.
        """
        subject = "[decoder] type 'control_preprocessing'"
        options_as(NoOptions, component.options, subject)
        if not context.control_depth or component.core is None:
            missing = "controls: the converter gives none" if component.core else "a core decoder"
            raise ConfigError(f"{subject} needs {missing}")
        self._layers = BidirectionalLayers(
            variables,
            context.name("control_preprocessing"),
            context.control_depth,
            hparams.control_preprocessing_rnn_size,
            residual=hparams.residual_decoder,
        )
        inside = dataclasses.replace(context, control_depth=self._layers.output_depth)
        core = component.core
        self._core = DECODERS.get(core.type)(core, hparams, variables, inside)
        self.state_size = self._core.state_size
        self.takes_fixed = self._core.takes_fixed

    def reconstruct(
        self, z: Tensor, target: Target, forward: Forward, *, with_state: bool = False
    ) -> ReconstructionLoss:
        """Computes the core's loss of a target, given the controls as the layers read them.

        Args:
          z: float32 `[B, Z]`.
          target: with controls float32 `[B, T, C]`.
          forward: seed, dropout, scheduled sampling, dtype, and whether metrics are counted.
          with_state: whether the core's states at the end are wanted.

        Returns:
          The core's loss in nats, parameters, counts and states.
        """
        controls = self._read(target.controls, target.lengths, forward.child(_LAYERS))
        target = target._replace(controls=controls)
        return self._core.reconstruct(z, target, forward.child(_CORE), with_state=with_state)

    def precompute(self, z: Tensor, dtype: tf.DType) -> Precomputed:
        """Computes what the core needs that is known before the first step.

        Args:
          z: float32 `[B, Z]`.
          dtype: what products are computed in, float32 or bfloat16.

        Returns:
          The core's, and the dtype.
        """
        core = self._core.precompute(z, dtype)
        return Precomputed((dtype, core.shared), core.own)

    def sample(
        self, precomputed: Precomputed, request: Request, *, with_state: bool = False
    ) -> Decoded:
        """Samples music from the core, given the controls as the layers read them.

        Args:
          precomputed: of the latent vectors.
          request: with controls float32 `[B, T, C]`.
          with_state: whether the core's states at the end are wanted.

        Returns:
          Steps float32 `[B, T, D]`, lengths and states.
        """
        dtype, shared = precomputed.shared
        core = Precomputed(shared, precomputed.own)
        return self._core.sample(core, self._with_read(request, dtype), with_state=with_state)

    def part_steps(self, length: int) -> int:
        """Returns how many steps a part of the core has, of `length` in all."""
        return self._core.part_steps(length)

    def begin(self, z: Tensor, request: Request, dtype: tf.DType) -> Any:
        """Reads the controls and begins the core.

        Args:
          z: float32 `[B, Z]`.
          request: what to sample, whole, with controls float32 `[B, T, C]`.
          dtype: what products are computed in.

        Returns:
          The controls as read, float32 `[B, T, 2H]`, and what the core's first part is given.
        """
        request = self._with_read(request, dtype)
        return request.controls, self._core.begin(z, request, dtype)

    def sample_part(
        self, part_state: Any, first: Tensor, request: Request, dtype: tf.DType
    ) -> tuple[Decoded, Any]:
        """Samples a part from the core.

        Args:
          part_state: what `begin` gave, or the part before.
          first: int32 scalar, the step that the part begins with.
          request: what to sample, whole.
          dtype: what products are computed in.

        Returns:
          The part, with lengths `[B]` within it, and what the next part is given.
        """
        controls, core = part_state
        request = request._replace(controls=controls)
        decoded, core = self._core.sample_part(core, first, request, dtype)
        return decoded, (controls, core)

    def summed(self, metric_counts: CountsByTag) -> CountsByTag:
        """Adds up the core's counts, `[B, ...]` each, over the batch."""
        return self._core.summed(metric_counts)

    def step_losses(self, parameters: Tensor, outputs: Tensor) -> Tensor:
        """Returns the core's loss of each step.

        Args:
          parameters: float32 `[B, T, P]`.
          outputs: float32 `[B, T, D]`.

        Returns:
          float32 `[B, T, K]`, in nats.
        """
        return self._core.step_losses(parameters, outputs)

    def _with_read(self, request: Request, dtype: tf.DType) -> Request:
        """Returns a request whose controls are what the layers make of its own."""
        lengths = tf.fill([tf.shape(request.controls)[0]], request.length)
        controls = self._read(request.controls, lengths, Forward(request.seed, dtype=dtype))
        return request._replace(controls=controls)

    def _read(self, controls: Tensor, lengths: Tensor, forward: Forward) -> Tensor:
        """Returns what the layers make of `[B, T, C]` controls, `[B, T, 2H]`."""
        if len(lengths.shape) == 2:
            lengths = tf.fill([tf.shape(controls)[0]], tf.shape(controls)[1])
        ahead, back = self._layers(time_major(controls), lengths, forward)
        read = time_major(both_directions(ahead, back, lengths))
        return read * tf.sequence_mask(lengths, tf.shape(read)[1], tf.float32)[..., None]
