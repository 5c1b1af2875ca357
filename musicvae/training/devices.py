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
from typing import Any, NamedTuple

import tensorflow as tf

from musicvae.data.pipeline import Slices
from musicvae.devices import choose_devices
from musicvae.errors import InputError


@dataclasses.dataclass(frozen=True)
class TrainingDevices:
    """The devices of a training.

    Attributes:
      strategy: how the replicas of the model work together.
      description: for people.
      number: of this process among those that work together.
      processes: how many these are.
    """

    strategy: Any
    description: str
    number: int = 0
    processes: int = 1

    @property
    def is_chief(self) -> bool:
        """Whether this process writes checkpoints and summaries."""
        return self.number == 0

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
        return Slices(self.replicas, range(local * self.number, local * (self.number + 1)))


def choose_training_devices(device: str | None) -> TrainingDevices:
    """Chooses the devices; called before anything else of TensorFlow is.

    Args:
      device: "CPU", "GPU:1", or several with commas; None for all GPUs, or the CPU where there is
        none.

    Raises:
      InputError: there is no such device, or TF_CONFIG cannot be used.
    """
    if os.environ.get("TF_CONFIG"):
        return _several_machines(device)
    names = choose_devices(device)
    if len(names) == 1:
        return _on_one(names[0])
    strategy = tf.distribute.MirroredStrategy([f"/device:{name}" for name in names])
    return TrainingDevices(strategy, " + ".join(map(_described, names)))


def choose_one_device(device: str | None) -> TrainingDevices:
    """Chooses one device, for an evaluation, whatever TF_CONFIG says.

    Args:
      device: "CPU" or "GPU:1"; of several the first is taken. None for the first GPU, or the CPU
        where there is none.

    Raises:
      InputError: there is no such device.
    """
    return _on_one(choose_devices(device)[0])


def _on_one(name: str) -> TrainingDevices:
    return TrainingDevices(tf.distribute.OneDeviceStrategy(f"/device:{name}"), _described(name))


def _described(name: str) -> str:
    kind, index = name.split(":")
    if kind == "CPU":
        return f"CPU ({os.cpu_count()} cores)"
    device = tf.config.list_physical_devices("GPU")[int(index)]
    details = tf.config.experimental.get_device_details(device)
    return f"{name} ({details.get('device_name', 'unknown GPU')})"


class ClusterWorker(NamedTuple):
    """One process of a cluster.

    Attributes:
      name: for people: "worker 1".
      number: its place among all processes; number 0 is the chief.
      processes: how many there are.
    """

    name: str
    number: int
    processes: int


def cluster_worker(tf_config: str) -> ClusterWorker:
    """Returns who this process is.

    Args:
      tf_config: the environment variable TF_CONFIG.

    Raises:
      InputError: it cannot be read, or names a role that this training does not have.
    """
    try:
        content = json.loads(tf_config)
        cluster, task = content["cluster"], content["task"]
        hosts = {role: list(cluster.get(role, [])) for role in ("chief", "worker")}
        kind, index = str(task["type"]), int(task["index"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"TF_CONFIG cannot be used: {error!r}; it is JSON such as {_EXAMPLE}"
        ) from error
    if "ps" in cluster or kind == "ps":
        raise InputError(
            "TF_CONFIG names parameter servers ('ps'); leave them out, workers exchange "
            "gradients with each other"
        )
    if kind not in hosts:
        raise InputError(
            f"TF_CONFIG: a process of type '{kind}' does not train; to evaluate, run "
            "musicvae-train --mode=eval --watch"
        )
    if not 0 <= index < len(hosts[kind]):
        raise InputError(
            f"TF_CONFIG: {kind} {index} is not in the cluster, which has {len(hosts[kind])}"
        )
    count = len(hosts["chief"]) + len(hosts["worker"])
    return ClusterWorker(f"{kind} {index}", index + (kind == "worker") * len(hosts["chief"]), count)


def _several_machines(device: str | None) -> TrainingDevices:
    if device:
        raise InputError("--device cannot be given together with TF_CONFIG; leave one of them out")
    worker = cluster_worker(os.environ["TF_CONFIG"])
    choose_devices(None)
    try:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    except (ValueError, tf.errors.OpError) as error:
        reason = error.message if isinstance(error, tf.errors.OpError) else error
        raise InputError(f"TF_CONFIG: the cluster does not start: {reason}") from error
    return TrainingDevices(
        strategy, f"{worker.name} of {worker.processes} processes", worker.number, worker.processes
    )


_EXAMPLE = (
    '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": "worker", "index": 0}}'
)
