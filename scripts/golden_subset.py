"""Copies a few files' examples of a folder in the form of `golden/data` into tests/golden/data.

    python scripts/golden_subset.py GOLDEN_DATA MIDI_ROOT

so that the tests hold the converters against recorded examples where the whole folder is not at
hand. No music files are copied: the input is written down as arrays of notes and changes, in
sequences.npz.
"""

from __future__ import annotations

import pathlib
import sys
from typing import Any

import numpy as np
from golden_data import read_files_txt, read_sequences

FILES = (2, 8, 14, 15, 32, 36, 38, 39, 42)
TARGET = pathlib.Path(__file__).resolve().parents[1] / "tests" / "golden" / "data"


def columns_of(sequence: Any) -> dict[str, Any]:
    """Writes a NoteSequence down as arrays, as tests/converters/handmade_music.py reads them."""
    sustain = [change for change in sequence.control_changes if change.control_number == 64]
    return {
        "notes": np.array(
            [
                (
                    note.pitch,
                    note.velocity,
                    note.start_time,
                    note.end_time,
                    note.instrument,
                    note.program,
                    note.is_drum,
                )
                for note in sequence.notes
            ],
            np.float64,
        ).reshape(-1, 7),
        "tempos": np.array([(event.time, event.qpm) for event in sequence.tempos]),
        "metres": np.array(
            [(event.time, event.numerator, event.denominator) for event in sequence.time_signatures]
        ),
        "sustain": np.array(
            [(change.time, change.control_value, change.instrument) for change in sustain]
        ),
        "total_time": np.array(sequence.total_time),
    }


def main(golden_data: pathlib.Path, midi_root: pathlib.Path) -> None:
    """Writes the subset.

    Args:
      golden_data: a folder in the form of `golden/data`.
      midi_root: the folder that its files.txt is relative to.
    """
    names = read_files_txt(golden_data / "files.txt")
    sequences = read_sequences(golden_data / "files.txt", midi_root)
    TARGET.mkdir(parents=True, exist_ok=True)
    arrays = {
        f"{number}/{name}": column
        for number in FILES
        for name, column in columns_of(sequences[number]).items()
    }
    np.savez_compressed(TARGET / "sequences.npz", **arrays)
    for path in sorted(golden_data.glob("*.npz")):
        with np.load(path) as recording:
            kept = {
                key: recording[key] for key in recording.files if int(key.split("/")[0]) in FILES
            }
        np.savez_compressed(TARGET / path.name, **kept)
    listing = "\n".join(f"{number} {names[number]}" for number in FILES)
    (TARGET / "files.txt").write_text(listing + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:3]))
