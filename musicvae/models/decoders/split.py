"""Decoders side by side: each gives some columns of a step and knows nothing of the others.

Axes: B batch, T time step, D columns of a step, P parameters of a step, Z columns of z, K parts.

Source: Roberts et al. 2018, section 5.1, trio models.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import tensorflow as tf

from musicvae.components import Component, options_as
from musicvae.errors import ConfigError
from musicvae.hparams import HParams
from musicvae.models.decoders.base import (
    DECODERS,
    Decoded,
    DecoderContext,
    Precomputed,
    ReconstructionLoss,
    Request,
    Target,
)
from musicvae.models.decoders.categorical import check_depths
from musicvae.models.decoders.sampling import Sampler, StepwiseDecoder
from musicvae.models.forward import Forward, merge_parts
from musicvae.models.random_numbers import fold
from musicvae.models.variables import Variables

Tensor = Any


@dataclasses.dataclass(frozen=True)
class SplitOptions:
    """What `split` takes.

    Attributes:
      output_depths: columns of each part, side by side.
    """

    output_depths: tuple[int, ...]


@DECODERS.register("split")
class SplitDecoder(StepwiseDecoder):
    """One core decoder for each part of a step, with weights of its own."""

    def __init__(
        self, component: Component, hparams: HParams, variables: Variables, context: DecoderContext
    ) -> None:
        """Makes a core decoder for each part.

        Args:
          component: its SplitOptions, and the core inside it; categorical by default.
          hparams: sizes of each core.
          variables: where they are made.
          context: where the decoder stands.

        Raises:
          ConfigError: an option is unknown, the depths do not sum to a step's columns, or the core
            cannot be sampled beside others.
        """
        options = options_as(SplitOptions, component.options, "[decoder] type 'split'")
        check_depths(options.output_depths, context, "split")
        self._depths = options.output_depths
        core = component.core or Component("categorical")
        make = DECODERS.get(core.type)
        if not issubclass(make, StepwiseDecoder):
            raise ConfigError(
                f"[decoder] type 'split': its core is of type '{core.type}', which cannot be "
                "sampled beside others"
            )
        self._parts = [
            make(core, hparams, variables, self._part_context(context, k, depth))
            for k, depth in enumerate(self._depths)
        ]
        self.state_size = sum(part.state_size for part in self._parts)
        self.takes_fixed = all(part.takes_fixed for part in self._parts)

    def reconstruct(
        self, z: Tensor, target: Target, forward: Forward, *, with_state: bool = False
    ) -> ReconstructionLoss:
        """Computes the sum of the parts' losses, each of its columns of the target.

        Args:
          z: float32 `[B, Z]`, the same for all parts.
          target: what is to be given.
          forward: seed, dropout, scheduled sampling, dtype, and whether metrics are counted.
          with_state: whether the states at the end are wanted.

        Returns:
          Loss in nats, and the parts' parameters, counts and states side by side.
        """
        outputs, first = self._split(target.outputs), self._split(target.first_input)
        parts = []
        for k, part in enumerate(self._parts):
            own = target._replace(outputs=outputs[k], first_input=first[k])
            parts.append(part.reconstruct(z, own, forward.child(k), with_state=with_state))
        metric_counts = (
            merge_parts([p.metric_counts for p in parts], together=True) if forward.measure else {}
        )
        return ReconstructionLoss(
            loss=tf.add_n([part.loss for part in parts]),
            parameters=tf.concat([part.parameters for part in parts], -1),
            metric_counts=metric_counts,
            state=tf.concat([part.state for part in parts], -1) if with_state else None,
        )

    def precompute(self, z: Tensor, dtype: tf.DType) -> Precomputed:
        """Computes what each part needs that is known before the first step.

        Args:
          z: float32 `[B, Z]`.
          dtype: what products are computed in, float32 or bfloat16.

        Returns:
          Lists with an entry for each part.
        """
        parts = [part.precompute(z, dtype) for part in self._parts]
        return Precomputed([part.shared for part in parts], [part.own for part in parts])

    def samplers(self, precomputed: Precomputed, request: Request) -> list[Sampler]:
        """Returns the parts' samplers, each with a seed of its own.

        Args:
          precomputed: of the latent vectors.
          request: what to sample.
        """
        first, fixed = self._split(request.first_input), self._split(request.fixed)
        found = []
        for k, (part, shared, own) in enumerate(zip(self._parts, *precomputed, strict=True)):
            seed = fold(request.seed, k)
            part_request = request._replace(first_input=first[k], fixed=fixed[k], seed=seed)
            found += part.samplers(Precomputed(shared, own), part_request)
        return found

    def sample(
        self, precomputed: Precomputed, request: Request, *, with_state: bool = False
    ) -> Decoded:
        """Samples all parts together, to the full length.

        Args:
          precomputed: of the latent vectors.
          request: what to sample; its end token is not used.
          with_state: whether the states at the end are wanted.

        Returns:
          Steps float32 `[B, T, D]`, lengths T, and the parts' states side by side.
        """
        return super().sample(precomputed, request._replace(end_token=None), with_state=with_state)

    def sample_part(
        self, part_state: Any, first: Tensor, request: Request, dtype: tf.DType
    ) -> tuple[Decoded, Any]:
        """Samples some steps of all parts.

        Args:
          part_state: what `begin` gave, or the part before.
          first: int32 scalar, the step that the part begins with.
          request: what to sample, whole; its end token is not used.
          dtype: what products are computed in.

        Returns:
          The part, with lengths `[B]` within it, and what the next part is given.
        """
        return super().sample_part(part_state, first, request._replace(end_token=None), dtype)

    def step_losses(self, parameters: Tensor, outputs: Tensor) -> Tensor:
        """Returns the parts' losses side by side.

        Args:
          parameters: float32 `[B, T, P]`.
          outputs: float32 `[B, T, D]`.

        Returns:
          float32 `[B, T, K]`, in nats.
        """
        # A categorical part has a parameter for each of its columns.
        pairs = zip(self._parts, self._split(parameters), self._split(outputs), strict=True)
        return tf.concat([part.step_losses(p, t) for part, p, t in pairs], -1)

    def _split(self, x: Tensor) -> list[Tensor]:
        return [None] * len(self._depths) if x is None else list(tf.split(x, self._depths, -1))

    @staticmethod
    def _part_context(context: DecoderContext, k: int, depth: int) -> DecoderContext:
        scope = context.name(f"core_decoder_{k}")
        return dataclasses.replace(context, scope=scope, output_depth=depth, alone=False)
