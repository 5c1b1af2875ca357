"""What products are computed in: float32, or bfloat16 where the hardware has instructions for it.

bfloat16 has float32's range and 8 bits of its mantissa. With instructions of its own it multiplies
about twice as fast; without them it is slower than float32.
"""

from __future__ import annotations

import logging
from typing import Literal, NamedTuple, TypeAlias

from musicvae.processor import has_bfloat16_instructions

Precision: TypeAlias = Literal["float32", "bfloat16", "float16"]
PrecisionChoice: TypeAlias = Precision | Literal["auto"]

_FIRST_CAPABILITY = (8, 0)
_LOGGER = logging.getLogger(__name__)
_warned: set[str] = set()


class ChosenPrecision(NamedTuple):
    """A precision with its reason.

    Attributes:
      name: "float32", "bfloat16" or "float16".
      reason: why `auto` chose it, for people; empty where it was asked for.
    """

    name: Precision
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.reason})" if self.reason else self.name


def choose_precision(precision: PrecisionChoice, device: str) -> ChosenPrecision:
    """Returns the precision to compute in; imports TensorFlow where the device is a GPU.

    bfloat16 on a device without instructions for it is done as asked, with a warning, once for
    each kind of device.

    Args:
      precision: "auto", or a precision that is taken as it is.
      device: a device's name with "GPU:1" or "CPU:0" in it.
    """
    kind = "GPU" if "GPU" in device.upper() else "processor"
    if precision in ("float32", "float16"):
        return ChosenPrecision(precision)
    supported = _gpu_supports(device) if kind == "GPU" else has_bfloat16_instructions()
    if precision == "auto":
        if supported:
            return ChosenPrecision("bfloat16", f"this {kind} has instructions for it")
        if supported is None:
            return ChosenPrecision("float32", f"whether this {kind} has bfloat16 is not known")
        return ChosenPrecision("float32", f"this {kind} has no bfloat16 instructions")
    if supported is False and kind not in _warned:
        _warned.add(kind)
        _LOGGER.warning(
            "this %s has no bfloat16 instructions, which makes bfloat16 slower than float32; "
            "--precision=auto takes the faster",
            kind,
        )
    return ChosenPrecision(precision)


def _gpu_supports(device: str) -> bool | None:
    """Whether a GPU multiplies bfloat16: NVIDIA's do from compute capability 8.0 on."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    number = int(device.rpartition(":")[2])
    if number >= len(gpus):
        return None
    details = tf.config.experimental.get_device_details(gpus[number])
    capability = details.get("compute_capability")
    return None if capability is None else tuple(capability) >= _FIRST_CAPABILITY
