"""What the tests of training share: a tiny configuration and music for it."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable
from typing import Any

import pytest
from small_music import write_drums

from musicvae.checkpoints import RunFolder
from musicvae.config import Config, load_config
from musicvae.converters import build_converter
from musicvae.data.example_set import ExampleSet
from musicvae.data.examples import extract_examples
from musicvae.data.records import TFRecordSource
from musicvae.training.devices import TrainingDevices, choose_training_devices
from musicvae.training.options import TrainingOptions
from musicvae.training.trainer import Trainer


@pytest.fixture(scope="session")
def devices() -> TrainingDevices:
    """The processor, as one device."""
    return choose_training_devices("CPU")


@pytest.fixture(scope="session")
def tiny() -> Config:
    """A groove model that trains in no time, without noise beside that of the posterior."""
    config = load_config("groovae_2bar_humanize")
    hparams = config.hparams.replace(
        batch_size=8,
        z_size=4,
        enc_rnn_size=(6,),
        dec_rnn_size=(7, 5),
        dropout_keep_prob=1.0,
        free_bits=0.0,
        learning_rate=0.01,
    )
    return dataclasses.replace(config, hparams=hparams)


@pytest.fixture(scope="session")
def drums_path(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A TFRecord of twelve beats."""
    return write_drums(tmp_path_factory.mktemp("music") / "drums.tfrecord", pieces=12, bars=4)


@pytest.fixture(scope="session")
def beats(tiny: Config, drums_path: pathlib.Path) -> ExampleSet:
    """Examples for the tiny model: two windows of each of twelve beats."""
    return extract_examples(tiny.converter, TFRecordSource((str(drums_path),)))


@pytest.fixture
def make_trainer(
    tiny: Config, devices: TrainingDevices, tmp_path: pathlib.Path
) -> Callable[..., Trainer]:
    """Returns a function that makes a trainer of the tiny model in `tmp_path/run`."""

    def make(config: Config = tiny, folder: str = "run", **options: Any) -> Trainer:
        run = RunFolder(tmp_path / folder)
        converter = build_converter(config.converter)
        options.setdefault("precision", "float32")
        return Trainer(config, converter, devices, run, TrainingOptions(**options))

    return make
