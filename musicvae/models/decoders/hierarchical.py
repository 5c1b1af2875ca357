"""The hierarchical decoder: a conductor leads a core decoder through segments.

    conductor: state = tanh(dense(z)); step s gives embedding s
    core:      is started from embedding s, and gives segment s

There may be several levels of conductors; each is started anew from each embedding of the one
above. A conductor's input is, by the options,

  - nothing: zeros in one column. Its embeddings do not depend on what was sampled, so that in
    training all segments run side by side, as examples of their own;
  - autoregressive: the final states of the level below after the segment before, and z (or the
    embedding above);
  - re-encoding: the segment before, encoded by the matching level of the model's hierarchical
    encoder, and z (or the embedding above).

The core's first input in a segment is the row before it, the last one of the segment before with
its padding.

Axes: B batch, T time step, S segments of L steps, D columns of a step, P parameters of a step, C
controls, Z columns of z, K parts of a step, H units of the top layer.

Source: Roberts et al. 2018, section 3.2; multitrack: Simon et al. 2018, section 3.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import Any

import tensorflow as tf

from musicvae.components import Component, options_as
from musicvae.errors import ConfigError, InputError
from musicvae.hparams import HParams
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
from musicvae.models.decoders.checkpointing import in_rounds
from musicvae.models.decoders.conductor import (
    Conductor,
    HierarchicalDecoderOptions,
    levels_with_input,
    reencoder,
)
from musicvae.models.decoders.segments import (
    GiveSegment,
    SegmentInput,
    each_part,
    fold_segments,
    joined,
    sample_segment,
    sample_segments,
    segment_request,
    unfold_segments,
    whole_lengths,
)
from musicvae.models.encoders import check_level_lengths, segment_lengths
from musicvae.models.forward import CountsByTag, Forward, over_segments
from musicvae.models.lstm_layer import enter
from musicvae.models.lstm_stack import pack_states
from musicvae.models.stack_steps import step_stack
from musicvae.models.variables import Variables

Tensor = Any

_CONDUCTOR_SEED, _CORE_SEED = 0, 100


@DECODERS.register("hierarchical")
class HierarchicalDecoder(Decoder):
    """Conductors over a core decoder."""

    def __init__(
        self, component: Component, hparams: HParams, variables: Variables, context: DecoderContext
    ) -> None:
        """Makes the conductors and the core.

        Args:
          component: its HierarchicalDecoderOptions, and the core inside it; categorical by default.
          hparams: dec_rnn_size, and max_seq_len, which the levels' lengths multiply to.
          variables: where they are made.
          context: where the decoder stands.

        Raises:
          ConfigError: an option is unknown, or does not fit the sizes, the encoder or the place.
        """
        subject = "[decoder] type 'hierarchical'"
        options = options_as(HierarchicalDecoderOptions, component.options, subject)
        check_level_lengths(options.level_lengths, hparams, subject)
        if context.scope:
            raise ConfigError(
                f"{subject} cannot be the core of another decoder; give all levels to one, as in "
                "level_lengths = [4, 4, 16]"
            )
        *lengths, self._segment_length = options.level_lengths
        self._num_segments = math.prod(lengths)
        self._output_depth = context.output_depth
        self._reencoder = reencoder(options, context, subject) if options.reencode else None
        fed = levels_with_input(options, len(lengths), subject)
        core = component.core or Component("categorical")
        inside = dataclasses.replace(
            context,
            scope=context.name("core_decoder"),
            z_size=hparams.dec_rnn_size[-1],
            encoder=None,
        )
        self._core = DECODERS.get(core.type)(core, hparams, variables, inside)
        self.state_size = 2 * sum(hparams.dec_rnn_size)
        self._conductors: list[Conductor] = []
        z_size = context.z_size
        for k, length in enumerate(lengths):
            depth = 0
            if k in fed:
                below = self._core.state_size if k + 1 == len(lengths) else self.state_size
                depth = self._reencoder.output_depth if self._reencoder else below
            scope = context.name(f"decoder/hierarchical_level_{k}")
            conductor = Conductor(
                variables, scope, hparams, length=length, z_size=z_size, input_depth=depth
            )
            self._conductors.append(conductor)
            z_size = hparams.dec_rnn_size[-1]
        self.takes_fixed = self._core.takes_fixed
        self.independent_segments = 0 if self._feeds_back else self._num_segments

    def reconstruct(
        self, z: Tensor, target: Target, forward: Forward, *, with_state: bool = False
    ) -> ReconstructionLoss:
        """Computes the sum of the segments' losses.

        Args:
          z: float32 `[B, Z]`.
          target: what is to be given; T is the product of the levels' lengths.
          forward: seed, dropout, scheduled sampling, dtype, metrics, and segments at a time.
          with_state: False.

        Returns:
          Loss in nats, parameters, and counts `[B, S, ...]`.
        """
        assert not with_state, "no decoder has a hierarchical one as its core"
        segments = self._segments(target)
        if forward.segments_at_a_time:
            return self._reconstruct_in_rounds(z, segments, forward)
        if not self._feeds_back:
            folded = each_part(fold_segments, segments)
            embeddings = fold_segments(self.embeddings(z, forward))
            core = self._core.reconstruct(embeddings, folded, forward.child(_CORE_SEED))
            return joined(core, self._num_segments)

        def segment(s: int, embedding: Tensor) -> tuple[Any, Tensor, Tensor, Tensor]:
            own = each_part(lambda x: x[:, s], segments)
            core = self._core.reconstruct(
                embedding, own, forward.child(_CORE_SEED + s), with_state=True
            )
            return core, core.state, own.outputs, own.lengths

        pieces = self._conduct(z, segment, forward)
        stacked = tf.nest.map_structure(lambda *x: fold_segments(tf.stack(x, 1)), *pieces)
        return joined(stacked, self._num_segments)

    def _reconstruct_in_rounds(
        self, z: Tensor, segments: Target, forward: Forward
    ) -> ReconstructionLoss:
        """Runs some segments at a time, and again for the gradient; gives no counts."""
        size = forward.segments_at_a_time
        embeddings = tf.ensure_shape(self.embeddings(z, forward), [None, self._num_segments, None])

        def run(number: Tensor, embeddings: Tensor) -> tuple[Tensor, Tensor]:
            own = each_part(
                lambda x: fold_segments(x[:, number * size : (number + 1) * size]), segments
            )
            inner = forward.child(_CORE_SEED).child(number)
            core = self._core.reconstruct(fold_segments(embeddings), own, inner)
            return unfold_segments(core.loss, size), unfold_segments(core.parameters, size)

        loss, parameters = in_rounds(run, embeddings, self._num_segments // size)
        steps = self._num_segments * self._segment_length
        shape = [tf.shape(z)[0], steps, parameters.shape[-1]]
        return ReconstructionLoss(
            tf.reduce_sum(loss, 1), tf.reshape(parameters, shape), metric_counts={}
        )

    def precompute(self, z: Tensor, dtype: tf.DType) -> Precomputed:
        """Runs the conductors, if they are fed nothing, and prepares the core for each segment.

        Conductors that are fed what was sampled wait for it: then z is kept.

        Args:
          z: float32 `[B, Z]`.
          dtype: what products are computed in, float32 or bfloat16.

        Returns:
          What the core is given, `[S, B, ...]`; or the dtype and z.
        """
        if self._feeds_back:
            return Precomputed(dtype, z)
        forward = Forward(tf.zeros([2], tf.int32), dtype=dtype)
        by_segment = tf.transpose(self.embeddings(z, forward), [1, 0, 2])
        core = self._core.precompute(fold_segments(by_segment), dtype)
        shape = [self._num_segments, tf.shape(z)[0]]
        own = tf.nest.map_structure(lambda x: tf.reshape(x, [*shape, x.shape[-1]]), core.own)
        return Precomputed(core.shared, own)

    def sample(
        self, precomputed: Precomputed, request: Request, *, with_state: bool = False
    ) -> Decoded:
        """Samples segment after segment.

        Args:
          precomputed: of the latent vectors.
          request: what to sample; its length is that of all segments.
          with_state: False.

        Returns:
          Steps float32 `[B, T, D]`; lengths `[B, S]` with an end token, else `[B]`.

        Raises:
          InputError: another length is asked for.
        """
        assert not with_state, "no decoder has a hierarchical one as its core"
        if request.length != self._num_segments * self._segment_length:
            raise InputError(
                f"length {request.length}: a hierarchical model samples all of its "
                f"{self._num_segments * self._segment_length} steps"
            )
        if not self._feeds_back:
            sizes = self._num_segments, self._segment_length, self._output_depth
            return sample_segments(self._core, precomputed, *sizes, request)
        dtype, z = precomputed
        forward = Forward(request.seed, dtype=dtype)
        first = request.first_input

        def segment(s: int, embedding: Tensor) -> tuple[Any, Tensor, Tensor, Tensor]:
            nonlocal first
            own = segment_request(request, s, self._segment_length, first)
            core = self._core.precompute(embedding, dtype)
            decoded = self._core.sample(core, own, with_state=True)
            first = decoded.outputs[:, -1]
            return decoded, decoded.state, decoded.outputs, decoded.lengths

        pieces = self._conduct(z, segment, forward)
        outputs = tf.concat([piece.outputs for piece in pieces], 1)
        lengths = tf.stack([piece.lengths for piece in pieces], 1)
        return Decoded(outputs, whole_lengths(lengths, request))

    def part_steps(self, length: int) -> int:
        """Returns L; all `length` steps where conductors wait for what is sampled."""
        return length if self._feeds_back else self._segment_length

    def begin(self, z: Tensor, request: Request, dtype: tf.DType) -> Any:
        """Prepares the core for each segment.

        Args:
          z: float32 `[B, Z]`.
          request: what to sample, whole.
          dtype: what products are computed in.

        Returns:
          What the core is given, `[S, B, ...]`, and the step before the first; or z.
        """
        if self._feeds_back:
            return super().begin(z, request, dtype)
        first = request.first_input
        first = tf.zeros([tf.shape(z)[0], self._output_depth]) if first is None else first
        return self.precompute(z, dtype).own, first

    def sample_part(
        self, part_state: Any, first: Tensor, request: Request, dtype: tf.DType
    ) -> tuple[Decoded, Any]:
        """Samples a segment.

        Args:
          part_state: what `begin` gave, or the segment before.
          first: int32 scalar, the segment's first step.
          request: what to sample, whole.
          dtype: what products are computed in.

        Returns:
          The segment, with lengths `[B]`, and what the next one is given.
        """
        if self._feeds_back:
            return super().sample_part(part_state, first, request, dtype)
        (own, previous), size = part_state, self._segment_length
        nothing = tf.zeros([1, self._conductors[-1].output_depth])
        core = Precomputed(self._core.precompute(nothing, dtype).shared, own)
        decoded = sample_segment(self._core, core, first // size, size, request, previous)
        return decoded, (own, tf.ensure_shape(decoded.outputs[:, -1], previous.shape))

    def summed(self, metric_counts: CountsByTag) -> CountsByTag:
        """Adds up counts `[B, S, ...]` over the batch: for each segment, and for all."""
        return over_segments(metric_counts)

    def step_losses(self, parameters: Tensor, outputs: Tensor) -> Tensor:
        """Returns the core's loss of each step.

        Args:
          parameters: float32 `[B, T, P]`.
          outputs: float32 `[B, T, D]`.

        Returns:
          float32 `[B, T, K]`, in nats.
        """
        return self._core.step_losses(parameters, outputs)

    @property
    def _feeds_back(self) -> bool:
        return any(conductor.has_input for conductor in self._conductors)

    def _segments(self, target: Target) -> Target:
        """Splits a target; each of its parts becomes `[B, S, ...]`."""

        def split(x: Tensor) -> Tensor:
            return tf.reshape(x, [-1, self._num_segments, self._segment_length, x.shape[-1]])

        outputs = split(target.outputs)
        first = target.first_input
        first = tf.zeros_like(outputs[:, 0, 0]) if first is None else first
        return Target(
            outputs,
            segment_lengths(target.lengths, self._num_segments, self._segment_length),
            None if target.controls is None else split(target.controls),
            tf.concat([first[:, None], outputs[:, :-1, -1]], 1),
        )

    def embeddings(self, z: Tensor, forward: Forward) -> Tensor:
        """Runs all conductors, whose input is nothing.

        Args:
          z: float32 `[B, Z]`.
          forward: dropout, seed and dtype.

        Returns:
          What each segment's core decoder is started from, float32 `[B, S, H]`.
        """
        x = z[:, None]
        for k, conductor in enumerate(self._conductors):
            embeddings = conductor.embeddings(fold_segments(x), forward.child(_CONDUCTOR_SEED + k))
            x = tf.reshape(embeddings, [tf.shape(z)[0], -1, embeddings.shape[-1]])
        return x

    def _conduct(self, z: Tensor, segment: GiveSegment, forward: Forward) -> list[Any]:
        """Runs conductors and core one after the other; returns the core's results."""
        count = itertools.count()
        return self._conduct_level(0, z, lambda e: segment(next(count), e), forward).core

    def _conduct_level(self, level: int, z: Tensor, segment: Any, forward: Forward) -> SegmentInput:
        conductor = self._conductors[level]
        weights = conductor.stack.weights(forward.dtype)
        states = conductor.start(z, forward.dtype)
        forward_here = forward.child(_CONDUCTOR_SEED + level)
        masks = conductor.stack.masks(conductor.length, tf.shape(z)[0], forward_here)
        feedback = None
        core, encoded = [], []
        for t in range(conductor.length):
            x = tf.zeros([tf.shape(z)[0], conductor.stack.depth])
            if conductor.has_input:
                known = conductor.stack.depth - z.shape[-1]
                if feedback is None:
                    feedback = tf.zeros([tf.shape(z)[0], known])
                x = tf.concat([feedback, z], -1)
            entered = enter(x * masks[0][t] if masks else x, weights[0])
            step = step_stack(entered, weights, states, [mask[t] for mask in masks])
            states = step.states
            if level + 1 < len(self._conductors):
                piece = self._conduct_level(level + 1, step.top, segment, forward.child(t))
            else:
                piece = self._core_piece(segment(step.top), forward)
            feedback = piece.state if self._reencoder is None else piece.encoded
            core += piece.core
            encoded.append(piece.encoded)
        return SegmentInput(core, pack_states(states), self._encode(level, encoded, forward))

    def _core_piece(
        self, result: tuple[Any, Tensor, Tensor, Tensor], forward: Forward
    ) -> SegmentInput:
        core, state, outputs, lengths = result
        encoded = None
        if self._reencoder is not None:
            encoded = self._reencoder.levels[0].encode(outputs, lengths, forward)
        return SegmentInput([core], state, encoded)

    def _encode(self, level: int, encoded: list[Tensor], forward: Forward) -> Tensor:
        """Encodes the vectors of a conductor's pieces, unless it is the top one's."""
        if self._reencoder is None or level == 0:
            return None
        sequence = tf.stack(encoded, 1)
        lengths = tf.fill([tf.shape(sequence)[0]], len(encoded))
        encoder = self._reencoder.levels[len(self._conductors) - level]
        return encoder.encode(sequence, lengths, forward)
