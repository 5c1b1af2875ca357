"""Weights in fewer bytes.

float16 rounds each weight to a half-precision number. uint8 and uint16 are affine, w = q * scale +
min with the scale and minimum of each array, chosen so that 0 stays exactly 0.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from musicvae.errors import InputError

Quantization: TypeAlias = Literal["float32", "float16", "uint16", "uint8"]
QUANTIZATIONS: tuple[Quantization, ...] = ("float32", "float16", "uint16", "uint8")

_LARGEST_HALF = float(np.finfo(np.float16).max)


class Quantized(NamedTuple):
    """An array in the type that it is stored in.

    Attributes:
      values: little-endian float32, float16, uint16 or uint8, in the array's shape.
      scale: for unsigned integers, the difference between neighbouring values; else None.
      minimum: for unsigned integers, what 0 stands for; else None.
    """

    values: npt.NDArray[Any]
    scale: float | None = None
    minimum: float | None = None

    def dequantized(self) -> npt.NDArray[np.float32]:
        """Returns the weights that a reader of the file computes with."""
        if self.scale is None or self.minimum is None:
            return self.values.astype(np.float32)
        return (self.values * self.scale + self.minimum).astype(np.float32)


def quantize(array: npt.NDArray[np.float32], quantization: Quantization, name: str) -> Quantized:
    """Stores an array in fewer bytes.

    Args:
      array: finite float32 `[...]`.
      quantization: the type to store it in.
      name: what it is called in messages.

    Raises:
      InputError: a weight is too large for float16.
    """
    if quantization == "float32":
        return Quantized(array.astype("<f4"))
    if quantization == "float16":
        if array.size and np.abs(array).max() > _LARGEST_HALF:
            raise InputError(
                f"'{name}' has weights beyond {_LARGEST_HALF:g}, the largest float16; use "
                "--quantize=float32"
            )
        return Quantized(array.astype("<f2"))
    dtype = np.dtype("<u1" if quantization == "uint8" else "<u2")
    most = int(np.iinfo(dtype).max)
    lowest = min(0.0, float(np.min(array, initial=0.0)))
    highest = max(0.0, float(np.max(array, initial=0.0)))
    scale = (highest - lowest) / most or 1.0
    zero = round(-lowest / scale)
    values = np.clip(np.rint(array / scale) + zero, 0, most).astype(dtype)
    return Quantized(values, scale, -zero * scale)
