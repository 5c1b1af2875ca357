"""Segments of a hierarchical decoder as examples of their own, and back.

Axes: B batch, S segments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from musicvae.models.decoders.base import ReconstructionLoss, Target

Tensor = Any


def fold_segments(x: Tensor) -> Tensor:
    """Makes examples of segments: `[B, S, ...]` to `[B * S, ...]`."""
    return tf.reshape(x, tf.concat([[-1], tf.shape(x)[2:]], 0))


def unfold_segments(x: Tensor, segments: int) -> Tensor:
    """Makes segments of examples: `[B * S, ...]` to `[B, S, ...]`."""
    return tf.reshape(x, tf.concat([[-1, segments], tf.shape(x)[1:]], 0))


def each_part(function: Callable[[Tensor], Tensor], target: Target) -> Target:
    """Applies a function to each part of a target that is there."""
    return Target(*(None if part is None else function(part) for part in target))


def join_segments(core: ReconstructionLoss, segments: int) -> ReconstructionLoss:
    """Joins segments that were examples; counts become `[B, S, ...]`."""
    parameters = unfold_segments(core.parameters, segments)
    shape = tf.shape(parameters)
    return ReconstructionLoss(
        loss=tf.reduce_sum(unfold_segments(core.loss, segments), 1),
        parameters=tf.reshape(parameters, [shape[0], segments * shape[2], parameters.shape[-1]]),
        metric_counts=tf.nest.map_structure(
            lambda x: unfold_segments(x, segments), core.metric_counts
        ),
    )
