"""How near samples of a style come to the windows that it was learnt from.

Axes: N samples, M windows, T time step, Z columns of z.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from musicvae.codes.table import CodeTable
from musicvae.evaluation.similarity import nearest_distances
from musicvae.evaluation.step_labels import joined
from musicvae.generate.results import SamplingOptions
from musicvae.generate.styles import decoded_labels, new_vectors
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
    rows = np.random.default_rng(seed).permutation(len(table))[:_MAX_WINDOWS]
    z = new_vectors(model, count, SamplingOptions(seed=seed, style=style))
    windows, samples = (
        joined(model.converter, decoded_labels(model, codes, temperature, seed))
        for codes, temperature in ((table.mu[np.sort(rows)], 0.0), (z, 0.5))
    )
    found = nearest_distances(samples, windows)
    return Distances(float(np.median(found)), float(found.min()))
