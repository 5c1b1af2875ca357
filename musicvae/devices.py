"""Where a model computes: a GPU if there is one, else the processor."""

from __future__ import annotations

import contextlib
import re

from musicvae.errors import InputError

_DEVICE = re.compile(r"/?(?:device:)?(CPU|GPU)(?::(\d+))?", re.IGNORECASE)


def choose_device(name: str | None) -> str:
    """Returns a device's name as `tf.device` takes it; imports TensorFlow.

    A GPU's memory is taken as it is needed, not all at once.

    Args:
      name: "CPU", "GPU" or "GPU:1"; None for the first GPU, or the CPU where there is none.

    Raises:
      InputError: there is no such device.
    """
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    match = _DEVICE.fullmatch(name) if name else None
    if name and match is None:
        raise InputError(f"--device={name} is not a device; give CPU, GPU or GPU:1")
    kind = match[1].upper() if match else ("GPU" if gpus else "CPU")
    index = int(match[2] or 0) if match else 0
    if kind == "CPU" and index > 0:
        raise InputError(f"--device={name}: there is one CPU device, with all cores; give CPU")
    if kind == "GPU" and index >= len(gpus):
        has = f"it has {len(gpus)}" if gpus else "it has none that TensorFlow can use"
        raise InputError(f"--device={name} is not in this machine; {has}")
    for gpu in gpus:
        with contextlib.suppress(RuntimeError):  # too late once TensorFlow has used it
            tf.config.experimental.set_memory_growth(gpu, True)
    return f"/device:{kind}:{index}"
