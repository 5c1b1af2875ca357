"""The events of one track of a Standard MIDI File, in ticks.

A track is a list of (delta time, event), where an event may leave out its status byte if it is that
of the event before (running status; meta events and system messages do not interrupt it).
Note-ons and note-offs are paired per channel and pitch:

- a note-off ends all notes that sound there, except those that begin on its tick; those it ends
  only if no other note-off comes for them, and they last one tick then;
- a note without its end lasts to the next one of its pitch, or to the end of the track;
- a note has the program of its channel when it begins.

An event with a data byte over 127 is skipped, unless it is a note: then bytes are missing, and what
the notes after it are cannot be told. A track that is cut off is read up to there.
"""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

from musicvae.formats.bounds import MusicFileError
from musicvae.formats.corrections import Corrections

MAX_DELTA_TICKS = 1 << 40
MAX_NAME_BYTES = 1024

_SYSTEM_DATA_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}
_UNDEFINED = frozenset((0xF4, 0xF5, 0xF9, 0xFD))
_SYSTEM_BYTES = 8
_META_MIN_BYTES = {0x51: 3, 0x58: 2, 0x59: 2}
_MAX_DENOMINATOR_EXPONENT = 30
_NUM_CHANNELS = 16

Change: TypeAlias = tuple[int, ...]
"""When a tempo, time signature or key begins, and its values."""


@dataclasses.dataclass
class Instrument:
    """What was played on one channel of one track. Times are ticks.

    Attributes:
      channel: 0..15; 9 is drums.
      track: number of its track.
      name: its track's name.
      notes: (start, end, pitch, velocity, program) in order of their ends.
      controls: (time, number, value).
      bends: (time, -8192..8191).
    """

    channel: int
    track: int
    name: str
    controls: list[tuple[int, int, int]] = dataclasses.field(default_factory=list)
    bends: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    notes: list[tuple[int, int, int, int, int]] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Track:
    """What was in a track. Times are ticks.

    Attributes:
      instruments: its channels with notes, in order of their first finished note.
      tempos: (time, microseconds a quarter).
      time_signatures: (time, numerator, exponent of the denominator).
      key_signatures: (time, sharps or minus flats, 1 for minor).
      banks: (time, channel, bank) of every bank select.
      drum_parts: channels that a GS or XG message makes a drum part.
      is_gs: whether it resets a GS synthesizer.
      end: where it ends.
      num_bytes: how much of the data was read.
      is_ended: whether it has its end-of-track event.
    """

    instruments: list[Instrument] = dataclasses.field(default_factory=list)
    tempos: list[Change] = dataclasses.field(default_factory=list)
    time_signatures: list[Change] = dataclasses.field(default_factory=list)
    key_signatures: list[Change] = dataclasses.field(default_factory=list)
    banks: list[tuple[int, int, int]] = dataclasses.field(default_factory=list)
    drum_parts: set[int] = dataclasses.field(default_factory=set)
    is_gs: bool = False
    end: int = 0
    num_bytes: int = 0
    is_ended: bool = False


def parse_track(
    data: bytes, number: int, corrections: Corrections, *, stops_at_end: bool = False
) -> Track:
    """Reads the events of a track.

    Args:
      data: its bytes, without the chunk's header.
      number: which track it is, for messages.
      corrections: takes up what is not as it should be.
      stops_at_end: whether to stop at an end-of-track event, where how long the track is is not
        known.

    Returns:
      What is in it.

    Raises:
      MusicFileError: its notes cannot be told.
    """
    track = Track()
    try:
        _read_events(data, track, number, corrections, stops_at_end)
    except MusicFileError as error:
        raise MusicFileError(error.reason, f"track {number}: {error.detail}") from None
    return track


def _read_events(
    data: bytes, track: Track, number: int, corrections: Corrections, stops_at_end: bool
) -> None:
    end = len(data)
    position = whole = 0
    tick = before = 0
    running = 0
    name = ""
    programs = [0] * _NUM_CHANNELS
    sounding: dict[int, list[tuple[int, int, int]]] = {}  # see `_finish`
    empty: dict[int, int] = {}  # channel * 128 + pitch -> tick of a note-on and its note-off
    channels: dict[int, Instrument] = {}

    def instrument_of(channel: int) -> Instrument:
        instrument = channels.get(channel)
        if instrument is None:
            instrument = channels[channel] = Instrument(channel, number, "")
        if not instrument.notes:
            instrument.name = name
            track.instruments.append(instrument)
        return instrument

    try:
        while position < end:
            whole, before = position, tick
            byte = data[position]
            position += 1
            if byte < 0x80:
                tick += byte
            else:
                delta, position = variable_length(data, position - 1)
                tick += delta
            status = data[position]
            if status < 0x80:
                status = running
                if not status:
                    raise MusicFileError("bad_event", "running status before any status")
            else:
                position += 1
                if status < 0xF0:
                    running = status
            kind = status & 0xF0

            if kind == 0x90 or kind == 0x80:
                pitch = data[position]
                velocity = data[position + 1]
                position += 2
                if pitch > 127 or velocity > 127:
                    over = max(pitch, velocity)
                    raise MusicFileError("bad_event", f"data byte {over} of a note is over 127")
                channel = status & 0x0F
                key = channel << 7 | pitch
                if kind == 0x90 and velocity:
                    begun = (tick, velocity, programs[channel])
                    if key not in sounding:
                        sounding[key] = [begun]
                    elif empty and key in empty:
                        instrument = instrument_of(channel)
                        _finish_empty(instrument, pitch, sounding[key], corrections)
                        del empty[key]
                        sounding[key] = [begun]
                    else:
                        sounding[key].append(begun)
                elif key in sounding:
                    started = sounding[key]
                    if started[0][0] == tick:
                        empty[key] = tick
                        continue
                    if empty:
                        empty.pop(key, None)
                    if started[-1][0] == tick:
                        sounding[key] = [note for note in started if note[0] == tick]
                        started = [note for note in started if note[0] != tick]
                    else:
                        del sounding[key]
                    instrument_of(channel).notes.extend(
                        [
                            (start, tick, pitch, velocity, program)
                            for start, velocity, program in started
                        ]
                    )
            elif kind == 0xB0 or kind == 0xE0:
                first = data[position]
                second = data[position + 1]
                position += 2
                if first > 127 or second > 127:
                    _skip_event(max(first, second), number, corrections)
                    continue
                channel = status & 0x0F
                if channel not in channels:
                    channels[channel] = Instrument(channel, number, name)
                if kind == 0xB0:
                    channels[channel].controls.append((tick, first, second))
                    if first == 0:
                        track.banks.append((tick, channel, second))
                else:
                    channels[channel].bends.append((tick, (second << 7 | first) - 8192))
            elif kind == 0xC0 or kind == 0xD0:
                first = data[position]
                position += 1
                if first > 127:
                    _skip_event(first, number, corrections)
                elif kind == 0xC0:
                    programs[status & 0x0F] = first
            elif kind == 0xA0:
                over = max(data[position], data[position + 1])
                position += 2
                if over > 127:
                    _skip_event(over, number, corrections)
            elif status == 0xFF or status == 0xF0 or status == 0xF7:
                if status == 0xFF:
                    kind = data[position]
                    position += 1
                length, position = variable_length(data, position)
                if length > end - position:
                    raise IndexError
                if status != 0xFF:
                    _read_system_message(data[position : position + _SYSTEM_BYTES], track)
                elif kind == 0x03:
                    name = data[position : position + min(length, MAX_NAME_BYTES)].decode("latin-1")
                elif kind == 0x2F:
                    track.is_ended = True
                elif kind in _META_MIN_BYTES:
                    _read_meta(
                        kind, data[position : position + min(length, 8)], tick, track, corrections
                    )
                position += length
                if track.is_ended and stops_at_end:
                    break
            else:
                position += _SYSTEM_DATA_BYTES.get(status, 0)
                if status in _UNDEFINED:
                    corrections.add(
                        "bad_event", f"undefined status 0x{status:02x} in track {number}"
                    )
        whole = position
    except IndexError:
        corrections.add("cut_track", f"track {number} ends inside an event")
        tick = before
    track.num_bytes = min(whole, end)
    track.end = tick
    for key, started in sounding.items():
        instrument = instrument_of(key >> 7)
        if key in empty:
            _finish_empty(instrument, key & 0x7F, started, corrections)
        else:
            _finish_open(instrument, key & 0x7F, started, tick, corrections)


def _finish_empty(
    instrument: Instrument,
    pitch: int,
    started: list[tuple[int, int, int]],
    corrections: Corrections,
) -> None:
    """Gives a tick to notes that began, (start, velocity, program), and ended on one tick."""
    corrections.add("zero_length_notes", count=len(started))
    instrument.notes += [
        (start, start + 1, pitch, velocity, program) for start, velocity, program in started
    ]


def _finish_open(
    instrument: Instrument,
    pitch: int,
    started: list[tuple[int, int, int]],
    end: int,
    corrections: Corrections,
) -> None:
    """Ends notes (start, velocity, program) at the next of them, the last where the track ends."""
    corrections.add("open_notes", count=len(started))
    following = end
    for start, velocity, program in reversed(started):
        instrument.notes.append((start, max(following, start + 1), pitch, velocity, program))
        following = start


def variable_length(data: bytes, position: int) -> tuple[int, int]:
    """Returns the number at `position`, held to `MAX_DELTA_TICKS`, and the position after it."""
    value = 0
    while True:
        byte = data[position]
        position += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, position
        value = min(value, MAX_DELTA_TICKS)


def _skip_event(byte: int, number: int, corrections: Corrections) -> None:
    corrections.add("bad_event", f"a data byte of {byte}, over 127, in track {number}")


def _read_meta(
    kind: int, content: bytes, tick: int, track: Track, corrections: Corrections
) -> None:
    """Reads a tempo, a time signature or a key signature; leaves out what makes no sense."""
    if len(content) < _META_MIN_BYTES[kind]:
        corrections.add("bad_event", f"a meta event 0x{kind:02x} of {len(content)} bytes")
    elif kind == 0x51:
        microseconds = int.from_bytes(content[:3], "big")
        if microseconds:
            track.tempos.append((tick, microseconds))
        else:
            corrections.add("bad_tempo")
    elif kind == 0x58:
        numerator, exponent = content[0], content[1]
        if numerator and exponent <= _MAX_DENOMINATOR_EXPONENT:
            track.time_signatures.append((tick, numerator, exponent))
        else:
            text = f"a time signature of {numerator}/2^{exponent}"
            corrections.add("bad_time_signature", text)
    else:
        sharps, minor = (content[0] ^ 0x80) - 0x80, content[1]
        if -7 <= sharps <= 7 and minor <= 1:
            track.key_signatures.append((tick, sharps, minor))
        else:
            text = f"a key signature of {sharps} sharps and mode {minor}"
            corrections.add("bad_key", text)


def _read_system_message(content: bytes, track: Track) -> None:
    """Reads which channels a GS or XG synthesizer is told to play drums on.

    Source: Roland SC-55, "use for rhythm part"; Yamaha XG, "part mode".
    """
    if content[:1] == b"\x41" and content[2:5] == b"\x42\x12\x40" and len(content) >= 8:
        block, address, value = content[5], content[6], content[7]
        if block == 0 and address == 0x7F:
            track.is_gs = True
        elif block >> 4 == 1 and address == 0x15 and value:
            part = block & 0x0F
            track.drum_parts.add(9 if part == 0 else part - 1 if part < 10 else part)
    elif content[:1] == b"\x43" and content[2:4] == b"\x4c\x08" and len(content) >= 7:
        part, address, value = content[4], content[5], content[6]
        if part < _NUM_CHANNELS and address == 0x07 and value:
            track.drum_parts.add(part)
