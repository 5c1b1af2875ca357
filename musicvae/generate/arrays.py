"""Arrays in and out of a model: stacking, checking and trimming.

Axes: N pieces, T time step, D columns of a step, C controls.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from musicvae.converters import Converter
from musicvae.errors import InputError

NO_CHORD = 0

Array = npt.NDArray[Any]


class Encoded(NamedTuple):
    """The posterior of pieces of music, and a sample of it.

    Attributes:
      z: float32 `[N, Z]`, drawn from N(mu, sigma²).
      mu: float32 `[N, Z]`.
      sigma: float32 `[N, Z]`, standard deviations.
    """

    z: Array
    mu: Array
    sigma: Array

    def draw(self, generator: np.random.Generator) -> Array:
        """Draws another sample of the posterior, float32 `[N, Z]`."""
        return self.mu + self.sigma * generator.standard_normal(self.mu.shape, np.float32)


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


def rows_of_steps(
    c_input: npt.ArrayLike, converter: Converter, n: int, length: int
) -> npt.ArrayLike:
    """Lets controls that have one row for each bar have one for each step.

    Args:
      c_input: controls of chords: `[bars, C]` or `[N, bars, C]`; for models of one bar also `[C]`
        and `[N, C]`. What has a row for each step is returned as it is.
      converter: the model's.
      n: N.
      length: steps.
    """
    controls = np.asarray(c_input, np.float32)
    segments = converter.spec.num_segments
    if not segments:
        steps = converter.num_steps // converter.bars
        rows = controls.shape[-2] if controls.ndim >= 2 else 0
        is_by_bar = not converter.control.hits and 0 < rows < length and rows * steps == length
        return np.repeat(controls, steps, axis=-2) if is_by_bar else controls
    if controls.ndim == 2 and len(controls) in (1, n) and len(controls) != length:
        controls = controls[:, np.newaxis] if len(controls) == n else controls
    if controls.ndim == 1 or controls.shape[-2] == 1:
        controls = controls[np.newaxis] if controls.ndim == 1 else controls
        controls = np.repeat(controls, length, axis=-2)
        # The token that opens a segment names its instrument, and has no chord.
        first = slice(None, None, converter.num_steps // segments)
        controls[..., first, :] = np.eye(controls.shape[-1])[NO_CHORD]
    return controls


def trimmed(decoded: Any) -> Iterator[Array]:
    """Yields each piece that a model wrote, float32 `[T, D]`, as long as it is.

    Args:
      decoded: what `MusicVAE.decode` gave. Where segments end by themselves a piece keeps all
        steps.
    """
    outputs, lengths = decoded.outputs.numpy(), decoded.lengths.numpy()
    for piece, length in zip(outputs, lengths, strict=True):
        yield piece[:length] if np.ndim(length) == 0 else piece


def fixed_values(fixed: npt.ArrayLike, n: int, length: int, depth: int) -> Array:
    """Returns values that music must have, for all its steps.

    Args:
      fixed: `[n, T, depth]`; NaN where the model chooses.
      n: pieces.
      length: steps.
      depth: columns of a step.

    Returns:
      float32 `[n, length, depth]`; NaN past T.

    Raises:
      InputError: the array has another shape.
    """
    array = np.asarray(fixed, np.float32)
    if array.ndim != 3 or array.shape[0] != n or array.shape[2] != depth:
        raise InputError(
            f"given values have the shape {list(array.shape)}; it must be [{n}, T, {depth}]"
        )
    values = np.full((n, length, depth), np.nan, np.float32)
    values[:, : array.shape[1]] = array[:, :length]
    return values


def checked_z(z: npt.ArrayLike, z_size: int) -> Array:
    """Returns latent vectors as float32 `[N, z_size]`.

    Args:
      z: `[N, z_size]`.
      z_size: columns.

    Raises:
      InputError: the array has another shape, no rows, or values that are not finite.
    """
    array = np.asarray(z, np.float32)
    if array.ndim != 2 or array.shape[1] != z_size or not len(array):
        raise InputError(f"z has the shape {list(array.shape)}; it must be [N, {z_size}]")
    if not np.isfinite(array).all():
        raise InputError("z has values that are not finite")
    return array
