"""Could samples be taken for music? Classifiers try to tell, and a language model prices them.

What a classifier makes of samples stands beside what it makes of training music, which is real: the
distance between the music that a model learnt from and the music that it is measured on.

Axes: N pieces, T time step, F features of a step, Z columns of z.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from musicvae.converters import Converter, performance_converter
from musicvae.data.example_set import ExampleSet
from musicvae.evaluation.code_distance import frechet_distances
from musicvae.evaluation.language_model import label_cost
from musicvae.evaluation.profile import STEP_SECONDS
from musicvae.evaluation.step_labels import (
    Labels,
    drawn_set,
    each_example,
    joined,
    labels_of_set,
)
from musicvae.grid import STEPS_PER_BAR
from musicvae.lazy_note_seq import NoteSequence

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

Array = npt.NDArray[Any]
Progress = Callable[[str, int, int], None]

LONG_BARS = 2
_MAX_PIECES = 2000
_MAX_ENCODED = 1000
_MAX_PRICED = 1000
_MAX_LEARNT = 5000
_MAX_BYTES = 2**29
_DRAWS = 10_000
# Training steps at most; few pieces are looked at less often.
_PIECE_STEPS = 400
_CODE_STEPS = 1500
_LOOKS = 8
_UNITS, _CODE_UNITS = 64, 512
_DRUMS = 9


@dataclasses.dataclass(frozen=True)
class Realism:
    """How real samples are; None where there is too little music to tell, or no part with pitches.

    Attributes:
      accuracy: of a classifier that tells samples from held-out music, 0.5 to 1; 0.5 is perfect.
      training_accuracy: the same of training music in place of samples.
      code_auc: how well a classifier tells z of the prior from codes of held-out music: area under
        the ROC curve; 0.5 is perfect.
      training_code_auc: the same of codes of training music in place of the prior's.
      cost: 5-gram cost of samples over that of held-out music.
      long_notes: share of samples with a melodic note that is held for over two bars.
      held_out_long_notes: the same of held-out music.
      prior: "learned", or "N(0, I)".
      frechet: Fréchet distance of the codes of samples from those of held-out music, 0 or more.
      training_frechet: the same of as much training music in place of samples.
    """

    accuracy: float | None
    training_accuracy: float | None
    code_auc: float | None
    training_code_auc: float | None
    cost: float | None
    long_notes: float | None
    held_out_long_notes: float | None
    prior: str
    frechet: float | None = None
    training_frechet: float | None = None


def measure_realism(
    model: TrainedModel,
    outputs: Sequence[Array],
    held_out: ExampleSet,
    known: ExampleSet | None = None,
    *,
    compare_training: bool = True,
    seed: int = 0,
    progress: Progress | None = None,
) -> Realism:
    """Measures how real samples are.

    Args:
      model: the model that they are of.
      outputs: samples, float32 `[T, D]` each; broken ones count as they are.
      held_out: music that it was not trained on.
      known: its training music; without it the 5-grams, and figures of training music, are left
        out.
      compare_training: whether to tell training music from held-out music, too; it does not
        depend on the samples.
      seed: random seed.
      progress: called with what is done, how many of it, and of how many.
    """
    report = progress or (lambda what, done, total: None)
    real, groups = piece_features(model.converter, drawn_set(held_out, _MAX_PIECES, seed))
    samples = _features_of(model.converter, outputs, real.shape[1])
    accuracy = _told_pieces(real, groups, samples, None, seed, report)
    training_accuracy = cost = None
    if known is not None and compare_training:
        learnt = drawn_set(known, len(outputs), seed)
        features, sources = piece_features(model.converter, learnt)
        training_accuracy = _told_pieces(real, groups, features, sources, seed, report)
    if known is not None:
        cost = _relative_cost(model.converter, outputs, held_out, known, seed)
    learnt_from = known if compare_training else None
    codes = _told_codes(model, held_out, learnt_from, seed, report)
    long_notes = held_out_long_notes = None
    if model.converter.pitched_parts:
        converter = model.converter
        pieces = (converter.to_notes(np.nan_to_num(rows)) for rows in outputs)
        long_notes = share_of_long_notes(pieces)
        examples = each_example(converter, drawn_set(held_out, _MAX_PRICED, seed))
        held_out_long_notes = share_of_long_notes(converter.to_notes(e.outputs) for e in examples)
    return Realism(
        accuracy,
        training_accuracy,
        *codes,
        cost,
        long_notes,
        held_out_long_notes,
        "N(0, I)" if model.prior is None else "learned",
        *frechet_distances(model, outputs, held_out, learnt_from, seed),
    )


def share_of_long_notes(pieces: Any) -> float:
    """Returns the share of pieces with a melodic note that is held for over two bars.

    Args:
      pieces: NoteSequences at 120 quarters a minute.
    """
    longest = LONG_BARS * STEPS_PER_BAR * STEP_SECONDS
    found = [any(_is_longer(note, longest) for note in piece.notes) for piece in pieces]
    return float(np.mean(found)) if found else math.nan


def _is_longer(note: NoteSequence.Note, seconds: float) -> bool:
    return not note.is_drum and note.end_time - note.start_time > seconds + STEP_SECONDS / 2


def piece_features(converter: Converter, examples: ExampleSet) -> tuple[Array, Array]:
    """Returns what a classifier sees of examples, and which piece of music each is of.

    Args:
      converter: what they are examples of.
      examples: the set; of more than fits in memory the first are taken.

    Returns:
      float16 `[N, T, F]` and int64 `[N]`.
    """
    rows, size = [], 0
    for example in each_example(converter, examples):
        features = _features(converter, np.asarray(example.outputs))
        size += features.nbytes
        if size > _MAX_BYTES:
            break
        rows.append(features)
    return np.stack(rows), examples.sources[: len(rows)]


def _features_of(converter: Converter, outputs: Sequence[Array], steps: int) -> Array:
    """Returns the features of samples, filled up with nothing or cut to T steps."""
    rows = []
    for piece in outputs:
        padded = np.zeros((steps, piece.shape[1]), np.float32)
        padded[: len(piece)] = np.nan_to_num(piece[:steps])
        rows.append(_features(converter, padded))
    return np.stack(rows)


def _features(converter: Converter, outputs: Array) -> Array:
    """Returns hits as bits and pitches as one-hot rows, with what differs from a bar before.

    Args:
      converter: what the outputs are of.
      outputs: `[T, D]`.

    Returns:
      float16 `[T, F]`.
    """
    if performance_converter(converter) is not None:
        features = np.asarray(outputs, np.float16)
    else:
        labels = converter.step_labels(outputs)
        bounds = np.cumsum([part.depth for part in converter.parts])[:-1]
        columns = [
            _bits(labels[:, k]) if part.labels == "drums" else rows
            for k, (part, rows) in enumerate(
                zip(converter.parts, np.split(outputs > 0.5, bounds, axis=-1), strict=True)
            )
        ]
        features = np.concatenate(columns, axis=1).astype(np.float16)
    if len(features) <= STEPS_PER_BAR or converter.spec.num_segments:
        return features
    changes = np.zeros_like(features)
    changes[STEPS_PER_BAR:] = features[STEPS_PER_BAR:] - features[:-STEPS_PER_BAR]
    return np.concatenate([features, np.abs(changes)], axis=1)


def _bits(labels: Array) -> Array:
    """Returns drums as bits, bool `[T, 9 or more]`; all are 0 where a label is none."""
    width = max(_DRUMS, int(labels.max(initial=0)).bit_length())
    return (np.maximum(labels, 0)[:, np.newaxis] >> np.arange(width)) & 1 > 0


def _told_pieces(
    real: Array,
    groups: Array,
    other: Array,
    other_groups: Array | None,
    seed: int,
    report: Progress,
) -> float | None:
    from musicvae.evaluation.two_sample import tell_apart

    steps = min(_PIECE_STEPS, _LOOKS * min(len(real), len(other)))
    told = tell_apart(
        lambda: _piece_network(*real.shape[1:]),
        real,
        groups,
        other,
        other_groups,
        steps=steps,
        seed=seed,
        progress=lambda done: report("steps of telling pieces apart", done, 2 * steps),
    )
    return None if told is None else told.accuracy


def _told_codes(
    model: TrainedModel, held_out: ExampleSet, known: ExampleSet | None, seed: int, report: Progress
) -> tuple[float | None, float | None]:
    """Returns the AUC of telling the prior's z, and codes of training music, from held-out ones."""
    from musicvae.evaluation.two_sample import tell_apart

    mu, sigma, groups = _codes(model, held_out, seed, report)
    codes = np.stack([mu, sigma], axis=1)
    steps = min(_CODE_STEPS, _LOOKS * len(codes))

    def draw(rows: Array, generator: np.random.Generator) -> Array:
        noise = generator.standard_normal(rows[:, 0].shape)
        drawn: Array = rows[:, 0] + rows[:, 1] * noise
        return drawn

    def auc(others: Array, sources: Array | None) -> float | None:
        told = tell_apart(
            lambda: _code_network(mu.shape[1]),
            codes,
            groups,
            others,
            sources,
            steps=steps,
            draw=draw,
            seed=seed,
            progress=lambda done: report("steps of telling codes apart", done, 2 * steps),
        )
        return None if told is None else told.auc

    ours = auc(model.sample_z(_DRAWS, seed), None)
    if known is None:
        return ours, None
    mu_known, sigma_known, sources = _codes(model, known, seed, report)
    repeats = max(1, _DRAWS // len(mu_known))
    noise = np.random.default_rng(seed).standard_normal((repeats, *mu_known.shape))
    drawn = (mu_known + sigma_known * noise).reshape(-1, mu_known.shape[1])
    return ours, auc(drawn, np.tile(sources, repeats))


def _codes(
    model: TrainedModel, examples: ExampleSet, seed: int, report: Progress
) -> tuple[Array, Array, Array]:
    """Returns mu and sigma of some examples, and which piece of music each is of."""
    chosen = drawn_set(examples, _MAX_ENCODED, seed)
    found = []
    for start in range(0, len(chosen), model.batch_size):
        rows = np.arange(start, min(start + model.batch_size, len(chosen)))
        music = model.converter.examples(chosen.take(rows))
        found.append(model.encode_examples(music, seed=seed))
        report("examples encoded", int(rows[-1]) + 1, len(chosen))
    mu, sigma = (np.concatenate([getattr(e, name) for e in found]) for name in ("mu", "sigma"))
    return mu, sigma, chosen.sources


def _relative_cost(
    converter: Converter,
    outputs: Sequence[Array],
    held_out: ExampleSet,
    known: ExampleSet,
    seed: int,
) -> float:
    """Returns the mean 5-gram cost of samples over that of held-out music."""

    def labels(examples: ExampleSet, most: int) -> Labels:
        return joined(converter, labels_of_set(converter, drawn_set(examples, most, seed)))

    cost = label_cost(list(labels(known, _MAX_LEARNT)))
    ours = [cost(joined(converter, converter.step_labels(np.nan_to_num(o)))) for o in outputs]
    theirs = [cost(row) for row in labels(held_out, _MAX_PRICED)]
    return float(np.mean(ours)) / max(float(np.mean(theirs)), 1e-9)


def _piece_network(steps: int, features: int) -> Any:
    """Returns a convolutional network that sees bars, and how a bar follows another."""
    import tensorflow as tf

    layers = tf.keras.layers
    given = tf.keras.Input((steps, features))
    bars = layers.Dense(_UNITS)(given)
    for _ in range(4):
        bars = layers.Conv1D(_UNITS, 4, strides=2, padding="same", activation="relu")(bars)
    pairs = layers.Conv1D(_UNITS, 2, padding="same", activation="relu")(bars)
    pooled = [
        pool()(part)
        for part in (bars, pairs)
        for pool in (layers.GlobalAveragePooling1D, layers.GlobalMaxPooling1D)
    ]
    hidden = layers.Dropout(0.3)(layers.Concatenate()(pooled))
    hidden = layers.Dense(_UNITS, "relu")(hidden)
    return tf.keras.Model(given, layers.Dense(1)(hidden))


def _code_network(z_size: int) -> Any:
    """Returns a network of two layers of 512 units."""
    import tensorflow as tf

    layers = tf.keras.layers
    given = tf.keras.Input((z_size,))
    hidden = layers.Dense(_CODE_UNITS, "relu")(given)
    hidden = layers.Dense(_CODE_UNITS, "relu")(hidden)
    return tf.keras.Model(given, layers.Dense(1)(hidden))
