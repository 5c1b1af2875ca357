"""All named configurations at reduced width: from an untrained model to samples."""

from __future__ import annotations

import importlib
import json
import pathlib
import types

import numpy as np
import pytest
import tiny_models

from musicvae.checkpoints import open_checkpoint
from musicvae.config import list_configs
from musicvae.converters import build_converter
from musicvae.generate import TrainedModel
from musicvae.models import MusicVAE

_SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
_NAMES = [config.name for config in list_configs()]
# What differs from one of these in sizes alone is tried by the slow tests.
_REPRESENTATIVES = tiny_models.representatives()
_ALL = [
    pytest.param(name, marks=[] if name in _REPRESENTATIVES else [pytest.mark.slow])
    for name in _NAMES
]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """The module scripts/check_full_width.py."""
    monkeypatch.syspath_prepend(_SCRIPTS)
    return importlib.import_module("check_full_width")


def test_magentas_23_configurations_are_all_here(golden: pathlib.Path) -> None:
    magentas = json.loads((golden / "configs.json").read_text(encoding="utf-8"))
    assert len(magentas) == 23
    assert set(magentas) <= set(_NAMES)


def test_every_kind_of_converter_encoder_and_decoder_is_represented() -> None:
    configs = list_configs()
    chosen = [config for config in configs if config.name in _REPRESENTATIVES]
    assert len(chosen) < len(configs)
    for part in ("converter", "encoder", "decoder"):
        assert {getattr(c, part).type for c in chosen} == {getattr(c, part).type for c in configs}


@pytest.mark.parametrize("name", _ALL)
def test_every_configuration_trains_a_step_saves_loads_encodes_and_samples(
    check: types.ModuleType, tmp_path: pathlib.Path, name: str
) -> None:
    config = tiny_models.tiny_config(name)
    check.train_and_save(config, tmp_path, batch_size=2)
    untrained = MusicVAE(config, build_converter(config.converter).spec, seed=1).named_variables
    with open_checkpoint(tmp_path) as checkpoint:
        stored = {variable: checkpoint.read(variable) for variable in checkpoint.weights}
    assert set(stored) == set(untrained)
    same = [v for v, value in stored.items() if np.array_equal(value, untrained[v])]
    assert not same, "a training step changes every variable"
    check.load_and_use(config, tmp_path, batch_size=2)


@pytest.mark.parametrize("name", [name for name in _REPRESENTATIVES if "multiperf" in name])
def test_segments_of_any_length_leave_the_rows_after_them_unread(
    check: types.ModuleType, tmp_path: pathlib.Path, name: str
) -> None:
    config = tiny_models.write_run(tmp_path, name)
    model = TrainedModel(name, 2, tmp_path)
    batch = check.random_batch(config, 2)
    longest = config.hparams.max_seq_len // 8
    assert batch.lengths.shape == (2, 8) and len(set(batch.lengths.ravel())) > 8
    within = np.arange(longest) < batch.lengths[..., None]
    cleared = batch.inputs * within.reshape([2, -1, 1])
    assert not np.array_equal(cleared, batch.inputs)
    controls = None if batch.controls is None else list(batch.controls)
    found = [
        model.encode_tensors(list(inputs), list(batch.lengths), controls).mu
        for inputs in (batch.inputs, cleared)
    ]
    np.testing.assert_array_equal(*found)
    shorter = list(np.maximum(batch.lengths - 1, 1))
    assert not np.array_equal(found[0], model.encode_tensors(cleared, shorter, controls).mu)
