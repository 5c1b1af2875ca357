"""Dropped files of every kind, and hostile ones."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from event_loops import run_apart
from small_music import drum_piece, melody_piece

pytest.importorskip("pydantic", reason="the extra 'studio' is not installed")
from musicvae.data import bounded_reading
from musicvae.errors import InputError
from musicvae.formats.bounds import FileBounds
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.studio import uploads
from musicvae.studio.messages import Source

ABC = "X:1\nT:One\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|\n\nX:2\nT:Two\nM:4/4\nL:1/4\nK:C\nCCCC|\n"
MUSICXML = """<?xml version="1.0"?><score-partwise><part-list><score-part id="P1">
<part-name>Flute</part-name></score-part></part-list><part id="P1"><measure number="1">
<attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time>
</attributes><note><pitch><step>C</step><octave>5</octave></pitch><duration>4</duration>
</note></measure></part></score-partwise>"""


def drop(data: bytes, name: str, **options: Any) -> Any:
    source = Source(midi=base64.b64encode(data).decode(), name=name)
    (given,) = run_apart(uploads.Uploads().given([source], **options))
    return given


def refusal(data: bytes, name: str) -> str:
    with pytest.raises(InputError) as error:
        drop(data, name)
    return str(error.value)


def test_a_tunebook_gives_its_first_tune_and_says_so() -> None:
    given = drop(ABC.encode(), "tunes.abc")
    assert [note.pitch for note in given.piece.sequence.notes] == [60, 62, 64, 65, 67, 69, 71, 72]
    assert "of its 2 tunes the first was read" in given.notes[-1]


def test_a_score_is_read() -> None:
    given = drop(MUSICXML.encode(), "score.musicxml")
    assert [note.pitch for note in given.piece.sequence.notes] == [72]


def test_a_large_midi_file_is_read_in_a_process_of_its_own(monkeypatch) -> None:
    data = note_sequence_to_midi(drum_piece(1, bars=4))
    here = drop(data, "beat.mid")
    monkeypatch.setattr(uploads, "_SMALL_MIDI_BYTES", 10)
    monkeypatch.setattr(bounded_reading, "read_music_file", None)
    assert drop(data, "beat.mid").piece == here.piece


def test_only_the_end_of_a_name_counts() -> None:
    data = note_sequence_to_midi(drum_piece(1))
    assert drop(data, "../../../etc/beat.mid").piece.name == "beat.mid"
    assert drop(data, "C:\\music\\beat.mid").piece.name == "beat.mid"
    assert drop(data, "a" * 190 + ".mid").piece.sequence.notes


def test_a_data_address_is_taken_as_browsers_give_it() -> None:
    data = base64.b64encode(note_sequence_to_midi(drum_piece(1))).decode()
    source = Source(midi=f"data:audio/midi;base64,{data}", name="beat.mid")
    (given,) = run_apart(uploads.Uploads().given([source]))
    assert given.piece.sequence.notes


def test_a_file_dropped_again_is_not_read_again(monkeypatch) -> None:
    data, dropped = note_sequence_to_midi(drum_piece(1)), uploads.Uploads()
    source = Source(midi=base64.b64encode(data).decode(), name="beat.mid")
    (first,) = run_apart(dropped.given([source]))
    monkeypatch.setattr(uploads, "_read", None)
    (again,) = run_apart(dropped.given([source]))
    assert again.piece is first.piece


def test_a_channel_can_be_forced_to_be_drums() -> None:
    data = note_sequence_to_midi(melody_piece(1))
    assert not drop(data, "beat.mid").piece.sequence.notes[0].is_drum
    assert drop(data, "beat.mid", drum_channels=[1]).piece.sequence.notes[0].is_drum


def test_a_file_of_too_many_notes_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(uploads, "MAX_NOTES", 20)
    text = refusal(note_sequence_to_midi(drum_piece(1)), "long.mid")
    assert text.startswith("long.mid: it has ") and "the studio takes 20" in text


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"MThd\0\0\0\6\0", "cut.mid"),
        (b"PK\3\4" + b"\0" * 100, "bomb.mxl"),
        (b"<!DOCTYPE a [<!ENTITY a 'a'>]><score-partwise/>", "entities.xml"),
        (b"\0" * 1000, "zeros.abc"),
        (b"", "empty.mid"),
    ],
)
def test_broken_files_are_refused_by_name(data: bytes, name: str) -> None:
    text = refusal(data, name)
    assert text.startswith(f"{name}: ") and "\n" not in text


def test_a_file_that_takes_too_long_is_given_up(monkeypatch) -> None:
    bounds = FileBounds(max_bytes=1 << 20, max_read_seconds=0.05, max_memory_bytes=1 << 30)
    monkeypatch.setattr(uploads, "BOUNDS", bounds)
    long = "X:1\nM:4/4\nL:1/8\nK:C\n" + "CDEFGABc|" * 20_000
    assert "reading it takes over" in refusal(long.encode(), "long.abc")
