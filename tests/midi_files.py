"""MIDI files made in memory: sane ones, odd ones and broken ones."""

from __future__ import annotations

import random
import struct


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">4sL", name, len(content)) + content


def midi(*tracks: bytes, division: int = 480, kind: int = 1, announced: int | None = None) -> bytes:
    """A file of the given tracks' bytes; `announced` tracks in its header."""
    count = len(tracks) if announced is None else announced
    header = chunk(b"MThd", struct.pack(">hHH", kind, count, division))
    return header + b"".join(chunk(b"MTrk", track) for track in tracks)


def number(value: int) -> bytes:
    """A variable-length number."""
    parts = [value & 0x7F]
    while value := value >> 7:
        parts.append(value & 0x7F | 0x80)
    return bytes(reversed(parts))


def event(delta: int, *content: int) -> bytes:
    return number(delta) + bytes(content)


def meta(delta: int, kind: int, content: bytes) -> bytes:
    return number(delta) + bytes((0xFF, kind)) + number(len(content)) + content


def tempo(delta: int, qpm: float) -> bytes:
    return meta(delta, 0x51, int(6e7 / qpm).to_bytes(3, "big"))


END = meta(0, 0x2F, b"")


def note(delta: int, pitch: int, length: int, *, channel: int = 0, velocity: int = 100) -> bytes:
    on = event(delta, 0x90 | channel, pitch, velocity)
    return on + event(length, 0x80 | channel, pitch, 0)


def scale(num_notes: int = 8, *, channel: int = 0) -> bytes:
    """A whole file: quarter notes upwards from middle C."""
    notes = (note(0, 60 + index % 12, 480, channel=channel) for index in range(num_notes))
    return midi(tempo(0, 120) + b"".join(notes) + END)


def random_midi(rng: random.Random) -> bytes:
    """A valid file in which every kind of event that matters is likely."""
    tracks = [_random_track(rng) for _ in range(rng.randint(1, 4))]
    return midi(*tracks, division=rng.choice((1, 24, 96, 480, 960)), kind=rng.randint(0, 2))


def sound_midi(rng: random.Random) -> bytes:
    """A random file with its tempos on the first track and no note without an end or a length."""
    conductor = []
    for _ in range(rng.randint(0, 5)):
        conductor.append(tempo(rng.choice((0, 480, 1920)), rng.randint(40, 200)))
        time_signature = bytes((rng.randint(1, 12), rng.randint(0, 5), 24, 8))
        conductor.append(meta(0, 0x58, time_signature))
        conductor.append(meta(0, 0x59, struct.pack("bB", rng.randint(-7, 7), rng.randint(0, 1))))
    tracks = [b"".join(conductor) + END]
    for _ in range(rng.randint(1, 4)):
        channels = rng.sample(range(16), rng.randint(1, 3))
        parts = [event(0, 0xC0 | channel, rng.randrange(80)) for channel in channels]
        parts.insert(0, meta(0, 0x03, b"A line"))
        for _ in range(rng.randint(1, 60)):
            channel = rng.choice(channels)
            parts.append(
                note(
                    rng.choice((0, 7, 120, 480)), rng.randrange(128), rng.choice((1, 60, 500)),
                    channel=channel, velocity=rng.randint(1, 127),
                )
            )  # fmt: skip
            if rng.random() < 0.3:
                parts.append(event(0, 0xB0 | channel, rng.choice((7, 64)), rng.randrange(128)))
            if rng.random() < 0.2:
                parts.append(event(0, 0xE0 | channel, rng.randrange(128), rng.randrange(128)))
            if rng.random() < 0.2:
                parts.append(meta(3, rng.choice((0x01, 0x05, 0x06)), b"la"))
        tracks.append(b"".join(parts) + END)
    return midi(*tracks, division=480)


def _random_track(rng: random.Random) -> bytes:
    parts = []
    running = 0
    for _ in range(rng.randint(1, 80)):
        delta = rng.choice((0, 0, 1, 7, 60, 120, 480, 2_000))
        choice = rng.random()
        if choice < 0.7:
            kind = rng.choice((0x80, 0x90, 0x90, 0x90, 0xB0, 0xC0, 0xE0, 0xA0, 0xD0))
            status = kind | rng.choice((0, 0, 1, 9))
            content = [rng.choice((36, 38, 60)) if kind in (0x80, 0x90) else rng.randrange(128)]
            if kind not in (0xC0, 0xD0):
                content.append(rng.choice((0, 64, 127)))
            if status == running and rng.random() < 0.6:
                parts.append(number(delta) + bytes(content))
            else:
                parts.append(event(delta, status, *content))
            running = status
        elif choice < 0.76:
            running = rng.choice((0xF0, 0xF7, 0xF1, 0xF2, 0xF3, 0xF6, 0xF8))
            content = {
                0xF0: b"\x03\x01\x02\xf7", 0xF7: b"\x02\xf0\x01", 0xF1: b"\x11", 0xF2: b"\x11\x22",
                0xF3: b"\x05",
            }.get(running, b"")  # fmt: skip
            parts.append(number(delta) + bytes((running,)) + content)
        else:
            parts.append(_random_meta(rng, delta))
    return b"".join(parts) + END


def _random_meta(rng: random.Random, delta: int) -> bytes:
    kind = rng.choice(
        (0x51, 0x51, 0x51, 0x58, 0x59, 0x03, 0x01, 0x05, 0x54, 0x00, 0x08, 0x60, 0x7F)
    )
    content = {
        0x51: rng.choice((500_000, 500_000, 400_000, 1, 0xFFFFFF)).to_bytes(3, "big"),
        0x58: bytes((rng.randint(1, 12), rng.randint(0, 5), 24, 8)),
        0x59: struct.pack("bB", rng.randint(-7, 7), rng.randint(0, 1)),
        0x54: bytes((0x61, 30, 30, 12, 50)),
        0x00: b"\x00\x01",
    }.get(kind, bytes(rng.choices(b"Piano \xe9", k=rng.randint(0, 6))))
    return meta(delta, kind, content)


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Breaks a file: flips, replaces, removes and inserts bytes."""
    broken = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        if not broken:
            break
        place = rng.randrange(len(broken))
        action = rng.random()
        if action < 0.3:
            broken[place] ^= 1 << rng.randrange(8)
        elif action < 0.6:
            broken[place] = rng.choice((0, 0x7F, 0x80, 0xFF, 0xF0, 0xF7, rng.randrange(256)))
        elif action < 0.75:
            del broken[place]
        elif action < 0.9:
            broken.insert(place, rng.randrange(256))
        else:
            del broken[place:]
    return bytes(broken)
