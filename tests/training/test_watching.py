"""`--watch` goes on when a checkpoint is removed while it is loaded."""

from __future__ import annotations

import pathlib
import types
from typing import Any

import numpy as np
import pytest

from musicvae.checkpoints import CheckpointKeeper, RunFolder, open_checkpoint
from musicvae.errors import CheckpointError
from musicvae.training import running


class _Reporter:
    """Notes which steps were evaluated."""

    def __init__(self) -> None:
        self.steps: list[int] = []

    def report(self, step: int) -> Any:
        self.steps.append(step)
        return types.SimpleNamespace(loss=1.0)


def _plan(folder: RunFolder) -> Any:
    return types.SimpleNamespace(
        folder=folder, options=types.SimpleNamespace(early_stopping=0, num_steps=20)
    )


def _load(_: object, path: str) -> int:
    with open_checkpoint(path) as checkpoint:
        for name in checkpoint.shapes:
            checkpoint.read(name)
        return checkpoint.step


@pytest.mark.parametrize("removed", [".index", ".data-00000-of-00001"])
def test_a_checkpoint_that_is_removed_while_it_is_loaded_is_skipped_with_a_line(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capfd, removed: str
) -> None:
    folder = RunFolder(tmp_path)
    keeper = CheckpointKeeper(folder.train, max_to_keep=1)
    keeper.save(10, {"a": np.zeros(3, np.float32)})

    def load(model: object, path: str) -> int:
        if path.endswith("-10"):
            pathlib.Path(path + removed).unlink()
            keeper.save(20, {"a": np.ones(3, np.float32)})
        return _load(model, path)

    notes: list[str] = []
    monkeypatch.setattr(running, "load_weights", load)
    monkeypatch.setattr(running.logging, "info", lambda text, *given: notes.append(text % given))
    reporter = _Reporter()
    assert running._watch(_plan(folder), None, reporter) == 0  # type: ignore[arg-type]
    assert reporter.steps == [20]
    (note,) = notes
    assert note.startswith("skipped: ") and "model.ckpt-10" in note and "\n" not in note


def test_a_checkpoint_that_stays_and_is_damaged_ends_the_watch(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RunFolder(tmp_path)
    CheckpointKeeper(folder.train, max_to_keep=1).save(10, {"a": np.zeros(3, np.float32)})
    pathlib.Path(folder.train, "model.ckpt-10.data-00000-of-00001").write_bytes(b"")
    monkeypatch.setattr(running, "load_weights", _load)
    with pytest.raises(CheckpointError):
        running._watch(_plan(folder), None, _Reporter())  # type: ignore[arg-type]
