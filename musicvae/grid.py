"""The grid that music is put on, and the numbers that go with it in every room.

A step is a sixteenth note, and a bar has four quarters. Performances of several instruments have a
finer grid of their own (converters/performance.py).
"""

from __future__ import annotations

STEPS_PER_QUARTER = 4
QUARTERS_PER_BAR = 4
STEPS_PER_BAR = STEPS_PER_QUARTER * QUARTERS_PER_BAR
DEFAULT_QPM = 120.0
MELODY_PROGRAMS = range(32)
BASS_PROGRAMS = range(32, 40)
BASS_PROGRAM = 33
DRUM_INSTRUMENT = 9
