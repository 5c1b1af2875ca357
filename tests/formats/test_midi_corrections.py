"""Files that are not quite as the specification asks: what is read, and what is said."""

from __future__ import annotations

import struct

import midi_files as files
import pytest

from musicvae.formats.midi import midi_to_note_sequence, read_midi

_SCALE = files.scale(4)


def _notes(data: bytes) -> list[tuple[int, float, float]]:
    sequence = midi_to_note_sequence(data)
    return [(note.pitch, note.start_time, note.end_time) for note in sequence.notes]


def _codes(data: bytes) -> list[str]:
    return [code for code, _ in read_midi(data)[1]]


def _details(data: bytes) -> list[str]:
    return [detail for _, detail in read_midi(data)[1]]


def _tempos(data: bytes) -> list[tuple[float, float]]:
    tempos = midi_to_note_sequence(data).tempos
    return [(tempo.time, pytest.approx(tempo.qpm, abs=0.01)) for tempo in tempos]


def _riff(data: bytes, kind: bytes = b"RMID", before: bytes = b"") -> bytes:
    content = kind + before + b"data" + struct.pack("<L", len(data)) + data
    return b"RIFF" + struct.pack("<L", len(content)) + content


def test_tempo_metre_and_key_count_on_every_track():
    conductor = files.meta(0, 0x58, b"\3\2\30\10") + files.END
    line = files.tempo(0, 90) + files.note(0, 60, 480) + files.meta(0, 0x59, b"\1\0")
    line += files.tempo(0, 60) + files.note(0, 62, 480) + files.END
    data = files.midi(conductor, line)
    sequence = midi_to_note_sequence(data)
    assert _tempos(data) == [(0.0, 90), (pytest.approx(2 / 3), 60)]
    assert sequence.time_signatures[0].numerator == 3
    assert sequence.key_signatures[0].key == 7
    assert sequence.notes[1].end_time == pytest.approx(2 / 3 + 1)
    assert _codes(data) == []


def test_of_changes_on_one_tick_the_first_tracks_counts():
    def track(qpm: float, numerator: int) -> bytes:
        time_signature = files.meta(0, 0x58, bytes((numerator, 2, 24, 8)))
        return files.tempo(0, qpm) + time_signature + files.note(0, 60, 480) + files.END

    sequence = midi_to_note_sequence(files.midi(track(90, 3), track(60, 4), track(90, 3)))
    assert [round(tempo.qpm) for tempo in sequence.tempos] == [90]
    assert [time_signature.numerator for time_signature in sequence.time_signatures] == [3]


@pytest.mark.parametrize("tick", [1, 15])
def test_a_tempo_a_few_ticks_after_the_start_is_that_of_the_start(tick):
    notes = files.note(0, 60, 480) + files.note(0, 62, 480)
    data = files.midi(files.tempo(tick, 60) + files.END, notes + files.END)
    assert _tempos(data) == [(0.0, 60)]
    assert _notes(data) == [(60, 0.0, 1.0), (62, 1.0, 2.0)]
    assert _details(data) == ["a tempo a few ticks after the start counts from the start"]


def test_a_tempo_a_sixteenth_after_the_start_stays_there():
    data = files.midi(files.tempo(0, 120) + files.tempo(120, 60) + files.note(0, 60, 9) + files.END)
    assert _tempos(data) == [(0.0, 120), (0.125, 60)]


def test_an_unknown_meta_event_passes_its_delta_time_on():
    data = files.midi(files.meta(480, 0x60, b"x") + files.note(0, 60, 480) + files.END)
    assert _notes(data) == [(60, 0.5, 1.0)]


def test_notes_of_length_0_last_a_tick():
    hit = files.event(480, 0x99, 38, 90) + files.event(0, 0x89, 38, 0)
    data = files.midi(hit * 3 + files.END)
    tick = 0.5 / 480
    starts = [0.5, 1.0, 1.5]
    assert _notes(data) == [(38, start, pytest.approx(start + tick)) for start in starts]
    assert _details(data) == ["3 notes of length 0 last one tick"]


def test_a_note_that_only_seems_to_have_no_length_keeps_its_own_end():
    # The second note-off belongs to the first note, and comes after the next one's note-on.
    track = files.event(0, 0x90, 60, 90) + files.event(480, 0x80, 60, 0)
    track += files.event(480, 0x90, 60, 90) + files.event(0, 0x80, 60, 0)
    track += files.event(480, 0x80, 60, 0) + files.END
    assert _notes(files.midi(track)) == [(60, 0.0, 0.5), (60, 1.0, 1.5)]
    assert _codes(files.midi(track)) == []


def test_a_note_off_on_the_tick_of_a_note_on_ends_the_note_before():
    track = files.event(0, 0x90, 60, 90) + files.event(480, 0x90, 60, 80)
    track += files.event(0, 0x80, 60, 0) + files.event(480, 0x80, 60, 0) + files.END
    assert _notes(files.midi(track)) == [(60, 0.0, 0.5), (60, 0.5, 1.0)]


def test_notes_without_end_last_to_the_next_of_their_pitch_or_to_the_end_of_the_track():
    track = files.event(0, 0x90, 60, 90) + files.event(480, 0x90, 60, 90)
    track += files.event(0, 0x90, 64, 90) + files.meta(960, 0x2F, b"")
    data = files.midi(track)
    assert sorted(_notes(data)) == [(60, 0.0, 0.5), (60, 0.5, 1.5), (64, 0.5, 1.5)]
    assert _codes(data) == ["open_notes"]


def test_chunks_of_other_kinds_are_skipped_before_between_and_after_tracks():
    alien = files.chunk(b"XFIH", b"some bytes")
    header, track = _SCALE[:14], _SCALE[14:]
    for data in (header + alien + track, header + alien * 3 + track + alien):
        assert _notes(data) == _notes(_SCALE)
        assert _codes(data) == ["foreign_chunk"]
    assert "'XFIH' of 10 bytes" in _details(header + alien + track)[0]


def test_midi_inside_riff_is_read_wherever_its_data_chunk_is():
    for before in (b"", b"LIST" + struct.pack("<L", 3) + b"abc\0"):
        assert _notes(_riff(_SCALE, before=before)) == _notes(_SCALE)
        assert _codes(_riff(_SCALE, before=before)) == []


@pytest.mark.parametrize("announced", [0, 1, 3, 0xFFFF])
def test_a_wrong_track_count_is_said(announced):
    lines = [files.note(0, pitch, 480) + files.END for pitch in (60, 64)]
    data = files.midi(*lines, announced=announced)
    assert [pitch for pitch, _, _ in _notes(data)] == [60, 64]
    assert _details(data) == [f"its header announces {announced} tracks, and there are 2"]


def test_of_a_cut_file_what_is_whole_is_read():
    for size in range(22, len(_SCALE)):
        data = _SCALE[:size]
        found = _notes(data)
        begun = data.count(b"\x90") - (b"\x90" in data[-2:])
        assert len(found) == begun, "each whole note-on is a note"
        assert "cut_track" in _codes(data)
        whole = max(data.count(b"\x80") - 1, 0)
        assert found[:whole] == _notes(_SCALE)[:whole]


def test_bytes_between_tracks_are_skipped():
    lines = [files.note(0, pitch, 480) + files.END for pitch in (60, 64)]
    data = files.midi(lines[0]) + b"\xff\0\0" + files.midi(lines[1])[14:]
    data = data[:11] + b"\2" + data[12:]
    assert [pitch for pitch, _, _ in _notes(data)] == [60, 64]
    assert _details(data) == ["3 bytes that belong to no chunk were skipped"]


def test_a_track_that_announces_too_much_ends_with_its_end_event():
    lines = [files.note(0, pitch, 480) + files.END for pitch in (60, 64)]
    first = files.midi(lines[0], announced=2)
    data = first[:18] + b"\0\xff\0\0" + first[22:] + files.midi(lines[1])[14:]
    assert [pitch for pitch, _, _ in _notes(data)] == [60, 64]


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (files.meta(0, 0x59, b"\10\0"), "bad_key"),
        (files.meta(0, 0x59, b"\1\xff"), "bad_key"),
        (files.meta(0, 0x58, b"\0\2\30\10"), "bad_time_signature"),
        (files.meta(0, 0x51, b"\0\0\0"), "bad_tempo"),
        (files.meta(0, 0x51, b"\1\1"), "bad_event"),
        (files.event(0, 0xB0, 7, 200), "bad_event"),
        (files.event(0, 0xC0, 128), "bad_event"),
        (files.event(0, 0xE0, 128, 3), "bad_event"),
        (files.event(0, 0xA0, 60, 255), "bad_event"),
        (files.event(0, 0xF4), "bad_event"),
        (files.event(0, 0xF9), "bad_event"),
    ],
)
def test_an_event_that_makes_no_sense_is_skipped_and_said(event, code):
    track = files.note(0, 60, 480) + event + files.note(0, 62, 480) + files.END
    data = files.midi(track)
    assert _notes(data) == [(60, 0.0, 0.5), (62, 0.5, 1.0)]
    assert _codes(data) == [code]


def test_data_bytes_over_127_in_system_messages_are_nothing():
    track = files.event(0, 0xF0, 3, 0x7E, 200, 0xF7) + files.note(0, 60, 480) + files.END
    assert _notes(files.midi(track)) == [(60, 0.0, 0.5)]


def test_smpte_time_is_in_seconds_and_its_tempo_says_where_beats_are():
    track = files.tempo(0, 90) + files.note(1000, 60, 500) + files.END
    sequence = midi_to_note_sequence(files.midi(track, division=0xE728))
    (note,) = sequence.notes
    assert (note.start_time, note.end_time) == (1.0, 1.5)
    assert sequence.tempos[0].qpm == pytest.approx(90, abs=0.01)
    assert sequence.ticks_per_quarter == 480


def test_an_instrument_is_a_channel_of_a_track_whatever_its_programs():
    track = files.event(0, 0xC0, 5) + files.note(0, 60, 480) + files.event(0, 0x90, 62, 90)
    track += files.event(240, 0xC0, 40) + files.event(240, 0x80, 62, 0) + files.note(0, 64, 480)
    sequence = midi_to_note_sequence(files.midi(track + files.note(0, 40, 9, channel=1)))
    assert [(note.instrument, note.program) for note in sequence.notes] == [
        (0, 5),
        (0, 5),
        (0, 40),
        (1, 0),
    ]
    assert [info.part for info in sequence.part_infos] == [1, 2]
