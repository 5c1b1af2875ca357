from __future__ import annotations

import pytest
from pieces import drum_beat, melody

from musicvae.config import load_config
from musicvae.data.examples import load_examples
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
