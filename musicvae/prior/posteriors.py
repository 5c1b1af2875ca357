"""The posteriors of a collection of music, which a prior is fitted to.

Axes: N examples, Z columns of z.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from musicvae.data.example_set import ExampleSet
from musicvae.grid import STEPS_PER_BAR
from musicvae.prior.conditions import measure_conditions
from musicvae.prior.fitting import Posteriors

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

_TOGETHER = 256


def posteriors_of(
    model: TrainedModel,
    examples: ExampleSet,
    *,
    groups: npt.NDArray[np.integer] | None = None,
    most: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Posteriors:
    """Encodes examples and measures what can be asked for of them.

    Args:
      model: a trained model with its encoder.
      examples: at least one.
      groups: int `[N]`, the number of each example's group, such as a style; -1 for none.
      most: of more examples as many are drawn at random.
      seed: random seed of that.
      progress: called with how many are done, and of how many.

    Returns:
      The posteriors, in the order of the examples.
    """
    rows = np.arange(len(examples))
    if most is not None and most < len(rows):
        rows = np.sort(np.random.default_rng(seed).permutation(rows)[:most])
    converter = model.converter
    length = STEPS_PER_BAR if converter.spec.num_segments else converter.num_steps
    mu, sigma, values = [], [], []
    for start in range(0, len(rows), _TOGETHER):
        music = converter.examples(examples.take(rows[start : start + _TOGETHER]))
        encoded = model.encode_examples(music, seed=seed)
        mu.append(encoded.mu)
        sigma.append(encoded.sigma)
        for example in music:
            notes = converter.to_notes(example.outputs, example.controls)
            values.append(measure_conditions(notes, length))
        if progress is not None:
            progress(len(values), len(rows))
    return Posteriors(
        np.concatenate(mu),
        np.concatenate(sigma),
        np.array(values),
        examples.sources[rows],
        None if groups is None else groups[rows],
    )
