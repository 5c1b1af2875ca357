"""The five attributes of the MusicVAE paper, measured on a NoteSequence.

Onsets are counted in sixteenths from the start, at the tempo of the sequence; an onset between two
sixteenths belongs to the nearer one. Positions are counted from 0, so the odd ones are off the
eighths. `NaN` stands where there is nothing to measure.

Source: Roberts et al. 2018 (arXiv:1803.05428), section 5.5 and its appendix on attributes.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from musicvae.errors import InputError
from musicvae.grid import DEFAULT_QPM, STEPS_PER_BAR, STEPS_PER_QUARTER
from musicvae.lazy_note_seq import NoteSequence
from musicvae.registry import did_you_mean

FloatArray = npt.NDArray[np.float64]

_DIATONIC = frozenset((0, 2, 4, 5, 7, 9, 11))


@dataclasses.dataclass(frozen=True)
class StepNotes:
    """Notes on a grid of sixteenths.

    Attributes:
      steps: int64 `[K]`, each note's onset, 0 or more, in order.
      pitches: int64 `[K]`, 0..127, or -1 for percussion.
      voices: int64 `[K]`, equal for notes of one instrument.
      length: steps in the whole sequence, at least 1.
    """

    steps: npt.NDArray[np.int64]
    pitches: npt.NDArray[np.int64]
    voices: npt.NDArray[np.int64]
    length: int


@dataclasses.dataclass(frozen=True)
class Attribute:
    """A quality of music.

    Attributes:
      name: how commands and files call it.
      title: how pictures call it.
      description: what it is, in a line.
      measure: its value for a piece; NaN where there is nothing to measure.
      needs_pitch: whether drums have none.
    """

    name: str
    title: str
    description: str
    measure: Callable[[StepNotes], float]
    needs_pitch: bool


def c_diatonic(notes: StepNotes) -> float:
    """Returns the share of the pitched notes that lie in C major (the white keys), 0..1."""
    pitched = notes.pitches[notes.pitches >= 0]
    if not len(pitched):
        return math.nan
    return float(np.isin(pitched % 12, list(_DIATONIC)).mean())


def note_density(notes: StepNotes) -> float:
    """Returns the number of note onsets divided by the length in sixteenths, 0 or more."""
    return len(notes.steps) / notes.length


def average_interval(notes: StepNotes) -> float:
    """Returns the mean distance, in semitones, between one note and the next of the same voice.

    Of notes of a voice that start together the highest counts; percussion does not.
    """
    distances = []
    for voice in np.unique(notes.voices[notes.pitches >= 0]):
        of_voice = (notes.voices == voice) & (notes.pitches >= 0)
        highest: dict[int, int] = {}
        for step, pitch in zip(notes.steps[of_voice], notes.pitches[of_voice], strict=True):
            highest[int(step)] = max(int(pitch), highest.get(int(step), -1))
        distances.append(np.abs(np.diff(list(highest.values()))))
    joined = np.concatenate(distances) if distances else np.zeros(0)
    return float(joined.mean()) if len(joined) else math.nan


def syncopation_16th(notes: StepNotes) -> float:
    """Returns the share of onsets on an odd sixteenth with none on the sixteenth before, 0..1.

    Notes that start together are one onset.
    """
    onsets = np.zeros(notes.length + 1, bool)
    onsets[notes.steps] = True
    if not onsets.any():
        return math.nan
    off_beat = np.flatnonzero(onsets[1::2]) * 2 + 1
    syncopated = ~onsets[off_beat - 1]
    return float(syncopated.sum()) / float(onsets.sum())


def syncopation_8th(notes: StepNotes) -> float:
    """Returns the share of onsets on an odd eighth with none on the two sixteenths before, 0..1.

    Those are the sixteenth just before and the eighth (the beat) before that. Notes that start
    together are one onset.
    """
    onsets = np.zeros(notes.length + 1, bool)
    onsets[notes.steps] = True
    if not onsets.any():
        return math.nan
    off_beat = np.flatnonzero(onsets[2::4]) * 4 + 2
    syncopated = ~(onsets[off_beat - 1] | onsets[off_beat - 2])
    return float(syncopated.sum()) / float(onsets.sum())


ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute("c_diatonic", "C diatonic", "share of the notes on white keys", c_diatonic, True),
    Attribute("note_density", "Note density", "onsets in each sixteenth", note_density, False),
    Attribute(
        "average_interval",
        "Average interval",
        "semitones from a note to the next",
        average_interval,
        True,
    ),
    Attribute(
        "syncopation_16th",
        "16th note syncopation",
        "share of onsets off the eighths with none just before",
        syncopation_16th,
        False,
    ),
    Attribute(
        "syncopation_8th",
        "8th note syncopation",
        "share of onsets off the beats with none just before",
        syncopation_8th,
        False,
    ),
)


def attribute_named(name: str) -> Attribute:
    """Returns the attribute of this name.

    Raises:
      InputError: there is none; the message names all.
    """
    known = {attribute.name: attribute for attribute in ATTRIBUTES}
    wanted = name.strip().lower().replace("-", "_").replace(" ", "_")
    if wanted not in known:
        raise InputError(
            f"unknown attribute '{name}'{did_you_mean(wanted, known) or '.'} "
            f"Known: {', '.join(known)}"
        )
    return known[wanted]


def step_notes(sequence: NoteSequence, length: int | None = None) -> StepNotes:
    """Puts a NoteSequence on a grid of sixteenths.

    Args:
      sequence: notes in seconds, at one tempo; its first, or 120 quarters a minute.
      length: steps in the whole; by default, the sequence's end rounded up to a bar of 4/4.

    Returns:
      The notes whose onsets lie within the length.
    """
    qpm = sequence.tempos[0].qpm if sequence.tempos and sequence.tempos[0].qpm > 0 else DEFAULT_QPM
    step_seconds = 60.0 / qpm / STEPS_PER_QUARTER
    if length is None:
        onset = max((note.start_time for note in sequence.notes), default=0.0)
        end = max(onset / step_seconds + 0.5, sequence.total_time / step_seconds - 0.5, 1.0)
        length = math.ceil(end / STEPS_PER_BAR) * STEPS_PER_BAR
    rows = []
    voices: dict[tuple[int, int], int] = {}
    for note in sequence.notes:
        step = math.floor(note.start_time / step_seconds + 0.5)
        if 0 <= step < length:
            voice = voices.setdefault((note.instrument, note.program), len(voices))
            rows.append((step, -1 if note.is_drum else note.pitch, voice))
    rows.sort()
    table = np.array(rows, np.int64).reshape(-1, 3)
    return StepNotes(table[:, 0], table[:, 1], table[:, 2], length)


def measure(sequence: NoteSequence, length: int | None = None) -> FloatArray:
    """Measures all attributes of a piece.

    Args:
      sequence: notes in seconds, at one tempo.
      length: sixteenths in the whole; see `step_notes`.

    Returns:
      float64 `[A]`, in the order of `ATTRIBUTES`.
    """
    notes = step_notes(sequence, length)
    return np.array([attribute.measure(notes) for attribute in ATTRIBUTES])


def measure_all(sequences: Iterable[NoteSequence], length: int | None = None) -> FloatArray:
    """Measures all attributes of many pieces.

    Args:
      sequences: the pieces.
      length: sixteenths in each; see `step_notes`.

    Returns:
      float64 `[N, A]`.
    """
    rows = [measure(sequence, length) for sequence in sequences]
    return np.array(rows, np.float64).reshape(-1, len(ATTRIBUTES))
