"""How far the codes of samples lie from those of music: their Fréchet distance.

Axes: N pieces, T time step, D columns of a step, Z columns of z.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from musicvae.codes import frechet_distance
from musicvae.converters import Converter, Example, performance_converter
from musicvae.data.example_set import ExampleSet
from musicvae.evaluation.step_labels import drawn_set, each_example
from musicvae.generate.piece_rows import inputs_of

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

_TOGETHER = 256


def encodes_samples(converter: Converter) -> bool:
    """Returns whether what a decoder writes says all that an encoder reads."""
    has_controls = converter.spec.control_depth > 0
    is_performance = performance_converter(converter) is not None
    return not (is_performance or converter.spec.num_segments or has_controls)


def frechet_distances(
    model: TrainedModel,
    outputs: Sequence[npt.NDArray[np.generic]],
    held_out: ExampleSet,
    known: ExampleSet | None,
    seed: int,
) -> tuple[float | None, float | None]:
    """Returns the distances from held-out music of samples, and of training music.

    Args:
      model: a trained model with its encoder.
      outputs: samples, float32 `[T, D]` each.
      held_out: music that the model was not trained on.
      known: its training music, or None.
      seed: random seed of the music that is drawn.

    Returns:
      Fréchet distances of mu, each between as many pieces of both; None where the model cannot read
      its own samples, or there is too little music.
    """
    if not encodes_samples(model.converter):
        return None, None
    count = min(len(outputs), len(held_out))
    if count < 2:
        return None, None
    rows = np.stack([np.nan_to_num(np.asarray(piece, np.float32)) for piece in outputs[:count]])
    real = _codes(model, list(each_example(model.converter, drawn_set(held_out, count, seed))))
    ours = frechet_distance(_codes(model, inputs_of(model.converter, rows, None)), real)
    if known is None or len(known) < count:
        return ours, None
    theirs = _codes(model, list(each_example(model.converter, drawn_set(known, count, seed))))
    return ours, frechet_distance(theirs, real)


def _codes(model: TrainedModel, examples: Sequence[Example]) -> npt.NDArray[np.float32]:
    parts = [
        model.encode_examples(examples[start : start + _TOGETHER], seed=0).mu
        for start in range(0, len(examples), _TOGETHER)
    ]
    return np.concatenate(parts)
