"""New music of a model beside held-out music, and beside what it was trained on.

Is what it writes music at all, is it like the music that it should resemble, is it varied, and is
it new? The last is told by the distance to the nearest training example, beside that of held-out
examples, which nobody can have learnt by heart.

Axes: N pieces, T time step, P parts, D columns of a step.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from musicvae.converters import NO_LABEL, Converter
from musicvae.converters.voices import FIRST_PITCH
from musicvae.data.example_set import ExampleSet
from musicvae.errors import MusicVAEError
from musicvae.evaluation.profile import (
    NO_REPETITION,
    STEP_SECONDS,
    Histogram,
    Profile,
    Repetition,
    bar_repetition,
    density_histogram,
    histogram_pair,
    profile_of,
)
from musicvae.evaluation.similarity import jensen_shannon, nearest_distances, overlap
from musicvae.evaluation.step_labels import (
    Labels,
    each_example,
    labels_of_set,
)
from musicvae.grid import DEFAULT_QPM
from musicvae.lazy_note_seq import NoteSequence

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

Progress = Callable[[str, int, int], None]

_MAX_PITCH, _MAX_VELOCITY = 127, 127
_MAX_COMPARED = 1000


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A histogram of the samples beside that of held-out music.

    Attributes:
      title: what is counted.
      names: of the bins.
      samples: shares.
      held_out: shares.
      jensen_shannon: divergence in bits, 0 (equal) to 1.
      overlap: area in common, 0..1.
    """

    title: str
    names: tuple[str, ...]
    samples: tuple[float, ...]
    held_out: tuple[float, ...]
    jensen_shannon: float
    overlap: float


@dataclasses.dataclass(frozen=True)
class Novelty:
    """How far pieces are from the nearest training example, as shares of their steps.

    Attributes:
      training_examples: how many there are.
      samples: float64 `[N]`, of the samples with notes.
      held_out: float64 `[M]`, of held-out examples with notes.
      labels: how many labels a piece has; distances are counts of them over this.
      transpositions: semitones up and down in which a copy still counts as one.
    """

    training_examples: int
    samples: npt.NDArray[np.float64]
    held_out: npt.NDArray[np.float64]
    labels: int
    transpositions: tuple[int, int]


@dataclasses.dataclass(frozen=True)
class SampleStudy:
    """What was found.

    Attributes:
      count: how many samples were drawn.
      temperature: at which.
      empty: share of them without a note.
      broken: share of them that are no music: values that are not finite, rows that cannot be
        turned to notes, or notes that MIDI cannot hold.
      unique: distinct samples / all samples.
      samples: what they are like.
      held_out: what held-out music is like.
      comparisons: histograms of both.
      novelty: distance to the training music; None where that is not given.
      pieces: the samples with notes.
      outputs: all samples as they were decoded, float32 `[T, D]` each.
    """

    count: int
    temperature: float
    empty: float
    broken: float
    unique: float
    samples: Profile
    held_out: Profile
    comparisons: tuple[Comparison, ...]
    novelty: Novelty | None
    pieces: tuple[NoteSequence, ...]
    outputs: tuple[Any, ...] = dataclasses.field(default=(), repr=False)


def study_samples(
    model: TrainedModel,
    held_out: ExampleSet,
    known: ExampleSet | None = None,
    *,
    count: int = 256,
    temperature: float | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> SampleStudy:
    """Draws new music from the prior and compares it.

    A model with controls plays under those of held-out examples, drawn at random.

    Args:
      model: a trained model.
      held_out: examples that it was not trained on; at least one.
      known: its training examples.
      count: how many samples, at least 1.
      temperature: of decoding, at least 0; None for the model's own of new music.
      seed: of all that is drawn.
      progress: called with what is done, how many of it, and of how many.

    Returns:
      What was found.
    """
    report = progress or _silent
    converter = model.converter
    if temperature is None:
        temperature = model.default_temperature
    decoded = _decoded(model, held_out, count, temperature, seed, report)
    samples = [_as_notes(converter, outputs) for outputs in decoded]
    sample_labels = _label_rows(converter, decoded)
    pieces = [piece for piece in samples if piece is not None and piece.notes]
    others = []
    for k, example in enumerate(each_example(converter, held_out)):
        others.append(converter.to_notes(example.outputs, qpm=DEFAULT_QPM))
        report("held-out examples measured", k + 1, len(held_out))
    other_labels = labels_of_set(converter, held_out)
    ours = profile_of(pieces, _repetition(converter, sample_labels, samples))
    theirs = profile_of(others, _repetition(converter, other_labels, others))
    novelty = None
    if known is not None:
        sounding = np.array([piece is not None and bool(piece.notes) for piece in samples])
        heard = np.array([bool(piece.notes) for piece in others])
        novelty = _novelty(model, sample_labels[sounding], other_labels[heard], known, seed, report)
    distinct = {labels.tobytes() for labels in sample_labels}
    return SampleStudy(
        count=count,
        temperature=temperature,
        empty=sum(piece is not None and not piece.notes for piece in samples) / count,
        broken=sum(piece is None for piece in samples) / count,
        unique=len(distinct) / count,
        samples=ours,
        held_out=theirs,
        comparisons=tuple(comparisons(ours, theirs)),
        novelty=novelty,
        pieces=tuple(pieces),
        outputs=tuple(decoded),
    )


def comparisons(samples: Profile, held_out: Profile) -> list[Comparison]:
    """Returns the histograms that both have something in.

    Args:
      samples: of new music.
      held_out: of music that it should be like.
    """
    found = []
    if samples.pieces and held_out.pieces:
        both = np.concatenate([samples.onsets_per_bar, held_out.onsets_per_bar])
        highest = max(int(np.rint(np.percentile(both, 99))), 1)
        found.append(
            _compared(
                "Onsets in a bar",
                density_histogram(samples.onsets_per_bar, highest),
                density_histogram(held_out.onsets_per_bar, highest),
            )
        )
    for title, one, other in (
        ("Place in the bar, sixteenths", samples.positions, held_out.positions),
        ("Pitch classes", samples.pitch_classes, held_out.pitch_classes),
        ("Pitches", samples.pitches, held_out.pitches),
        ("Drums", samples.drums, held_out.drums),
    ):
        if one and other:
            found.append(_compared(title, one, other))
    return found


def _compared(title: str, samples: Histogram, held_out: Histogram) -> Comparison:
    names, ours, theirs = histogram_pair(samples, held_out)
    if title == "Pitches":
        names, ours, theirs = _by_pitch(samples, held_out)
    return Comparison(
        title,
        tuple(names),
        tuple(ours),
        tuple(theirs),
        jensen_shannon(ours, theirs),
        overlap(ours, theirs),
    )


def _by_pitch(
    samples: Histogram, held_out: Histogram
) -> tuple[list[str], list[float], list[float]]:
    """Returns both over every pitch from the lowest to the highest."""
    pitches = [int(pitch) for pitch in (*samples, *held_out)]
    names = [str(pitch) for pitch in range(min(pitches), max(pitches) + 1)]
    return names, [samples.get(n, 0.0) for n in names], [held_out.get(n, 0.0) for n in names]


def _decoded(
    model: TrainedModel,
    held_out: ExampleSet,
    count: int,
    temperature: float,
    seed: int,
    report: Progress,
) -> list[Any]:
    """Returns samples, float32 `[T, D]` each, drawn a batch at a time."""
    z = model.sample_z(count, seed)
    controls = None
    if model.converter.spec.control_depth:
        rows = np.sort(np.random.default_rng(seed).integers(len(held_out), size=count))
        controls = model.converter.expand(held_out.take(rows)).controls.astype(np.float32)
    decoded: list[Any] = []
    for start in range(0, count, model.batch_size):
        part = slice(start, start + model.batch_size)
        decoded += model.decode_to_tensors(
            z[part],
            None if controls is None else min(controls.shape[1], model.config.hparams.max_seq_len),
            temperature,
            None if controls is None else controls[part],
            seed=seed + start,
        )
        report("samples", len(decoded), count)
    return decoded


def _as_notes(converter: Converter, outputs: Any) -> NoteSequence | None:
    """Returns a sample's notes, or None where it is broken."""
    if not np.isfinite(outputs).all():
        return None
    try:
        piece = converter.to_notes(outputs, qpm=DEFAULT_QPM)
    except (MusicVAEError, ValueError, IndexError):
        return None
    for note in piece.notes:
        in_range = 0 <= note.pitch <= _MAX_PITCH and 1 <= note.velocity <= _MAX_VELOCITY
        if not in_range or not 0.0 <= note.start_time < note.end_time < math.inf:
            return None
    return piece


def _label_rows(converter: Converter, decoded: Sequence[Any]) -> Labels:
    """Returns the labels of samples, int64 `[N, T, P]`; `NO_LABEL` past an early end."""
    parts = [converter.step_labels(outputs) for outputs in decoded]
    longest = max(converter.num_steps, *map(len, parts))
    rows = np.full((len(parts), longest, parts[0].shape[-1]), NO_LABEL, np.int64)
    for row, part in zip(rows, parts, strict=True):
        row[: len(part)] = part
    return rows


def _repetition(
    converter: Converter, labels: Labels, pieces: Sequence[NoteSequence | None]
) -> Repetition:
    """Returns how often bars come again; NaN where steps are no time."""
    if converter.spec.num_segments:
        return NO_REPETITION
    onsets = np.zeros(labels.shape[:2], bool)
    for row, piece in zip(onsets, pieces, strict=True):
        for note in () if piece is None else piece.notes:
            step = math.floor(note.start_time / STEP_SECONDS + 0.5)
            row[min(step, len(row) - 1)] = True
    return bar_repetition(labels, onsets)


def _novelty(
    model: TrainedModel,
    samples: Labels,
    held_out: Labels,
    known: ExampleSet,
    seed: int,
    report: Progress,
) -> Novelty | None:
    if not len(samples) or not len(held_out):
        return None
    converter = model.converter
    training = labels_of_set(
        converter, known, lambda done: report("training examples read", done, len(known))
    )
    if len(held_out) > _MAX_COMPARED:
        chosen = np.random.default_rng(seed).permutation(len(held_out))[:_MAX_COMPARED]
        held_out = held_out[np.sort(chosen)]
    low, high = (0, 0)
    if model.config.augmentation is not None and converter.pitched_parts:
        low, high = model.config.augmentation.transpose_range
    variants = [_transposition(converter, k) for k in range(low, high + 1) if k]

    def nearest(labels: Labels, what: str) -> npt.NDArray[np.float64]:
        width = training.shape[1]
        cut = labels[:, :width].reshape(len(labels), -1)
        return nearest_distances(
            cut,
            training.reshape(len(training), -1),
            variants=variants,
            progress=lambda done: report(what, done, len(labels)),
        )

    return Novelty(
        len(training),
        nearest(samples, "samples compared with the training music"),
        nearest(held_out, "held-out examples compared with it"),
        training.shape[1] * training.shape[2],
        (low, high),
    )


def _transposition(converter: Converter, semitones: int) -> Callable[[Any], Any]:
    """Returns what moves flat labels `[N, T * P]` by semitones, where they are pitches."""
    num_parts = len(converter.parts)
    melodic = np.isin(np.arange(num_parts), converter.pitched_parts)

    def transposed(labels: Any) -> Any:
        parts = labels.reshape(len(labels), -1, num_parts)
        is_pitch = (parts >= FIRST_PITCH) & melodic
        return np.where(is_pitch, parts + semitones, parts).reshape(labels.shape)

    return transposed


def _silent(what: str, done: int, total: int) -> None:
    del what, done, total
