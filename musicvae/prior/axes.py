"""The directions of latent space in which codes of music differ, and those that hold noise alone.

A trained encoder uses a part of z: along the other directions the posterior of every piece is the
same, nearly the prior. Of the covariance C of the posteriors' means and the mean covariance N of
their noise, the axes v solve C v = s (C + N) v; s is an axis's share of signal. Along them codes
are uncorrelated and of variance 1, so that a Gaussian serves where s is near 0, and what has to be
learnt is the distribution along the few others.

Axes: N examples, Z columns of z, K informative directions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

_MIN_VARIANCE = 1e-8


class LatentAxes(NamedTuple):
    """An affine map between z and whitened coordinates u: z = mean + u @ basis.

    Attributes:
      mean: float32 `[Z]`.
      basis: float32 `[Z, Z]`, a row for each axis, the one with the largest share of signal first.
      signal: float32 `[Z]`, the axes' shares of signal, 0..1, descending.
    """

    mean: Array
    basis: Array
    signal: Array

    def informative(self, least: float) -> int:
        """Returns how many axes have at least this share of signal; one at the least."""
        return max(1, int((self.signal >= least).sum()))

    def projection(self) -> Array:
        """Returns float32 `[Z, Z]`, u = (z - mean) @ projection."""
        inverse: Array = np.linalg.inv(self.basis.astype(np.float64)).astype(np.float32)
        return inverse


def latent_axes(mu: npt.NDArray[np.floating], sigma: npt.NDArray[np.floating]) -> LatentAxes:
    """Finds the axes of some posteriors.

    Args:
      mu: float `[N, Z]`, means; N over 1.
      sigma: float `[N, Z]`, standard deviations.
    """
    mu, sigma = np.asarray(mu, np.float64), np.asarray(sigma, np.float64)
    mean = mu.mean(axis=0)
    centred = mu - mean
    total = centred.T @ centred / len(mu) + np.diag((sigma**2).mean(axis=0) + _MIN_VARIANCE)
    root = np.linalg.cholesky(total)
    whitened = np.linalg.solve(root, centred.T)
    signal, vectors = np.linalg.eigh(whitened @ whitened.T / len(mu))
    basis = (root @ vectors[:, ::-1]).T
    return LatentAxes(
        mean.astype(np.float32),
        basis.astype(np.float32),
        np.clip(signal[::-1], 0.0, 1.0).astype(np.float32),
    )
