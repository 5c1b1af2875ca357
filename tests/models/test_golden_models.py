"""Models against what Magenta 2.1.4 computed: golden/models, made by record_models.py."""

from __future__ import annotations

import json
import pathlib
import shutil

import numpy as np
import pytest

_LOCAL = pathlib.Path(__file__).resolve().parents[1] / "golden" / "models"
_FOLDERS = sorted(path.parent for path in _LOCAL.glob("*/golden.npz"))
# Options that no named configuration uses, made by tests/golden/record_options.py.
_OPTIONS = sorted(path.parent for path in _LOCAL.parent.glob("models_options/*/golden.npz"))
_EVERY_TIME = (
    "autoregressive_3_levels",
    "control_preprocessing",
    "dropout_of_everything_residual",
    "ragged_by_levels",
    "split",
    "unconditional",
)


def test_golden_folders_travel_with_the_tests():
    assert len(_FOLDERS) >= 4 and len(_OPTIONS) >= 30


@pytest.mark.parametrize("folder", _FOLDERS, ids=lambda folder: folder.name)
def test_a_recorded_model_is_reproduced(golden_models, folder):
    comparison = golden_models.compare_model(folder)
    assert comparison.passed, str(comparison)


@pytest.mark.parametrize("name", _EVERY_TIME)
def test_a_recorded_option_is_reproduced(golden_models, name):
    comparison = golden_models.compare_model(_LOCAL.parent / "models_options" / name)
    assert comparison.passed, str(comparison)


@pytest.mark.slow
@pytest.mark.parametrize("folder", _OPTIONS, ids=lambda folder: folder.name)
def test_every_recorded_option_is_reproduced(golden_models, folder):
    comparison = golden_models.compare_model(folder)
    assert comparison.passed, str(comparison)


@pytest.mark.slow
def test_every_recorded_model_is_reproduced(golden_models, shared):
    folders = golden_models.folders(shared / "golden" / "models")
    assert len(folders) >= 17
    failed = [str(c) for c in map(golden_models.compare_model, folders) if not c.passed]
    assert not failed


def test_the_comparison_sees_a_difference(golden_models, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(_FOLDERS[0], folder)
    golden = dict(np.load(folder / "golden.npz"))
    golden = {k: v for k, v in golden.items() if not k.startswith("after/")}
    golden["r_loss"] = golden["r_loss"] * (1 + 1e-3)
    del golden["losses_over_5_steps"], golden["cold_sample"]
    np.savez(folder / "golden.npz", **golden)
    comparison = golden_models.compare_model(folder)
    failed = [quantity.name for quantity in comparison.quantities if not quantity.passed]
    assert failed == ["r_loss"]
    assert "r_loss" in str(comparison) and "DIFFERS" in str(comparison)


def test_the_comparison_names_variables_that_differ(golden_models, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(_FOLDERS[0], folder)
    recorded = json.loads((folder / "hparams.json").read_text())
    recorded["variables"].pop("encoder/mu/bias")
    (folder / "hparams.json").write_text(json.dumps(recorded))
    with pytest.raises(ValueError, match="encoder/mu/bias"):
        golden_models.compare_model(folder)
