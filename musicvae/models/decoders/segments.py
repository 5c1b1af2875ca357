"""Segments as examples of their own, and joined again.

Axes: B batch, T time step, S segments of L steps, D columns of a step, P parameters of a step, E
columns of an encoder's vector.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from musicvae.models.decoders.base import (
    Decoded,
    Decoder,
    Precomputed,
    ReconstructionLoss,
    Request,
    Target,
)
from musicvae.models.random_numbers import fold

Tensor = Any


class SegmentInput(NamedTuple):
    """What a level gave in one step of the conductor above it.

    Attributes:
      core: the core's results, one a segment.
      state: float32 `[B, state_size]`, the level's final states.
      encoded: float32 `[B, E]`, the piece encoded; None unless levels are re-encoded.
    """

    core: list[Any]
    state: Tensor
    encoded: Tensor


GiveSegment = Callable[[int, Tensor], tuple[Any, Tensor, Tensor, Tensor]]


def fold_segments(x: Tensor) -> Tensor:
    """Makes examples of segments: `[B, S, ...]` to `[B * S, ...]`."""
    return tf.reshape(x, tf.concat([[-1], tf.shape(x)[2:]], 0))


def unfold_segments(x: Tensor, segments: int) -> Tensor:
    """Makes segments of examples: `[B * S, ...]` to `[B, S, ...]`."""
    return tf.reshape(x, tf.concat([[-1, segments], tf.shape(x)[1:]], 0))


def each_part(function: Callable[[Tensor], Tensor], target: Target) -> Target:
    """Returns a target with a function of each of its tensors in their places."""
    return Target(*(None if part is None else function(part) for part in target))


def joined(core: ReconstructionLoss, segments: int) -> ReconstructionLoss:
    """Joins segments that were examples.

    Args:
      core: of `[B * S]` examples.
      segments: S.

    Returns:
      Loss float32 `[B]` in nats, parameters `[B, T, P]` and counts `[B, S, ...]`; no states.
    """
    parameters = unfold_segments(core.parameters, segments)
    shape = tf.shape(parameters)
    return ReconstructionLoss(
        loss=tf.reduce_sum(unfold_segments(core.loss, segments), 1),
        parameters=tf.reshape(parameters, [shape[0], segments * shape[2], parameters.shape[-1]]),
        metric_counts=tf.nest.map_structure(
            lambda x: unfold_segments(x, segments), core.metric_counts
        ),
    )


def whole_lengths(lengths: Tensor, request: Request) -> Tensor:
    """Returns the lengths that a hierarchical decoder gives.

    Args:
      lengths: int32 `[B, S]`.
      request: its end token tells whether segments end by themselves.

    Returns:
      int32 `[B, S]` where they do; their sum `[B]` where they do not.
    """
    return tf.reduce_sum(lengths, 1) if request.end_token is None else lengths


def segment_request(request: Request, s: Any, size: int, first: Tensor) -> Request:
    """Returns the request for one segment.

    Args:
      request: for the whole.
      s: number of the segment, int or int32 scalar.
      size: L.
      first: float32 `[B, D]`, the step before the segment.
    """

    def own(x: Tensor) -> Tensor:
        return None if x is None else x[:, s * size : (s + 1) * size]

    return request._replace(
        length=size,
        seed=fold(request.seed, s),
        controls=own(request.controls),
        fixed=own(request.fixed),
        first_input=first,
    )


def sample_segment(
    decoder: Decoder,
    precomputed: Precomputed,
    s: Tensor,
    size: int,
    request: Request,
    first: Tensor,
) -> Decoded:
    """Samples one segment of a core decoder that is prepared for all of them.

    Args:
      decoder: the core.
      precomputed: what belongs to each example is `[S, B, ...]`.
      s: number of the segment, int32 scalar.
      size: L.
      request: for the whole.
      first: float32 `[B, D]`, the step before the segment.
    """
    own = tf.nest.map_structure(lambda x: tf.gather(x, s), precomputed.own)
    here = Precomputed(precomputed.shared, own)
    return decoder.sample(here, segment_request(request, s, size, first))


def sample_segments(
    decoder: Decoder, precomputed: Precomputed, count: int, size: int, depth: int, request: Request
) -> Decoded:
    """Samples all segments of a core decoder in a loop.

    Args:
      decoder: the core.
      precomputed: what belongs to each example is `[S, B, ...]`.
      count: S.
      size: L.
      depth: D.
      request: for the whole.

    Returns:
      Steps float32 `[B, S * L, D]`; lengths `[B, S]` with an end token, else `[B]`.
    """
    batch = tf.shape(tf.nest.flatten(precomputed.own)[0])[1]
    first = tf.zeros([batch, depth]) if request.first_input is None else request.first_input

    def step(s: Tensor, first: Tensor, outputs: Any, lengths: Any) -> Any:
        decoded = sample_segment(decoder, precomputed, s, size, request, first)
        first = tf.ensure_shape(decoded.outputs[:, -1], [None, depth])
        return s + 1, first, outputs.write(s, decoded.outputs), lengths.write(s, decoded.lengths)

    start = (
        tf.constant(0),
        first,
        tf.TensorArray(tf.float32, count, element_shape=[None, size, depth]),
        tf.TensorArray(tf.int32, count, element_shape=[None]),
    )
    _, _, outputs, lengths = tf.while_loop(
        lambda s, *_: s < count, step, start, parallel_iterations=1
    )
    outputs = tf.reshape(tf.transpose(outputs.stack(), [1, 0, 2, 3]), [batch, -1, depth])
    return Decoded(outputs, whole_lengths(tf.transpose(lengths.stack()), request))
