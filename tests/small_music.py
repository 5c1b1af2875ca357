"""Pieces of music for tests of the data pipeline and of training, made up by a seed."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np

from musicvae.formats.tfrecord import write_note_sequences
from musicvae.lazy_note_seq import NoteSequence

SECONDS_PER_STEP = 0.125  # sixteenth notes at 120 qpm
STEPS_PER_BAR = 16
KICK, SNARE, CLOSED_HI_HAT = 36, 38, 42


def drum_piece(seed: int, bars: int = 4) -> Any:
    """Returns a beat: hi-hats on every second step, kick and snare where chance has it."""
    generator = np.random.default_rng(seed)
    piece = _piece(f"drums {seed}")
    for step in range(bars * STEPS_PER_BAR):
        if step % 2 == 0:
            _add(piece, CLOSED_HI_HAT, step, int(generator.integers(60, 120)), is_drum=True)
        if generator.random() < 0.3:
            _add(piece, int(generator.choice([KICK, SNARE])), step, 100, is_drum=True)
    piece.total_time = bars * STEPS_PER_BAR * SECONDS_PER_STEP
    return piece


def melody_piece(seed: int, bars: int = 4, low: int = 60, high: int = 72) -> Any:
    """Returns a melody of eighth notes between two pitches."""
    generator = np.random.default_rng(seed)
    piece = _piece(f"melody {seed}")
    for step in range(0, bars * STEPS_PER_BAR, 2):
        _add(piece, int(generator.integers(low, high + 1)), step, 80, steps=2)
    piece.total_time = bars * STEPS_PER_BAR * SECONDS_PER_STEP
    return piece


def waltz(seed: int) -> Any:
    """Returns a piece in three four time, of which no configuration makes an example."""
    piece = drum_piece(seed)
    piece.time_signatures[0].numerator = 3
    return piece


def write_drums(path: pathlib.Path, pieces: int = 6, bars: int = 4) -> pathlib.Path:
    """Writes a TFRecord of beats; returns its path."""
    write_note_sequences(path, [drum_piece(seed, bars) for seed in range(pieces)])
    return path


def write_melodies(path: pathlib.Path, pieces: int = 6, bars: int = 4) -> pathlib.Path:
    """Writes a TFRecord of melodies; returns its path."""
    write_note_sequences(path, [melody_piece(seed, bars) for seed in range(pieces)])
    return path


def _piece(name: str) -> Any:
    piece = NoteSequence(id=f"/id/midi/tests/{name}", filename=name)
    piece.tempos.add(qpm=120.0)
    piece.time_signatures.add(numerator=4, denominator=4)
    return piece


def _add(
    piece: Any, pitch: int, step: int, velocity: int, *, steps: int = 1, is_drum: bool = False
) -> None:
    piece.notes.add(
        pitch=pitch,
        velocity=velocity,
        start_time=step * SECONDS_PER_STEP,
        end_time=(step + steps) * SECONDS_PER_STEP,
        is_drum=is_drum,
        instrument=9 if is_drum else 0,
    )
