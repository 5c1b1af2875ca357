"""How near the memory that a training expects is to what it takes.

    python benchmarks/training_memory.py MUSIC.tfrecord CONFIG [HPARAMS]

Takes three steps on the CPU and prints what `musicvae-train` would expect, and the peak of what the
process held beyond what it had when TensorFlow was loaded, both in MB.
"""

from __future__ import annotations

import os
import pathlib
import resource
import sys

import tensorflow as tf
from common import machine_line, versions_line

from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.data.batches import TrainingBatches
from musicvae.data.examples import extract_examples
from musicvae.data.pipeline import training_dataset
from musicvae.data.records import TFRecordSource
from musicvae.models import MusicVAE
from musicvae.training.devices import choose_training_devices
from musicvae.training.memory import expected_memory
from musicvae.training.step import TrainStep

STEPS = 3


def main(music: str, name: str, hparams: str = "") -> None:
    """Measures one configuration."""
    print(machine_line())
    print(versions_line("tensorflow", "numpy"))
    devices = choose_training_devices("CPU")
    tf.matmul(tf.ones([512, 512]), tf.ones([512, 512])).numpy()
    config = load_config(name).override(hparams)
    converter = build_converter(config.converter)
    size = config.hparams.batch_size
    examples = extract_examples(config.converter, TFRecordSource((music,)), num_workers=1)
    batches = TrainingBatches(examples, converter, size, augmentation=config.augmentation)
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    before = pages * os.sysconf("SC_PAGE_SIZE")
    model = MusicVAE(config, converter.spec, seed=0)
    step = TrainStep(model, size, devices)
    for number, batch in enumerate(training_dataset(batches, 0, STEPS)):
        float(step(batch, tf.constant([0, number], tf.int32))["loss"])
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    shapes = {name: tuple(v.shape) for name, v in model.named_variables.items()}
    expected = expected_memory(config, converter.spec, shapes, size).total
    print(f"{name} {hparams}: expected {expected >> 20}, taken {taken >> 20} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
