"""Tests of files that appear whole or not at all."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from musicvae.errors import InputError
from musicvae.files import (
    atomic_file,
    check_writable,
    exclusive_lock,
    release,
    replace_all,
    reserve,
)

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX files")

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


@posix
def test_a_device_is_written_into_and_stays_one(tmp_path) -> None:
    before = os.stat(os.devnull)
    check_writable(os.devnull)
    with atomic_file(os.devnull) as file:
        file.write(b"gone")
    new = tmp_path / "new"
    new.write_bytes(b"gone")
    replace_all({new: Path(os.devnull)})
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    assert os.stat(os.devnull).st_ino == before.st_ino
    assert list(tmp_path.iterdir()) == []


@posix
def test_a_pipe_gets_the_content(tmp_path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with atomic_file(pipe) as file:
        file.write(b"music")
    assert os.read(reader, 100) == b"music"
    os.close(reader)
    assert stat.S_ISFIFO(os.stat(pipe).st_mode)


@posix
@pytest.mark.parametrize("write", ["atomic_file", "replace_all"])
def test_a_link_leads_to_its_target_which_keeps_its_mode(tmp_path, write) -> None:
    target, link = tmp_path / "there" / "target", tmp_path / "link"
    target.parent.mkdir()
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    if write == "atomic_file":
        with atomic_file(link) as file:
            file.write(b"new")
    else:
        (tmp_path / "new").write_text("new")
        replace_all({tmp_path / "new": link})
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_an_error_leaves_the_old_file_and_no_other(tmp_path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_file(path) as file:
        file.write(b"new")
        raise RuntimeError
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("file", "old")]


def test_what_is_trusted_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch) -> None:
    events: list[str] = []
    sync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (events.append("sync"), sync(handle)))
    monkeypatch.setattr(os, "replace", lambda *names: (events.append("rename"), replace(*names)))
    with atomic_file(tmp_path / "file") as file:
        file.write(b"new")
    assert events == ["sync", "rename", "sync"]


@posix
def test_temporary_names_are_random_and_opened_neither_over_a_file_nor_through_a_link(tmp_path):
    opened: list[tuple[str, int]] = []

    def note(event: str, arguments: tuple) -> None:
        if event == "open" and str(arguments[0]).startswith(f"{tmp_path}{os.sep}"):
            opened.append((os.path.basename(arguments[0]), arguments[2]))

    sys.addaudithook(note)  # it stays, and notes nothing of other folders
    for _ in range(20):
        with atomic_file(tmp_path / "file") as file:
            file.write(b"new")
    wanted = os.O_EXCL | os.O_NOFOLLOW | os.O_CREAT
    written = [(name, flags) for name, flags in opened if flags & os.O_RDWR]
    assert len({name for name, _ in written}) == 20
    assert all(flags & wanted == wanted for _, flags in written)


def test_a_name_is_reserved_once(tmp_path) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    assert reserve(paths)
    assert not reserve([tmp_path / "c", tmp_path / "b"])
    paths[0].write_text("music")
    release(paths)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


@posix
def test_a_lock_says_who_holds_it_and_ends_with_its_holder(tmp_path) -> None:
    path = tmp_path / "lock"
    mine = pytest.raises(InputError, match=f"busy: process {os.getpid()} on ")
    with exclusive_lock(path, "busy"), mine:
        exclusive_lock(path, "busy: {holder}").__enter__()
    with exclusive_lock(path, "busy"):
        pass


@posix
def test_a_lock_does_not_follow_a_link(tmp_path) -> None:
    (tmp_path / "precious").write_text("kept")
    (tmp_path / "lock").symlink_to(tmp_path / "precious")
    with pytest.raises(InputError, match="cannot lock"):
        exclusive_lock(tmp_path / "lock", "busy").__enter__()
    assert (tmp_path / "precious").read_text() == "kept"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_told_with_the_name_of_the_file(tmp_path) -> None:
    link = tmp_path / "report.json"
    link.symlink_to("/dev/full")
    with (
        pytest.raises(InputError, match=r"cannot write .*report\.json': No space left"),
        atomic_file(link) as file,
    ):
        file.write(b"x" * 100_000)
    assert link.is_symlink()
