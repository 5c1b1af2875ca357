"""Tests of finding a collection's examples."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from small_music import drum_piece, melody_piece, waltz, write_drums

from musicvae.config import load_config
from musicvae.data import examples as examples_module
from musicvae.data.example_set import ExampleSet
from musicvae.data.examples import cache_key, extract_examples, load_examples, summed_up
from musicvae.data.records import TFRecordSource
from musicvae.errors import DataError, InputError, NoExamplesError
from musicvae.formats.tfrecord import write_note_sequences, write_records

DRUMS = load_config("cat-drums_2bar_small").converter


def _same(a: ExampleSet, b: ExampleSet) -> None:
    assert a.findings == b.findings
    np.testing.assert_array_equal(a.sources, b.sources)
    assert set(a.arrays) == set(b.arrays)
    for name in a.arrays:
        np.testing.assert_array_equal(a.arrays[name], b.arrays[name])


def test_every_window_of_every_sequence_is_found(tmp_path: pathlib.Path) -> None:
    path = write_drums(tmp_path / "drums.tfrecord", pieces=3, bars=4)
    found = extract_examples(DRUMS, TFRecordSource((str(path),)))
    assert found.sources.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert found.findings.sequences == 3
    assert found.findings.without_examples == 0


def test_globs_and_several_files_are_read_in_order(tmp_path: pathlib.Path) -> None:
    write_note_sequences(tmp_path / "a1.tfrecord", [drum_piece(1)])
    write_note_sequences(tmp_path / "a2.tfrecord", [drum_piece(2)])
    write_note_sequences(tmp_path / "b.tfrecord", [drum_piece(3)])
    write_note_sequences(tmp_path / "all.tfrecord", [drum_piece(seed) for seed in (1, 2, 3)])
    several = TFRecordSource((f"{tmp_path}/a*.tfrecord,{tmp_path}/b.tfrecord",))
    # The glob matches all.tfrecord too; it comes last there.
    _same(
        extract_examples(DRUMS, TFRecordSource((f"{tmp_path}/a?.tfrecord,{tmp_path}/b.tfrecord",))),
        extract_examples(DRUMS, TFRecordSource((str(tmp_path / "all.tfrecord"),))),
    )
    assert extract_examples(DRUMS, several).findings.sequences == 6


def test_a_plain_script_may_use_workers(tmp_path: pathlib.Path) -> None:
    path = write_drums(tmp_path / "drums.tfrecord", pieces=3, bars=4)
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
        from musicvae.config import load_config
        from musicvae.data import examples
        from musicvae.data.records import TFRecordSource

        print("started")
        examples._ALONE_SECONDS, examples._CHUNK_RECORDS = 0.0, 1
        found = examples.extract_examples(
            load_config("cat-drums_2bar_small").converter,
            TFRecordSource(({str(path)!r},)),
            num_workers=2,
        )
        print(len(found))
        """)
    )
    result = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "started\n9\n"), result.stderr


def test_the_number_of_workers_changes_nothing(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples_module, "_ALONE_SECONDS", 0.0)
    monkeypatch.setattr(examples_module, "_CHUNK_RECORDS", 3)
    source = TFRecordSource((str(write_drums(tmp_path / "drums.tfrecord", pieces=30)),))
    alone = extract_examples(DRUMS, source, num_workers=1)
    _same(alone, extract_examples(DRUMS, source, num_workers=2))


def test_workers_do_not_import_tensorflow(tmp_path: pathlib.Path) -> None:
    code = """
        import sys
        from musicvae.config import load_config
        from musicvae.data import examples
        examples._start_worker(load_config("cat-drums_2bar_small").converter, "training")
        record = examples.Record(open(sys.argv[1], "rb").read()[12:-4], "drums", 0)
        part = examples._extract_in_worker([record])
        assert sum(part.counts) == 3, part
        assert "tensorflow" not in sys.modules
    """
    path = write_drums(tmp_path / "one.tfrecord", pieces=1)
    subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(path)], check=True)


def test_nothing_extracted_says_why(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "odd.tfrecord"
    write_note_sequences(path, [waltz(1), waltz(2), melody_piece(3), drum_piece(4, bars=1)])
    with pytest.raises(NoExamplesError) as raised:
        extract_examples(DRUMS, TFRecordSource((str(path),)))
    message = str(raised.value)
    assert "none of the 4 sequences" in message
    assert "2 x a bar is not as long as four quarter notes" in message
    assert "1 x shorter than one window" in message
    assert "musicvae-inspect" in message


def test_an_empty_file_says_that_it_is_empty(tmp_path: pathlib.Path) -> None:
    write_note_sequences(tmp_path / "none.tfrecord", [])
    with pytest.raises(NoExamplesError, match="is empty"):
        extract_examples(DRUMS, TFRecordSource((str(tmp_path / "none.tfrecord"),)))


def test_sequences_without_examples_are_counted_by_reason(tmp_path: pathlib.Path) -> None:
    write_note_sequences(tmp_path / "some.tfrecord", [waltz(1), drum_piece(2), waltz(3)])
    found = extract_examples(DRUMS, TFRecordSource((str(tmp_path / "some.tfrecord"),)))
    assert found.findings.without_examples == 2
    assert found.findings.reasons == {"time_signature": 2}
    assert summed_up(found.findings) == "2 x a bar is not as long as four quarter notes"
    assert set(found.sources.tolist()) == {1}


def test_a_missing_file_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match=r"none\.tfrecord"):
        extract_examples(DRUMS, TFRecordSource((str(tmp_path / "none.tfrecord"),)))


def test_a_record_of_something_else_is_named(tmp_path: pathlib.Path) -> None:
    write_records(tmp_path / "other.tfrecord", [drum_piece(1).SerializeToString(), b"\xff\xff"])
    with pytest.raises(DataError, match=r"other\.tfrecord.*record 1"):
        extract_examples(DRUMS, TFRecordSource((str(tmp_path / "other.tfrecord"),)))


def test_a_cache_is_used_the_next_time(tmp_path: pathlib.Path) -> None:
    source = TFRecordSource((str(write_drums(tmp_path / "drums.tfrecord")),))
    first = load_examples(DRUMS, source, cache_dir=tmp_path / "cache")
    calls: list[int] = []
    again = load_examples(
        DRUMS, source, cache_dir=tmp_path / "cache", progress=lambda *_: calls.append(1)
    )
    _same(first, again)
    assert not calls
    _same(first, load_examples(DRUMS, source))


@pytest.mark.parametrize("name", ["examples.json", "sources.bin"])
@pytest.mark.parametrize("damage", ["altered", "cut", "empty", "gone"])
def test_a_damaged_cache_is_made_anew_and_not_trusted(
    tmp_path: pathlib.Path, name: str, damage: str
) -> None:
    source = TFRecordSource((str(write_drums(tmp_path / "a.tfrecord")),))
    first = load_examples(DRUMS, source, cache_dir=tmp_path / "cache")
    (folder,) = (tmp_path / "cache").iterdir()
    content = bytearray((folder / name).read_bytes())
    if damage == "gone":
        (folder / name).unlink()
    elif damage == "altered":
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)
    else:
        (folder / name).write_bytes(content[: len(content) // 2] if damage == "cut" else b"")
    calls: list[int] = []
    again = load_examples(
        DRUMS, source, cache_dir=tmp_path / "cache", progress=lambda *_: calls.append(1)
    )
    assert calls, "the damaged cache was trusted"
    np.testing.assert_array_equal(again.sources, first.sources)
    assert list((tmp_path / "cache").iterdir()) == [folder]


def test_a_cache_is_made_anew_when_files_or_converter_change(tmp_path: pathlib.Path) -> None:
    path = write_drums(tmp_path / "drums.tfrecord", pieces=2)
    source = TFRecordSource((str(path),))
    before = cache_key(DRUMS, source, "training")
    assert cache_key(load_config("nade-drums_2bar_full").converter, source, "training") != before
    assert cache_key(DRUMS, source, "inference") != before
    assert cache_key(DRUMS, source, "training") == before
    write_drums(path, pieces=3)
    assert cache_key(DRUMS, source, "training") != before


def test_a_failed_extraction_leaves_no_cache(tmp_path: pathlib.Path) -> None:
    write_records(tmp_path / "other.tfrecord", [drum_piece(1).SerializeToString(), b"\xff\xff"])
    source = TFRecordSource((str(tmp_path / "other.tfrecord"),))
    with pytest.raises(DataError):
        load_examples(DRUMS, source, cache_dir=tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_progress_counts_sequences_and_examples(tmp_path: pathlib.Path) -> None:
    source = TFRecordSource((str(write_drums(tmp_path / "drums.tfrecord", pieces=4)),))
    calls: list[tuple[int, int]] = []
    extract_examples(DRUMS, source, progress=lambda *done: calls.append(done))
    assert calls[-1] == (4, 12)


def test_workers_end_when_what_started_them_is_killed(tmp_path: pathlib.Path) -> None:
    code = """
        import multiprocessing, os, signal, sys
        from musicvae.config import load_config
        from musicvae.data import examples
        examples._ALONE_SECONDS, examples._CHUNK_RECORDS = 0.0, 1

        def die(sequences, found):
            children = multiprocessing.active_children()
            if children:
                with open(sys.argv[2], "w") as file:
                    print(*[child.pid for child in children], file=file)
                os.kill(os.getpid(), signal.SIGKILL)

        component = load_config("cat-drums_2bar_small").converter
        source = examples.TFRecordSource((sys.argv[1],))
        examples.extract_examples(component, source, num_workers=2, progress=die)
    """
    path = write_drums(tmp_path / "drums.tfrecord", pieces=40)
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(path), str(tmp_path / "workers")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert killed.returncode == -signal.SIGKILL
    workers = [int(word) for word in (tmp_path / "workers").read_text().split()]
    assert len(workers) == 2
    try:
        deadline = time.monotonic() + 30
        while any(_is_running(worker) for worker in workers):
            assert time.monotonic() < deadline, "a worker outlives its parent"
            time.sleep(0.05)
    finally:
        for worker in filter(_is_running, workers):
            os.kill(worker, signal.SIGKILL)


def _is_running(process: int) -> bool:
    """Whether a process runs; one that has ended but that nobody has asked about does not."""
    try:
        os.kill(process, 0)
        state = pathlib.Path(f"/proc/{process}/stat")
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
