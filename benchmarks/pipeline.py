"""Does training ever wait for its examples?

    python benchmarks/pipeline.py

For each case the input pipeline alone (shuffling, choosing windows, transposing, dropping notes,
expanding, tf.data) delivers batches for some seconds, and then a training step takes some of them;
a line ends in how many times the pipeline is faster. The examples are of random music; their number
is that of a real collection.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

import common
import numpy as np

from musicvae.config import Config, load_config
from musicvae.converters import Converter, build_converter
from musicvae.data.batches import TrainingBatches
from musicvae.data.example_set import ExampleSet
from musicvae.lazy_note_seq import NoteSequence

EXAMPLES, PIECES = 20_000, 1_000
# One pitch of each of nine drum classes.
DRUMS = (36, 38, 42, 45, 46, 48, 49, 50, 51)
SMALL_HIERARCHICAL = "batch_size=32,enc_rnn_size=[512,512],dec_rnn_size=[256,256],z_size=256"
CASES = {
    "cat-drums_2bar_small": "",
    "cat-mel_2bar_small": "",
    "groovae_4bar": "",
    "groovae_2bar_tap_fixed_velocity_note_dropout": "",
    "hierdec-mel_16bar": SMALL_HIERARCHICAL,
}


def random_piece(bars: int = 128) -> NoteSequence:
    """Returns a melody and drums, random at every sixteenth note of 120 quarter notes a minute."""
    generator = np.random.default_rng(0)
    sequence = NoteSequence(total_time=2.0 * bars, ticks_per_quarter=220)
    sequence.tempos.add(qpm=120.0)
    sequence.time_signatures.add(numerator=4, denominator=4)
    for step in range(16 * bars):
        start = step / 8
        for pitch in np.array(DRUMS)[generator.random(len(DRUMS)) < 0.2].tolist():
            played = max(0.0, start + generator.uniform(-0.03, 0.03))
            sequence.notes.add(
                pitch=pitch,
                velocity=int(generator.integers(1, 128)),
                start_time=played,
                end_time=played + 0.1,
                is_drum=True,
                instrument=9,
            )
        if generator.random() < 0.5:
            pitch = int(generator.integers(48, 84))
            sequence.notes.add(
                pitch=pitch, velocity=80, start_time=start, end_time=start + 0.125, instrument=0
            )
    return sequence


def random_examples(converter: Converter) -> ExampleSet:
    """Returns compact examples: the windows of a random piece, many times over."""
    generator = np.random.default_rng(0)
    found = converter.extract_compact(random_piece())
    rows = generator.integers(0, len(found.origins), EXAMPLES)
    arrays = {name: array[rows] for name, array in found.arrays.items()}
    return ExampleSet(arrays, np.sort(generator.integers(0, PIECES, EXAMPLES)))


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
            random_examples(converter),
            converter,
            config.hparams.batch_size,
            augmentation=config.augmentation,
            max_per_source=converter.max_per_piece,
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
