"""Which devices a model computes on: GPUs if there are any, else the processor.

People write CPU, GPU, GPU:1, or several with commas where a training takes several.
"""

from __future__ import annotations

import contextlib
import re

from musicvae.errors import InputError

_DEVICE = re.compile(r"/?(?:device:)?(CPU|GPU)(?::(\d+))?", re.IGNORECASE)


def choose_device(name: str | None) -> str:
    """Returns a device's name as `tf.device` takes it; imports TensorFlow.

    Args:
      name: "CPU", "GPU" or "GPU:1"; None for the first GPU, or the CPU where there is none.

    Raises:
      InputError: there is no such device, or several are named.
    """
    names = choose_devices(name)
    if name and len(names) > 1:
        raise InputError(f"--device={name} names several devices; give one")
    return f"/device:{names[0]}"


def choose_devices(names: str | None) -> list[str]:
    """Returns devices as "GPU:0", and has them ready; called before TensorFlow uses any.

    A GPU's memory is taken as it is needed, not all at once, so that an evaluation can run beside a
    training. CPUs past the first are made of the same cores.

    Args:
      names: as people write them; None for all GPUs, or the CPU where there is none.

    Raises:
      InputError: there is no such device, or one is named twice.
    """
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        with contextlib.suppress(RuntimeError):  # too late once TensorFlow has used it
            tf.config.experimental.set_memory_growth(gpu, True)
    if not names:
        return [f"GPU:{index}" for index in range(len(gpus))] or ["CPU:0"]
    found = [_parsed(part) for part in names.split(",")]
    if len(set(found)) < len(found):
        raise InputError(f"--device={names} names a device twice")
    highest = max(index if kind == "GPU" else -1 for kind, index in found)
    if highest >= len(gpus):
        has = f"it has {len(gpus)}" if gpus else "it has none that TensorFlow can use"
        raise InputError(f"--device=GPU:{highest} is not in this machine; {has}")
    _make_processors(1 + max(index if kind == "CPU" else -1 for kind, index in found))
    return [f"{kind}:{index}" for kind, index in found]


def _parsed(text: str) -> tuple[str, int]:
    """Returns one device's kind and number."""
    match = _DEVICE.fullmatch(text.strip())
    if match is None:
        raise InputError(
            f"--device={text} is not a device; give CPU, GPU or GPU:1, or for training GPU:0,GPU:1"
        )
    return match[1].upper(), int(match[2] or 0)


def _make_processors(count: int) -> None:
    """Cuts the processor into so many devices."""
    import tensorflow as tf

    if count <= 1:
        return
    (processor,) = tf.config.list_physical_devices("CPU")
    logical = [tf.config.LogicalDeviceConfiguration()] * count
    try:
        tf.config.set_logical_device_configuration(processor, logical)
    except RuntimeError as error:
        if len(tf.config.list_logical_devices("CPU")) < count:
            raise InputError(f"--device=CPU:{count - 1} was asked for too late") from error
