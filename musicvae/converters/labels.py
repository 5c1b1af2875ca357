"""One-hot rows and the labels that they stand for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musicvae.converters.examples import Array


def one_hot(labels: Array, depth: int) -> Array:
    """Makes one-hot rows.

    Args:
      labels: integers `[...]`, 0 to `depth` - 1.
      depth: number of classes D.

    Returns:
      bool `[..., D]`.
    """
    return one_hot_parts([labels], [depth])


def one_hot_parts(parts: Sequence[Array], depths: Sequence[int]) -> Array:
    """Makes rows of several one-hot parts side by side.

    Args:
      parts: integers `[...]`, each 0 to its depth - 1.
      depths: number of classes of each part.

    Returns:
      bool `[..., sum(depths)]`.
    """
    width = sum(depths)
    rows = np.zeros((*parts[0].shape, width), bool)
    flat, first = rows.reshape(-1), np.arange(parts[0].size) * width
    for labels, depth in zip(parts, depths, strict=True):
        flat[first + labels.ravel()] = True
        first += depth
    return rows


def labels_of(rows: Array) -> Array:
    """Returns the label with the largest entry of each row.

    Args:
      rows: bool or float `[..., D]`.

    Returns:
      int64 `[...]`.
    """
    labels: Array = np.asarray(rows).argmax(axis=-1)
    return labels
