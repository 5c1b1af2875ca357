"""How fast is one training step, beside Magenta's and beside what the hardware can do?

    python benchmarks/train_step.py [--peer PYTHON] [--peer_script time_train_step.py]
    python benchmarks/train_step.py --full      # the models that Magenta cannot train in 24 GB

Ready-made random batches, the configuration's own scheduled sampling and dropout. Each measurement
is a process of its own; ours and the peer's take turns, and a line a case ends in the ratio of the
peer's time to ours. Under it stand the peak memory, and two floors, measured in the same process
right before the steps: the operations that the model needs over the rate of a big matrix product,
and the time of its own products, each alone at its own size (see floors.py).
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import common

from musicvae.config import load_config
from musicvae.converters import build_converter

REDUCED = "enc_rnn_size=[512,512],dec_rnn_size=[256,256],z_size=256"
CASES = (
    ("cat-drums_2bar_small", 512, ""),
    ("cat-mel_2bar_small", 512, ""),
    ("groovae_4bar", 512, ""),
    ("hierdec-mel_16bar", 32, REDUCED),
)
FULL = (("hierdec-mel_16bar", 32, ""), ("hierdec-trio_16bar", 16, ""))
PRECISIONS = ("float32", "bfloat16")
# The peer's script measures by time.time.
_START_PEER = (
    "import runpy, sys, time; time.time = time.{clock}; sys.argv = sys.argv[1:];"
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)
PEER_SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "shared" / "peer" / "time_train_step.py"


def measure(
    name: str, batch: int, hparams: str, precision: str, steps: int, clock: Callable[[], float]
) -> dict[str, Any]:
    """Trains some steps in this process; returns the median step and what belongs beside it."""
    import tensorflow as tf
    from floors import matmul_rate, operations, random_batch, seconds_of, training_products

    from musicvae.models import MusicVAE
    from musicvae.training.step import TrainStep

    config = load_config(name).override(hparams)
    data = random_batch(config, batch)
    rate = matmul_rate(precision, clock)
    products = training_products(config, batch)
    own = seconds_of(products, precision, clock)
    spec = build_converter(config.converter).spec
    model = MusicVAE(config, spec, seed=0, precision=precision)
    step = TrainStep(model, batch)
    float(step(data, tf.constant([0, 0]))["loss"])
    seconds = []
    for k in range(steps):
        start = clock()
        float(step(data, tf.constant([k, 1]))["loss"])
        seconds.append(clock() - start)
    return {
        "seconds": statistics.median(seconds),
        "floor": operations(products) / rate,
        "own": own,
        "rate": rate,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def our_run(case: tuple[str, int, str], precision: str, steps: int, clock: str) -> dict[str, Any]:
    """Measures in a process of its own."""
    name, batch, hparams = case
    arguments = [name, str(batch), hparams, precision, str(steps), clock]
    result = subprocess.run(
        [sys.executable, __file__, "--worker", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


def peer_run(options: argparse.Namespace, case: tuple[str, int, str]) -> dict[str, Any]:
    """Lets the peer's script measure; returns the median step and the peak memory."""
    name, batch, hparams = case
    script, overrides = options.peer_script, _assignments(hparams)
    start = _START_PEER.format(clock="process_time" if options.processor_time else "time")
    process = subprocess.Popen(
        [options.peer, "-c", start, script, name, str(batch), str(options.steps), *overrides],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    lines = process.stdout.read().splitlines()
    # Of this one process: getrusage would give the largest of all so far.
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    found = [line for line in lines if line.startswith("peer train")]
    if not found:
        raise SystemExit(f"{script} {name}: the peer ended with {process.returncode}")
    seconds = float(found[0].split("median ")[1].split()[0])
    return {"seconds": seconds, "memory": usage.ru_maxrss * 1024}


def _assignments(hparams: str) -> list[str]:
    from musicvae.hparams import parse_assignments

    return [f"{key}={value}" for key, _, value in parse_assignments(hparams)]


def compare(case: tuple[str, int, str], options: argparse.Namespace) -> None:
    """Prints a case's lines: each of our precisions and the peer take turns."""
    mine: dict[str, list[dict[str, Any]]] = {precision: [] for precision in PRECISIONS}
    others: list[dict[str, Any]] = []
    clock = "process_time" if options.processor_time else "perf_counter"
    for _ in range(options.rounds):
        for precision, runs in mine.items():
            runs.append(our_run(case, precision, options.steps, clock))
        if options.peer:
            others.append(peer_run(options, case))
    name, batch, hparams = case
    for precision, runs in mine.items():
        label = f"{name} batch {batch} {precision}{' reduced' if hparams else ''}"
        floor = statistics.median(run["floor"] for run in runs)
        own = statistics.median(run["own"] for run in runs)
        shares = [
            statistics.median(run[key] / run["seconds"] for run in runs) for key in ("floor", "own")
        ]
        rate = statistics.median(run["rate"] for run in runs)
        memory = f"peak memory {_gibibytes(runs)}"
        if others:
            memory += f", peer {_gibibytes(others)}"
        print(
            f"  {label}: floor {floor:.3f} s at {rate / 1e9:.0f} GFLOP/s, {shares[0]:.0%} of it "
            f"reached; its own products {own:.3f} s, {shares[1]:.0%}; {memory}"
        )
        seconds = [[run["seconds"] for run in side] for side in (runs, others)]
        print(common.case_line(label, *seconds), flush=True)


def _gibibytes(runs: list[dict[str, Any]]) -> str:
    return f"{max(run['memory'] for run in runs) / 2**30:.2f} GiB"


def main() -> None:
    """Runs the cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", help="the peer environment's Python")
    parser.add_argument("--peer_script", default=str(PEER_SCRIPT))
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--full", action="store_true", help="full-size hierarchical models, alone")
    parser.add_argument(
        "--processor_time",
        action="store_true",
        help="measure the time of all processors together, which others disturb less",
    )
    parser.add_argument("--worker", nargs=6, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        name, batch, hparams, precision, steps, clock = options.worker
        measured = getattr(time, clock)
        print(json.dumps(measure(name, int(batch), hparams, precision, int(steps), measured)))
        return
    print(common.machine_line())
    print(common.versions_line("tensorflow", "numpy"))
    if options.peer:
        print(common.peer_line(options.peer))
    if options.full:
        options.peer = None
    for case in FULL if options.full else CASES:
        if options.only in case[0]:
            compare(case, options)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
