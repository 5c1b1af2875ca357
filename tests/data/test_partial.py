"""A conversion's folder of finished chunks, after a death at each moment of its life."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from musicvae.data.chunk_journal import ChunkJournal
from musicvae.data.conversion_report import FileResult
from musicvae.data.partial import PartialFolder
from musicvae.errors import InputError

_NUM_FILES = 3
_DIED = 9


def finish(output: Path, plan: str) -> list[bytes]:
    """Does what is left of a conversion of three files, and returns its records."""
    with PartialFolder(output, plan, _NUM_FILES) as partial:
        for chunk in partial.chunks():
            if not partial.is_finished(chunk):
                record = f"{plan} {chunk.start}".encode()
                partial.add(chunk, [FileResult(f"{chunk.start}.mid", 1)], [record])
        records = list(partial.records())
        assert len(list(partial.outcomes())) == _NUM_FILES
        partial.remove()
    return records


def _die(output: Path, num_left: int, plan: str) -> bool:
    """Says whether a process that may do so many things to the disk died before its end."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == _DIED

    def count(event: str, _: object) -> None:
        nonlocal num_left
        if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir"):
            num_left -= 1
            if num_left < 0:
                os._exit(_DIED)

    sys.addaudithook(count)
    finish(output, plan)
    os._exit(0)


def _finished(plan: str) -> list[bytes]:
    return [f"{plan} {index}".encode() for index in range(_NUM_FILES)]


def die_at_each_moment(folder: Path) -> None:
    """Checks what comes after a death at each moment of a conversion, for two next plans."""
    for later in ("plan", "another plan"):
        num_left = 0
        while _die(folder / "x.tfrecord", num_left, "plan"):
            assert finish(folder / "x.tfrecord", later) == _finished(later)
            assert list(folder.iterdir()) == []
            num_left += 1
        assert num_left > 20


def die_while_old_chunks_go(folder: Path) -> None:
    """Checks that chunks are whole or not taken over after a death while they are removed."""
    output = folder / "x.tfrecord"
    for num_left in range(20):
        with PartialFolder(output, "plan", _NUM_FILES) as partial:
            for chunk in partial.chunks():
                partial.add(chunk, [FileResult(f"{chunk.start}.mid", 1)], [b"old"])
        assert _die(output, num_left, "another plan")
        assert finish(output, "plan") in ([b"old"] * _NUM_FILES, _finished("plan"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("check", ["die_at_each_moment", "die_while_old_chunks_go"])
def test_the_next_run_goes_on_whenever_the_last_one_died(tmp_path, check):
    # In a process that has no threads, so that it can fork.
    program = f"import pathlib, sys, test_partial; test_partial.{check}(pathlib.Path(sys.argv[1]))"
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], check=True, cwd=os.path.dirname(__file__)
    )


@pytest.mark.parametrize("name", ["notes.txt", "chunks.bak", "plan.jsonl"])
def test_a_folder_with_anything_that_is_not_ours_is_left_alone(tmp_path, name):
    folder = tmp_path / "x.tfrecord.partial"
    folder.mkdir()
    for ours in ("lock", "plan.json"):
        (folder / ours).write_text("{}")
    (folder / name).write_text("somebody's")
    with pytest.raises(InputError, match="in the way"):
        finish(tmp_path / "x.tfrecord", "plan")
    assert sorted(path.name for path in folder.iterdir()) == sorted([name, "lock", "plan.json"])


def _three_chunks(output: Path) -> Path:
    with PartialFolder(output, "plan", _NUM_FILES) as partial:
        for chunk in partial.chunks():
            record = f"plan {chunk.start}".encode()
            partial.add(chunk, [FileResult(f"{chunk.start}.mid", 1)], [record])
    return partial.path / "chunks"


@pytest.mark.parametrize("name", ["chunks", "plan.json", "lock"])
@pytest.mark.parametrize("damage", ["empty", "cut", "altered", "gone"])
def test_a_damaged_file_is_made_again_and_not_trusted(tmp_path, name, damage):
    output = tmp_path / "x.tfrecord"
    path = _three_chunks(output).with_name(name)
    content = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    elif damage == "altered":
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    else:
        path.write_bytes(content[: len(content) // 2] if damage == "cut" else b"")
    assert finish(output, "plan") == _finished("plan")
    assert list(tmp_path.iterdir()) == []


def test_wherever_the_journal_ends_the_whole_chunks_before_stay(tmp_path):
    output = tmp_path / "x.tfrecord"
    journal = _three_chunks(output)
    whole = journal.read_bytes()
    num_kept = []
    for size in range(len(whole) + 1):
        journal.write_bytes(whole[:size])
        with PartialFolder(output, "plan", _NUM_FILES) as partial:
            kept = [chunk for chunk in partial.chunks() if partial.is_finished(chunk)]
            for chunk in partial.chunks():
                if chunk not in kept:
                    record = f"plan {chunk.start}".encode()
                    partial.add(chunk, [FileResult(f"{chunk.start}.mid", 1)], [record])
            assert list(partial.records()) == _finished("plan")
        assert journal.read_bytes() == whole
        num_kept.append(len(kept))
    assert num_kept == sorted(num_kept)
    assert (num_kept[0], num_kept[-2], num_kept[-1]) == (0, _NUM_FILES - 1, _NUM_FILES)


def test_a_chunk_counts_only_when_the_disk_has_it(tmp_path, monkeypatch):
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_size))
    journal = ChunkJournal(tmp_path / "chunks")
    journal.add(0, [], [b"record"])
    journal.wait()
    assert synced == [(tmp_path / "chunks").stat().st_size]
    journal.close()


def test_a_journal_that_is_a_link_is_not_followed(tmp_path):
    journal = _three_chunks(tmp_path / "x.tfrecord")
    journal.unlink()
    (tmp_path / "somebody's").write_text("kept")
    journal.symlink_to(tmp_path / "somebody's")
    with pytest.raises(InputError, match="chunks"):
        finish(tmp_path / "x.tfrecord", "plan")
    assert (tmp_path / "somebody's").read_text() == "kept"


def test_a_full_disk_is_said(tmp_path, monkeypatch):
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    journal = ChunkJournal(tmp_path / "chunks")
    monkeypatch.setattr(os, "fsync", full)
    journal.add(0, [], [b"record"])
    with pytest.raises(InputError, match="No space left"):
        journal.wait()
    assert 0 not in journal
    journal.close()
