"""Directions of latent space from some pieces to others: of kinds that people name themselves.

Axes: N windows, L labels, Z columns of z.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from musicvae.attribute_vectors.vectors import AttributeVectors
from musicvae.errors import InputError

Array = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class GroupVectors:
    """A vector for each label, and how well the vectors tell the labels apart.

    Attributes:
      vectors: mean z of a label's files less that of all other labels; with two labels they are
        opposites. Adding one to z leads from the others to the label.
      files: how many files each label has.
      accuracy: share of the files that are nearest to the mean of their own label, as found from
        other files, each label weighing alike; 1 / L is chance. NaN with a label of one file.
    """

    vectors: AttributeVectors
    files: tuple[int, ...]
    accuracy: float


def group_vectors(
    mu: npt.NDArray[np.floating],
    files: Sequence[str],
    labels: Sequence[str],
) -> GroupVectors:
    """Computes a vector for each label.

    Args:
      mu: float `[N, Z]`, codes of windows.
      files: N names; each file weighs alike, however many windows it has.
      labels: N labels, the same for all windows of a file; two or more different ones.

    Raises:
      InputError: there is one label only.
    """
    names = tuple(dict.fromkeys(labels))
    if len(names) < 2:
        raise InputError(f"a direction needs two groups at least, and there is one: {names[0]}")
    places: dict[tuple[str, str], list[int]] = {}
    for row, key in enumerate(zip(labels, files, strict=True)):
        places.setdefault(key, []).append(row)
    codes = np.asarray(mu, np.float64)
    means = np.array([codes[rows].mean(axis=0) for rows in places.values()])
    own = np.array([names.index(label) for label, _ in places])
    centres = _centres(means, own, len(names))
    rows = [centre - np.delete(centres, k, axis=0).mean(axis=0) for k, centre in enumerate(centres)]
    counts = [[labels.count(name) for name in names]]
    inside = np.array(counts[0], np.int64)
    missing = np.full((len(names), 2), np.nan)
    vectors = AttributeVectors(
        names=names,
        vectors=np.array(rows, np.float32),
        quartiles=missing,
        means=missing,
        counts=np.stack([len(codes) - inside, inside], axis=1),
        left_out={},
    )
    sizes = tuple(int((own == k).sum()) for k in range(len(names)))
    return GroupVectors(vectors, sizes, _accuracy(means, own, len(names)))


def _centres(means: Array, own: npt.NDArray[np.int64], count: int) -> Array:
    return np.array([means[own == k].mean(axis=0) for k in range(count)])


def _accuracy(means: Array, own: npt.NDArray[np.int64], count: int) -> float:
    """Returns how often a file is nearest to its label's centre, that of the other files."""
    if min((own == k).sum() for k in range(count)) < 2:
        return math.nan
    right = np.zeros(len(own), bool)
    for place in range(len(own)):
        others = np.arange(len(own)) != place
        centres = _centres(means[others], own[others], count)
        right[place] = np.linalg.norm(centres - means[place], axis=1).argmin() == own[place]
    return float(np.mean([right[own == k].mean() for k in range(count)]))
