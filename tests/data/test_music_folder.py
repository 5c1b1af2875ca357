from __future__ import annotations

import os
import subprocess
import tracemalloc

import pytest
from pieces import drum_beat, melody

from musicvae.config import load_config
from musicvae.data.examples import load_examples
from musicvae.data.music_files import find_music_files, read_bounded
from musicvae.data.music_folder import MusicFolder
from musicvae.errors import InputError
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.formats.tfrecord import parse_note_sequence


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.mid").write_bytes(note_sequence_to_midi(melody()))
    (tmp_path / "a.mid").write_bytes(b"MThd nonsense")
    (tmp_path / "sub" / "c.mid").write_bytes(note_sequence_to_midi(drum_beat()))
    (tmp_path / "notes.txt").write_text("no music")
    return tmp_path


def test_files_come_in_order_and_those_that_cannot_be_read_are_named(folder):
    skipped = []
    source = MusicFolder(str(folder), True, lambda name, reason: skipped.append((name, reason)))
    records = list(source.records())
    names = [parse_note_sequence(r.data, r.source, r.number).filename for r in records]
    assert names == ["b.mid", "sub/c.mid"]
    assert [name for name, _ in skipped] == ["a.mid"] and skipped[0][1]
    assert [record.number for record in records] == [0, 1]


def test_subfolders_count_only_if_asked_for(folder):
    assert len(list(MusicFolder(str(folder)).records())) == 1


def test_examples_are_found_in_it(folder):
    converter = load_config("cat-mel_2bar_small").converter
    assert len(load_examples(converter, MusicFolder(str(folder), True), num_workers=1)) == 1


def test_a_changed_file_has_another_fingerprint(folder):
    source = MusicFolder(str(folder), True)
    before = source.fingerprint()
    assert source.fingerprint() == before
    (folder / "b.mid").write_bytes(note_sequence_to_midi(melody(lowest=50)) + b" ")
    assert source.fingerprint() != before


def test_a_folder_without_music_is_an_error_at_once(tmp_path):
    with pytest.raises(InputError, match="no music file"):
        MusicFolder(str(tmp_path)).check()


def test_a_tree_of_any_depth_is_gone_through(tmp_path):
    here = os.open(tmp_path, os.O_RDONLY)
    try:
        for _ in range(1500):
            os.mkdir("d", dir_fd=here)
            below = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        os.close(os.open("a.mid", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    finally:
        os.close(here)
    try:
        found = find_music_files(tmp_path, recursive=True)
        assert [file.name for file in found] == ["d/" * 1500 + "a.mid"]
    finally:
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)


@pytest.mark.skipif(os.name != "posix", reason="needs links")
def test_each_real_folder_is_visited_once_under_its_real_name(tmp_path):
    """Forty levels of two links each are 2^40 paths."""
    for level in range(40):
        folder = tmp_path / f"level{level:02d}"
        folder.mkdir()
        (folder / "a.mid").write_bytes(b"")
        for link in ("left", "right"):
            (folder / link).symlink_to(tmp_path / f"level{(level + 1) % 40:02d}")
    found = [file.name for file in find_music_files(tmp_path, recursive=True)]
    assert found == [f"level{level:02d}/a.mid" for level in range(40)]
    linked = find_music_files(tmp_path / "level00", recursive=True)
    assert len(linked) == 40


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux")
def test_a_limit_is_not_what_reading_takes(tmp_path):
    (tmp_path / "a.mid").write_bytes(b"x" * 100)
    tracemalloc.start()
    try:
        read_bounded(tmp_path / "a.mid", 1200 << 20)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
