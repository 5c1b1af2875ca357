"""Directions of latent space: from pieces with little of an attribute to pieces with much of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from musicvae.attribute_vectors.measures import ATTRIBUTES, FloatArray
from musicvae.errors import InputError
from musicvae.registry import did_you_mean

MIN_EXAMPLES = 8


@dataclasses.dataclass(frozen=True)
class AttributeVectors:
    """Attribute vectors of a model.

    Attributes:
      names: of the attributes, in the order of the rows.
      vectors: float32 `[A, Z]`; adding one to z gives more of its attribute.
      quartiles: float64 `[A, 2]`, the values that bound the lowest and the highest quarter.
      means: float64 `[A, 2]`, the mean values within those.
      counts: int64 `[A, 2]`, how many pieces are in those.
      left_out: attribute -> why it has no vector.
    """

    names: tuple[str, ...]
    vectors: npt.NDArray[np.float32]
    quartiles: FloatArray
    means: FloatArray
    counts: npt.NDArray[np.int64]
    left_out: dict[str, str]

    def vector(self, name: str) -> npt.NDArray[np.float32]:
        """Returns an attribute's vector, float32 `[Z]`.

        Raises:
          InputError: the attribute has none; the message says why.
        """
        if name not in self.names:
            reason = self.left_out.get(name)
            if reason:
                raise InputError(f"no vector for the attribute '{name}': {reason}")
            raise InputError(
                f"no vector for the attribute '{name}'{did_you_mean(name, self.names)} "
                f"Known here: {', '.join(self.names)}"
            )
        vector: npt.NDArray[np.float32] = self.vectors[self.names.index(name)]
        return vector


def attribute_vectors(z: npt.NDArray[np.floating], values: FloatArray) -> AttributeVectors:
    """Computes a vector for each attribute: mean z of the upper quartile less that of the lower.

    Pieces whose value is at most the 25th percentile make the lower quartile, those with at least
    the 75th the upper one. Where more than half of the pieces share a value, so that the two
    percentiles are one, the pieces above (or, if there are none, below) it stand against the rest.

    Args:
      z: float `[N, Z]`, the pieces' latent positions (mu).
      values: float64 `[N, A]`, what `measure_all` gives; NaN where there is nothing to measure.

    Returns:
      The vectors of the attributes that tell the pieces apart; `left_out` has the others.

    Raises:
      InputError: there are too few pieces, or none of the attributes tells them apart.

    Source:
      arXiv:1803.05428, section 5.5.
    """
    z = np.asarray(z, np.float64)
    assert z.ndim == 2 and values.shape == (len(z), len(ATTRIBUTES))
    if len(z) < MIN_EXAMPLES:
        raise InputError(
            f"attribute vectors need at least {MIN_EXAMPLES} pieces, not {len(z)}; give more music"
        )
    names, rows, quartiles, means, counts = [], [], [], [], []
    left_out: dict[str, str] = {}
    for attribute, column in zip(ATTRIBUTES, values.T, strict=True):
        known = np.isfinite(column)
        if known.sum() < MIN_EXAMPLES:
            left_out[attribute.name] = f"only {known.sum()} of {len(z)} pieces have a value"
            continue
        bounds = np.percentile(column[known], (25, 75))
        low, high = _quarters(column, known, bounds)
        if not low.any() or not high.any():
            left_out[attribute.name] = f"all pieces have the same value, {bounds[0]:.3g}"
            continue
        names.append(attribute.name)
        rows.append(z[high].mean(axis=0) - z[low].mean(axis=0))
        quartiles.append(bounds)
        means.append((column[low].mean(), column[high].mean()))
        counts.append((low.sum(), high.sum()))
    if not names:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise InputError(f"no attribute tells these pieces apart ({reasons}); give other music")
    return AttributeVectors(
        names=tuple(names),
        vectors=np.array(rows, np.float32),
        quartiles=np.array(quartiles),
        means=np.array(means),
        counts=np.array(counts, np.int64),
        left_out=left_out,
    )


def _quarters(
    column: FloatArray, known: npt.NDArray[np.bool_], bounds: FloatArray
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    low, high = known & (column <= bounds[0]), known & (column >= bounds[1])
    if bounds[0] < bounds[1]:
        return low, high
    above = known & (column > bounds[0])
    if above.any():
        return low, above
    return known & (column < bounds[0]), high
