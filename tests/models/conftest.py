"""What the tests of the models share: tiny configurations, batches and the golden comparison."""

from __future__ import annotations

import dataclasses
import importlib
import pathlib
import sys
import types

import numpy as np
import pytest

from musicvae.config import Config, ExampleSpec, load_config
from musicvae.models import Batch

_SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture(scope="session")
def golden_models() -> types.ModuleType:
    """The module scripts/golden_models.py."""
    sys.path.insert(0, str(_SCRIPTS))
    try:
        return importlib.import_module("golden_models")
    finally:
        sys.path.remove(str(_SCRIPTS))


def tiny(name: str, **hparams: object) -> Config:
    """A named configuration at a size that runs in no time."""
    config = load_config(name)
    layers = len(config.hparams.dec_rnn_size)
    sizes = {"z_size": 4, "enc_rnn_size": (5,), "dec_rnn_size": (6, 7, 8)[:layers]}
    if config.decoder.type == "nade":
        sizes["nade_num_hidden"] = 3
    return dataclasses.replace(config, hparams=config.hparams.replace(**{**sizes, **hparams}))


def one_hot(generator: np.random.Generator, shape: tuple[int, ...], depth: int) -> np.ndarray:
    return np.eye(depth, dtype=np.float32)[generator.integers(0, depth, shape)]


def melody_batch(size: int = 3, steps: int = 6, depth: int = 9) -> tuple[ExampleSpec, Batch]:
    """Random one-hot sequences whose inputs are their outputs."""
    sequences = one_hot(np.random.default_rng(0), (size, steps), depth)
    spec = ExampleSpec(input_depth=depth, output_depth=depth)
    return spec, Batch(sequences, sequences, None, np.full([size], steps, np.int32))


def groove_batch(size: int = 3, steps: int = 6, drums: int = 2) -> tuple[ExampleSpec, Batch]:
    """Random hits with velocities and offsets."""
    generator = np.random.default_rng(0)
    hits = (generator.random((size, steps, drums)) < 0.4).astype(np.float32)
    velocities = hits * generator.random(hits.shape, np.float32)
    offsets = hits * generator.uniform(-1, 1, hits.shape).astype(np.float32)
    sequences = np.concatenate([hits, velocities, offsets], -1)
    spec = ExampleSpec(input_depth=3 * drums, output_depth=3 * drums)
    return spec, Batch(sequences, sequences, None, np.full([size], steps, np.int32))
