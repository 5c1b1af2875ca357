from __future__ import annotations

import os
import signal
import time

import midi_files as files
import pytest

from musicvae.data import workers
from musicvae.data.workers import ReadResult, ReadTask, WorkerPool
from musicvae.errors import MusicVAEError
from musicvae.formats.bounds import FileBounds
from musicvae.lazy_note_seq import NoteSequence

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX limits and signals")


def _read(folder, names, bounds=None, num_workers=2, batch=2) -> dict[str, ReadResult]:
    tasks = [ReadTask(index, name) for index, name in enumerate(names)]
    batches = [tasks[start : start + batch] for start in range(0, len(tasks), batch)]
    with WorkerPool(str(folder), "music", bounds or FileBounds(), num_workers=num_workers) as pool:
        results = list(pool.read(batches))
    assert sorted(result.index for result in results) == list(range(len(names)))
    return {names[result.index]: result for result in results}


def _odd_work(connection, folder, *_):
    """A worker to which a file's name is an order."""
    connection.send("ready")
    while True:
        for task in connection.recv():
            if task.name == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            if task.name == "die once" and not os.path.exists(f"{folder}/died"):
                open(f"{folder}/died", "x").close()
                os._exit(3)
            if task.name == "hang":
                time.sleep(60)
            connection.send(ReadResult(task.index, (task.name.encode(),)))


def _broken_work(*_):
    os._exit(1)


def test_every_file_is_answered_with_its_sequence_or_its_reason(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "good.mid").write_bytes(files.scale(5))
    (tmp_path / "bad.mid").write_bytes(b"junk")
    (tmp_path / "folder.mid").mkdir()
    names = ["sub/good.mid", "bad.mid", "folder.mid", "gone.mid", "sub/good.mid"]
    found = _read(tmp_path, names)
    (record,) = found["sub/good.mid"].records
    sequence = NoteSequence.FromString(record)
    assert len(sequence.notes) == found["sub/good.mid"].num_notes == 5
    assert sequence.filename == "sub/good.mid"
    assert sequence.collection_name == "music"
    reasons = [found[name].reason for name in ("bad.mid", "folder.mid", "gone.mid")]
    assert reasons == ["not_midi", "not_a_file", "unreadable"]


@posix
def test_a_file_over_its_bounds_costs_only_itself(tmp_path):
    (tmp_path / "long.mid").write_bytes(files.scale(400_000))
    (tmp_path / "short.mid").write_bytes(files.scale())
    names = ["short.mid", "long.mid", "short.mid"]
    (tmp_path / "again.mid").write_bytes(files.scale())
    names[2] = "again.mid"
    cases = {
        "too_large": FileBounds(max_bytes=100_000),
        "timeout": FileBounds(max_read_seconds=0.2),
        "memory": FileBounds(max_memory_bytes=32 << 20),
    }
    for reason, bounds in cases.items():
        found = _read(tmp_path, names, bounds, num_workers=1, batch=3)
        assert [found[name].reason for name in names] == ["", reason, ""]


@posix
def test_a_worker_that_dies_costs_only_the_file_it_was_at(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_work", _odd_work)
    names = ["a", "die", "b", "c", "d", "e", "die once", "f"]
    found = _read(tmp_path, names, batch=4)
    assert found["die"].reason == "worker_died"
    assert "-9" in found["die"].detail
    assert [name for name in names if not found[name].reason] == [n for n in names if n != "die"]


@posix
def test_a_worker_that_hangs_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_work", _odd_work)
    monkeypatch.setattr(workers, "_GRACE_SECONDS", 0.0)
    found = _read(tmp_path, ["a", "hang", "b"], FileBounds(max_read_seconds=0.3), batch=3)
    assert [found[name].reason for name in ("a", "hang", "b")] == ["", "timeout", ""]


def _work_killed_at_its_start(connection, folder, *given):
    if not os.path.exists(f"{folder}/killed"):
        open(f"{folder}/killed", "x").close()
        os.kill(os.getpid(), signal.SIGKILL)
    _odd_work(connection, folder, *given)


@posix
def test_a_worker_killed_while_it_starts_is_started_again(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_work", _work_killed_at_its_start)
    found = _read(tmp_path, ["a", "b"], num_workers=1)
    assert [found[name].reason for name in ("a", "b")] == ["", ""]


def _work_always_killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)


@posix
def test_workers_that_are_always_killed_are_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_work", _work_always_killed)
    with pytest.raises(MusicVAEError, match="cannot be started"):
        _read(tmp_path, ["a"], num_workers=1)


def test_workers_that_cannot_start_are_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_work", _broken_work)
    with pytest.raises(MusicVAEError, match="cannot be started"):
        _read(tmp_path, ["a"])


def test_workers_end_with_the_pool(tmp_path):
    (tmp_path / "a.mid").write_bytes(files.scale())
    with WorkerPool(str(tmp_path), "music", FileBounds(), num_workers=2) as pool:
        list(pool.read([[ReadTask(0, "a.mid")]]))
        processes = [worker.process for worker in pool._workers]
    assert len(processes) == 2
    assert not any(process.is_alive() for process in processes)
