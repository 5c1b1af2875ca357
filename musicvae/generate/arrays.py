"""Arrays in and out of a model: stacking, checking and trimming.

Axes: N pieces, T time step, D columns of a step, C controls.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from musicvae.errors import InputError

Array = npt.NDArray[Any]


def stacked(arrays: Sequence[npt.ArrayLike], num_steps: int, depth: int, name: str) -> Array:
    """Stacks arrays of any lengths.

    Args:
      arrays: N arrays, bool or float `[T, depth]`.
      num_steps: what they are all lengthened to.
      depth: the columns that each must have.
      name: what they are, for messages.

    Returns:
      float32 `[N, num_steps, depth]`; zeros follow the shorter ones.

    Raises:
      InputError: one has another shape.
    """
    parts = [np.asarray(array) for array in arrays]
    for part in parts:
        if part.ndim != 2 or part.shape[1] != depth or len(part) > num_steps:
            raise InputError(f"{name} has a part of shape {list(part.shape)}; needed: [T, {depth}]")
    result = np.zeros([len(parts), num_steps, depth], np.float32)
    for row, part in zip(result, parts, strict=True):
        row[: len(part)] = part
    return result


def fitted_controls(c_input: npt.ArrayLike, n: int, length: int, depth: int) -> Array:
    """Gives each piece its controls.

    Args:
      c_input: float `[T, C]` for all pieces or `[N, T, C]`, of at least `length` steps.
      n: N.
      length: steps to keep.
      depth: C.

    Returns:
      float32 `[N, length, C]`.

    Raises:
      InputError: they have another shape.
    """
    controls = np.asarray(c_input, np.float32)
    if controls.ndim == 2:
        controls = np.broadcast_to(controls, [n, *controls.shape])
    if controls.ndim != 3 or controls.shape[::2] != (n, depth) or controls.shape[1] < length:
        raise InputError(
            f"c_input has the shape {list(np.shape(c_input))}; it must be [{length}, {depth}] "
            f"or [{n}, {length}, {depth}]"
        )
    return controls[:, :length]


def trimmed(decoded: Any) -> Iterator[Array]:
    """Yields each piece that a model wrote, float32 `[T, D]`, as long as it is.

    Args:
      decoded: what `MusicVAE.decode` gave. Where segments end by themselves a piece keeps all
        steps.
    """
    outputs, lengths = decoded.outputs.numpy(), decoded.lengths.numpy()
    for piece, length in zip(outputs, lengths, strict=True):
        yield piece[:length] if np.ndim(length) == 0 else piece
