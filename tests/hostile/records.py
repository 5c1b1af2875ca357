"""TFRecords of NoteSequences: spoiled bytes, and sound frames around music that cannot be."""

from __future__ import annotations

import functools
import gzip
import math
import random
from typing import Any

from small_music import drum_piece, melody_piece

from hostile.music import CONFIGS, converter
from hostile.mutation import spoiled
from hostile.trial import Arena, Attempt

_TIMES = (0.0, -1.0, 1e-9, 1e9, 1e300, math.nan, math.inf, -math.inf, 86_400.0, 1e5)
_WHOLE = (0, -1, 1, 127, 128, 2**31 - 1, -(2**31))
_NAMES = ("", "\0", "../evil", "a" * 10_000, "\x1b[2J", "x\ny", "C", "N.C.", "Cmaj7#11(b9)", "H")


def make(rng: random.Random, arena: Arena) -> Attempt:
    """Makes a TFRecord; see `runner.Make`."""
    from musicvae.formats.tfrecord import framed

    records = [_record(rng) for _ in range(rng.choice((0, 1, 1, 2)))]
    data = b"".join(framed(record) for record in records)
    if rng.random() < 0.4:
        data = spoiled(data, rng)
    if rng.random() < 0.15:
        data = gzip.compress(data, 1, mtime=0)
        data = spoiled(data, rng) if rng.random() < 0.5 else data
    path = arena.inputs / rng.choice(("music.tfrecord", "music-00000-of-00002.tfrecord", "a,b:2"))
    path.write_bytes(data)
    given = rng.choice(
        (str(path), str(path), str(path), f"{path}:{rng.choice(_TIMES)}", f"{path}*")
    )
    return functools.partial(_use, given, rng.choice(CONFIGS))


def _use(path: str, config: str) -> None:
    from musicvae.config import load_config
    from musicvae.data.examples import extract_examples
    from musicvae.data.inspection import inspect_sequence
    from musicvae.data.inspection_report import describe
    from musicvae.data.records import TFRecordSource
    from musicvae.formats.tfrecord import read_note_sequences

    source = TFRecordSource((path,))
    source.check()
    source.record_weights()
    for sequence in read_note_sequences([*source._files]):
        describe(inspect_sequence(sequence, converter(config)))
    extract_examples(load_config(config).converter, source, num_workers=1)


def _record(rng: random.Random) -> bytes:
    piece = (drum_piece if rng.random() < 0.5 else melody_piece)(rng.randrange(4), bars=2)
    chance = rng.random()
    if chance < 0.1:
        return rng.randbytes(rng.choice((0, 1, 100)))
    for _ in range(rng.choice((0, 1, 2, 4))):
        rng.choice(_CHANGES)(piece, rng)
    record = bytes(piece.SerializeToString(deterministic=True))
    return spoiled(record, rng) if chance < 0.4 else record


def _change_note(piece: Any, rng: random.Random) -> None:
    note = rng.choice(piece.notes) if piece.notes else piece.notes.add()
    name = rng.choice(("start_time", "end_time", "pitch", "velocity", "instrument", "program"))
    setattr(note, name, rng.choice(_TIMES if name.endswith("time") else _WHOLE))


def _change_tempo(piece: Any, rng: random.Random) -> None:
    piece.tempos.add(time=rng.choice(_TIMES), qpm=rng.choice((*_TIMES, 120.0)))


def _change_signature(piece: Any, rng: random.Random) -> None:
    piece.time_signatures.add(
        time=rng.choice(_TIMES),
        numerator=rng.choice((*_WHOLE, 3)),
        denominator=rng.choice((*_WHOLE, 4)),
    )


def _change_key(piece: Any, rng: random.Random) -> None:
    piece.key_signatures.add(time=rng.choice(_TIMES), key=rng.randrange(12))


def _change_chord(piece: Any, rng: random.Random) -> None:
    piece.text_annotations.add(time=rng.choice(_TIMES), text=rng.choice(_NAMES), annotation_type=1)


def _change_control(piece: Any, rng: random.Random) -> None:
    piece.control_changes.add(
        time=rng.choice(_TIMES),
        control_number=rng.choice((64, *_WHOLE)),
        control_value=rng.choice(_WHOLE),
    )


def _change_name(piece: Any, rng: random.Random) -> None:
    piece.id, piece.filename = rng.choice(_NAMES), rng.choice(_NAMES)
    piece.collection_name = rng.choice(_NAMES)


def _change_length(piece: Any, rng: random.Random) -> None:
    piece.total_time = rng.choice(_TIMES)
    piece.ticks_per_quarter = rng.choice(_WHOLE)


def _quantize(piece: Any, rng: random.Random) -> None:
    piece.quantization_info.steps_per_quarter = rng.choice(_WHOLE)


_CHANGES = (
    _change_note, _change_note, _change_note, _change_tempo, _change_signature, _change_key,
    _change_chord, _change_control, _change_name, _change_length, _quantize,
)  # fmt: skip


def start() -> None:
    """Imports the readers."""

    for config in CONFIGS:
        converter(config)
