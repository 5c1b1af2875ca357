"""Telling two kinds of things apart: the classifier two-sample test.

A classifier learns from one half of each kind and is tried on the other half. If the kinds have one
distribution it is right half of the time, however good it is. Things of one group (windows of one
piece of music, which are alike) are never in both halves: else the classifier would know the piece,
and not the kind. Then the halves change places, and the figures are means of both.

Axes: N things, M things of the other kind, C classifier inputs.

Source: Lopez-Paz and Oquab 2017, "Revisiting classifier two-sample tests" (arXiv:1610.06545).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

Array = npt.NDArray[Any]
Network = Callable[[], Any]
Draw = Callable[[Array, np.random.Generator], Array]

MIN_GROUPS = 4
_BATCH = 64
_LOOKS = 12
_CHECKED = 0.2
_LEARNING_RATE = 1e-3
_WEIGHT_DECAY = 1e-3
_TOGETHER = 256


class Told(NamedTuple):
    """How well two kinds were told apart.

    Attributes:
      accuracy: mean of the shares of both kinds that were told rightly, 0..1; 0.5 is by chance.
      auc: area under the ROC curve, 0..1; likewise.
    """

    accuracy: float
    auc: float


def tell_apart(
    build: Network,
    one: Array,
    groups: Array,
    other: Array,
    other_groups: Array | None = None,
    *,
    steps: int,
    draw: Draw | None = None,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> Told | None:
    """Tells two kinds apart.

    Args:
      build: makes an untrained keras model, `[B, ...]` -> logits `[B, 1]` of the first kind.
      one: `[N, ...]`.
      groups: int `[N]`.
      other: `[M, ...]`.
      other_groups: int `[M]`; None where each is a group of its own.
      steps: training steps of each half.
      draw: (rows of `one`, generator) -> inputs; None where the rows are inputs.
      seed: random seed.
      progress: called with how many of the `2 * steps` training steps are done.

    Returns:
      What was found; None where there are too few groups of either.
    """
    generator = np.random.default_rng(seed)
    if other_groups is None:
        other_groups = np.arange(len(other))
    if min(len(np.unique(groups)), len(np.unique(other_groups))) < MIN_GROUPS:
        return None
    first, second = _half(groups, generator), _half(other_groups, generator)
    found = []
    for k, (ours, theirs) in enumerate(((first, second), (~first, ~second))):
        halves = _Halves(
            (one[ours], groups[ours], one[~ours]),
            (other[theirs], other_groups[theirs], other[~theirs]),
            draw or (lambda rows, generator: rows),
        )
        found.append(_told(build, halves, steps, seed + k, k, progress))
    return Told(*(float(np.mean(figures)) for figures in zip(*found, strict=True)))


def area_under_curve(ones: Array, others: Array) -> float:
    """Returns the chance that a score of the one kind is over one of the other; ties count half.

    Args:
      ones: float `[N]`.
      others: float `[M]`.
    """
    ordered = np.sort(others)
    below = np.searchsorted(ordered, ones, "left") + np.searchsorted(ordered, ones, "right")
    return float(below.mean() / (2 * len(others)))


class _Halves(NamedTuple):
    """Things to learn from, their groups, and things to be tried on, of both kinds."""

    one: tuple[Array, Array, Array]
    other: tuple[Array, Array, Array]
    draw: Draw


def _half(groups: Array, generator: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Returns which things are in the first half of the groups."""
    order = generator.permutation(np.unique(groups))
    return np.isin(groups, order[: len(order) // 2])


def _checked(groups: Array, generator: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Returns which of the things to learn from are kept to choose the best weights by."""
    order = generator.permutation(np.unique(groups))
    return np.isin(groups, order[: max(1, round(len(order) * _CHECKED))])


def _told(
    build: Network,
    halves: _Halves,
    steps: int,
    seed: int,
    half: int,
    progress: Callable[[int], None] | None,
) -> Told:
    generator = np.random.default_rng([seed, 1])
    tf.keras.utils.set_random_seed(seed)
    network = build()
    optimizer = tf.keras.optimizers.AdamW(_LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
    optimizer.build(network.trainable_variables)

    def step(inputs: Any, labels: Any) -> None:
        with tf.GradientTape() as tape:
            logits = network(inputs, training=True)[:, 0]
            losses = tf.nn.sigmoid_cross_entropy_with_logits(labels, logits)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))

    step = tf.function(step, autograph=False, reduce_retracing=True)
    score = tf.function(
        lambda inputs: network(inputs)[:, 0], autograph=False, reduce_retracing=True
    )

    def scores(rows: Array) -> Array:
        parts = [rows[k : k + _TOGETHER] for k in range(0, len(rows), _TOGETHER)]
        return np.concatenate([score(part.astype(np.float32)).numpy() for part in parts])

    kept = [_checked(part[1], generator) for part in (halves.one, halves.other)]
    ones, others = halves.one[0][~kept[0]], halves.other[0][~kept[1]]
    checked = halves.draw(halves.one[0][kept[0]], generator), halves.other[0][kept[1]]
    tried = halves.draw(halves.one[2], generator), halves.other[2]
    labels = np.repeat(np.array([1, 0], np.float32), _BATCH // 2)
    every = max(1, steps // _LOOKS)
    best, found = math.inf, Told(0.5, 0.5)
    for k in range(1, steps + 1):
        rows = halves.draw(ones[generator.integers(len(ones), size=_BATCH // 2)], generator)
        rest = others[generator.integers(len(others), size=_BATCH // 2)]
        step(np.concatenate([rows, rest]).astype(np.float32), labels)
        if k % every == 0 or k == steps:
            loss = _log_loss(*map(scores, checked))
            if loss < best:
                ours, theirs = map(scores, tried)
                accuracy = ((ours > 0).mean() + (theirs <= 0).mean()) / 2
                best, found = loss, Told(float(accuracy), area_under_curve(ours, theirs))
        if progress is not None:
            progress(half * steps + k)
    return found


def _log_loss(ones: Array, others: Array) -> float:
    """Returns the mean cross-entropy of logits, both kinds weighing alike."""
    return float((np.logaddexp(0, -ones).mean() + np.logaddexp(0, others).mean()) / 2)
