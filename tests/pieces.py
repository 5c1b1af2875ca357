"""Small pieces that the tests of pictures and sound share."""

from __future__ import annotations

import numpy as np

from musicvae.lazy_note_seq import NoteSequence

SIXTEENTH = 0.125


def drum_beat(bars: int = 2) -> NoteSequence:
    """A rock beat at 120 qpm: kick, snare and hi-hats."""
    piece = NoteSequence()
    piece.tempos.add(qpm=120)
    for step in range(16 * bars):
        for pitch, every, first in ((36, 8, 0), (38, 8, 4), (42, 2, 0)):
            if step % every == first:
                piece.notes.add(
                    pitch=pitch, velocity=60 + pitch, start_time=step * SIXTEENTH,
                    end_time=(step + 1) * SIXTEENTH, is_drum=True, instrument=9,
                )  # fmt: skip
    piece.total_time = 2.0 * bars
    return piece


def melody(program: int = 0, instrument: int = 0, lowest: int = 60) -> NoteSequence:
    """A scale of eighths over two bars at 120 qpm, with chord symbols."""
    piece = NoteSequence()
    piece.tempos.add(qpm=120)
    for k, step in enumerate((0, 2, 4, 5, 7, 9, 11, 12, 11, 9, 7, 5, 4, 2, 0, 0)):
        piece.notes.add(
            pitch=lowest + step, velocity=80, start_time=k * 0.25, end_time=(k + 1) * 0.25,
            program=program, instrument=instrument,
        )  # fmt: skip
    for time, text in ((0.0, "C"), (2.0, "G7")):
        piece.text_annotations.add(time=time, text=text, annotation_type=1)
    piece.total_time = 4.0
    return piece


def trio() -> NoteSequence:
    """Melody, bass and drums, two bars."""
    piece = melody()
    for other in (melody(program=33, instrument=1, lowest=36), drum_beat()):
        for note in other.notes:
            piece.notes.add().CopyFrom(note)
    return piece


def melody_rows(bars: int, **pitches: int) -> np.ndarray:
    """Rows of a melody, `[1, T, D]`, with notes at steps that are named as in s14."""
    labels = np.zeros(16 * bars, np.int64)
    for name, pitch in pitches.items():
        labels[int(name[1:])] = 2 + pitch - 21
    return np.eye(90, dtype=np.float32)[labels][np.newaxis]
