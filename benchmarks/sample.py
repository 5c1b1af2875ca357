"""How fast is sampling, beside Magenta's and beside what the hardware can do?

    python benchmarks/sample.py [--peer PYTHON] [--peer_scripts FOLDER] [--only NAME] [--batches 8]
    python benchmarks/sample.py --peer PYTHON --start      # from process start to a MIDI file
    python benchmarks/sample.py --memory                   # loading and sampling hierdec-trio_16bar

Full-size models from one random checkpoint, which the peer's random_checkpoint.py writes; without a
peer it is one of ours. Each
measurement is a process of its own that loads the model, samples once, and takes the median of
seven more calls of `TrainedModel.sample`; ours and the peer's take turns, and a line a case ends in
the ratio of the peer's time to ours. Above it stand two floors: the bytes of the weights that every
step must read over the rate at which this machine reads memory, and the operations over the rate of
a product of two 2048 x 2048 matrices, both measured in the same process right before. The larger of
the two is what the hardware allows; weights that fit a processor's cache may beat the first. The
products that the steps need, each alone at its own size, stand beside them (see floors.py).
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
import tempfile
import time
from typing import Any, NamedTuple

import common

CASES = (
    ("cat-drums_2bar_small", "float32"),
    ("groovae_4bar", "float32"),
    ("hierdec-mel_16bar", "float32"),
    ("hierdec-mel_16bar", "bfloat16"),
    ("cat-mel_2bar_big", "float32"),
    ("cat-mel_2bar_big", "bfloat16"),
)
START_CASE, MEMORY_CASE = "cat-drums_2bar_small", "hierdec-trio_16bar"
PEER_SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "shared" / "peer"
CALLS = 7


class Case(NamedTuple):
    """What is sampled.

    Attributes:
      name: the configuration.
      batch: pieces in a call.
      precision: of our weights.
      checkpoint: its prefix.
    """

    name: str
    batch: int
    precision: str
    checkpoint: str


def kernels_of_a_step(variables: dict[str, Any]) -> list[tuple[int, int]]:
    """Returns the shapes of what every step multiplies by: recurrent kernels and projections.

    Rows for z, for controls and for one-hot steps are not among them: the first two are multiplied
    once, the last are looked up.

    Args:
      variables: a model's, by name.
    """
    found = []
    for name, variable in variables.items():
        if "decoder" not in name or "hierarchical_level" in name or not name.endswith("/kernel"):
            continue
        if "lstm_cell" in name:
            rows, columns = variable.shape
            rows = columns // 4 if "/cell_0/" in name else rows
        elif "output_projection" in name:
            rows, columns = variable.shape
        else:
            continue
        found.append((rows, columns))
    return found


def measure(case: Case) -> dict[str, float]:
    """Samples in this process; returns seconds and what belongs beside them."""
    import tensorflow as tf

    tf.constant(0.0) + 1.0
    before = peak_memory()
    from floors import Product, matmul_rate, memory_rate, operations, seconds_of

    from musicvae.generate import TrainedModel

    model = TrainedModel(
        case.name, case.batch, case.checkpoint, precision=case.precision, decoder_only=True
    )
    model.sample(case.batch, temperature=0.5)
    loaded = peak_memory()
    steps = model.config.hparams.max_seq_len
    kernels = kernels_of_a_step(model.network.named_variables)
    products = [Product(case.batch, rows, columns, steps) for rows, columns in kernels]
    size = sum(rows * columns for rows, columns in kernels) * tf.as_dtype(case.precision).size
    floors = {
        "memory_floor": steps * size / memory_rate(),
        "operations_floor": operations(products) / matmul_rate(case.precision),
        "products": seconds_of(products, case.precision),
    }
    seconds = []
    for _ in range(CALLS):
        start = time.perf_counter()
        model.sample(case.batch, temperature=0.5)
        seconds.append(time.perf_counter() - start)
    return {
        **floors,
        "seconds": statistics.median(seconds),
        "times_floor": statistics.median(seconds)
        / max(floors["memory_floor"], floors["operations_floor"]),
        "grown": loaded - before,
        "peak": loaded,
    }


def peak_memory() -> int:
    """Returns this process's peak memory in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def our_run(case: Case) -> dict[str, float]:
    """Measures in a process of its own."""
    result = subprocess.run(
        [sys.executable, __file__, "--worker", *map(str, case)],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    return found


def peer_run(options: argparse.Namespace, case: Case) -> float:
    """Lets the peer's script measure; returns the seconds of a call."""
    script = pathlib.Path(options.peer_scripts) / "time_sample.py"
    result = subprocess.run(
        [options.peer, script, case.name, str(case.batch), case.checkpoint],
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(line for line in result.stdout.splitlines() if line.startswith("peer sample"))
    return float(line.split("median ")[1].split()[0])


def checkpoint_of(options: argparse.Namespace, name: str) -> str:
    """Returns the prefix of a random checkpoint: the peer's, or ours where there is no peer."""
    if not options.peer:
        return own_checkpoint(pathlib.Path(options.checkpoints) / "own" / name, name)
    prefix = pathlib.Path(options.checkpoints) / name / "model.ckpt"
    if not prefix.with_name("model.ckpt.index").exists():
        prefix.parent.mkdir(parents=True, exist_ok=True)
        script = pathlib.Path(options.peer_scripts) / "random_checkpoint.py"
        subprocess.run([options.peer, script, name, prefix], capture_output=True, check=True)
    return str(prefix)


def own_checkpoint(folder: pathlib.Path, name: str) -> str:
    """Writes a checkpoint of first weights, unless it is there; returns its prefix."""
    prefix = folder / "model.ckpt-0"
    if not prefix.with_name("model.ckpt-0.index").exists():
        from musicvae.checkpoints import save_checkpoint
        from musicvae.config import load_config
        from musicvae.converters import build_converter
        from musicvae.models import MusicVAE

        config = load_config(name)
        model = MusicVAE(config, build_converter(config.converter).spec, seed=0)
        folder.mkdir(parents=True, exist_ok=True)
        save_checkpoint(folder, 0, model.named_variables)
    return str(prefix)


def compare(options: argparse.Namespace, case: Case) -> None:
    """Prints a case's lines."""
    runs: list[dict[str, float]] = []

    def ours() -> float:
        runs.append(our_run(case))
        return runs[-1]["seconds"]

    peer = (lambda: peer_run(options, case)) if options.peer else None
    found = common.in_turn(ours, peer, options.rounds)
    label = f"{case.name} batch {case.batch} {case.precision}"
    keys = ("memory_floor", "operations_floor", "products", "times_floor")
    memory, operations, products, times = (
        statistics.median(run[key] for run in runs) for key in keys
    )
    print(
        f"  {label}: floors {1e3 * memory:.1f} ms for memory, {1e3 * operations:.1f} ms for "
        f"operations, of which {times:.2f} times the larger; its own products alone "
        f"{1e3 * products:.1f} ms"
    )
    print(common.case_line(label, *found), flush=True)


def compare_start(options: argparse.Namespace) -> None:
    """Times both commands from process start to their first MIDI file, which is their only one."""
    programs = {
        "ours": str(pathlib.Path(sys.executable).with_name("musicvae-generate")),
        "peer": str(pathlib.Path(options.peer).with_name("music_vae_generate")),
    }
    checkpoint = checkpoint_of(options, START_CASE)

    def start(side: str) -> float:
        with tempfile.TemporaryDirectory() as folder:
            flags = [f"--checkpoint_file={checkpoint}", f"--config={START_CASE}", "--mode=sample"]
            flags += ["--num_outputs=1", f"--output_dir={folder}"]
            begun = time.perf_counter()
            subprocess.run([programs[side], *flags], capture_output=True, check=True)
            seconds = time.perf_counter() - begun
            assert list(pathlib.Path(folder).glob("*.mid")), f"{side} wrote no file"
        return seconds

    found = common.in_turn(lambda: start("ours"), lambda: start("peer"), options.rounds)
    print(common.case_line(f"{START_CASE}: process start to a MIDI file", *found), flush=True)


def compare_memory(options: argparse.Namespace) -> None:
    """Prints what loading and sampling add to memory, beside the weights."""
    from musicvae.checkpoints import open_checkpoint

    checkpoint = checkpoint_of(options, MEMORY_CASE)
    with open_checkpoint(checkpoint) as opened:
        shapes = {n: s for n, s in opened.weights.items() if not n.startswith("encoder/")}
    weights = 4 * sum(_product(shape) for shape in shapes.values())
    for precision in ("float32", "bfloat16"):
        found = our_run(Case(MEMORY_CASE, 8, precision, checkpoint))
        print(
            f"{MEMORY_CASE} {precision}: the decoder's weights take {weights / 2**20:.0f} MiB in "
            f"float32; loading and sampling added {found['grown'] / 2**20:.0f} MiB, "
            f"{found['grown'] / weights:.2f} times as much; peak {found['peak'] / 2**20:.0f} MiB",
            flush=True,
        )


def _product(shape: tuple[int, ...]) -> int:
    size = 1
    for dimension in shape:
        size *= dimension
    return size


def main() -> None:
    """Runs the cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", help="the peer environment's Python")
    parser.add_argument("--peer_scripts", default=str(PEER_SCRIPTS))
    parser.add_argument(
        "--checkpoints", default=str(pathlib.Path(tempfile.gettempdir()) / "musicvae-random")
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batches", default="1,8,64")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--precision", default="", help="only cases of this precision")
    parser.add_argument("--start", action="store_true", help="time both commands instead")
    parser.add_argument("--memory", action="store_true", help="measure memory instead")
    parser.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        name, batch, precision, checkpoint = options.worker
        print(json.dumps(measure(Case(name, int(batch), precision, checkpoint))))
        return
    if options.start and not options.peer:
        parser.error("--start compares with a --peer")
    print(common.machine_line())
    print(common.versions_line("tensorflow", "numpy"), flush=True)
    if options.peer:
        print(common.peer_line(options.peer), flush=True)
    if options.start:
        compare_start(options)
    elif options.memory:
        compare_memory(options)
    else:
        for name, precision in CASES:
            if options.only in name and options.precision in precision:
                for batch in map(int, options.batches.split(",")):
                    compare(options, Case(name, batch, precision, checkpoint_of(options, name)))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
