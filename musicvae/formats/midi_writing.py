"""NoteSequences as Standard MIDI Files.

Format 1 at 480 ticks a quarter: a first track with tempo and time signature, then one track for
each instrument and program. Drums are on channel 10; for other instruments there are fifteen
channels, which are shared where there are more. Times in seconds become ticks by the tempo that
holds there; every track lasts as long as the piece, so that silence at its end stays.

Source: the MIDI 1.0 specification, Standard MIDI Files 1.0.
"""

from __future__ import annotations

import bisect
import itertools
import struct
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from musicvae.grid import DEFAULT_QPM

TICKS_PER_QUARTER = 480

_DRUM_CHANNEL = 9
_MELODIC_CHANNELS = tuple(channel for channel in range(16) if channel != _DRUM_CHANNEL)
_MAX_TEMPO_MICROSECONDS = 2**24 - 1
_MAX_TICKS = 2**28 - 1

Event: TypeAlias = tuple[int, int, bytes]
"""Tick, rank among events of one tick, and bytes."""

_META, _PROGRAM, _NOTE_OFF, _NOTE_ON = range(4)


def note_sequence_to_midi(sequence: Any) -> bytes:
    """Writes a NoteSequence as a MIDI file.

    Args:
      sequence: times in seconds, not quantized; velocities 1 to 127. A note that ends before it
        begins lasts one tick.

    Returns:
      The file's bytes.
    """
    to_ticks = _clock(sequence)
    end = max([sequence.total_time, *(note.end_time for note in sequence.notes)])
    tracks = [_signature_events(sequence, to_ticks)]
    parts: dict[tuple[int, int, bool], list[Any]] = {}
    for note in sequence.notes:
        parts.setdefault((note.instrument, note.program, note.is_drum), []).append(note)
    melodic = 0
    for instrument, program, is_drum in sorted(parts):
        channel = _DRUM_CHANNEL
        if not is_drum:
            channel = _MELODIC_CHANNELS[melodic % len(_MELODIC_CHANNELS)]
            melodic += 1
        notes = parts[instrument, program, is_drum]
        tracks.append(_note_events(notes, channel, program, to_ticks))
    header = struct.pack(">4sLhhh", b"MThd", 6, 1, len(tracks), TICKS_PER_QUARTER)
    return header + b"".join(_track(events, to_ticks(end)) for events in tracks)


def _clock(sequence: Any) -> Callable[[float], int]:
    """Returns what turns seconds into ticks."""
    changes = sorted(
        (max(tempo.time, 0.0), tempo.qpm) for tempo in sequence.tempos if tempo.qpm > 0
    )
    if not changes or changes[0][0] > 0:
        changes.insert(0, (0.0, DEFAULT_QPM))
    starts = [seconds for seconds, _ in changes]
    ticks = [0.0]
    for (before, qpm), (after, _) in itertools.pairwise(changes):
        ticks.append(ticks[-1] + (after - before) * _exact(qpm))

    def to_ticks(seconds: float) -> int:
        k = max(bisect.bisect_right(starts, seconds) - 1, 0)
        exact = ticks[k] + (max(seconds, 0.0) - starts[k]) * _exact(changes[k][1])
        return int(min(round(exact), _MAX_TICKS))

    return to_ticks


def _exact(qpm: float) -> float:
    """Returns ticks a second at a tempo as files state it, in whole microseconds a quarter."""
    return TICKS_PER_QUARTER * 1e6 / _microseconds(qpm)


def _microseconds(qpm: float) -> int:
    return int(min(max(round(60e6 / qpm), 1), _MAX_TEMPO_MICROSECONDS))


def _signature_events(sequence: Any, to_ticks: Callable[[float], int]) -> list[Event]:
    tempos = [(tempo.time, tempo.qpm) for tempo in sequence.tempos if tempo.qpm > 0]
    events = [
        (to_ticks(seconds), _META, _meta(0x51, _microseconds(qpm).to_bytes(3, "big")))
        for seconds, qpm in tempos or [(0.0, DEFAULT_QPM)]
    ]
    for time_signature in sequence.time_signatures:
        power = time_signature.denominator.bit_length() - 1
        if 0 < time_signature.numerator < 256 and time_signature.denominator == 1 << max(power, 0):
            data = bytes([time_signature.numerator, power, 24, 8])
            events.append((to_ticks(time_signature.time), _META, _meta(0x58, data)))
    return events


def _note_events(
    notes: Iterable[Any], channel: int, program: int, to_ticks: Callable[[float], int]
) -> list[Event]:
    events: list[Event] = [(0, _PROGRAM, bytes([0xC0 | channel, program & 0x7F]))]
    for note in notes:
        start = to_ticks(note.start_time)
        end = max(to_ticks(note.end_time), start + 1)
        velocity = min(max(note.velocity, 1), 127)
        events.append((start, _NOTE_ON, bytes([0x90 | channel, note.pitch & 0x7F, velocity])))
        events.append((end, _NOTE_OFF, bytes([0x80 | channel, note.pitch & 0x7F, 0])))
    return events


def _track(events: list[Event], end: int) -> bytes:
    """Returns a track's chunk: events with the time since the one before, and its end."""
    body = bytearray()
    now = 0
    for tick, _, data in sorted(events):
        body += _varying(tick - now) + data
        now = tick
    body += _varying(max(end - now, 0)) + _meta(0x2F, b"")
    return struct.pack(">4sL", b"MTrk", len(body)) + bytes(body)


def _meta(kind: int, data: bytes) -> bytes:
    return bytes([0xFF, kind]) + _varying(len(data)) + data


def _varying(number: int) -> bytes:
    """Returns a number in base 128, the highest digits first, all but the last marked."""
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(0x80 | (number & 0x7F))
    return bytes(reversed(digits))
