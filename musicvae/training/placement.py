"""Where training runs: one device, several GPUs of this machine, or several machines.

Several machines find each other through the environment variable TF_CONFIG, as TensorFlow has it:

    TF_CONFIG='{"cluster": {"worker": ["host0:2222", "host1:2222"]},
                "task": {"type": "worker", "index": 0}}' musicvae-train ...

Every process runs the same command; each trains on its part of every batch, and the first one (the
chief) writes checkpoints and summaries.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
from typing import Any

import tensorflow as tf

from musicvae.data.pipeline import Slices
from musicvae.errors import InputError

_DEVICE = re.compile(r"/?(?:device:)?(CPU|GPU)(?::(\d+))?", re.IGNORECASE)
_KINDS = ("CPU", "GPU")


@dataclasses.dataclass(frozen=True)
class Placement:
    """The devices of a training.

    Attributes:
      strategy: how the replicas of the model work together.
      description: for people.
      is_chief: whether this process writes checkpoints and summaries.
      processes: how many processes work together.
    """

    strategy: Any
    description: str
    is_chief: bool = True
    processes: int = 1

    @property
    def replicas(self) -> int:
        """How many parts of a batch are worked on at a time, in all processes."""
        return int(self.strategy.num_replicas_in_sync)

    @property
    def device(self) -> str:
        """The first device of this process."""
        return str(self.strategy.extended.worker_devices[0])

    @property
    def slices(self) -> Slices:
        """Which parts of a batch this process makes."""
        if self.replicas == 1:
            return Slices()
        local = len(self.strategy.extended.worker_devices)
        first = local * self.strategy.cluster_resolver.task_id if self.processes > 1 else 0
        return Slices(self.replicas, range(first, first + local))


def place(device: str | None) -> Placement:
    """Chooses the devices; called before anything else of TensorFlow is.

    Args:
      device: "CPU", "GPU:1", or several with commas; None for all GPUs, or the CPU where there is
        none.

    Raises:
      InputError: there is no such device, or TF_CONFIG cannot be used.
    """
    if os.environ.get("TF_CONFIG"):
        return _several_machines(device)
    names = _device_names(device)
    if len(names) == 1:
        return Placement(
            tf.distribute.OneDeviceStrategy(f"/device:{names[0]}"), _described(names[0])
        )
    strategy = tf.distribute.MirroredStrategy([f"/device:{name}" for name in names])
    return Placement(strategy, " + ".join(map(_described, names)))


def _device_names(device: str | None) -> list[str]:
    """Returns devices as "GPU:0"; CPUs past the first are made of the same cores."""
    if not device:
        count = len(tf.config.list_physical_devices("GPU"))
        return [f"GPU:{index}" for index in range(count)] or ["CPU:0"]
    names = []
    for part in device.split(","):
        match = _DEVICE.fullmatch(part.strip())
        if match is None:
            raise InputError(
                f"--device='{part}' is not a device; give CPU, GPU, GPU:1 or GPU:0,GPU:1"
            )
        names.append(f"{match[1].upper()}:{int(match[2] or 0)}")
    if len(set(names)) < len(names):
        raise InputError(f"--device={device} names a device twice")
    for kind in _KINDS:
        wanted = [int(name.split(":")[1]) for name in names if name.startswith(kind)]
        if wanted:
            _check_there(kind, max(wanted))
    return names


def _check_there(kind: str, highest: int) -> None:
    found = tf.config.list_physical_devices(kind)
    if kind == "CPU" and highest > 0:
        logical = [tf.config.LogicalDeviceConfiguration()] * (highest + 1)
        try:
            tf.config.set_logical_device_configuration(found[0], logical)
        except RuntimeError as error:
            if len(tf.config.list_logical_devices("CPU")) <= highest:
                raise InputError(f"--device=CPU:{highest} was asked for too late") from error
    elif highest >= len(found):
        has = f"it has {len(found)}" if found else "it has none that TensorFlow can use"
        raise InputError(f"--device={kind}:{highest} is not in this machine; {has}")


def _described(name: str) -> str:
    kind, index = name.split(":")
    if kind == "CPU":
        return f"CPU ({os.cpu_count()} cores)"
    device = tf.config.list_physical_devices("GPU")[int(index)]
    details = tf.config.experimental.get_device_details(device)
    return f"{name} ({details.get('device_name', 'unknown GPU')})"


def _several_machines(device: str | None) -> Placement:
    if device:
        raise InputError("--device cannot be given together with TF_CONFIG; leave one of them out")
    try:
        cluster = json.loads(os.environ["TF_CONFIG"])
        workers = cluster["cluster"]["worker"]
        task = cluster["task"]
        kind, index = task["type"], int(task["index"])
        if "ps" in cluster["cluster"]:
            raise InputError(
                "TF_CONFIG names parameter servers ('ps'); leave them out, workers exchange "
                "gradients with each other"
            )
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"TF_CONFIG cannot be used: {error!r}; it is JSON such as {_EXAMPLE}"
        ) from error
    except tf.errors.OpError as error:
        raise InputError(f"TF_CONFIG: the cluster does not start: {error.message}") from error
    is_chief = kind == "chief" or ("chief" not in cluster["cluster"] and index == 0)
    description = f"{kind} {index} of {len(workers)} worker processes"
    return Placement(strategy, description, is_chief, len(workers))


_EXAMPLE = (
    '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": "worker", "index": 0}}'
)
