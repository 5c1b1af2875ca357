"""What a representation consists of: instruments beside each other, and a control signal."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Part(NamedTuple):
    """One instrument of a representation: some columns of its outputs, side by side.

    Attributes:
      name: what it is called: "melody", "drums".
      depth: its columns.
      labels: what the label of a step says: "pitches" (voices.py), "drums", the classes that are
        hit as bits, or "tokens", anything else.
      pitches: the MIDI pitches that it can have; none for drums.
      classes: the pitches of each drum class; none for a melody.
      program: the MIDI program that it is written with.
    """

    name: str
    depth: int
    labels: Literal["pitches", "drums", "tokens"] = "tokens"
    pitches: range = range(128)
    classes: tuple[tuple[int, ...], ...] = ()
    program: int = 0


class Control(NamedTuple):
    """What the control signal of a representation says.

    Attributes:
      chords: the chord of each step.
      key: the key of each step.
      hits: the drums that are hit at each step.
    """

    chords: bool = False
    key: bool = False
    hits: bool = False
