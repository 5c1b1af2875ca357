"""Small checkpoints to find, pack and damage."""

from __future__ import annotations

import pathlib
import shutil

import numpy as np
import pytest
from small_model import values

from musicvae.checkpoints import save_checkpoint


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with checkpoints of steps 9 and 10; do not change it."""
    folder = tmp_path_factory.mktemp("saved")
    for step in (9, 10):
        slots = {f"{name}/Adam": array for name, array in values(step + 100).items()}
        save_checkpoint(folder, step, values(step) | slots | {"beta1_power": np.float32(0.5)})
    return folder


@pytest.fixture
def folder(saved: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    """A private copy of `saved`, named `train` in a run folder."""
    return pathlib.Path(shutil.copytree(saved, tmp_path / "run" / "train"))
