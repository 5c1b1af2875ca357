"""Windows over a line of steps: every example is one, hopping a bar at a time."""

from __future__ import annotations

import numpy as np

from musicvae.converters.examples import Array


def sliding_windows(line: Array, window_steps: int, hop_steps: int) -> Array:
    """Cuts a line into windows.

    Args:
      line: `[T, ...]`.
      window_steps: steps in a window.
      hop_steps: steps from one window's start to the next one's.

    Returns:
      a view `[N, window_steps, ...]` of the windows that fit whole.
    """
    if len(line) < window_steps:
        return np.empty((0, window_steps, *line.shape[1:]), line.dtype)
    windows = np.lib.stride_tricks.sliding_window_view(line, window_steps, axis=0)[::hop_steps]
    return np.moveaxis(windows, -1, 1)


def first_of_equal(windows: Array) -> Array:
    """Finds the windows that are not a repetition.

    Args:
      windows: `[N, ...]`, compared byte by byte.

    Returns:
      int64 indices of the first of each set of equal windows, ascending.
    """
    packed = windows.tobytes()
    bytes_per_row = len(packed) // max(len(windows), 1)
    first: dict[bytes, int] = {}
    for index in range(len(windows)):
        first.setdefault(packed[index * bytes_per_row : (index + 1) * bytes_per_row], index)
    return np.fromiter(first.values(), np.int64, len(first))
