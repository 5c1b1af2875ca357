from __future__ import annotations

from collections import Counter

import midi_files as files
import pytest

from musicvae.config import load_config
from musicvae.converters import REASONS, Rejection, build_converter
from musicvae.data.inspection import inspect_sequence
from musicvae.data.inspection_report import (
    count_reasons,
    describe,
    rejection_report,
    summary_line,
)
from musicvae.formats.midi import midi_to_note_sequence


def _converter(name: str):
    return build_converter(load_config(name).converter)


def _metre(delta: int, numerator: int, exponent: int) -> bytes:
    return files.meta(delta, 0x58, bytes((numerator, exponent, 24, 8)))


@pytest.fixture
def piece():
    """Four bars of 4/4 at 120, then two of 3/4 at 60; a flute, drums, and silence between."""
    conductor = files.tempo(0, 120) + _metre(0, 4, 2) + files.tempo(4 * 1920, 60) + _metre(0, 3, 2)
    flute = files.meta(0, 0x03, b"Flute") + files.event(0, 0xC0, 73)
    flute += b"".join(files.note(0, 72 + index, 480) for index in range(8))
    flute += files.note(8 * 480, 84, 480)
    drums = b"".join(files.note(0, 36, 480, channel=9) for _ in range(16))
    return midi_to_note_sequence(
        files.midi(conductor + files.END, flute + files.END, drums + files.END)
    )


def test_bars_go_on_through_changes_of_metre_and_tempo(piece):
    found = inspect_sequence(piece)
    assert [(change.bar, change.value) for change in found.time_signatures] == [
        (1, "4/4"),
        (5, "3/4"),
    ]
    assert [(change.bar, change.value) for change in found.tempos] == [(1, "120"), (5, "60")]
    assert found.num_bars == 5
    flute, drums = found.tracks
    assert flute.bars == (1, 2, 5)
    assert drums.bars == (1, 2, 3, 4)


def test_tracks_have_names_programs_and_ranges(piece):
    flute, drums = inspect_sequence(piece).tracks
    assert (flute.name, flute.programs, flute.is_drum) == ("Flute", (73,), False)
    assert (flute.num_notes, flute.pitches) == (9, (72, 84))
    assert (drums.num_notes, drums.is_drum) == (16, True)


def test_examples_are_counted_for_each_track(piece):
    found = inspect_sequence(piece, _converter("flat-mel_16bar"))
    assert found.num_examples == 0
    found = inspect_sequence(piece, _converter("cat-drums_2bar_small"))
    assert found.num_examples == 1
    assert [track.num_examples for track in found.tracks] == [0, 1]


def test_fault_16_the_reasons_for_0_examples_are_said_by_track_and_bar(piece):
    found = inspect_sequence(piece, _converter("cat-mel_2bar_small"))
    text = "\n".join(describe(found))
    assert "examples: 0" in text
    assert "track 0 (channel 1): program 73 is not one of the melody programs" in text
    assert "the time signature is 3/4, not 4/4 (bar 5, 8.0 s)" in text
    assert summary_line(found).endswith(")")


def test_a_table_names_programs_and_bars(piece):
    lines = describe(inspect_sequence(piece, _converter("cat-drums_2bar_small")))
    assert lines[0].endswith(": 9.0 s, 5 bars, 25 notes")
    assert "4/4, 3/4 from bar 5" in lines[1]
    assert "120, 60 from bar 5" in lines[2]
    assert lines[4].split()[:2] == ["0", "1"]
    assert "73 Flute 'Flute'" in lines[4]
    assert "1-2, 5" in lines[4]
    assert "drums" in lines[5]


def test_equal_rejections_are_counted_and_others_cut_short():
    equal = [Rejection("gap", "silence", 1, bar, 0.5) for bar in (3, 9)]
    others = [Rejection("too_short", f"{bar} bars", 2, bar) for bar in range(5)]
    assert rejection_report(equal + others) == [
        "    track 1: silence (bar 3, 0.5 s and 1 more)",
        "    track 2: 0 bars (bar 0)",
        "    track 2: 1 bars (bar 1)",
        "    track 2: 2 bars (bar 2)",
        "    track 2: and 2 more like it (--all shows them)",
    ]
    assert len(rejection_report(others, max_of_each=None)) == 5


def test_reasons_are_counted_with_their_meaning():
    lines = count_reasons(Counter({"gap": 3, "time_signature": 1200}))
    assert lines[0].split()[:2] == ["1,200", "time_signature"]
    assert REASONS["gap"] in lines[1]


@pytest.mark.parametrize("name", ["hierdec-trio_16bar", "groovae_4bar", "cat-mel_2bar_big"])
def test_empty_and_odd_pieces_are_no_error(name):
    empty = midi_to_note_sequence(files.midi(files.END))
    odd = midi_to_note_sequence(files.midi(_metre(0, 4, 2) + files.note(0, 60, 1) + files.END))
    odd.time_signatures[0].numerator = 0
    odd.tempos[0].qpm = 0
    for sequence in (empty, odd):
        found = inspect_sequence(sequence, _converter(name))
        assert found.num_examples == 0
        assert found.rejections
        assert describe(found)


def test_a_name_with_line_ends_and_escapes_stays_on_its_line(piece):
    piece.filename = "a\nb\x1b[2J.mid"
    piece.instrument_infos.add(instrument=piece.notes[0].instrument, name="x\ny\u2028z\r")
    inspection = inspect_sequence(piece)
    lines = [*describe(inspection), summary_line(inspection)]
    assert all(len(line.splitlines()) == 1 and line.isprintable() for line in lines)
    assert lines[0].startswith("a\\nb\\x1b[2J.mid:")
