"""Latent vectors that explain what is known of some music better, by a few gradient steps.

What grows is log p(known | z) + log p(z): the likelihood of the known steps, each given all the
steps before it, and the density of the Gaussian in which codes of music lie, of which the learned
prior knows the axes; without one that is N(0, I). Steps are Adam's, in coordinates in which that
Gaussian is N(0, I), and the best vector on the way is kept, so that none gets worse.

Axes: N vectors, S steps of a window, D columns of a step, K parts of a step, C columns of control,
Z columns of z.

Source: Kingma and Ba 2015 (arXiv:1412.6980), for the steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from musicvae.generate.arrays import Array
from musicvae.generate.piece_rows import Known, Rows

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

ASCENT_STEPS = 6
_STEP_SIZE = 0.05
_MEAN_DECAY, _SQUARE_DECAY = 0.8, 0.95


class _Gaussian(NamedTuple):
    """Where codes of music lie: z = mean + u @ basis, u of N(0, I)."""

    mean: Array
    basis: Array
    projection: Array

    @classmethod
    def of(cls, model: TrainedModel) -> _Gaussian:
        """Returns that of the model's prior."""
        prior = model.prior
        if prior is None:
            identity = np.eye(model.config.hparams.z_size, dtype=np.float32)
            return cls(np.zeros(len(identity), np.float32), identity, identity)
        return cls(prior.axes.mean, prior.axes.basis, prior.axes.projection())


def ascend(
    model: TrainedModel,
    z: npt.ArrayLike,
    rows: Rows,
    known: Known,
    controls: Rows | None = None,
    *,
    steps: int = ASCENT_STEPS,
) -> Array:
    """Improves latent vectors.

    Args:
      model: a trained model.
      z: float `[N, Z]`, where to begin.
      rows: float32 `[N, S, D]`, windows; each step is told all before it, known or not.
      known: bool `[S, K]`, which parts of which steps count.
      controls: float32 `[S, C]`, or None.
      steps: how many gradient steps; each costs about three times what scoring does.

    Returns:
      float32 `[N, Z]`; the likelihood of the known steps times the density of each is at least
      that of the vector it began as.
    """
    best: Array = np.asarray(z, np.float32)
    if not steps or not known.any():
        return best
    gaussian = _Gaussian.of(model)
    counted = np.broadcast_to(known, (len(best), *known.shape))
    u = (best - gaussian.mean) @ gaussian.projection
    highest = np.full(len(best), -np.inf)
    mean: Array = np.zeros_like(u)
    square: Array = np.zeros_like(u)
    for step in range(1, steps + 2):
        here = gaussian.mean + u @ gaussian.basis if step > 1 else best
        likelihood, slope = model.log_likelihood_and_gradient(here, rows, counted, controls)
        value = likelihood.astype(np.float64) - 0.5 * np.square(u, dtype=np.float64).sum(axis=1)
        better = value > highest
        highest = np.where(better, value, highest)
        best = np.where(better[:, np.newaxis], here, best).astype(np.float32)
        gradient = slope @ gaussian.basis.T - u
        mean += (1 - _MEAN_DECAY) * (gradient - mean)
        square += (1 - _SQUARE_DECAY) * (np.square(gradient) - square)
        size = np.sqrt(square / (1 - _SQUARE_DECAY**step)) + 1e-8
        u = u + _STEP_SIZE * (mean / (1 - _MEAN_DECAY**step)) / size
    return best
