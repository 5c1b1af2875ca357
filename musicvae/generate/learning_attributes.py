"""Attribute vectors of a trained model, from music, and what each of them does.

Axes: N examples, A attributes, Z columns of z.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from musicvae.attribute_vectors import (
    AttributeChanges,
    AttributeVectors,
    attribute_changes,
    attribute_vectors,
    measure_all,
)
from musicvae.converters import Example
from musicvae.errors import InputError
from musicvae.generate.results import Vector
from musicvae.lazy_note_seq import NoteSequence

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

_ENCODED_TOGETHER = 256


@dataclasses.dataclass(frozen=True)
class AttributeResult:
    """What was learnt.

    Attributes:
      vectors: the attribute vectors.
      changes: what each does to pieces of the music, added and subtracted.
      examples: how many examples the vectors come from.
      pieces: how many pieces of music those come from.
    """

    vectors: AttributeVectors
    changes: AttributeChanges
    examples: int
    pieces: int


def learn_attributes(
    model: TrainedModel,
    music: Iterable[NoteSequence],
    *,
    max_examples: int = 10_000,
    num_tests: int = 256,
    temperature: float = 0.5,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> AttributeResult:
    """Computes attribute vectors and tries each of them.

    Args:
      model: a trained model without controls.
      music: pieces, such as its training data.
      max_examples: of more examples as many are drawn at random.
      num_tests: how many of them the vectors are tried on.
      temperature: at which those are decoded.
      seed: of the drawing and decoding.
      progress: called with the number of examples read so far.

    Returns:
      The vectors and their effects.

    Raises:
      InputError: the music has too few examples, or the model has controls.

    Source:
      arXiv:1803.05428, section 5.5.
    """
    if model.converter.spec.control_depth:
        raise InputError(
            f"config '{model.config.name}' plays under controls, which attribute vectors do not "
            "cover; take a model without"
        )
    generator = np.random.default_rng(seed)
    examples, pieces = _drawn(model, music, max_examples, generator, progress)
    if not examples:
        raise InputError(f"no example of config '{model.config.name}' in this music")
    length = _sixteenths(model)
    values = measure_all(
        (model.converter.to_notes(example.outputs) for example in examples), length
    )
    z = np.concatenate(
        [
            model.encode_examples(examples[k : k + _ENCODED_TOGETHER], seed=seed).mu
            for k in range(0, len(examples), _ENCODED_TOGETHER)
        ]
    )
    vectors = attribute_vectors(z, values)
    tested = generator.permutation(len(z))[:num_tests]

    def decode(positions: Vector) -> list[NoteSequence]:
        return model.decode(positions, temperature=temperature, seed=seed)

    changes = attribute_changes(decode, z[np.sort(tested)], vectors, length=length)
    return AttributeResult(vectors, changes, len(examples), pieces)


def _drawn(
    model: TrainedModel,
    music: Iterable[NoteSequence],
    most: int,
    generator: np.random.Generator,
    progress: Callable[[int], None] | None,
) -> tuple[list[Example], int]:
    """Draws examples, each with the same chance, while reading the music once."""
    kept: list[Example] = []
    seen = pieces = 0
    for sequence in music:
        examples = model.converter.extract(sequence, pitch_map="training").examples
        pieces += bool(examples)
        for example in examples:
            seen += 1
            if len(kept) < most:
                kept.append(example)
            else:
                place = int(generator.integers(seen))
                if place < most:
                    kept[place] = example
        if progress is not None:
            progress(seen)
    return kept, pieces


def _sixteenths(model: TrainedModel) -> int:
    """Returns how many sixteenths a window lasts: a bar where steps are no time."""
    return 16 if model.converter.spec.num_segments else model.converter.num_steps
