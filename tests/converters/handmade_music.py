"""NoteSequences made by hand, for the tests of the converters."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from musicvae.config import load_config
from musicvae.converters import Converter, build_converter
from musicvae.lazy_note_seq import NoteSequence

STEP = 0.125  # seconds of a sixteenth at 120 quarter notes a minute
BAR = 16 * STEP


def piece(*notes: dict[str, Any], qpm: float = 120.0, total_time: float | None = None) -> Any:
    """Makes a NoteSequence of notes in 4/4."""
    sequence = NoteSequence(ticks_per_quarter=220)
    sequence.tempos.add(qpm=qpm)
    sequence.time_signatures.add(numerator=4, denominator=4)
    for values in notes:
        sequence.notes.add(**values)
    ends = [note.end_time for note in sequence.notes]
    sequence.total_time = max(ends, default=0.0) if total_time is None else total_time
    return sequence


def note(pitch: int, start: float, end: float, **values: Any) -> dict[str, Any]:
    """A note whose start and end are in sixteenths at 120 quarter notes a minute."""
    times = {"start_time": start * STEP, "end_time": end * STEP}
    return {"pitch": pitch, "velocity": 80, **times, **values}


def drum(pitch: int, step: float, velocity: int = 80, instrument: int = 9) -> dict[str, Any]:
    """A drum note of one sixteenth."""
    return note(pitch, step, step + 1, velocity=velocity, instrument=instrument, is_drum=True)


def scale(bars: int, first_step: int = 0, **values: Any) -> list[dict[str, Any]]:
    """Quarter notes for whole bars, of which no two bars are equal for 29 bars."""
    return [
        note(60 + (7 * beat) % 29, first_step + 4 * beat, first_step + 4 * beat + 4, **values)
        for beat in range(4 * bars)
    ]


def add_chords(sequence: Any, chords: Iterable[tuple[float, str]]) -> Any:
    """Adds chord symbols at seconds; returns the sequence."""
    for seconds, figure in chords:
        kind = NoteSequence.TextAnnotation.CHORD_SYMBOL
        sequence.text_annotations.add(time=seconds, text=figure, annotation_type=kind)
    return sequence


def converter_of(config: str) -> Converter:
    """The converter of a named configuration."""
    return build_converter(load_config(config).converter)


def labels(rows: Any) -> list[int]:
    """The label of each one-hot row."""
    return np.asarray(rows).argmax(axis=-1).tolist()


def reasons(extraction: Any) -> list[str]:
    """The reasons of an extraction's rejections."""
    return [rejection.reason for rejection in extraction.rejections]


def read_sequences(path: pathlib.Path) -> dict[int, Any]:
    """Reads the NoteSequences that scripts/golden_subset.py wrote down, by file number."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    numbers = sorted({int(name.split("/")[0]) for name in arrays})
    sequences = {}
    for number in numbers:
        sequence = NoteSequence(ticks_per_quarter=220)
        for pitch, velocity, start, end, instrument, program, is_drum in arrays[f"{number}/notes"]:
            sequence.notes.add(
                pitch=int(pitch),
                velocity=int(velocity),
                start_time=start,
                end_time=end,
                instrument=int(instrument),
                program=int(program),
                is_drum=bool(is_drum),
            )
        for seconds, qpm in arrays[f"{number}/tempos"]:
            sequence.tempos.add(time=seconds, qpm=qpm)
        for seconds, numerator, denominator in arrays[f"{number}/metres"]:
            sequence.time_signatures.add(
                time=seconds, numerator=int(numerator), denominator=int(denominator)
            )
        for seconds, value, instrument in arrays[f"{number}/sustain"].reshape(-1, 3):
            sequence.control_changes.add(
                time=seconds,
                control_number=64,
                control_value=int(value),
                instrument=int(instrument),
            )
        sequence.total_time = float(arrays[f"{number}/total_time"])
        sequences[number] = sequence
    return sequences
