"""Attributes as knobs, of vectors that lie beside a checkpoint."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pydantic", reason="the extra 'studio' is not installed")
from musicvae.attribute_vectors import attributes_path, save_vectors
from musicvae.attribute_vectors.groups import group_vectors
from musicvae.studio.knobs import shipped_knobs


def model_beside(folder: Any, z_size: int) -> Any:
    """Stands in for a model whose checkpoint lies in a folder."""
    config = SimpleNamespace(hparams=SimpleNamespace(z_size=z_size))
    return SimpleNamespace(checkpoint=str(folder / "model.ckpt-5"), config=config)


def test_vectors_of_ones_own_groups_are_knobs_that_move(tmp_path: Any) -> None:
    mu = np.array([[1.0, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1]])
    found = group_vectors(mu, ["a", "b", "c", "d"], ["jazz", "jazz", "rock", "rock"])
    model = model_beside(tmp_path, 3)
    save_vectors(attributes_path(model.checkpoint), found.vectors, config="mine", step=5)
    knobs = shipped_knobs(model)
    assert knobs is not None
    assert [(row.name, row.mean, row.deviation) for row in knobs.rows] == [
        ("jazz", 0.0, 1.0),
        ("rock", 0.0, 1.0),
    ]
    moved = knobs.moved(np.zeros(3, np.float32), {"jazz": 2.542})
    np.testing.assert_allclose(moved, [1.0, 0.0, -1.0], atol=1e-5)


def test_without_a_file_there_are_no_knobs_yet(tmp_path: Any) -> None:
    assert shipped_knobs(model_beside(tmp_path, 3)) is None
