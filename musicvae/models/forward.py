"""How a forward pass is made, and what it measures beside the loss.

Axes: B batch, T time step, D depth, N examples of a core decoder (segments count as examples of
their own).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from musicvae.models.random_numbers import fold, uniform

Tensor = Any


@dataclasses.dataclass(frozen=True)
class Forward:
    """The settings of one forward pass.

    Attributes:
      seed: int32 `[2]`, what dropout and sampling are drawn from.
      keep_prob: probability that a unit of an LSTM layer's input is kept.
      sampling: float32 scalar, the probability that a step is fed the sample of the step before
        instead of the target; None never samples.
      measure: whether metrics are computed.
      dtype: what products are computed in, float32 or bfloat16; all else is float32.
      segments_at_a_time: how many of a decoder's independent segments are run together, and run
        again for their gradient to need less memory; 0 for all, once.
    """

    seed: Tensor
    keep_prob: float = 1.0
    sampling: Tensor = None
    measure: bool = False
    dtype: tf.DType = tf.float32
    segments_at_a_time: int = 0

    def child(self, number: int) -> Forward:
        """Returns the same settings with a seed of their own, for the part `number`.

        Args:
          number: of the part, any int32.
        """
        return dataclasses.replace(self, seed=fold(self.seed, number))

    def dropout_mask(self, shape: Any, number: int) -> Tensor:
        """Draws what an LSTM layer's input is multiplied by.

        Args:
          shape: of the input.
          number: of the layer.

        Returns:
          float32 `shape`: 0 or 1 / keep_prob.
        """
        kept = uniform(shape, fold(self.seed, number)) < self.keep_prob
        return tf.cast(kept, tf.float32) * (1.0 / self.keep_prob)


class MetricCounts(NamedTuple):
    """A metric as counts, which add up over batches where averages do not.

    Attributes:
      hits: one tensor a part, float32 `[...]`: what counts for the metric.
      total: likewise, what it is counted among.
    """

    hits: tuple[Tensor, ...]
    total: tuple[Tensor, ...]

    def value(self) -> Tensor:
        """Returns the metric: hits / total, averaged over a part's elements, then over the parts.

        Where the total is 0 the ratio is 0.
        """
        ratios = zip(self.hits, self.total, strict=True)
        return tf.add_n([tf.reduce_mean(tf.math.divide_no_nan(h, t)) for h, t in ratios]) / len(
            self.hits
        )

    def __add__(self, other: Any) -> MetricCounts:
        """Returns the counts of two batches together."""
        add = tuple(a + b for a, b in zip(self.hits, other.hits, strict=True))
        return MetricCounts(add, tuple(a + b for a, b in zip(self.total, other.total, strict=True)))


CountsByTag = Mapping[str, MetricCounts]


def summarize(metric_counts: CountsByTag) -> dict[str, float]:
    """Returns the metrics that counts stand for, by TensorBoard tag."""
    return {tag: float(counts.value()) for tag, counts in metric_counts.items()}


def add_metric_counts(a: CountsByTag, b: CountsByTag) -> dict[str, MetricCounts]:
    """Returns the counts of two sets of examples together."""
    return {tag: counts + b[tag] for tag, counts in a.items()}


def over_examples(metric_counts: CountsByTag) -> dict[str, MetricCounts]:
    """Adds up counts whose first axis is the example.

    Args:
      metric_counts: `[N, ...]` each.
    """
    return {
        tag: _map(counts, lambda x: tf.reduce_sum(x, 0)) for tag, counts in metric_counts.items()
    }


def over_segments(metric_counts: CountsByTag) -> dict[str, MetricCounts]:
    """Adds up counts of segments over the batch, for each segment and for all as their average.

    Args:
      metric_counts: `[B, S, ...]` each.

    Returns:
      Each tag, and with `segment/000/` to `segment/<S - 1>/` before it.
    """
    found = {}
    for tag, counts in over_examples(metric_counts).items():
        found[tag] = counts
        for s in range(counts.hits[0].shape[0]):
            found[f"segment/{s:03d}/{tag}"] = _map(counts, lambda x, s=s: x[s])
    return found


def merge_parts(parts: Sequence[CountsByTag], *, together: bool) -> dict[str, MetricCounts]:
    """Joins the counts of outputs that stand side by side.

    Args:
      parts: the counts of each output, with the same tags.
      together: whether the average over the outputs is a metric too.

    Returns:
      Each tag with `/output_0`, `/output_1`, ... behind it, and the tag alone for the average.
    """
    found = {}
    for tag in parts[0]:
        for k, part in enumerate(parts):
            found[f"{tag}/output_{k}"] = part[tag]
        if together:
            hits = tuple(h for part in parts for h in part[tag].hits)
            found[tag] = MetricCounts(hits, tuple(t for part in parts for t in part[tag].total))
    return found


def _map(counts: MetricCounts, function: Any) -> MetricCounts:
    return MetricCounts(tuple(map(function, counts.hits)), tuple(map(function, counts.total)))
