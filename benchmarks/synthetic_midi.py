"""Makes a folder of synthetic MIDI files, the same for a seed, to see how large data scales.

    python benchmarks/synthetic_midi.py FOLDER [--files 200000] [--seed 1]

A file is what popular music gives a converter to do: drums, a bass line and a melody of 8 to 32
bars at a tempo of its own, with velocities and a timing that is not exact. Files lie in folders of
1,000. Each file depends on the seed and its number alone, so that a larger set begins with a
smaller one.
"""

from __future__ import annotations

import argparse
import pathlib
import random
import time

RESOLUTION = 220
_SIXTEENTH = RESOLUTION // 4
_DRUM_CHANNEL = 9
_KICK, _SNARE, _HAT, _OPEN_HAT = 36, 38, 42, 46
_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9))
_FILES_IN_A_FOLDER = 1000

Event = tuple[int, bytes]


def synthetic_file(seed: int, number: int) -> bytes:
    """Returns one MIDI file.

    Args:
      seed: of the set.
      number: of the file.
    """
    generator = random.Random(f"{seed}/{number}")
    bars = generator.choice((8, 16, 16, 24, 32))
    tempo = round(60e6 / generator.uniform(70.0, 170.0))
    start = b"\xff\x51\x03" + tempo.to_bytes(3, "big")
    tracks = [
        [(0, start), (0, b"\xff\x58\x04\x04\x02\x18\x08")],
        _drums(generator, bars),
        _line(generator, bars, channel=1, program=33, lowest=31, density=0.45),
        _line(generator, bars, channel=0, program=generator.choice((0, 24, 73)), lowest=60),
    ]
    header = b"MThd" + (6).to_bytes(4, "big") + (1).to_bytes(2, "big")
    header += len(tracks).to_bytes(2, "big") + RESOLUTION.to_bytes(2, "big")
    return header + b"".join(map(_track, tracks))


def _drums(generator: random.Random, bars: int) -> list[Event]:
    pattern = [
        (step, pitch)
        for pitch, chances in (
            (_KICK, (0.9, 0.1, 0.3, 0.1)),
            (_SNARE, (0.05, 0.05, 0.1, 0.1)),
            (_HAT, (0.9, 0.3, 0.8, 0.3)),
            (_OPEN_HAT, (0.0, 0.0, 0.1, 0.0)),
        )
        for step in range(32)
        if generator.random() < chances[step % 4] or (pitch == _SNARE and step % 8 == 4)
    ]
    notes = []
    for bar in range(bars):
        for step, pitch in pattern:
            if step // 16 == bar % 2 and generator.random() < 0.95:
                notes.append(_note(generator, 16 * bar + step % 16, 1, pitch))
    return _events(notes, _DRUM_CHANNEL)


def _line(
    generator: random.Random,
    bars: int,
    *,
    channel: int,
    program: int,
    lowest: int,
    density: float = 0.6,
) -> list[Event]:
    scale, root, degree = generator.choice(_SCALES), generator.randrange(12), 7
    notes, step = [], 0
    while step < 16 * bars:
        length = generator.choice((1, 2, 2, 2, 4, 4, 8))
        if generator.random() < density:
            degree = min(14, max(0, degree + generator.choice((-2, -1, -1, 0, 1, 1, 2))))
            octave, within = divmod(degree, len(scale))
            pitch = lowest + root % 7 + 12 * octave + scale[within]
            notes.append(_note(generator, step, length, pitch))
        step += length
    return [(0, bytes([0xC0 | channel, program])), *_events(notes, channel)]


def _note(
    generator: random.Random, step: int, length: int, pitch: int
) -> tuple[int, int, int, int]:
    """Returns start and end in ticks, pitch and velocity."""
    start = max(0, step * _SIXTEENTH + round(generator.gauss(0.0, 4.0)))
    return start, start + length * _SIXTEENTH - 5, pitch, generator.randint(40, 120)


def _events(notes: list[tuple[int, int, int, int]], channel: int) -> list[Event]:
    found = [
        (start, bytes([0x90 | channel, pitch, velocity])) for start, _, pitch, velocity in notes
    ]
    found += [(end, bytes([0x80 | channel, pitch, 0])) for _, end, pitch, _ in notes]
    return found


def _track(events: list[Event]) -> bytes:
    data, now = bytearray(), 0
    for tick, message in sorted(events, key=lambda event: event[0]):
        data += _variable_length(tick - now) + message
        now = tick
    data += b"\x00\xff\x2f\x00"
    return b"MTrk" + len(data).to_bytes(4, "big") + bytes(data)


def _variable_length(value: int) -> bytes:
    found = [value & 0x7F]
    while value := value >> 7:
        found.append(0x80 | value & 0x7F)
    return bytes(reversed(found))


def write_files(folder: pathlib.Path, count: int, seed: int) -> None:
    """Writes a set of files; those that are there stay.

    Args:
      folder: where to.
      count: how many.
      seed: of the set.
    """
    for number in range(count):
        path = folder / f"{number // _FILES_IN_A_FOLDER:04d}" / f"{number:07d}.mid"
        if number % _FILES_IN_A_FOLDER == 0:
            path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_bytes(synthetic_file(seed, number))


def main() -> None:
    """Writes the files and says how long it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    start = time.perf_counter()
    write_files(options.folder, options.files, options.seed)
    print(f"{options.files:,} files in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
