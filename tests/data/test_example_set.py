"""Tests of sets of compact examples, in memory and on disk."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from musicvae.data.example_set import (
    DiskSink,
    ExampleSet,
    ExampleSink,
    Findings,
    MemorySink,
    is_example_set,
    open_example_set,
    unfinished_folder,
)
from musicvae.errors import DataError

FINDINGS = Findings(sequences=3, without_examples=1, reasons={"too_short": 1})


def _fill(sink: ExampleSink) -> ExampleSet:
    sink.append({"labels": np.array([[1, 2], [3, 4]], np.uint8)}, np.array([0, 0]))
    sink.append({"labels": np.array([[5, 6]], np.uint8)}, np.array([2]))
    return sink.finish(FINDINGS)


def _check(examples: ExampleSet) -> None:
    assert len(examples) == 3
    assert examples.findings == FINDINGS
    np.testing.assert_array_equal(examples.sources, [0, 0, 2])
    np.testing.assert_array_equal(examples.arrays["labels"], [[1, 2], [3, 4], [5, 6]])
    assert examples.arrays["labels"].dtype == np.uint8
    np.testing.assert_array_equal(examples.take(np.array([2, 0]))["labels"], [[5, 6], [1, 2]])


def test_memory_keeps_what_was_added() -> None:
    _check(_fill(MemorySink()))


def test_disk_keeps_what_was_added_for_the_next_time(tmp_path: pathlib.Path) -> None:
    _check(_fill(DiskSink(tmp_path / "set")))
    _check(open_example_set(tmp_path / "set"))


def test_arrays_on_disk_are_not_read_into_memory(tmp_path: pathlib.Path) -> None:
    assert isinstance(_fill(DiskSink(tmp_path / "set")).arrays["labels"], np.memmap)


def test_an_unfinished_set_has_no_name(tmp_path: pathlib.Path) -> None:
    sink = DiskSink(tmp_path / "set")
    sink.append({"labels": np.zeros([2, 2], np.uint8)}, np.array([0, 0]))
    assert not is_example_set(tmp_path / "set")
    sink.discard()
    assert not list(tmp_path.iterdir())


def test_of_two_processes_that_finish_the_same_set_both_can_use_it(tmp_path: pathlib.Path) -> None:
    first, second = DiskSink(tmp_path / "set"), DiskSink(tmp_path / "set")
    _check(_fill(first))
    _check(_fill(second))
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


@pytest.mark.parametrize("damage", ["cut", "text", "gone", "altered", "empty", "other findings"])
def test_a_damaged_set_is_named(tmp_path: pathlib.Path, damage: str) -> None:
    _fill(DiskSink(tmp_path / "set"))
    if damage == "cut":
        (tmp_path / "set" / "labels.bin").write_bytes(b"123")
    elif damage == "text":
        (tmp_path / "set" / "examples.json").write_text("{")
    elif damage == "altered":
        (tmp_path / "set" / "labels.bin").write_bytes(bytes([1, 2, 3, 4, 5, 7]))
    elif damage == "empty":
        (tmp_path / "set" / "examples.json").write_text("")
    elif damage == "other findings":
        state = tmp_path / "set" / "examples.json"
        state.write_text(state.read_text().replace('"sequences": 3', '"sequences": 4'))
    else:
        (tmp_path / "set" / "labels.bin").unlink()
    with pytest.raises(DataError, match=r"set: the cached examples are damaged .*made anew"):
        open_example_set(tmp_path / "set")


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot keep examples there"):
        DiskSink(tmp_path / "file" / "set")


def test_what_a_killed_process_left_unfinished_is_cleared_away(tmp_path: pathlib.Path) -> None:
    code = "import sys, os; from musicvae.data.example_set import DiskSink; DiskSink(sys.argv[1]); "
    subprocess.run([sys.executable, "-c", code + "os._exit(9)", tmp_path / "set"], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    other_machine = tmp_path / ".unfinished-another.host-1-abc"
    other_machine.mkdir()
    running = DiskSink(tmp_path / "a")
    _check(_fill(DiskSink(tmp_path / "b")))
    assert other_machine.exists()
    _check(_fill(running))
    assert sorted(path.name for path in tmp_path.iterdir()) == [other_machine.name, "a", "b"]


@pytest.mark.skipif(os.name != "posix", reason="needs modes")
def test_an_unfinished_folder_cannot_be_guessed_and_is_ours_alone(tmp_path: pathlib.Path) -> None:
    one, other = unfinished_folder(tmp_path), unfinished_folder(tmp_path)
    assert one != other
    assert one.stat().st_mode & 0o777 == 0o700
