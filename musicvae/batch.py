"""A batch of examples, as arrays or as tensors.

Axes: B batch, T time step, D columns of a step, C controls, S segments.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Batch(NamedTuple):
    """Examples stacked: arrays as a converter makes them, tensors as a model is given them.

    Attributes:
      inputs: bool or float32 `[B, T, input_depth]`.
      outputs: bool or float32 `[B, T, D]`.
      controls: bool or float32 `[B, T, C]`; a converter gives no columns where there is no control,
        and a model may be given None.
      lengths: int32 `[B]`, or `[B, S]` for segments with a length of their own.
    """

    inputs: Any
    outputs: Any
    controls: Any
    lengths: Any
