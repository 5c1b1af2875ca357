"""Standard MIDI Files: bytes to notes, controls and bends in ticks.

A file is a header (format, number of tracks, ticks per quarter) and tracks; a track is a list of
(delta time, event), where an event may leave out its status byte if it is that of the event before
(running status). Note-ons and note-offs are paired here as pretty_midi pairs them, so that the
result is the same note for note:

- a note-off ends all notes that sound on its channel and pitch, except those that begin with it;
- an instrument is a (track, channel, program) on which a note has ended, in order of first ends;
- controls and bends belong to their channel's instrument of that moment. Before there is one they
  are kept for it, and from then on all instruments of that track and channel share them;
- tempo, time signature and key are read from the first track only.

What mido refuses is refused: a data byte over 127, an undefined status, a chunk that ends inside an
event. Time and memory are linear in the bytes given, whatever lengths they announce.
"""

from __future__ import annotations

import dataclasses
import struct

from musicvae.formats.bounds import MusicFileError

MAX_META_BYTES = 1_000_000
MAX_NAME_BYTES = 256  # a track's name is every instrument's that plays on it
MAX_DELTA_TICKS = 1 << 40

_HEADER = struct.Struct(">4sL")
_FORMAT = struct.Struct(">hhh")
_META_TEXTS = frozenset((0x01, 0x02, 0x04, 0x05, 0x06, 0x07, 0x09))
_META_IGNORED = _META_TEXTS | {0x21, 0x2F, 0x7F}
_META_MIN_BYTES = {0x20: 1, 0x51: 3, 0x54: 5, 0x58: 4, 0x59: 2}
_SYSTEM_DATA_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1} | dict.fromkeys(
    (0xF6, 0xF8, 0xFA, 0xFB, 0xFC, 0xFE), 0
)
_MAX_SMPTE = {1: 59, 2: 59, 4: 99}


@dataclasses.dataclass
class Instrument:
    """What one program played on one channel of one track. Times are ticks.

    Attributes:
      program: General MIDI program, 0..127.
      channel: 0..15; 9 is drums.
      name: its track's name.
      notes: (start, end, pitch, velocity) in order of their ends.
      controls: (time, number, value).
      bends: (time, -8192..8191).
    """

    program: int
    channel: int
    name: str
    controls: list[tuple[int, int, int]]
    bends: list[tuple[int, int]]
    notes: list[tuple[int, int, int, int]] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class MIDIFile:
    """A parsed file. Times are ticks.

    Attributes:
      ticks_per_quarter: as the header has it; negative for SMPTE time code.
      tempos: (time, microseconds a quarter).
      time_signatures: (time, numerator, exponent of the denominator).
      key_signatures: (time, sharps or minus flats, 1 for minor).
      instruments: in order of their first finished note.
      end: where its longest track ends.
      size: bytes of the file.
    """

    ticks_per_quarter: int
    tempos: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    time_signatures: list[tuple[int, int, int]] = dataclasses.field(default_factory=list)
    key_signatures: list[tuple[int, int, int]] = dataclasses.field(default_factory=list)
    instruments: list[Instrument] = dataclasses.field(default_factory=list)
    end: int = 0
    size: int = 0


def parse_midi(data: bytes) -> MIDIFile:
    """Parses a Standard MIDI File.

    Args:
      data: the file's bytes.

    Raises:
      MusicFileError: it is broken.
    """
    if len(data) < _HEADER.size or not data.startswith(b"MThd"):
        raise MusicFileError("not_midi", "it does not begin with a MIDI header")
    _, size = _HEADER.unpack_from(data)
    if size < _FORMAT.size or len(data) < _HEADER.size + _FORMAT.size:
        raise MusicFileError("truncated", "it ends inside its header")
    _, num_tracks, ticks_per_quarter = _FORMAT.unpack_from(data, _HEADER.size)
    if num_tracks <= 0:
        raise MusicFileError("no_tracks", f"its header announces {num_tracks & 0xFFFF} tracks")
    midi = MIDIFile(ticks_per_quarter, size=len(data))
    position = _HEADER.size + size
    for index in range(num_tracks):
        if position + _HEADER.size > len(data):
            raise MusicFileError(
                "truncated", f"it ends after {index} of the {num_tracks} tracks it announces"
            )
        name, size = _HEADER.unpack_from(data, position)
        if name != b"MTrk":
            raise MusicFileError("no_track_header", f"track {index} has no track header")
        position += _HEADER.size
        if position + size > len(data):
            raise MusicFileError("truncated", f"it ends inside track {index}")
        if size == 0:
            raise MusicFileError("empty_track", f"track {index} has no events")
        try:
            _read_track(data, position, position + size, midi, is_first=index == 0)
        except IndexError:
            raise MusicFileError("truncated", f"it ends inside track {index}") from None
        except MusicFileError as error:
            raise MusicFileError(error.reason, f"track {index}: {error.detail}") from None
        position += size
    return midi


def _read_track(data: bytes, position: int, end: int, midi: MIDIFile, *, is_first: bool) -> None:
    """Adds a track's instruments and, for the first one, its tempos and signatures, to `midi`."""
    tick = 0
    running = 0
    name = ""
    programs = [0] * 16
    sounding: dict[int, list[tuple[int, int]]] = {}  # channel * 128 + pitch -> (start, velocity)
    instruments: dict[int, Instrument] = {}  # channel * 128 + program
    early: dict[int, Instrument] = {}  # channel -> what came before its first note

    while position < end:
        before = tick
        byte = data[position]
        position += 1
        if byte < 0x80:
            tick += byte
        else:
            delta, position = _variable_length(data, position - 1)
            tick += delta
        status = data[position]
        if status < 0x80:
            status = running
            if not status:
                raise MusicFileError("bad_event", "running status before any status")
            if status == 0xF0 or status == 0xF7:
                position += 1
            elif status > 0xF3:
                raise MusicFileError("bad_event", f"data after status 0x{status:02x}")
        else:
            position += 1
            if status != 0xFF:
                running = status
        kind = status & 0xF0

        if kind == 0x90 or kind == 0x80:
            pitch = data[position]
            velocity = data[position + 1]
            position += 2
            if pitch > 127 or velocity > 127:
                raise _data_byte_error(max(pitch, velocity))
            channel = status & 0x0F
            key = channel << 7 | pitch
            if kind == 0x90 and velocity:
                if key in sounding:
                    sounding[key].append((tick, velocity))
                else:
                    sounding[key] = [(tick, velocity)]
            elif key in sounding:
                started = sounding.pop(key)
                ended = [note for note in started if note[0] != tick]
                if not ended:
                    continue
                if len(ended) < len(started):
                    sounding[key] = [note for note in started if note[0] == tick]
                program = programs[channel]
                instrument = instruments.get(channel << 7 | program)
                if instrument is None:
                    shared = early.get(channel)
                    controls, bends = (shared.controls, shared.bends) if shared else ([], [])
                    instrument = Instrument(program, channel, name, controls, bends)
                    instruments[channel << 7 | program] = instrument
                instrument.notes.extend(
                    [(start, tick, pitch, velocity) for start, velocity in ended]
                )
        elif kind == 0xB0 or kind == 0xE0:
            first = data[position]
            second = data[position + 1]
            position += 2
            if first > 127 or second > 127:
                raise _data_byte_error(max(first, second))
            channel = status & 0x0F
            instrument = instruments.get(channel << 7 | programs[channel]) or early.get(channel)
            if instrument is None:
                instrument = early[channel] = Instrument(0, channel, name, [], [])
            if kind == 0xB0:
                instrument.controls.append((tick, first, second))
            else:
                instrument.bends.append((tick, (second << 7 | first) - 8192))
        elif kind == 0xC0 or kind == 0xD0:
            first = data[position]
            position += 1
            if first > 127:
                raise _data_byte_error(first)
            if kind == 0xC0:
                programs[status & 0x0F] = first
        elif kind == 0xA0:
            position = _skip_data(data, position, 2)
        elif status == 0xFF:
            kind = data[position]
            length, position = _variable_length(data, position + 1)
            if length > MAX_META_BYTES:
                raise MusicFileError("bad_event", f"a meta event announces {length} bytes")
            content = data[position : position + length]
            position += length
            if position > end:
                break
            if kind == 0x03:
                name = content[:MAX_NAME_BYTES].decode("latin-1")
            elif kind not in _META_IGNORED and not _read_meta(kind, content, tick, midi, is_first):
                tick = before
        elif status == 0xF0 or status == 0xF7:
            length, position = _variable_length(data, position)
            if length > MAX_META_BYTES:
                raise MusicFileError("bad_event", f"a system message announces {length} bytes")
            content = data[position : position + length]
            position += length
            if not content.removeprefix(b"\xf0").removesuffix(b"\xf7").isascii():
                raise _data_byte_error(max(content))
        elif status in _SYSTEM_DATA_BYTES:
            position = _skip_data(data, position, _SYSTEM_DATA_BYTES[status])
        else:
            raise MusicFileError("bad_event", f"undefined status byte 0x{status:02x}")
    if position > end:
        raise MusicFileError("truncated", "it ends inside an event")
    midi.instruments.extend(instruments.values())
    midi.end = max(midi.end, tick)


def _variable_length(data: bytes, position: int) -> tuple[int, int]:
    """Returns the number at `position`, held to `MAX_DELTA_TICKS`, and the position after it."""
    value = 0
    while True:
        byte = data[position]
        position += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, position
        value = min(value, MAX_DELTA_TICKS)


def _skip_data(data: bytes, position: int, count: int) -> int:
    for byte in data[position : position + count]:
        if byte > 127:
            raise _data_byte_error(byte)
    return position + count


def _read_meta(kind: int, content: bytes, tick: int, midi: MIDIFile, is_first: bool) -> bool:
    """Reads a meta event.

    Args:
      kind: its type byte.
      content: its data.
      tick: when it is.
      midi: what it is added to.
      is_first: whether it is in the first track.

    Returns:
      False for an unknown type: mido forgets the delta time of those.

    Raises:
      MusicFileError: mido would refuse it.
    """
    if len(content) < _META_MIN_BYTES.get(kind, 0) or (kind == 0x00 and len(content) == 1):
        raise MusicFileError("bad_event", f"meta event 0x{kind:02x} has {len(content)} bytes")
    if kind == 0x51:
        if is_first:
            midi.tempos.append((tick, int.from_bytes(content[:3], "big")))
    elif kind == 0x58:
        if is_first:
            midi.time_signatures.append((tick, content[0], content[1]))
    elif kind == 0x59:
        sharps, minor = (content[0] ^ 0x80) - 0x80, content[1]
        if not -7 <= sharps <= 7 or minor > 1:
            raise MusicFileError("bad_event", f"key signature of {sharps} sharps, mode {minor}")
        if is_first:
            midi.key_signatures.append((tick, sharps, minor))
    elif kind == 0x54:
        if content[0] > 0x7F or any(content[index] > top for index, top in _MAX_SMPTE.items()):
            raise MusicFileError("bad_event", "SMPTE offset out of range")
    elif kind not in (0x00, 0x20):
        return False
    return True


def _data_byte_error(byte: int) -> MusicFileError:
    return MusicFileError("bad_event", f"data byte {byte} is over 127")
