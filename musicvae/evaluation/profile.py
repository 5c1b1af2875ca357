"""What some music is like: how dense, which pitches and drums, where in the bar, how repetitive.

Pieces are NoteSequences as a converter writes them at 120 quarters a minute: a sixteenth lasts an
eighth of a second. An onset between two sixteenths belongs to the nearer one.

Axes: N pieces, T time step, P parts.
"""

from __future__ import annotations

import collections
import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from musicvae.attribute_vectors.measures import ATTRIBUTES, step_notes
from musicvae.evaluation.step_labels import Labels
from musicvae.general_midi import drum_name, drum_rank
from musicvae.grid import STEPS_PER_BAR
from musicvae.lazy_note_seq import NoteSequence

STEP_SECONDS = 0.125
PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

Flags = npt.NDArray[np.bool_]
Histogram = Mapping[str, float]


class Repetition(NamedTuple):
    """How often bars come again; NaN where there is no second bar with an onset.

    Attributes:
      bars: share of the bars with an onset that equal the bar before.
      steps: share of their steps that equal the step a bar before.
    """

    bars: float
    steps: float


NO_REPETITION = Repetition(math.nan, math.nan)


@dataclasses.dataclass(frozen=True)
class Profile:
    """What pieces have in common; histograms are shares that sum to 1, empty where nothing counts.

    Attributes:
      pieces: N, those with at least one note.
      onsets_per_bar: float64 `[N]`.
      pitch_classes: share of each pitch class among the melodic notes, C first.
      pitches: share of each MIDI pitch among them.
      drums: share of each percussion key, by name, low ones first.
      positions: share of the onsets on each sixteenth of the bar, "1" to "16".
      lowest: mean of the pieces' lowest melodic pitches; NaN without any, like the next three.
      highest: mean of their highest.
      pitch_range: mean distance between the two, in semitones.
      velocity: mean and standard deviation of the notes' MIDI velocities.
      repetition: what `bar_repetition` found.
      attributes: means of the paper's attributes over the pieces that have them, by name.
    """

    pieces: int
    onsets_per_bar: npt.NDArray[np.float64]
    pitch_classes: Histogram
    pitches: Histogram
    drums: Histogram
    positions: Histogram
    lowest: float
    highest: float
    pitch_range: float
    velocity: tuple[float, float]
    repetition: Repetition
    attributes: Mapping[str, float]


def profile_of(pieces: Sequence[NoteSequence], repetition: Repetition = NO_REPETITION) -> Profile:
    """Measures pieces.

    Args:
      pieces: NoteSequences at 120 quarters a minute; those without notes do not count.
      repetition: what `bar_repetition` found.
    """
    pieces = [piece for piece in pieces if piece.notes]
    pitches: collections.Counter[int] = collections.Counter()
    drums: collections.Counter[int] = collections.Counter()
    positions: collections.Counter[int] = collections.Counter()
    density, lows, highs, velocities = [], [], [], []
    values = []
    for piece in pieces:
        length = steps_in(piece)
        notes = step_notes(piece, length)
        melodic = [note.pitch for note in piece.notes if not note.is_drum]
        pitches.update(melodic)
        drums.update(note.pitch for note in piece.notes if note.is_drum)
        positions.update((notes.steps % STEPS_PER_BAR).tolist())
        density.append(len(notes.steps) * STEPS_PER_BAR / length)
        velocities += [note.velocity for note in piece.notes]
        if melodic:
            lows.append(min(melodic))
            highs.append(max(melodic))
        values.append([attribute.measure(notes) for attribute in ATTRIBUTES])
    classes: collections.Counter[int] = collections.Counter()
    for pitch, count in pitches.items():
        classes[pitch % 12] += count
    means = _means(np.array(values, np.float64).reshape(-1, len(ATTRIBUTES)))
    return Profile(
        pieces=len(pieces),
        onsets_per_bar=np.array(density, np.float64),
        pitch_classes=_shares({name: classes[k] for k, name in enumerate(PITCH_CLASSES)}),
        pitches=_shares({str(pitch): pitches[pitch] for pitch in sorted(pitches)}),
        drums=_shares({drum_name(pitch): drums[pitch] for pitch in sorted(drums, key=drum_rank)}),
        positions=_shares({str(k + 1): positions[k] for k in range(STEPS_PER_BAR)}),
        lowest=_mean(lows),
        highest=_mean(highs),
        pitch_range=_mean([high - low for low, high in zip(lows, highs, strict=True)]),
        velocity=(_mean(velocities), float(np.std(velocities)) if velocities else math.nan),
        repetition=repetition,
        attributes={a.name: mean for a, mean in zip(ATTRIBUTES, means, strict=True)},
    )


def steps_in(piece: NoteSequence) -> int:
    """Returns the sixteenths of a piece as a converter writes it, at least 1."""
    return max(round(float(piece.total_time) / STEP_SECONDS), 1)


def bar_repetition(labels: Labels, onsets: Flags) -> Repetition:
    """Compares bars with the ones before them; bars without an onset do not count.

    Args:
      labels: int64 `[N, T, P]`.
      onsets: bool `[N, T]`, where a note or hit begins.
    """
    bars = labels.shape[1] // STEPS_PER_BAR
    steps = bars * STEPS_PER_BAR
    cut = labels[:, :steps].reshape(len(labels), bars, -1)
    sounding: Flags = np.any(onsets[:, :steps].reshape(len(labels), bars, -1), axis=-1)
    counts = sounding[:, 1:]
    if not counts.any():
        return NO_REPETITION
    same = (cut[:, 1:] == cut[:, :-1])[counts]
    whole: Flags = np.all(same, axis=-1)
    return Repetition(float(whole.mean()), float(same.mean()))


def histogram_pair(one: Histogram, other: Histogram) -> tuple[list[str], list[float], list[float]]:
    """Returns two histograms over the same names: names, shares of one, shares of the other."""
    names = list(dict.fromkeys([*other, *one]))
    return names, [one.get(n, 0.0) for n in names], [other.get(n, 0.0) for n in names]


def density_histogram(onsets_per_bar: npt.NDArray[np.float64], highest: int) -> Histogram:
    """Returns how often so many onsets are in a bar, rounded, in about a dozen bins or fewer.

    Args:
      onsets_per_bar: float64 `[N]`.
      highest: the last bin takes all from its lower bound on; the same for what is compared.
    """
    width = max(1, math.ceil((highest + 1) / 12))
    bins = np.minimum(np.rint(onsets_per_bar).astype(int), highest) // width
    names = [
        str(k * width) if width == 1 else f"{k * width}-{k * width + width - 1}"
        for k in range(highest // width + 1)
    ]
    counts = np.bincount(bins, minlength=len(names))
    return _shares(dict(zip(names, counts.tolist(), strict=True)))


def _shares(counts: Mapping[str, int]) -> Histogram:
    total = sum(counts.values())
    return {name: count / total for name, count in counts.items()} if total else {}


def _mean(values: Iterable[float]) -> float:
    array = np.array(list(values), np.float64)
    return float(array.mean()) if len(array) else math.nan


def _means(values: npt.NDArray[np.float64]) -> list[float]:
    return [_mean(column[np.isfinite(column)]) for column in values.T]
