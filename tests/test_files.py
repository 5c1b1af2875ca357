"""Tests of files that appear whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from musicvae.files import replace_all

SLOW_REPLACEMENT = """
import os, pathlib, sys, time
import musicvae.files
folder = pathlib.Path(sys.argv[1])
real = os.replace
def slow(old, new):
    time.sleep(0.3)
    real(old, new)
os.replace = slow
print("started", flush=True)
musicvae.files.replace_all({folder / f"new{i}": folder / f"file{i}" for i in range(4)})
"""


def texts(folder) -> list[str]:
    paths = [folder / f"file{i}" for i in range(4)]
    return [path.read_text() for path in paths if path.exists()]


@pytest.fixture
def folder(tmp_path):
    for i in range(4):
        (tmp_path / f"new{i}").write_text("new")
        (tmp_path / f"file{i}").write_text("old")
    return tmp_path


def test_a_set_of_files_is_replaced(folder) -> None:
    replace_all({folder / f"new{i}": folder / f"file{i}" for i in range(4)})
    assert texts(folder) == ["new"] * 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_kill_between_two_renames_leaves_a_whole_set(folder) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_REPLACEMENT, str(folder)],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert len(texts(folder)) < 4
    until = time.monotonic() + 20
    while len(texts(folder)) < 4 and time.monotonic() < until:
        time.sleep(0.05)
    assert texts(folder) == ["new"] * 4


def test_a_rename_that_fails_is_told(folder) -> None:
    names = {folder / f"new{i}": folder / f"file{i}" for i in range(3)}
    names[folder / "none"] = folder / "file3"
    with pytest.raises(OSError, match="No such file"):
        replace_all(names)
