"""Voices, ties, grace notes and drums of scores: pitch, start and length of notes, in beats."""

from __future__ import annotations

import pytest

from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.converters.voices import NOTE_OFF
from musicvae.formats.bounds import MusicFileError
from musicvae.formats.corrections import Corrections
from musicvae.formats.score_writing import note_sequence_to_musicxml
from musicvae.formats.scores import abc_to_tunes, musicxml_to_note_sequence
from musicvae.lazy_note_seq import NoteSequence

pytest.importorskip("music21")

BACK = "<backup><duration>16</duration></backup>"
GRACE = '<grace slash="yes"/>'
CHORD = "<chord/>"
DRUMS = (36, 38, 42)
GRACE_BEATS = 9 / 64


def note(name: str, length: int, voice: int = 1, *, mark: str = "", ties: str = "") -> str:
    """A note in quarters of a quarter; a name as C5, or the key of a drum."""
    if name.isdecimal():
        place = "<display-step>C</display-step><display-octave>5</display-octave>"
        pitch = f"<unpitched>{place}</unpitched>"
        drum = f'<instrument id="P1-I{name}"/>'
    else:
        pitch = f"<pitch><step>{name[0]}</step><octave>{name[1]}</octave></pitch>"
        drum = ""
    lasting = "" if mark.startswith("<grace") else f"<duration>{length}</duration>"
    tied = "".join(f'<tie type="{tie}"/>' for tie in ties.split())
    return f"<note>{mark}{pitch}{lasting}{tied}{drum}<voice>{voice}</voice></note>"


def forward(length: int, voice: int) -> str:
    return f"<forward><duration>{length}</duration><voice>{voice}</voice></forward>"


def score(*measures: str, drums: tuple[int, ...] = ()) -> bytes:
    """A part at 60 quarters a minute."""
    attributes = (
        "<attributes><divisions>4</divisions><time><beats>4</beats><beat-type>4</beat-type></time>"
        '</attributes><direction><sound tempo="60"/></direction>'
    )
    bars = "".join(
        f'<measure number="{k}">{attributes if k == 1 else ""}{bar}</measure>'
        for k, bar in enumerate(measures, 1)
    )
    names = [f"<instrument-name>{key}</instrument-name>" for key in drums]
    keys = [f"<midi-unpitched>{key + 1}</midi-unpitched>" for key in drums]
    kit = "".join(
        f'<{kind}-instrument id="P1-I{key}">{content}</{kind}-instrument>'
        for kind, contents in (("score", names), ("midi", keys))
        for key, content in zip(drums, contents, strict=True)
    )
    return (
        '<score-partwise version="3.1"><part-list><score-part id="P1"><part-name>Part</part-name>'
        f'{kit}</score-part></part-list><part id="P1">{bars}</part></score-partwise>'
    ).encode()


def rows(sequence: NoteSequence) -> list[tuple[int, float, float]]:
    found = sorted((n.start_time, n.pitch, n.end_time - n.start_time) for n in sequence.notes)
    return [
        (pitch, pytest.approx(start, abs=1e-6), pytest.approx(length, abs=1e-6))
        for start, pitch, length in found
    ]


def read(*measures: str, drums: tuple[int, ...] = ()) -> list[tuple[int, float, float]]:
    return rows(musicxml_to_note_sequence(score(*measures, drums=drums)))


def read_abc(text: str) -> list[tuple[int, float, float]]:
    (tune,) = abc_to_tunes(f"X:1\nT:Tune\nM:4/4\nL:1/4\nQ:1/4=60\n{text}\n".encode())
    assert tune.error is None
    return rows(tune.sequence)


def test_two_voices_of_a_staff_are_read_with_chords_gaps_and_ties():
    upper = note("C5", 4) + note("E5", 4, mark=CHORD) + note("D5", 4) + note("E5", 8)
    lower = note("C4", 8, 2) + note("G4", 8, 2, mark=CHORD) + forward(4, 2) + note("B3", 4, 2)
    first = upper + BACK + lower
    second = note("G5", 16, ties="start") + BACK + note("E4", 8, 2) + note("G4", 8, 2, ties="start")
    third = note("G5", 16, ties="stop") + BACK + note("G4", 8, 2, ties="stop") + note("A4", 8, 2)
    assert read(first, second, third) == [
        (60, 0, 2), (67, 0, 2), (72, 0, 1), (76, 0, 1), (74, 1, 1), (76, 2, 2), (59, 3, 1),
        (64, 4, 2), (79, 4, 8), (67, 6, 4), (69, 10, 2),
    ]  # fmt: skip


def test_voices_that_meet_on_a_pitch_both_sound():
    assert read(note("C5", 16) + BACK + note("C5", 4, 2) + note("D4", 12, 2)) == [
        (72, 0, 1), (72, 0, 4), (62, 1, 3),
    ]  # fmt: skip


def test_a_tie_of_one_note_of_a_chord_holds_that_note():
    first = note("C5", 16, ties="start") + note("E5", 16, mark=CHORD)
    second = note("C5", 8, ties="stop") + note("F5", 8, mark=CHORD) + note("G5", 8)
    assert read(first, second) == [(72, 0, 6), (76, 0, 4), (77, 4, 2), (79, 6, 2)]


def test_voices_that_are_repeated_stay_together():
    sign = '<barline location="{}"><repeat direction="{}"/></barline>'
    bar = note("C5", 16) + BACK + note("E4", 8, 2) + note("F4", 8, 2)
    repeated = sign.format("left", "forward") + bar + sign.format("right", "backward")
    assert read(repeated, note("G5", 16)) == [
        (64, 0, 2), (72, 0, 4), (65, 2, 2), (64, 4, 2), (72, 4, 4), (65, 6, 2), (79, 8, 4),
    ]  # fmt: skip


def test_grace_notes_are_short_notes_before_their_main_note():
    graces = note("D5", 0, mark=GRACE) + note("E5", 0, mark=GRACE)
    assert read(note("C5", 8) + graces + note("F5", 8)) == [
        (72, 0, 2 - 2 * GRACE_BEATS),
        (74, 2 - 2 * GRACE_BEATS, GRACE_BEATS),
        (76, 2 - GRACE_BEATS, GRACE_BEATS),
        (77, 2, 2),
    ]
    chord = note("D5", 0, mark=GRACE) + note("F5", 0, mark=GRACE + CHORD)
    assert read(note("C5", 1) + chord + note("G5", 15)) == [
        (72, 0, 0.125), (74, 0.125, 0.125), (77, 0.125, 0.125), (79, 0.25, 3.75),
    ]  # fmt: skip


def test_a_grace_note_leaves_its_main_note_its_step_in_a_melody():
    bar = note("C4", 8) + note("B5", 0, mark=GRACE) + note("E4", 8)
    sequence = musicxml_to_note_sequence(score(bar, note("C4", 16)))
    converter = build_converter(load_config("cat-mel_2bar_small").converter)
    (example,) = converter.extract(sequence).examples
    labels = example.outputs.argmax(axis=1)
    lowest = converter.config.min_pitch - NOTE_OFF - 1
    assert {step: label + lowest for step, label in enumerate(labels) if label > NOTE_OFF} == {
        0: 60, 7: 83, 8: 64, 16: 60,
    }  # fmt: skip


def test_grace_notes_without_time_before_them_are_left_out_and_counted():
    corrections = Corrections()
    bar = note("D5", 0, mark=GRACE) + note("C5", 16) + note("E5", 0, mark=GRACE)
    sequence = musicxml_to_note_sequence(score(bar), None, corrections)
    assert rows(sequence) == [(72, 0, 4)]
    [(code, detail)] = corrections.found()
    assert code == "grace_notes"
    assert detail.startswith("2 grace notes were left out")


def test_a_percussion_staff_is_drums_with_its_flams():
    bar = note("36", 4) + note("42", 4, mark=CHORD) + note("38", 0, mark=GRACE) + note("38", 12)
    sequence = musicxml_to_note_sequence(score(bar, drums=DRUMS))
    assert rows(sequence) == [
        (36, 0, 1 - 1 / 16), (42, 0, 1 - 1 / 16), (38, 1 - 1 / 16, 1 / 16), (38, 1, 3),
    ]  # fmt: skip
    assert all(hit.is_drum for hit in sequence.notes)


def test_a_drum_without_a_key_costs_only_itself_and_is_said():
    bar = note("36", 4) + note("77", 4, mark=CHORD) + note("77", 4) + note("38", 4, mark=CHORD)
    corrections = Corrections()
    data = score(bar + note("77", 4) + note("36", 4), drums=DRUMS)
    sequence = musicxml_to_note_sequence(data, None, corrections)
    assert rows(sequence) == [(36, 0, 1), (38, 1, 1), (36, 3, 1)]
    assert all(hit.is_drum for hit in sequence.notes)
    assert corrections.found()[0].detail.startswith("3 drums of no known MIDI key")


def test_drums_that_are_written_as_a_score_are_read_again():
    beat = NoteSequence(total_time=2.0)
    beat.tempos.add(qpm=120)
    for k in range(16):
        for pitch in {0: (36, 42), 2: (38, 42)}.get(k % 4, (42,)):
            start = k * 0.125
            beat.notes.add(
                pitch=pitch, velocity=80, start_time=start, end_time=start + 0.125, is_drum=True
            )
    again = musicxml_to_note_sequence(note_sequence_to_musicxml(beat))
    assert [
        (n.pitch, n.start_time) for n in sorted(again.notes, key=lambda n: (n.start_time, n.pitch))
    ] == [(n.pitch, n.start_time) for n in beat.notes]
    assert all(hit.is_drum for hit in again.notes)


VOICES = [(48, 0, 4), (60, 0, 1), (62, 1, 1), (64, 2, 1), (65, 3, 1), (55, 4, 4), (67, 4, 4)]


@pytest.mark.parametrize(
    "text",
    [
        "V:1\nV:2\nK:C\nV:1\nCDEF|G4|\nV:2\nC,4|G,4|",
        "K:C\nV:1 clef=treble\nCDEF|\nV:2 clef=bass\nC,4|\nV:1\nG4|\nV:2\nG,4|",
        "K:C\n[V:1] CDEF|[V:2] C,4|\n[V:1] G4|[V:2] G,4|",
        "K:C clef=bass\nCDEF|[V:1]G4|\nV:2\nC,4|G,4|",
    ],
)
def test_voices_of_abc_sound_together_however_they_are_laid_out(text):
    assert read_abc(text) == VOICES


def test_fields_inside_a_line_of_abc_hold_from_there_in_their_voice():
    assert read_abc("K:C\n[V:1]z2[K:G]F2|[L:1/8]F8|\n[V:2]F4|F4|") == [
        (65, 0, 4), (66, 2, 2), (65, 4, 4), (66, 4, 4),
    ]  # fmt: skip


def test_rests_of_whole_bars_and_ties_of_chords_in_abc():
    assert read_abc("K:C\nZ2|z4|[CE]4-|[CE]2[C-G]2|C4|") == [
        (60, 12, 6), (64, 12, 6), (60, 18, 6), (67, 18, 2),
    ]  # fmt: skip


def test_grace_notes_of_abc_come_before_their_main_note():
    assert read_abc("K:C\nc2{de}f2|") == read(
        note("C5", 8) + note("D5", 0, mark=GRACE) + note("E5", 0, mark=GRACE) + note("F5", 8)
    )


def test_what_abc_has_that_is_not_played_is_said():
    book = "X:1\nM:4/4\nL:1/4\nK:C\nz4|[M:3/4]F3|[Q:1/4=90]F3|\n\nX:2\nM:4/4\nK:C\nC4&E4|\n"
    changed, overlaid = abc_to_tunes(book.encode())
    [(code, detail)] = changed.corrections
    assert code == "abc_change"
    assert detail.startswith("2 changes of tempo or time signature inside the tune were left out")
    assert isinstance(overlaid.error, MusicFileError)
    assert overlaid.error.reason == "abc_overlay"
