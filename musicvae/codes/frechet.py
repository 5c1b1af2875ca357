"""The Fréchet distance between two sets of codes: how far apart the Gaussians lie that fit them.

    |m1 - m2|² + tr(C1 + C2 - 2 (C1^½ C2 C1^½)^½)

It is 0 for sets of one distribution, up to what few examples leave to chance: compare figures of
equal numbers only. Music has no network of its own that all agree on, as pictures have; the codes
of the model that is measured stand in for it.

Axes: N examples, Z columns of z.

Source: Heusel et al. 2017 (arXiv:1706.08500), section 2; Dowson and Landau 1982.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from musicvae.errors import InputError


def frechet_distance(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Returns the Fréchet distance of the Gaussians that fit two sets of codes.

    Args:
      a: float `[N, Z]`, codes; N at least 2.
      b: float `[M, Z]`, codes; M at least 2.

    Returns:
      At least 0, in squares of z's unit.

    Raises:
      InputError: a set has fewer than two codes, or they are of different sizes.
    """
    first, second = np.asarray(a, np.float64), np.asarray(b, np.float64)
    for codes in (first, second):
        if codes.ndim != 2 or len(codes) < 2:
            raise InputError(f"codes of the shape {list(codes.shape)}; needed: [N, Z], N >= 2")
    if first.shape[1] != second.shape[1]:
        raise InputError(f"codes of {first.shape[1]} and of {second.shape[1]} numbers")
    means = float(((first.mean(0) - second.mean(0)) ** 2).sum())
    covariances = [np.atleast_2d(np.cov(codes, rowvar=False)) for codes in (first, second)]
    values, vectors = np.linalg.eigh(covariances[0])
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    between = np.linalg.eigvalsh(root @ covariances[1] @ root)
    traces = float(np.trace(covariances[0]) + np.trace(covariances[1]))
    return max(0.0, means + traces - 2.0 * float(np.sqrt(np.maximum(between, 0.0)).sum()))
