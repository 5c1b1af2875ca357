"""Notes out: an empty NoteSequence at a tempo, and notes into it."""

from __future__ import annotations

import math
from typing import Any

from musicvae.errors import InputError
from musicvae.lazy_note_seq import NoteSequence

TICKS_PER_QUARTER = 220


def new_sequence(qpm: float, total_steps: int, steps_per_quarter: int) -> tuple[Any, float]:
    """Makes a NoteSequence without notes.

    Args:
      qpm: tempo in quarter notes a minute, over 0.
      total_steps: its length.
      steps_per_quarter: resolution of the grid.

    Returns:
      the NoteSequence and the seconds that one step lasts.

    Raises:
      InputError: the tempo is not a number over 0.
    """
    if not (math.isfinite(qpm) and qpm > 0):
        raise InputError(f"qpm={qpm} is not a tempo; give quarter notes a minute, such as 120")
    seconds_per_step = 60.0 / qpm / steps_per_quarter
    sequence = NoteSequence(
        ticks_per_quarter=TICKS_PER_QUARTER, total_time=total_steps * seconds_per_step
    )
    sequence.tempos.add(qpm=qpm)
    return sequence, seconds_per_step
