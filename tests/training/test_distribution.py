"""Tests of training on several devices and in several processes: the losses are those of one.

Every process is a Python of its own, for TensorFlow can be told its devices only once.
"""

from __future__ import annotations

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import pytest
import tensorflow as tf

from musicvae.checkpoints import open_checkpoint
from musicvae.formats.tfrecord import read_records

STEPS = 6
_WORKER = pathlib.Path(__file__).with_name("worker.py")


def _start(
    run: pathlib.Path, examples: pathlib.Path, device: str = "", steps: int = STEPS, **env: str
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(_WORKER), str(run), str(examples), device, str(steps)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1", **env},
    )


def _cluster(index: int, ports: list[int], roles: tuple[str, ...] = ("worker", "worker")) -> str:
    """Returns the TF_CONFIG of one of the processes on these ports."""
    cluster: dict[str, list[str]] = {}
    for role, port in zip(roles, ports, strict=True):
        cluster.setdefault(role, []).append(f"localhost:{port}")
    task = {"type": roles[index], "index": roles[:index].count(roles[index])}
    return json.dumps({"cluster": cluster, "task": task})


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("localhost", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _end(process: subprocess.Popen[str], status: int = 0) -> str:
    out, _ = process.communicate(timeout=1800)
    assert process.returncode == status, out
    return out


def _losses(run: pathlib.Path) -> list[float]:
    found = {}
    for path in sorted((run / "train").glob("events.out.tfevents.*")):
        for record in read_records(path):
            event = tf.compat.v1.Event.FromString(record)
            for value in event.summary.value:
                if value.tag in ("loss", "global_norm", "losses/kl_bits"):
                    found[event.step, value.tag] = float(tf.make_ndarray(value.tensor))
    assert len(found) == 3 * STEPS
    return [found[key] for key in sorted(found)]


@pytest.fixture(scope="module")
def alone(
    drums_path: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[pathlib.Path, list[float]]:
    """The run folder and the losses of one process on one device."""
    run = tmp_path_factory.mktemp("alone") / "run"
    _end(_start(run, drums_path))
    return run, _losses(run)


@pytest.mark.slow
def test_two_devices_give_the_losses_of_one(
    alone: tuple[pathlib.Path, list[float]], drums_path: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    out = _end(_start(tmp_path / "run", drums_path, "CPU:0,CPU:1"))
    assert "device: CPU" in out and " + CPU" in out
    assert _losses(tmp_path / "run") == pytest.approx(alone[1], rel=1e-4)
    with open_checkpoint(alone[0]) as one, open_checkpoint(tmp_path / "run") as two:
        assert one.shapes == two.shapes
        assert two.step == STEPS


@pytest.mark.parametrize(
    "roles",
    [
        ("worker", "worker"),
        pytest.param(("chief", "worker"), marks=pytest.mark.slow),
        pytest.param(("worker",) * 4, marks=pytest.mark.slow),
    ],
)
def test_several_worker_processes_give_the_losses_of_one(
    alone: tuple[pathlib.Path, list[float]],
    drums_path: pathlib.Path,
    tmp_path: pathlib.Path,
    roles: tuple[str, ...],
) -> None:
    run, ports = tmp_path / "run", _free_ports(len(roles))
    configs = [_cluster(index, ports, roles) for index in range(len(roles))]
    workers = [_start(run, drums_path, TF_CONFIG=config) for config in configs]
    outs = [_end(worker) for worker in workers]
    assert f"{roles[0]} 0 of {len(roles)} processes" in outs[0]
    assert "steps/s" in outs[0] and not any("steps/s" in out for out in outs[1:])
    assert _losses(run) == pytest.approx(alone[1], rel=1e-4)
    with open_checkpoint(run) as checkpoint:
        assert checkpoint.step == STEPS
    assert len(list((run / "train").glob("events.*"))) == 1, "only the chief writes"


@pytest.mark.slow
def test_a_signal_to_one_worker_stops_both_with_a_checkpoint(
    drums_path: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    run, ports = tmp_path / "run", _free_ports(2)
    workers = [
        _start(run, drums_path, steps=100_000, TF_CONFIG=_cluster(index, ports)) for index in (0, 1)
    ]
    deadline = time.monotonic() + 1200
    while not (run / "train" / "model.ckpt-0.index").exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(5.0)
    workers[1].send_signal(signal.SIGTERM)
    _end(workers[1], 143)
    _end(workers[0])
    with open_checkpoint(run) as checkpoint:
        assert checkpoint.step > 0
