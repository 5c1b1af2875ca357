"""What a piece is written as follows from the name of the file."""

from __future__ import annotations

import pathlib

import pytest
from pieces import melody

import musicvae as mv
from musicvae.errors import InputError


@pytest.mark.parametrize(
    ("name", "extra", "begins"),
    [
        ("a.mid", "", b"MThd"),
        ("a.MIDI", "", b"MThd"),
        ("new/a.musicxml", "music21", b"<?xml"),
        ("a.xml", "music21", b"<?xml"),
        ("a.abc", "symusic", b""),
    ],
)
def test_a_files_name_says_its_format(
    tmp_path: pathlib.Path, name: str, extra: str, begins: bytes
) -> None:
    if extra:
        pytest.importorskip(extra)
    path = tmp_path / name
    mv.write(melody(), path)
    assert path.read_bytes().startswith(begins)
    found = mv.read(path).sequence
    assert {note.pitch for note in found.notes} == {note.pitch for note in melody().notes}


def test_an_unknown_format_is_answered_with_the_known_ones(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match=r"end the name in \.mid, .*\.abc or \.wav"):
        mv.write(melody(), tmp_path / "a.ogg")
    assert not list(tmp_path.iterdir())
