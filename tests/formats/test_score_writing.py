"""Tests of scores and rows of notes."""

from __future__ import annotations

import csv
import io
import re

import pytest
from pieces import drum_beat, melody, trio

from musicvae.formats.note_rows import note_sequence_to_csv
from musicvae.formats.score_writing import note_sequence_to_abc, note_sequence_to_musicxml
from musicvae.formats.scores import musicxml_to_note_sequence


def notes_of(sequence) -> list[tuple]:
    return sorted((n.pitch, round(n.start_time, 6), round(n.end_time, 6)) for n in sequence.notes)


def parsed(piece):
    music21 = pytest.importorskip("music21")
    content = note_sequence_to_musicxml(piece, "Title")
    return music21, music21.converter.parseData(content.decode(), format="musicxml")


def test_a_melody_comes_back_from_its_musicxml() -> None:
    pytest.importorskip("music21")
    found = musicxml_to_note_sequence(note_sequence_to_musicxml(melody()))
    assert notes_of(found) == notes_of(melody())
    assert [a.text for a in found.text_annotations if a.annotation_type == 1] == ["C", "G7"]


def test_parts_have_the_clefs_of_their_ranges_and_drums_a_percussion_staff() -> None:
    music21, score = parsed(trio())
    clefs = [part.recurse().getElementsByClass(music21.clef.Clef).first() for part in score.parts]
    assert [clef.sign for clef in clefs] == ["G", "F", "percussion"]
    drums = score.parts[2]
    hits = [hit for sound in drums.recurse().notes for hit in getattr(sound, "notes", [sound])]
    assert len(hits) == len(drum_beat().notes)
    assert all(isinstance(hit, music21.note.Unpitched) for hit in hits)


def test_drums_say_which_drum_they_are() -> None:
    pytest.importorskip("music21")
    text = note_sequence_to_musicxml(drum_beat()).decode()
    for pitch in (36, 38, 42):
        assert f"<midi-unpitched>{pitch + 1}</midi-unpitched>" in text
    assert text.count("<unpitched>") == len(drum_beat().notes)
    kick = re.findall(r'<instrument id="P?[^"]*-I36" />', text)
    assert len(kick) == sum(note.pitch == 36 for note in drum_beat().notes)


def test_off_the_grid_notes_are_set_to_the_nearest_sixteenth_or_triplet() -> None:
    _, score = parsed(shifted(melody(), 0.02))
    offsets = [n.getOffsetInHierarchy(score) for n in score.recurse().notes if not n.isChord]
    assert offsets == [k / 2 for k in range(16)]


def shifted(piece, seconds: float):
    for note in piece.notes:
        note.start_time, note.end_time = note.start_time + seconds, note.end_time + seconds
    del piece.text_annotations[:]
    return piece


def test_a_melody_is_a_tune_in_abc_and_nothing_is_printed(capfd) -> None:
    pytest.importorskip("symusic")
    text = note_sequence_to_abc(melody(), "Tune").decode()
    assert capfd.readouterr().out == ""
    assert text.splitlines()[1] == "T: Tune"
    music = "".join(text.split("%%MIDI program 0")[1].split())
    assert music == "CDEFGABc|\\BAGFEDCC|"


def test_drums_in_abc_stand_on_a_percussion_staff_of_channel_10() -> None:
    pytest.importorskip("symusic")
    lines = note_sequence_to_abc(trio()).decode().splitlines()
    voice = lines.index("%%MIDI channel 10")
    assert lines[voice - 1] == "V:3 clef=perc"


def test_rows_of_notes_say_all_of_a_note() -> None:
    rows = list(csv.DictReader(io.StringIO(note_sequence_to_csv(trio()).decode())))
    assert len(rows) == len(trio().notes)
    assert rows[0] == {
        "start_seconds": "0.000000", "end_seconds": "0.250000", "pitch": "60", "velocity": "80",
        "instrument": "0", "program": "0", "is_drum": "0",
    }  # fmt: skip
    assert sum(int(row["is_drum"]) for row in rows) == len(drum_beat().notes)
