"""What happens to every attribute when each attribute vector is added or subtracted.

Axes: V vectors, A attributes. It is what figure 4 of the MusicVAE paper shows.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from musicvae.attribute_vectors.measures import ATTRIBUTES, FloatArray, measure_all
from musicvae.attribute_vectors.vectors import AttributeVectors
from musicvae.lazy_note_seq import NoteSequence

Decode = Callable[[npt.NDArray[np.float32]], Sequence[NoteSequence]]


@dataclasses.dataclass(frozen=True)
class AttributeChanges:
    """Mean values of the attributes, before and after.

    Attributes:
      vectors: names of the vectors, V.
      attributes: names of the attributes that were measured, A.
      baseline: float64 `[A]`, mean values of the pieces decoded from z itself.
      added: float64 `[V, A]`, the same from z + vector.
      subtracted: float64 `[V, A]`, the same from z - vector.
      pieces: how many z.
    """

    vectors: tuple[str, ...]
    attributes: tuple[str, ...]
    baseline: FloatArray
    added: FloatArray
    subtracted: FloatArray
    pieces: int

    def percent(self, *, added: bool) -> FloatArray:
        """Returns the changes in percent of the baseline, float64 `[V, A]`; NaN where that is 0."""
        after = self.added if added else self.subtracted
        with np.errstate(divide="ignore", invalid="ignore"):
            change = 100 * (after - self.baseline) / self.baseline
        return np.where(np.isfinite(change), change, np.nan)


def attribute_changes(
    decode: Decode,
    z: npt.NDArray[np.floating],
    vectors: AttributeVectors,
    *,
    scale: float = 1.0,
    length: int | None = None,
) -> AttributeChanges:
    """Decodes z, z + vector and z - vector for each vector and measures the results.

    Args:
      decode: latent positions `[N, Z]` -> N pieces; the same positions give the same pieces.
      z: float `[N, Z]`, where to start.
      vectors: the attribute vectors.
      scale: how much of a vector is added.
      length: sixteenths in a piece; see `measures.step_notes`.

    Returns:
      The mean values; attributes that no piece has are left out.

    Source:
      arXiv:1803.05428, figure 4.
    """
    z = np.asarray(z, np.float32)

    def mean_values(positions: npt.NDArray[np.float32]) -> FloatArray:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
            means: FloatArray = np.nanmean(measure_all(decode(positions), length), axis=0)
        return means

    baseline = mean_values(z)
    added = np.array([mean_values(z + np.float32(scale) * row) for row in vectors.vectors])
    subtracted = np.array([mean_values(z - np.float32(scale) * row) for row in vectors.vectors])
    measured = np.isfinite(baseline)
    names = [attribute.name for attribute in ATTRIBUTES]
    return AttributeChanges(
        vectors=vectors.names,
        attributes=tuple(name for name, known in zip(names, measured, strict=True) if known),
        baseline=baseline[measured],
        added=added[:, measured],
        subtracted=subtracted[:, measured],
        pieces=len(z),
    )
