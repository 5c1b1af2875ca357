"""NoteSequences as rows of a CSV file, a line a note.

start_seconds,end_seconds,pitch,velocity,instrument,program,is_drum
"""

from __future__ import annotations

import csv
import io
from typing import Any

COLUMNS = ("start_seconds", "end_seconds", "pitch", "velocity", "instrument", "program", "is_drum")


def note_sequence_to_csv(sequence: Any) -> bytes:
    """Writes a NoteSequence's notes as CSV, in order of time.

    Args:
      sequence: times in seconds.

    Returns:
      UTF-8 with a line of names first; times in seconds to the microsecond, pitch and velocity as
      in MIDI, program from 0, is_drum 0 or 1.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for note in sorted(sequence.notes, key=lambda n: (n.start_time, n.instrument, n.pitch)):
        writer.writerow(
            [
                f"{note.start_time:.6f}", f"{note.end_time:.6f}", note.pitch, note.velocity,
                note.instrument, note.program, int(note.is_drum),
            ]
        )  # fmt: skip
    return text.getvalue().encode()
