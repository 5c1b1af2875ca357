"""Segments as examples of their own, and joined again.

Axes: B batch, T time step, S segments, P parameters of a step, E columns of an encoder's vector.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from musicvae.models.decoders.base import ReconstructionLoss, Request, Target

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
