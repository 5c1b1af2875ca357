"""Drum classes: which MIDI drum pitches count as the same drum.

A table is a tuple of classes, a class a tuple of pitches, the first of which stands for the class
when it is turned back into notes. Class numbers are positions in the table.

Source: Roberts et al. 2018, appendix A (REDUCED, FULL); Gillick et al. 2019, table 1 (ROLAND).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from musicvae.converters.examples import Array

DrumClasses: TypeAlias = tuple[tuple[int, ...], ...]

# General MIDI: kick, snare, closed hi-hat, open hi-hat, low tom, mid tom, high tom, crash, ride.
REDUCED: DrumClasses = (
    (36, 35),
    (38, 27, 28, 31, 32, 33, 34, 37, 39, 40, 56, 65, 66, 75, 85),
    (42, 44, 54, 68, 69, 70, 71, 73, 78, 80, 22),
    (46, 67, 72, 74, 79, 81, 26),
    (45, 29, 41, 43, 61, 64, 84),
    (48, 47, 60, 63, 77, 86, 87),
    (50, 30, 62, 76, 83),
    (49, 52, 55, 57, 58),
    (51, 53, 59, 82),
)

# The same drums as the Roland TD-11 kit of the Groove MIDI dataset sends them.
ROLAND: DrumClasses = (
    (36,),
    (38, 37, 40),
    (42, 22, 44),
    (46, 26),
    (43, 58),
    (47, 45),
    (50, 48),
    (49, 52, 55, 57),
    (51, 53, 59),
)

# Every General MIDI drum by itself.
# fmt: off
FULL: DrumClasses = tuple((pitch,) for pitch in (
    36, 35, 38, 27, 28, 31, 32, 33, 34, 37, 39, 40, 56, 65, 66, 75, 85, 42, 44, 54, 68, 69, 70,
    71, 73, 78, 80, 46, 67, 72, 74, 79, 81, 45, 29, 41, 61, 64, 84, 48, 47, 60, 63, 77, 86, 87,
    50, 30, 43, 62, 76, 83, 49, 55, 57, 58, 51, 52, 53, 59, 82,
))
# fmt: on

TABLES: Mapping[str, DrumClasses] = {"reduced": REDUCED, "full": FULL, "roland": ROLAND}


def class_of_pitch(classes: DrumClasses) -> Array:
    """Makes a look-up table of classes.

    Args:
      classes: C classes of pitches 0..127.

    Returns:
      int64 `[128]`, the class of each pitch, or -1 where it has none.
    """
    table = np.full(128, -1, np.int64)
    for number, pitches in enumerate(classes):
        table[list(pitches)] = number
    return table


def classify(pitch: Array, classes: DrumClasses) -> Array:
    """Returns the class of each pitch, or -1.

    Args:
      pitch: int64 `[N]`, of any value.
      classes: C classes.

    Returns:
      int64 `[N]`.
    """
    return np.where(
        (pitch >= 0) & (pitch < 128), class_of_pitch(classes)[np.clip(pitch, 0, 127)], -1
    )
