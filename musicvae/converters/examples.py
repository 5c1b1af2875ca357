"""Examples, where they come from, and why there are none.

Examples exist in two forms. The full one is what a model reads: one-hot rows, rolls, floats. The
compact one is what a cache keeps: small integers, `expand`ed a batch at a time after the random
changes of training have been made to it.

Axes: N examples found, B batch, T time step, D depth, S segment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Compact: TypeAlias = Mapping[str, Array]
PitchMap: TypeAlias = Literal["training", "inference"]


class Example(NamedTuple):
    """One window of music as a model sees it.

    Attributes:
      inputs: bool or float32 `[T, input_depth]`, what the encoder reads.
      outputs: bool or float32 `[T, output_depth]`, what the decoder is to give.
      controls: bool or float32 `[T, control_depth]`; no columns where there is no control.
      length: int32, the number of steps that count: `[]`, or `[S]` with a length for each segment.
    """

    inputs: Array
    outputs: Array
    controls: Array
    length: Array


class Origin(NamedTuple):
    """Where in its NoteSequence an example begins.

    Attributes:
      tracks: the instrument numbers that it was made of.
      bar: bar of the piece, the first is 1.
      seconds: time in the piece.
    """

    tracks: tuple[int, ...]
    bar: int
    seconds: float


class Rejection(NamedTuple):
    """Why some notes, or a whole piece, gave no examples.

    Attributes:
      reason: a stable code, one of the keys of `REASONS`.
      detail: a sentence for people.
      track: the instrument number that it concerns, or None for all.
      bar: bar of the piece that it concerns, the first is 1, or None.
      seconds: time in the piece, or None.
    """

    reason: str
    detail: str
    track: int | None = None
    bar: int | None = None
    seconds: float | None = None


REASONS: Mapping[str, str] = {
    "no_notes": "there are no notes",
    "bad_time": "notes at times that are negative, infinite or not numbers",
    "bad_tempo": "a tempo that is zero, negative or not a number",
    "time_signature": "a bar is not as long as four quarter notes",
    "time_signature_change": "the time signature changes",
    "tempo_change": "the tempo changes",
    "program_not_allowed": "the instrument's program is not among the allowed ones",
    "out_of_range": "notes are higher or lower than the representation",
    "only_drums": "the instrument plays drums, a melody is wanted",
    "no_drums": "no drum notes",
    "no_melody": "no instrument plays a melody",
    "no_bass": "no instrument plays a bass",
    "mixed_instrument": "one instrument mixes drums, bass or melody programs",
    "unmapped_pitch": "drum pitches that belong to no class",
    "too_short": "shorter than one window",
    "too_long": "longer than the longest piece",
    "gap": "silence for as many bars as end a phrase",
    "not_all_playing": "the three parts do not play together for a whole window",
    "duplicate": "the same window came before",
    "too_few_tracks": "a bar with fewer instruments than asked for",
    "too_many_tracks": "a bar with more instruments than allowed",
    "too_few_events": "a bar with fewer events than asked for",
    "too_many_events": "an instrument with more events in a bar than allowed",
    "chords": "chords cannot be read or inferred",
    "no_key": "there is no key signature",
}


class Extraction(NamedTuple):
    """All examples of one NoteSequence.

    Attributes:
      examples: in a fixed order; not capped.
      rejections: what was left out, and why.
      origins: one for each example.
    """

    examples: tuple[Example, ...]
    rejections: tuple[Rejection, ...]
    origins: tuple[Origin, ...]


class CompactExtraction(NamedTuple):
    """All examples of one NoteSequence in compact form.

    Attributes:
      arrays: small integers and bits by name, `[N, ...]` each.
      rejections: what was left out, and why.
      origins: one for each example.
    """

    arrays: Compact
    rejections: tuple[Rejection, ...]
    origins: tuple[Origin, ...]
