"""What is trusted later is on the disk before it has the name under which it is trusted."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hostile import work
from hostile.arguments import PoolInThisProcess

from musicvae.checkpoints import CheckpointKeeper
from musicvae.data import conversion
from musicvae.export.folder import new_files

pytestmark = pytest.mark.skipif(os.name != "posix", reason="folders are synced on POSIX systems")


def _checkpoint(folder: pathlib.Path) -> None:
    keeper = CheckpointKeeper(folder, max_to_keep=1)
    for step in (1, 2):
        keeper.save(step, {"a": np.full(3, step, np.float32)})


def _set_of_files(folder: pathlib.Path) -> None:
    with new_files(folder) as unfinished:
        for name in ("a", "b"):
            (unfinished / name).write_text("new")


WRITERS: dict[str, Callable[[pathlib.Path], Any]] = {
    "checkpoint": _checkpoint,
    "export": _set_of_files,
    **{each.name: each.do for each in work.WORK.values()},
}


def _begin(name: str, folder: pathlib.Path) -> None:
    if name in work.WORK:
        work.WORK[name].begin(folder)


@pytest.fixture
def renamed(tmp_path_factory, monkeypatch) -> Callable[[], list[str]]:
    """Returns the names that files got, each with how much of it was not synced before.

    In a file: a set of files gets its names in a process of its own.
    """
    monkeypatch.setattr(conversion, "WorkerPool", PoolInThisProcess)
    notes = tmp_path_factory.mktemp("notes") / "notes"
    notes.touch()
    synced: set[int] = set()
    fsync, replace = os.fsync, os.replace

    def note_fsync(descriptor: int) -> None:
        fsync(descriptor)
        synced.add(os.fstat(descriptor).st_ino)

    def note_replace(source: Any, target: Any) -> None:
        path = pathlib.Path(source)
        files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
        lacking = sum(file.stat().st_ino not in synced for file in files)
        with open(notes, "a", encoding="utf-8") as file:
            file.write(f"{lacking} {os.path.basename(target)}\n")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "replace", note_replace)
    return lambda: notes.read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", WRITERS)
def test_every_file_is_synced_before_it_is_renamed(tmp_path, renamed, name) -> None:
    _begin(name, tmp_path)
    WRITERS[name](tmp_path)
    found = renamed()
    assert found, "nothing was renamed"
    assert [line for line in found if not line.startswith("0 ")] == []
