"""Paths between latent vectors.

A standard normal z of many dimensions lies near a sphere of radius sqrt(Z), so that the straight
line between two of them leads through a region that the decoder has hardly seen; a great circle
does not.

Axes: N positions, Z columns of z.

Source: Roberts et al. 2018, section 3.1; Shoemake 1985, "Animating rotation with quaternion
curves".
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_PARALLEL = 1e-6


def lerp(start: npt.ArrayLike, end: npt.ArrayLike, share: npt.ArrayLike) -> Array:
    """Goes straight from one vector to another.

    Args:
      start: float `[Z]`.
      end: float `[Z]`.
      share: how far along, 0 for the start to 1 for the end; a number, or `[N]`.

    Returns:
      float `[Z]`, or `[N, Z]`.
    """
    start, end = np.asarray(start), np.asarray(end)
    along = np.asarray(share, np.float64)[..., None]
    return np.asarray((1.0 - along) * start + along * end, np.result_type(start, end))


def slerp(start: npt.ArrayLike, end: npt.ArrayLike, share: npt.ArrayLike) -> Array:
    """Goes along an arc from one vector to another.

    With the angle w between them, sin((1 - t) w) / sin(w) * start + sin(t w) / sin(w) * end.
    Vectors of one direction, or a zero vector, are joined by a straight line. Between opposite
    vectors all half circles are equally short; one of them is taken, always the same.

    Args:
      start: float `[Z]`.
      end: float `[Z]`.
      share: how far along, 0 for the start to 1 for the end; a number, or `[N]`.

    Returns:
      float `[Z]`, or `[N, Z]`; finite for all finite vectors.
    """
    start, end = np.asarray(start), np.asarray(end)
    dtype = np.result_type(start, end)
    first, last = start.astype(np.float64), end.astype(np.float64)
    lengths = float(np.linalg.norm(first)), float(np.linalg.norm(last))
    if min(lengths) == 0.0:
        return lerp(start, end, share)
    from_unit, to_unit = first / lengths[0], last / lengths[1]
    # Half the angle by its tangent: exact near 0 and near pi, where an arc cosine is not.
    angle = 2.0 * np.arctan2(
        np.linalg.norm(to_unit - from_unit), np.linalg.norm(to_unit + from_unit)
    )
    if angle < _PARALLEL:
        return lerp(start, end, share)
    along = np.asarray(share, np.float64)[..., None]
    if np.pi - angle < _PARALLEL:
        radius = (1.0 - along) * lengths[0] + along * lengths[1]
        half_circle = np.cos(along * np.pi) * from_unit + np.sin(along * np.pi) * _across(from_unit)
        return np.asarray(radius * half_circle, dtype)
    weights = np.sin((1.0 - along) * angle), np.sin(along * angle)
    return np.asarray((weights[0] * first + weights[1] * last) / np.sin(angle), dtype)


def _across(unit: Array) -> Array:
    """Returns a unit vector at a right angle to one: towards the axis that it leans to least."""
    if len(unit) < 2:
        return np.zeros_like(unit)
    axis = np.zeros_like(unit)
    axis[np.argmin(np.abs(unit))] = 1.0
    across = axis - (axis @ unit) * unit
    return np.asarray(across / np.linalg.norm(across))
