"""Does training ever wait for its examples?

    python benchmarks/pipeline.py

For each case the input pipeline alone (shuffling, choosing windows, transposing, dropping notes,
expanding, tf.data) delivers batches for some seconds, and then a training step takes some of them;
a line ends in how many times the pipeline is faster. The examples are random; their number is that
of a real collection.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

import common
import numpy as np

from musicvae.config import Config, load_config
from musicvae.converters import build_converter
from musicvae.data.batches import TrainingBatches
from musicvae.data.example_set import Array, ExampleSet

EXAMPLES, PIECES = 20_000, 1_000
SMALL_HIERARCHICAL = "batch_size=32,enc_rnn_size=[512,512],dec_rnn_size=[256,256],z_size=256"
CASES = {
    "cat-drums_2bar_small": "",
    "cat-mel_2bar_small": "",
    "groovae_4bar": "",
    "groovae_2bar_tap_fixed_velocity_note_dropout": "",
    "hierdec-mel_16bar": SMALL_HIERARCHICAL,
}


def random_examples(config: Config, steps: int) -> ExampleSet:
    """Returns compact examples of random music."""
    generator = np.random.default_rng(0)
    arrays: dict[str, Callable[[], dict[str, Array]]] = {
        "melody": lambda: {"labels": generator.integers(0, 90, (EXAMPLES, steps), np.uint8)},
        "drums": lambda: {"hits": generator.integers(0, 512, (EXAMPLES, steps), np.uint16)},
        "groove": lambda: {
            "velocities": generator.integers(0, 128, (EXAMPLES, steps, 9), np.uint8)
            * (generator.random((EXAMPLES, steps, 9)) < 0.2),
            "offsets": generator.uniform(-1, 1, (EXAMPLES, steps, 9)).astype(np.float32),
        },
    }
    found = {name: np.asarray(array) for name, array in arrays[config.converter.type]().items()}
    if "velocities" in found:
        found["velocities"] = found["velocities"].astype(np.uint8)
    return ExampleSet(found, np.sort(generator.integers(0, PIECES, EXAMPLES)))


def pipeline_rate(batches: TrainingBatches, seconds: float) -> float:
    """Returns how many examples a second the pipeline delivers by itself."""
    from musicvae.data.pipeline import training_dataset

    iterator = iter(training_dataset(batches, 0, 10**6))
    for _ in range(8):
        next(iterator)
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        next(iterator)
        count += 1
    return count * batches.batch_size / (time.perf_counter() - start)


def step_rate(config: Config, batches: TrainingBatches, steps: int) -> float:
    """Returns how many examples a second a training step consumes."""
    import tensorflow as tf

    from musicvae.data.pipeline import training_dataset
    from musicvae.models import MusicVAE
    from musicvae.training.devices import choose_training_devices
    from musicvae.training.step import TrainStep

    devices = choose_training_devices(None)
    with devices.strategy.scope():
        model = MusicVAE(config, build_converter(config.converter).spec, seed=0)
    step = TrainStep(model, batches.batch_size, devices)
    seconds = []
    for number, batch in enumerate(training_dataset(batches, 0, steps + 1)):
        start = time.perf_counter()
        float(step(batch, tf.constant([0, number]))["loss"])
        seconds.append(time.perf_counter() - start)
    return batches.batch_size / statistics.median(seconds[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each pipeline runs")
    parser.add_argument("--steps", type=int, default=5, help="training steps that are timed")
    parser.add_argument("--peer", help="not used: the peer's pipeline cannot run by itself")
    parser.add_argument("cases", nargs="*", default=list(CASES), help="configurations")
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    print(common.machine_line())
    print(common.versions_line("tensorflow", "numpy"))
    for name in arguments.cases:
        config = load_config(name).override(CASES[name])
        converter = build_converter(config.converter)
        batches = TrainingBatches(
            random_examples(config, converter.num_steps),
            converter,
            config.hparams.batch_size,
            augmentation=config.augmentation,
            max_per_source=converter.config.max_tensors_per_input,
        )
        delivered = pipeline_rate(batches, arguments.seconds)
        consumed = step_rate(config, batches, arguments.steps)
        print(
            f"{name} batch {batches.batch_size}: pipeline {delivered:,.0f} examples/s, step "
            f"{consumed:,.0f} examples/s, ratio {delivered / consumed:.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
