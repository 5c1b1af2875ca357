from __future__ import annotations

import os
import pathlib
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import midi_files as files
import pytest

from musicvae.formats.tfrecord import read_note_sequences

COMMAND = [sys.executable, "-m", "musicvae.cli.convert"]


@pytest.fixture
def music(tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    for index in range(3):
        (folder / f"{index}.mid").write_bytes(files.scale(index + 1))
    (folder / "bad.mid").write_bytes(b"junk")
    return folder


def _run(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=120
    )


def test_a_folder_becomes_a_tfrecord_and_a_table(music, tmp_path):
    result = _run(f"--input_dir={music}", f"--output_file={tmp_path}/x.tfrecord")
    assert result.returncode == 0, result.stderr
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["files", "4"] in rows
    assert ["sequences", "3"] in rows
    assert ["notes", "6"] in rows
    assert ["hours", "0.00"] in rows
    assert ["skipped", "files", "1"] in rows
    assert "bad.mid: it does not begin with a MIDI header" in result.stdout
    assert len(list(read_note_sequences(tmp_path / "x.tfrecord"))) == 3


def test_a_limit_of_size_beyond_the_limit_of_memory_skips_nothing(music, tmp_path):
    limit = "--max_file_megabytes=1200"
    result = _run(f"--input_dir={music}", f"--output_file={tmp_path}/x.tfrecord", limit)
    assert result.returncode == 0, result.stderr
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["sequences", "3"] in rows
    assert ["skipped", "files", "1"] in rows
    assert "bad.mid: it does not begin with a MIDI header" in result.stdout


def test_magentas_command_line_does_what_it_did(music, tmp_path):
    result = _run(
        "--input_dir", music, "--output_file", tmp_path / "x.tfrecord", "--recursive", "--log=INFO"
    )
    assert result.returncode == 0, result.stderr


def test_parts_and_shards_are_written_under_their_names(music, tmp_path):
    result = _run(
        f"--input_dir={music}", f"--output_file={tmp_path}/x@2.tfrecord", "--split=0.5,0.25,0.25"
    )
    assert result.returncode == 0, result.stderr
    assert sorted(path.name for path in tmp_path.glob("x*")) == [
        f"x-{part}-0000{shard}-of-00002.tfrecord"
        for part in ("test", "train", "validation")
        for shard in (0, 1)
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--input_dir=nowhere", "--output_file=x"], "--input_dir='nowhere' does not exist"),
        (["--output_file=x"], "missing --input_dir"),
        (["--input_dir={music}"], "missing --output_file"),
        (["--input_dir={empty}", "--output_file=x"], "no music file"),
        (["--input_dir={music}/0.mid", "--output_file=x"], "is a file, not a folder"),
        (["--input_dir={music}", "--output_file={music}"], "it is a folder"),
        (["--input_dir={music}", "--output_file={music}/0.mid/x"], "cannot write"),
        (["--input_dir={music}", "--output_file=x", "--split=0.5,0.1"], "sum to 0.6"),
        (["--input_dir={music}", "--output_file=x", "--split=a,b"], "give fractions"),
        (["--input_dir={music}", "--output_file=x", "--split_csv=no.csv"], "cannot read"),
        (["--input_dir={music}", "--output_file=x", "--output_shards=999999"], "shards"),
        (["--input_dir={broken}", "--output_file=x"], "none of the 1 files"),
    ],
)
def test_what_cannot_be_done_is_an_error_of_one_line(music, tmp_path, arguments, message):
    for name in ("empty", "broken"):
        (tmp_path / name).mkdir()
    (tmp_path / "broken" / "bad.mid").write_bytes(b"junk")
    places = {"music": music, "empty": tmp_path / "empty", "broken": tmp_path / "broken"}
    result = subprocess.run(
        [*COMMAND, *(argument.format(**places) for argument in arguments)],
        capture_output=True, text=True, timeout=120, cwd=tmp_path,
    )  # fmt: skip
    assert result.returncode == 1
    assert result.stderr.startswith("musicvae-convert: error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "x").exists()


def test_help_needs_neither_tensorflow_nor_note_seq():
    code = (
        "import sys\n"
        "from musicvae.cli import convert\n"
        "try:\n    convert.run()\nexcept SystemExit as done:\n    assert done.code == 0\n"
        "assert not {'tensorflow', 'note_seq', 'numpy'} & set(sys.modules)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stderr
    assert "--split_csv" in result.stdout


def _many(tmp_path: pathlib.Path, count: int = 200) -> pathlib.Path:
    folder = tmp_path / "many"
    folder.mkdir()
    song = files.scale(800)
    for index in range(count):
        (folder / f"{index:03d}.mid").write_bytes(song)
    return folder


def _start(folder, output) -> subprocess.Popen:
    return subprocess.Popen(
        [*COMMAND, f"--input_dir={folder}", f"--output_file={output}", "--num_workers=2"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.fixture
def heeds_ctrl_c() -> Iterator[None]:
    """Lets the processes that a test starts be interrupted, whatever started the tests.

    A shell's background jobs ignore SIGINT, and so does everything that they start.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _wait_for_partial_work(output: pathlib.Path) -> None:
    folder = output.with_name(output.name + ".partial")
    deadline = time.monotonic() + 60
    while not any(journal.stat().st_size for journal in folder.glob("chunks")):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_ctrl_c_keeps_what_is_done_and_says_so(tmp_path, heeds_ctrl_c):
    # So many that a busy machine does not finish them between the first ones and the signal.
    folder, output = _many(tmp_path, 1000), tmp_path / "x.tfrecord"
    process = _start(folder, output)
    _wait_for_partial_work(output)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on" in errors
    assert "Traceback" not in errors
    assert not output.exists()


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
@pytest.mark.parametrize("kills", [3, pytest.param(25, marks=pytest.mark.slow)])
def test_killing_it_at_any_moment_leaves_the_old_output_or_none(tmp_path, kills):
    folder, output, whole = _many(tmp_path), tmp_path / "x.tfrecord", tmp_path / "whole"
    started = time.monotonic()
    assert _start(folder, whole).wait(timeout=120) == 0
    duration = time.monotonic() - started
    rng = random.Random(1)
    for attempt in range(kills):
        output.unlink(missing_ok=True)
        if attempt % 2:
            output.write_bytes(b"old")
        process = _start(folder, output)
        time.sleep(rng.uniform(0, duration))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
        found = output.read_bytes() if output.exists() else b""
        assert found in (b"old" if attempt % 2 else b"", whole.read_bytes())
    assert _start(folder, output).wait(timeout=120) == 0
    assert output.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["many", "whole", "x.tfrecord"]
