"""One-hot rows and the labels that they stand for."""

from __future__ import annotations

import numpy as np

from musicvae.converters.base import Array


def one_hot(labels: Array, depth: int) -> Array:
    """Makes one-hot rows.

    Args:
      labels: integers `[...]`, 0 to `depth` - 1.
      depth: number of classes D.

    Returns:
      bool `[..., D]`.
    """
    return np.eye(depth, dtype=bool)[labels]


def labels_of(rows: Array) -> Array:
    """Returns the label with the largest entry of each row.

    Args:
      rows: bool or float `[..., D]`.

    Returns:
      int64 `[...]`.
    """
    labels: Array = np.asarray(rows).argmax(axis=-1)
    return labels
