from __future__ import annotations

import importlib.util
import io
import zipfile

import pytest

from musicvae.formats import music21_scores
from musicvae.formats.bounds import FileBounds, MusicFileError
from musicvae.formats.scores import abc_to_tunes, musicxml_to_note_sequence
from musicvae.lazy_note_seq import note_seq

SCORE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 3.0 Partwise//EN" "partwise.dtd">
<score-partwise version="3.0">
  <part-list><score-part id="P1"><part-name>Flute</part-name></score-part></part-list>
  <part id="P1"><measure number="1">
    <attributes><divisions>2</divisions><key><fifths>1</fifths><mode>major</mode></key>
    <time><beats>4</beats><beat-type>4</beat-type></time></attributes>
    <harmony><root><root-step>G</root-step></root><kind>major</kind></harmony>
    <note><pitch><step>G</step><octave>4</octave></pitch><duration>2</duration></note>
    <note><pitch><step>B</step><octave>4</octave></pitch><duration>6</duration></note>
  </measure></part>
</score-partwise>"""

TUNE = "X:{number}\nT:Scale\nM:4/4\nL:1/4\nK:C\n{notes}\n"


def zipped(members: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def container(*names: str) -> str:
    files = "".join(f'<rootfile full-path="{name}"/>' for name in names)
    return f"<container><rootfiles>{files}</rootfiles></container>"


def _reason(data: bytes, bounds: FileBounds | None = None) -> str:
    with pytest.raises(MusicFileError) as caught:
        musicxml_to_note_sequence(data, bounds)
    return caught.value.reason


def test_a_score_has_its_notes_in_seconds_and_its_chord_symbols():
    sequence = musicxml_to_note_sequence(SCORE.encode())
    assert [(note.pitch, note.start_time, note.end_time) for note in sequence.notes] == [
        (67, 0.0, 0.5),
        (71, 0.5, 2.0),
    ]
    assert [text.text for text in sequence.text_annotations] == ["G"]
    assert sequence.key_signatures[0].key == 7


def test_a_score_is_what_note_seqs_reader_makes_of_it(tmp_path):
    (tmp_path / "score.xml").write_text(SCORE)
    (tmp_path / "score.mxl").write_bytes(
        zipped({"META-INF/container.xml": container("s.xml"), "s.xml": SCORE})
    )
    for name in ("score.xml", "score.mxl"):
        expected = note_seq.musicxml_reader.musicxml_file_to_sequence_proto(str(tmp_path / name))
        assert musicxml_to_note_sequence((tmp_path / name).read_bytes()) == expected


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "bad_xml"),
        (b"<html></html>", "not_musicxml"),
        (b"<score-timewise/>", "timewise_musicxml"),
        (SCORE[:-30].encode(), "bad_xml"),
        (SCORE.replace("<step>B<", "<step>H<").encode(), "musicxml_pitch_step"),
        (SCORE.replace("<duration>6<", "<duration>x<").encode(), "bad_musicxml"),
        (SCORE.replace("<duration>6<", "<duration>9999999<").encode(), "too_long"),
        (SCORE.replace("<octave>4<", "<octave>40<").encode(), "bad_pitch"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><score-partwise/>', "xml_entities"),
        (zipped({}), "bad_zip"),
        (zipped({"META-INF/container.xml": container()}), "bad_zip"),
        (zipped({"META-INF/container.xml": container("a", "b")}), "bad_zip"),
        (zipped({"META-INF/container.xml": container("a")}), "bad_zip"),
        (b"PK\x03\x04 and nothing", "bad_zip"),
    ],
)
def test_what_is_no_score_is_refused_with_a_reason(data, reason):
    assert _reason(data) == reason


def test_a_zip_bomb_is_not_unpacked():
    bomb = zipped({"META-INF/container.xml": container("s.xml"), "s.xml": b" " * 10_000_000})
    assert len(bomb) < 20_000
    assert _reason(bomb, FileBounds(max_bytes=1_000_000)) == "too_large"


def test_a_tunebook_has_a_sequence_for_each_tune():
    book = TUNE.format(number=3, notes="CDEF|") + "\n" + TUNE.format(number=1, notes="GABc|")
    tunes = abc_to_tunes(book.encode())
    assert [tune.number for tune in tunes] == [3, 1]
    assert [[note.pitch for note in tune.sequence.notes] for tune in tunes] == [
        [60, 62, 64, 65],
        [67, 69, 71, 72],
    ]


def test_a_header_sets_what_its_tunes_leave_out():
    book = "L:1/4\nM:3/4\n\nX:1\nK:C\nCDE|\n\nX:2\nK:C\nEDC|\n"
    tunes = abc_to_tunes(book.encode())
    assert len(tunes) == 2
    for tune in tunes:
        assert tune.sequence.time_signatures[0].numerator == 3
        assert tune.sequence.notes[0].end_time == 0.5


@pytest.mark.parametrize(
    ("notes", "reason"),
    [
        ("C]|$", "abc_invalid_character"),
        ("c'''''''", "bad_abc"),
        ("C9999999999", "too_long"),
        ("C1/0", "bad_abc"),
    ],
)
def test_a_tune_that_cannot_be_read_costs_only_itself(notes, reason):
    book = TUNE.format(number=1, notes=notes) + "\n" + TUNE.format(number=2, notes="CDEF|")
    bad, good = abc_to_tunes(book.encode())
    assert bad.sequence is None
    assert bad.error.reason == reason
    assert len(good.sequence.notes) == 4


def test_free_text_and_latin_1_are_taken():
    book = "Tunes of the café\n\n" + TUNE.format(number=1, notes="CDEF|") + "\nplayed slowly\n"
    assert len(abc_to_tunes(book.encode("latin-1"))) == 1


def test_a_text_without_tunes_is_no_tunebook():
    with pytest.raises(MusicFileError, match="no tune in it"):
        abc_to_tunes(b"Dear diary")


def _beats(notes: str, header: str = "") -> list[tuple[int, float, float]]:
    """Reads a tune at 60 quarters a minute; pitch, start and length in beats."""
    book = f"X:1\nT:Tune\nM:4/4\nL:1/4\nQ:1/4=60\n{header}K:C\n{notes}\n"
    (tune,) = abc_to_tunes(book.encode())
    assert tune.error is None
    return [
        (note.pitch, round(note.start_time, 3), round(note.end_time - note.start_time, 3))
        for note in tune.sequence.notes
    ]


def test_repeats_endings_tuplets_chords_and_ties_of_abc_are_played():
    pytest.importorskip("music21")
    played = _beats("|:CDEF|1 G4:|2 A4|]")
    assert [pitch for pitch, _, _ in played] == [60, 62, 64, 65, 67, 60, 62, 64, 65, 69]
    assert _beats("C2-C2|(3CDE F2|")[:3] == [(60, 0, 4), (60, 4, 0.667), (62, 4.667, 0.667)]
    assert _beats("[CEG]2 z2|C4|")[:3] == [(60, 0, 2), (64, 0, 2), (67, 0, 2)]


def test_a_note_is_an_eighth_where_abc_says_nothing():
    pytest.importorskip("music21")
    (tune,) = abc_to_tunes(b"X:5\nK:C\n(3CDE|\n")
    assert [round(note.end_time, 3) for note in tune.sequence.notes] == [0.167, 0.333, 0.5]


def test_voices_of_abc_sound_together():
    pytest.importorskip("music21")
    assert sorted(_beats("V:1\nCDEF|GABc|\nV:2\nC,4|G,4|"))[:2] == [(48, 0, 4), (55, 4, 4)]


@pytest.mark.parametrize("notes", ["CDEF|GABc|", "C D E F|G>A B2|"])
def test_a_plain_tune_needs_no_other_reader(notes, monkeypatch):
    monkeypatch.setattr(music21_scores.importlib.util, "find_spec", lambda name: None)
    assert _beats(notes)


def test_without_music21_a_line_says_what_needs_it(monkeypatch):
    monkeypatch.setattr(music21_scores.importlib.util, "find_spec", lambda name: None)
    (tune,) = abc_to_tunes(TUNE.format(number=1, notes="|:CDEF:|").encode())
    assert tune.error.reason == "needs_music21"
    assert "repeats" in tune.error.detail
    assert "pip install 'musicvae[scores]'" in tune.error.detail


def test_a_repeat_without_end_is_refused():
    bar = '<barline><repeat direction="backward" times="1000000"/></barline></measure></part>'
    assert _reason(SCORE.replace("</measure></part>", bar).encode()) == "bad_musicxml"


@pytest.mark.skipif(importlib.util.find_spec("music21") is None, reason="needs music21")
@pytest.mark.parametrize("what", ["<fifths>1<", "<beats>4<", "<octave>4<"])
def test_a_number_beyond_music_is_refused_before_it_is_computed_with(what):
    tied = SCORE.replace("</duration></note>", '</duration><tie type="start"/></note>')
    tag = what.split(">")[0]
    hostile = tied.replace(what, f"{tag}>99999999999<").encode()
    with pytest.raises(MusicFileError, match=f"{tag}> is 99999999999, over"):
        musicxml_to_note_sequence(hostile)


@pytest.mark.skipif(importlib.util.find_spec("music21") is None, reason="needs music21")
@pytest.mark.parametrize(
    "line", ["M:1000/4", "[M:1000/4]|", "L:1/99999", "C9999999|", "c" + "'" * 14 + "|"]
)
def test_a_number_of_abc_beyond_music_is_refused(line):
    (tune,) = abc_to_tunes(f"X:1\nK:C\n|:C2|\n{line}\n".encode())
    assert tune.error is not None
    assert "over" in tune.error.detail


@pytest.mark.skipif(importlib.util.find_spec("music21") is None, reason="needs music21")
def test_music21_writes_nothing_to_standard_error(capfd):
    abc_to_tunes("X:1\nK:C\n|:\u00e9C2|\n".encode())
    assert capfd.readouterr().err == ""
