"""Music files are read within bounds outside of musicvae-convert too."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

import midi_files
import pytest
from hostile.arguments import PoolInThisProcess

from musicvae.data import bounded_reading, music_files
from musicvae.data.bounded_reading import read_bounded_file, read_bounded_files
from musicvae.data.music_folder import MusicFolder
from musicvae.data.workers import WorkerPool
from musicvae.errors import InputError
from musicvae.formats.bounds import FileBounds, MusicFileError
from musicvae.generate.music import as_piece

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX limits and signals")
REPORTED = pathlib.Path(__file__).parents[1] / "reported"
TUNE = "X:1\nT:Tune\nM:4/4\nL:1/4\nK:C\n{}\n"


def hostile(tmp_path) -> str:
    """A score that nests repeats: small to send, and minutes of work to play."""
    path = tmp_path / "hostile.abc"
    path.write_text(TUNE.format("|:CDEF:|" * 60_000))
    return os.fspath(path)


@posix
def test_a_hostile_score_ends_with_a_reason_and_not_with_the_program(tmp_path):
    pytest.importorskip("music21")
    path = hostile(tmp_path)
    with pytest.raises(
        MusicFileError, match=r"takes over (0\.5 s, the limit|6 s by the clock)"
    ) as caught:
        read_bounded_file(path, bounds=FileBounds(max_read_seconds=0.5))
    assert caught.value.reason == "timeout"
    with pytest.raises(MusicFileError) as caught:
        read_bounded_file(path, bounds=FileBounds(max_memory_bytes=24 << 20))
    assert caught.value.reason in ("memory", "bad_abc")


@pytest.mark.parametrize("way", ["read", "inspect", "generate", "folder"])
def test_every_way_in_has_the_bounds_of_convert(way, tmp_path, monkeypatch):
    from musicvae.cli.generate_inputs import read_input
    from musicvae.cli.inspect import _inspect_music

    (tmp_path / "tune.abc").write_text(TUNE.format("CDEF|"))
    path = os.fspath(tmp_path / "tune.abc")
    given = []

    def pool(folder, collection, bounds, **options):
        given.append((folder, bounds, options["num_workers"]))
        return WorkerPool(folder, collection, FileBounds(max_bytes=3), **options)

    monkeypatch.setattr(bounded_reading, "WorkerPool", pool)
    if way == "folder":
        skipped = []
        assert not list(MusicFolder(tmp_path, on_skip=lambda *why: skipped.append(why)).records())
        assert "the limit is 3" in skipped[0][1]
    else:
        ways = {
            "read": as_piece,
            "inspect": lambda path: _inspect_music(path, None),
            "generate": lambda path: read_input(path, "input"),
        }
        with pytest.raises(InputError, match="the limit is 3"):
            ways[way](path)
    assert given == [(os.fspath(tmp_path), FileBounds(), 1)]


@pytest.mark.parametrize("way", ["read", "inspect", "generate", "evaluate"])
def test_damaged_archives_are_one_line_each_by_every_way_and_end_no_folder(
    way, tmp_path, monkeypatch
):
    from musicvae.cli.generate_inputs import read_input
    from musicvae.cli.inspect import _inspect_music

    monkeypatch.setattr(bounded_reading, "WorkerPool", PoolInThisProcess)
    (tmp_path / "whole.mid").write_bytes(midi_files.scale(4))
    damaged = sorted((REPORTED / "damaged_mxl").iterdir())
    assert len(damaged) >= 3
    for path in damaged:
        shutil.copy(path, tmp_path)
    if way == "evaluate":
        skipped: list[tuple[str, str]] = []
        folder = MusicFolder(tmp_path, on_skip=lambda *why: skipped.append(why))
        assert len(list(folder.records())) == 1
        assert sorted(name for name, _ in skipped) == [path.name for path in damaged]
        assert not [why for _, why in skipped if "\n" in why]
        return
    ways = {
        "read": as_piece,
        "inspect": lambda path: _inspect_music(path, None),
        "generate": lambda path: read_input(path, "input"),
    }
    for path in damaged:
        with pytest.raises(InputError) as caught:
            ways[way](os.fspath(tmp_path / path.name))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("two\nlines"),
        EOFError(),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"),
        KeyError("x"),
        RecursionError("deep"),
        AssertionError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_a_reader_raises_is_that_files_reason_in_a_line(tmp_path, monkeypatch, error):
    def read_midi(*_, **__):
        raise error

    monkeypatch.setattr(music_files, "read_midi", read_midi)
    (tmp_path / "a.mid").write_bytes(midi_files.scale(4))
    with pytest.raises(MusicFileError, match="its reader failed: ") as caught:
        read_bounded_file(tmp_path / "a.mid")
    assert caught.value.reason == "reader_failed"
    assert "\n" not in caught.value.detail


def test_files_come_in_the_order_of_their_names_with_what_was_said_of_them(tmp_path):
    book = TUNE.format("CDEF|") + "\nX:2\nK:C\n&&|\n"
    for name in ("b.abc", "d.abc"):
        (tmp_path / name).write_text(book)
    (tmp_path / "a.mid").write_bytes(midi_files.scale(4))
    (tmp_path / "c.mid").write_bytes(midi_files.midi(midi_files.event(0, 0x90, 60, 90)))
    names = ["a.mid", "b.abc", "c.mid", "d.abc", "e.xml"]
    found = dict(read_bounded_files(tmp_path, names))
    assert list(found) == names
    assert [len(found[name].sequences[0].notes) for name in names[:4]] == [4, 4, 1, 4]
    assert next(code for code, _ in found["c.mid"].corrections) == "open_notes"
    assert [number for number, _ in found["b.abc"].tune_errors] == [2]
    assert found["e.xml"].reason == "unreadable"


def test_a_program_without_a_main_guard_reads_scores(tmp_path):
    (tmp_path / "tune.abc").write_text(TUNE.format("CDEF|"))
    script = tmp_path / "script.py"
    script.write_text("import musicvae as mv\nprint(len(mv.read('tune.abc').sequence.notes))\n")
    done = subprocess.run(
        [sys.executable, script.name], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "4\n", done.stderr
