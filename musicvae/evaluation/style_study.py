"""How near samples of a style come to the windows that it was learnt from.

Axes: N samples, M windows, T time step, Z columns of z.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from musicvae.codes.table import CodeTable
from musicvae.evaluation.similarity import nearest_distances
from musicvae.evaluation.step_labels import joined
from musicvae.styles import Style

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

_MAX_WINDOWS = 512


class Distances(NamedTuple):
    """How far samples are from the nearest window, as shares of the steps.

    Attributes:
      median: over the samples.
      least: of the sample that is nearest.
    """

    median: float
    least: float


def distances_to_windows(
    model: TrainedModel, style: Style, table: CodeTable, *, count: int = 48, seed: int = 0
) -> Distances:
    """Compares samples of a style with the windows that it was learnt from, as decoded.

    Args:
      model: the style's model, which needs no controls.
      style: the style.
      table: the codes of its windows; of many some are drawn.
      count: how many samples, N.
      seed: random seed.
    """
    generator = np.random.default_rng(seed)
    rows = generator.permutation(len(table))[:_MAX_WINDOWS]
    windows = _labels(model, table.mu[np.sort(rows)], 0.0, seed)
    samples = _labels(model, style.draw(generator, count), 0.5, seed)
    found = nearest_distances(samples, windows)
    return Distances(float(np.median(found)), float(np.min(found)))


def _labels(
    model: TrainedModel, z: npt.NDArray[np.float32], temperature: float, seed: int
) -> npt.NDArray[np.int64]:
    """Returns the labels of decoded codes, `[N, T]`, filled up to one length."""
    decoded = model.decode_to_tensors(z, None, temperature, seed=seed)
    longest = max(map(len, decoded))
    labels = np.full((len(decoded), longest), -2, np.int64)
    for row, outputs in zip(labels, decoded, strict=True):
        row[: len(outputs)] = joined(model.converter, model.converter.step_labels(outputs))
    return labels
