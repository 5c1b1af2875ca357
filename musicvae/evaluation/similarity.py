"""How alike distributions and pieces are.

Axes: N pieces, M other pieces, L labels of a piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer]


def jensen_shannon(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """Returns the Jensen-Shannon divergence of two histograms, in bits.

    Args:
      one: counts or shares `[K]`, not all 0.
      other: likewise.

    Returns:
      0 for equal distributions, 1 for those that have nothing in common.
    """
    p, q = _shares(one), _shares(other)
    middle = (p + q) / 2
    return max(0.0, (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2)


def overlap(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """Returns the area that two histograms have in common, 0..1.

    Args:
      one: counts or shares `[K]`, not all 0.
      other: likewise.
    """
    return float(np.minimum(_shares(one), _shares(other)).sum())


def nearest_distances(
    pieces: IntArray,
    others: IntArray,
    *,
    variants: Iterable[Callable[[IntArray], IntArray]] = (),
    progress: Callable[[int], None] | None = None,
) -> FloatArray:
    """Returns how far each piece is from the nearest of some others.

    Args:
      pieces: int `[N, L]`.
      others: int `[M, L]`, M at least 1.
      variants: changes to the pieces, such as transpositions, that make no difference: of each
        piece and its variants the nearest counts.
      progress: called with the number of pieces done.

    Returns:
      float64 `[N]`, Hamming distances as shares of the labels, 0..1.
    """
    values, numbered = np.unique(others, return_inverse=True)
    # Small numbers compare faster.
    dtype = np.min_scalar_type(len(values))
    # One label of all the others lies together, which is several times faster to go through.
    known = np.ascontiguousarray(numbered.reshape(others.shape).astype(dtype).T)
    forms = [
        _numbers(form, values).astype(dtype) for form in (pieces, *(v(pieces) for v in variants))
    ]
    nearest = np.empty(len(pieces))
    for k in range(len(pieces)):
        differing = min(_fewest_differing(form[k], known) for form in forms)
        nearest[k] = differing / pieces.shape[1]
        if progress is not None:
            progress(k + 1)
    return nearest


def _fewest_differing(piece: IntArray, known: IntArray) -> int:
    """Returns in how many of its L labels a piece differs from the nearest of others `[L, M]`."""
    counts = np.zeros(known.shape[1], np.uint32)
    for label, of_others in zip(piece, known, strict=True):
        counts += of_others != label
    return int(np.min(counts))


def _numbers(labels: IntArray, values: IntArray) -> IntArray:
    """Returns the places of labels among sorted values; one more than the last for all others."""
    places = np.minimum(np.searchsorted(values, labels), len(values) - 1)
    return np.where(values[places] == labels, places, len(values))


def _shares(counts: npt.ArrayLike) -> FloatArray:
    array = np.asarray(counts, np.float64)
    total = array.sum()
    assert total > 0, "a histogram of nothing"
    shares: FloatArray = array / total
    return shares


def _relative_entropy(p: FloatArray, q: FloatArray) -> float:
    some = p > 0
    return float((p[some] * np.log2(p[some] / q[some])).sum())
