"""Drums that are not on channel 10."""

from __future__ import annotations

import midi_files as files
import pytest

from musicvae.formats.midi import midi_to_note_sequence, read_midi
from musicvae.sequences import channels_of

_XG_RESET = files.event(0, 0xF0, 8, 0x43, 0x10, 0x4C, 0, 0, 0x7E, 0, 0xF7)
_GS_RESET = files.event(0, 0xF0, 10, 0x41, 0x10, 0x42, 0x12, 0x40, 0, 0x7F, 0, 0x41, 0xF7)


def _beat(channel: int = 0, pitches: tuple[int, ...] = (36, 38)) -> bytes:
    parts = []
    for step in range(8):
        parts.append(files.event(0, 0x90 | channel, pitches[step % len(pitches)], 90))
        parts.append(files.note(0, 42, 240, channel=channel))
        parts.append(files.event(0, 0x80 | channel, pitches[step % len(pitches)], 0))
    return b"".join(parts)


def _tune(channel: int = 0) -> bytes:
    return b"".join(files.note(0, 60 + step, 240, channel=channel) for step in range(8))


def _name(text: str) -> bytes:
    return files.meta(0, 0x03, text.encode())


def _drums(*tracks: bytes, drum_channels=()) -> list[bool]:
    data = files.midi(*(track + files.END for track in tracks))
    sequence = midi_to_note_sequence(data, drum_channels=drum_channels)
    by_instrument = {note.instrument: note.is_drum for note in sequence.notes}
    return [by_instrument[number] for number in sorted(by_instrument)]


@pytest.mark.parametrize("name", ["Drums", "drum kit", "Percussion", "TR-808", "Schlagzeug"])
def test_a_track_that_is_called_drums_and_plays_drum_pitches_is_drums(name):
    assert _drums(_name(name) + _beat() + _beat(9)) == [True, True]


@pytest.mark.parametrize("name", ["Drums", "Steel drums", "Lead"])
def test_a_tune_is_a_tune_whatever_its_name(name):
    assert _drums(_name(name) + _tune()) == [False]


def test_a_drum_sound_with_a_program_of_its_own_is_no_kit():
    track = _name("Percussion") + files.event(0, 0xC0, 118)
    track += b"".join(files.note(0, 45 + step % 3, 240) for step in range(9))
    assert _drums(track) == [False]


def test_kick_snare_and_hi_hat_are_drums_where_there_is_no_channel_10():
    assert _drums(_beat()) == [True]
    assert _drums(_beat(), _beat(9)) == [False, True]
    assert _drums(files.event(0, 0xC0, 33) + _beat()) == [False]


def test_a_left_hand_in_the_same_range_is_no_kit():
    assert _drums(b"".join(files.note(0, 36 + step % 12, 240) for step in range(48))) == [False]


@pytest.mark.parametrize(
    ("setup", "is_drum"),
    [
        (files.event(0, 0xBA, 0, 127), True),
        (files.event(0, 0xBA, 0, 120), True),
        (files.event(0, 0xBA, 0, 1), False),
        (_XG_RESET + files.event(0, 0xBA, 0, 127), True),
        (_GS_RESET + files.event(0, 0xBA, 0, 127), False),
        (files.event(0, 0xBA, 0, 127) + files.event(0, 0xBA, 0, 0), False),
        (files.event(0, 0xF0, 10, 0x41, 0x10, 0x42, 0x12, 0x40, 0x1A, 0x15, 1, 0x10, 0xF7), True),
        (files.event(0, 0xF0, 10, 0x41, 0x10, 0x42, 0x12, 0x40, 0x1A, 0x15, 0, 0x11, 0xF7), False),
        (files.event(0, 0xF0, 8, 0x43, 0x10, 0x4C, 8, 10, 7, 2, 0xF7), True),
        (files.event(0, 0xF0, 8, 0x43, 0x10, 0x4C, 8, 9, 7, 2, 0xF7), False),
    ],
)
def test_drum_banks_and_drum_parts_are_drums(setup, is_drum):
    line = files.event(0, 0xCA, 5) + b"".join(
        files.note(0, 60 + step, 240, channel=10) for step in range(8)
    )
    assert _drums(setup + line) == [is_drum]


def test_a_forced_channel_is_drums():
    assert _drums(_tune(3), _tune(4)) == [False, False]
    assert _drums(_tune(3), _tune(4), drum_channels=[5]) == [False, True]


def test_what_is_taken_for_drums_is_said_with_its_channel():
    _, corrections = read_midi(files.midi(_name("Drums") + _beat(2) + files.END))
    assert corrections == (
        (
            "drum_track",
            "track 0 'Drums' on channel 3 was taken for drums: its name and pitches say so",
        ),
    )
    assert read_midi(files.midi(_beat(9) + files.END))[1] == ()


def test_the_channel_of_each_instrument_is_known():
    sequence = midi_to_note_sequence(files.midi(_tune(4) + files.END, _beat(9) + files.END))
    assert channels_of(sequence) == {0: 5, 1: 10}
