"""What does a GPU make of it? Examples a second of every family, and the share of the card's peak.

    python benchmarks/gpu.py [--seconds 300] [--peak_teraflops 312] [--peer PYTHON]
    python benchmarks/gpu.py --quick        # tiny models on whatever there is, to see that it runs

For each family a full-size model of random weights trains on random batches and samples, with
TensorFlow's operations one by one and compiled by XLA. The first step or call, which traces and
compiles, is printed by itself; then comes the median of some more. The share of the peak is that of
the products which the model needs (floors.py) at the card's dense rate of tensor cores, from a
table of known cards or from --peak_teraflops. With --peer, the Python of an environment with
Magenta 2.1.4 whose TensorFlow sees the card, its training step is measured beside ours.

What the time does not suffice for is said and left out. Until somebody has run this on a card, its
figures are not measured.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import common

from musicvae.config import Config, load_config
from musicvae.converters import build_converter

FAMILIES = {
    "cat-mel_2bar_big": 512,
    "cat-drums_2bar_small": 512,
    "cat-mel_2bar_med_chords": 512,
    "nade-drums_2bar_full": 256,
    "groovae_4bar": 512,
    "hierdec-mel_16bar": 64,
    "hierdec-trio_16bar": 64,
    "hier-multiperf_vel_1bar_med": 64,
}
TINY = "z_size=8,enc_rnn_size=[16],dec_rnn_size=[16{more}]"
TIMED = 5


class Peak(NamedTuple):
    """A card's dense rates in TFLOP/s; None where it has no such tensor cores.

    Attributes:
      card: what its name has in it.
      float32: of float32 products, in TF32 where the card has it.
      bfloat16: of bfloat16 products.
    """

    card: str
    float32: float
    bfloat16: float | None


# From the vendor's data sheets, without sparsity; the more special name first.
PEAKS = (
    Peak("H100 PCIe", 378.0, 756.0),
    Peak("H100", 494.7, 989.4),
    Peak("H200", 494.7, 989.4),
    Peak("A100", 156.0, 312.0),
    Peak("A10", 62.5, 125.0),
    Peak("L40S", 183.0, 362.0),
    Peak("L4", 60.0, 121.0),
    Peak("RTX 4090", 82.6, 165.2),
    Peak("RTX 3090", 35.6, 71.0),
    Peak("V100", 15.7, None),
    Peak("T4", 8.1, None),
)


def timed(run: Callable[[], Any]) -> tuple[float, float]:
    """Returns the seconds of the first call, and the median of some more."""
    seconds = []
    for _ in range(1 + TIMED):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return seconds[0], statistics.median(seconds[1:])


def training(config: Config, size: int, precision: str, compiled: bool) -> Callable[[], Any]:
    """Returns what takes a training step."""
    import tensorflow as tf
    from floors import random_batch

    from musicvae.models import MusicVAE
    from musicvae.training.step import TrainStep

    spec = build_converter(config.converter).spec
    step = TrainStep(MusicVAE(config, spec, seed=0, precision=precision), size, compiled=compiled)
    batch = random_batch(config, size)
    return lambda: float(step(batch, tf.constant([0, 1]))["loss"])


def sampling(config: Config, size: int, precision: str, compiled: bool) -> Callable[[], Any]:
    """Returns what samples a batch, on the device, without making notes of it."""
    import tensorflow as tf

    from musicvae.models import MusicVAE

    spec, hparams = build_converter(config.converter).spec, config.hparams
    model = MusicVAE(
        *(config, spec),
        seed=0,
        precision=precision,
        kept_in=precision,
        decoder_only=True,
        compiled=compiled,
    )
    z = tf.random.stateless_normal([size, hparams.z_size], [1, 2])
    controls = None
    if spec.control_depth:
        controls = tf.one_hot(tf.zeros([size, hparams.max_seq_len], tf.int32), spec.control_depth)
    return lambda: model.decode(
        z, hparams.max_seq_len, temperature=0.5, controls=controls, seed=[3, 4]
    ).outputs.numpy()


def measure(config: Config, size: int, options: argparse.Namespace, peak: float | None) -> None:
    """Prints a family's lines, as far as the time goes."""
    from floors import operations, training_products

    needed = operations(training_products(config, size))
    for name, make in (("train", training), ("sample", sampling)):
        for compiled in (False, True):
            label = f"{config.name} batch {size} {name} {'XLA' if compiled else 'plain'}"
            if time.perf_counter() > options.until:
                print(f"{label}: left out, the time is over; give more --seconds", flush=True)
                continue
            try:
                first, seconds = timed(make(config, size, options.precision, compiled))
            except Exception as error:  # the others are to be measured all the same
                print(f"{label}: {type(error).__name__}: {str(error).splitlines()[0][:200]}")
                continue
            finally:
                gc.collect()
            line = (
                f"{label}: {size / seconds:,.0f} examples/s ({seconds:.4f} s; first {first:.1f} s)"
            )
            if name == "train":
                line += f", {needed / seconds / 1e12:.2f} TFLOP/s"
                line += (
                    "" if peak is None else f", {needed / seconds / 1e12 / peak:.1%} of the peak"
                )
            print(line, flush=True)


def peer_line(options: argparse.Namespace, name: str, size: int) -> str:
    """Returns a line with the peer's training step."""
    command = [options.peer, options.peer_script, name, str(size), "3"]
    left = max(1.0, options.until - time.perf_counter())
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=left)
    except subprocess.TimeoutExpired:
        return f"{name} batch {size} train, peer: left out, the time is over"
    found = [line for line in done.stdout.splitlines() if line.startswith("peer train")]
    if not found:
        return f"{name} batch {size} train, peer: it ended with {done.returncode}"
    seconds = float(found[0].split("median ")[1].split()[0])
    return f"{name} batch {size} train, peer: {size / seconds:,.0f} examples/s ({seconds:.4f} s)"


def card() -> str:
    """Returns the name of the first GPU; empty where there is none."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return ""
    tf.config.experimental.set_memory_growth(gpus[0], True)
    details = tf.config.experimental.get_device_details(gpus[0])
    return str(details.get("device_name", "unknown GPU"))


def peak_of(name: str, precision: str) -> float | None:
    """Returns a card's TFLOP/s, or None for one that is not in the table."""
    for peak in PEAKS:
        if peak.card.lower() in name.lower():
            return peak.bfloat16 if precision == "bfloat16" else peak.float32
    return None


def main() -> None:
    """Measures family after family until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=300.0, help="time for everything")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), help="as the card has it")
    parser.add_argument("--peak_teraflops", type=float, help="of the card, at this precision")
    parser.add_argument("--peer", help="the peer environment's Python")
    parser.add_argument("--peer_script", default="../shared/peer/time_train_step.py")
    parser.add_argument("--only", default="", help="families whose name contains this")
    parser.add_argument("--quick", action="store_true", help="tiny models, to see that it runs")
    options = parser.parse_args()
    options.until = time.perf_counter() + options.seconds
    from musicvae.precision import choose_precision

    name = card()
    if not name and not options.quick:
        raise SystemExit(
            "no GPU that TensorFlow can use; --quick runs tiny models on the processor"
        )
    device = "GPU:0" if name else "CPU:0"
    options.precision = options.precision or choose_precision("auto", device).name
    peak = options.peak_teraflops or peak_of(name, options.precision)
    print(common.machine_line())
    print(common.versions_line("tensorflow", "numpy"))
    print(f"device: {name or 'processor'}, products in {options.precision}, ", end="")
    print("peak unknown, give --peak_teraflops" if peak is None else f"peak {peak:g} TFLOP/s")
    for family, size in FAMILIES.items():
        if options.only not in family:
            continue
        config = load_config(family)
        if options.quick:
            layers = len(config.hparams.dec_rnn_size)
            config, size = config.override(TINY.format(more=",16" * (layers - 1))), 4
        measure(config, size, options, peak)
        if options.peer and not options.quick:
            print(peer_line(options, family, size), flush=True)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
