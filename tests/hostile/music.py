"""Music files: MIDI, also inside RIFF, MusicXML, zipped or not, and ABC; named as something else.

What can be read is looked into, made into examples, written and read again.
"""

from __future__ import annotations

import functools
import random
import struct
import zipfile

import midi_files

from hostile import scores
from hostile.mutation import MAX_BYTES, spoiled, spoiled_text, text_bytes
from hostile.trial import Arena, Attempt, Fault
from musicvae.formats.bounds import FileBounds

CONFIGS = (
    "cat-mel_2bar_small", "cat-drums_2bar_small", "groovae_2bar_humanize", "flat-trio_16bar_small",
    "cat-mel_2bar_med_chords", "hier-multiperf_vel_1bar_med", "nade-drums_2bar_reduced",
)  # fmt: skip
_ENDINGS = {"midi": (".mid", ".midi", ".kar"), "riff": (".rmi",), "xml": (".xml", ".musicxml")}
_ENDINGS |= {"mxl": (".mxl",), "abc": (".abc",)}
_BOUNDS = FileBounds(max_read_seconds=4.0)
_ALL_ENDINGS = tuple(ending for endings in _ENDINGS.values() for ending in endings)
# music21, which reads most of ABC, takes a hundred times as long as the others.
_WEIGHTS = {"midi": 77, "riff": 8, "xml": 6, "mxl": 6, "abc": 3}
_MIDI_TOKENS = (
    b"MTrk", b"MThd", b"\xff\x2f\x00", b"\xff\x51\x03\x00\x00\x00", b"\xff\x51\x03\x00\x00\x01",
    b"\xff\x58\x04\x00\xff\x18\x08", b"\xff\x03\x8f\xff\xff\x7f", b"\xf0\x8f\xff\xff\x7f",
    b"\xff\xff\xff\x7f\x90\x3c\x40", b"\xb0\x40\x7f", b"\x99\x24\x7f", b"\xf7", b"\x00\x90\x3c\x00",
)  # fmt: skip


def make(rng: random.Random, arena: Arena) -> Attempt:
    """Makes a music file; see `runner.Make`."""
    (kind,) = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
    data = _MAKERS[kind](rng)
    endings = _ENDINGS[kind] if rng.random() < 0.95 else _ALL_ENDINGS
    path = arena.inputs / f"song{rng.choice(endings)}"
    path.write_bytes(data[:MAX_BYTES])
    config = rng.choice(CONFIGS)
    drums = (rng.randint(1, 16),) if rng.random() < 0.1 else ()
    with_silence = rng.random() < 0.2
    return lambda: read_and_use(str(path), config, drums, with_silence)


def read_and_use(path: str, config: str, drums: tuple[int, ...], with_silence: bool) -> None:
    """Reads a file as every command does, and uses what is in it."""
    from musicvae.data.music_files import read_music_file

    found = read_music_file(path, bounds=_BOUNDS, drum_channels=drums, with_silence=with_silence)
    for sequence in found.sequences:
        use(sequence, config)


def use(sequence: object, config: str) -> None:
    """Describes a piece, makes it into examples, writes it and reads it again."""
    from musicvae.data.inspection import inspect_sequence
    from musicvae.data.inspection_report import describe
    from musicvae.formats.midi import midi_to_note_sequence
    from musicvae.formats.midi_writing import note_sequence_to_midi

    inspection = inspect_sequence(sequence, converter(config), pitch_map="inference")
    lines = describe(inspection)
    if any(len(line.splitlines()) > 1 for line in lines):
        raise Fault(f"a line of the description is several: {lines!r}")
    written = midi_to_note_sequence(note_sequence_to_midi(sequence))
    if len(written.notes) != len(sequence.notes):
        raise Fault(f"{len(sequence.notes)} notes, {len(written.notes)} after writing")


@functools.cache
def converter(config: str) -> object:
    """Returns a configuration's converter."""
    from musicvae.config import load_config
    from musicvae.converters import build_converter

    return build_converter(load_config(config).converter)


def start() -> None:
    """Imports the readers, so that the first input does not."""
    import note_seq.musicxml_reader  # noqa: F401

    from musicvae.formats.scores import abc_to_tunes, musicxml_to_note_sequence

    for config in CONFIGS:
        converter(config)
    for text in scores.MUSICXML:
        musicxml_to_note_sequence(text.encode())
    for text in scores.ABC:
        abc_to_tunes(text.encode())


def midi(rng: random.Random) -> bytes:
    """Returns a spoiled MIDI file."""
    shape = rng.random()
    sane = midi_files.random_midi(rng) if shape < 0.5 else midi_files.sound_midi(rng)
    if rng.random() < 0.05:
        sane = midi_files.midi(_fanned_out(rng), kind=rng.randint(0, 2))
    if rng.random() < 0.1:
        # Announced, not there: tracks, divisions, lengths.
        division = rng.choice((0, 1, -1, -32768, 32767, -7400 + rng.randrange(300)))
        sane = (
            sane[:8]
            + struct.pack(">HHh", rng.randrange(4), rng.randrange(65536), division)
            + sane[14:]
        )
    return spoiled(sane, rng, _MIDI_TOKENS)


def _fanned_out(rng: random.Random) -> bytes:
    """A track whose every field is long, on every channel and program."""
    name = b"n" * rng.choice((10, 1000, 30_000))
    parts = [midi_files.meta(0, kind, name) for kind in (0x01, 0x03, 0x04, 0x05)]
    for channel in range(16):
        for program in range(rng.choice((1, 8, 128))):
            parts.append(midi_files.event(0, 0xC0 | channel, program))
            parts.append(midi_files.note(1, 60, 1, channel=channel))
    return b"".join(parts) + midi_files.END


def _riff(rng: random.Random) -> bytes:
    content = midi(rng)
    chunk = b"data" + struct.pack("<L", len(content)) + content
    return spoiled(b"RIFF" + struct.pack("<L", len(chunk) + 4) + b"RMID" + chunk, rng, (b"data",))


def _xml(rng: random.Random) -> bytes:
    return text_bytes(spoiled_text(rng.choice(scores.MUSICXML), rng, scores.TOKENS), rng)


def _abc(rng: random.Random) -> bytes:
    return text_bytes(spoiled_text(rng.choice(scores.ABC), rng, scores.TOKENS), rng)


def mxl(rng: random.Random) -> bytes:
    """Returns a spoiled .mxl archive, or a sane one of a spoiled score."""
    name = rng.choice(
        ("score.xml", "score.xml", "../x.xml", "/etc/passwd", "META-INF/container.xml")
    )
    members = {scores.CONTAINER: scores.container(name), name: _xml(rng)}
    if rng.random() < 0.05:
        members[name] = b" " * rng.choice((1 << 20, 40 << 20)) + members[name]
    if rng.random() < 0.1:
        members[scores.CONTAINER] = scores.container(
            name, *(f"s{k}" for k in range(rng.randrange(5)))
        )
    kinds = (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    archive = scores.zipped(members, rng.choice(kinds))
    return archive if rng.random() < 0.3 else spoiled(archive, rng, (b"PK\x03\x04", b"PK\x05\x06"))


_MAKERS = {"midi": midi, "riff": _riff, "xml": _xml, "mxl": mxl, "abc": _abc}
