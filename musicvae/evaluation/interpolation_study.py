"""Is the way through latent space smooth and musical? Figure 3 of the MusicVAE paper.

Between pairs of pieces, two ways are compared: through latent space, and through data space, where
each step is taken from one piece or the other by chance. Along both are measured the Hamming
distance to the start, as a share of the steps, and what an n-gram model of other music makes of the
result, relative to the way from the one end's cost to the other's.

Axes: P pairs, K places along the way, T time step, D columns of a step.

Source: Roberts et al. 2018 (arXiv:1803.05428), section 5.3 and figure 3.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from musicvae.converters import Converter, Example
from musicvae.errors import InputError
from musicvae.evaluation.language_model import Labels, label_cost
from musicvae.evaluation.step_labels import joined
from musicvae.latent import slerp
from musicvae.plot.curves import Curve, Panel, curve_chart
from musicvae.plot.drawing import Drawing
from musicvae.plot.table import Table

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

FloatArray = npt.NDArray[np.float64]

_LATENT, _MIXED = "latent space", "mixing steps"


@dataclasses.dataclass(frozen=True)
class InterpolationStudy:
    """Means over all pairs, along the way.

    Attributes:
      shares: float64 `[K]`, how far along, 0..1.
      latent_distance: float64 `[K]`, Hamming distance to the start's reconstruction, 0..1.
      mixed_distance: float64 `[K]`, the same when steps are mixed.
      latent_cost: float64 `[K]`, n-gram cost over that of the line between the ends' costs.
      mixed_cost: float64 `[K]`, the same when steps are mixed.
      pairs: how many pairs.
    """

    shares: FloatArray
    latent_distance: FloatArray
    mixed_distance: FloatArray
    latent_cost: FloatArray
    mixed_cost: FloatArray
    pairs: int


def study_interpolation(
    model: TrainedModel,
    held_out: Sequence[Example],
    known: Iterable[Example],
    *,
    pairs: int = 256,
    places: int = 11,
    temperature: float = 0.5,
    order: int = 5,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> InterpolationStudy:
    """Compares the two ways between random pairs of pieces.

    Args:
      model: a trained model without controls whose steps are times: not a multitrack one.
      held_out: examples that it was not trained on; two or more.
      known: other examples, at least one, that the n-gram model learns from.
      pairs: how many pairs are drawn.
      places: K, both ends included; at least 2.
      temperature: of decoding.
      order: of the n-gram model.
      seed: of all that is drawn.
      progress: called with the number of pairs done.

    Returns:
      The means.

    Raises:
      InputError: there are too few examples, or the model is of another kind.
    """
    reason = why_not_studied(model.converter)
    if reason:
        raise InputError(f"config '{model.config.name}': {reason}")
    converter = model.converter

    def decoded_labels(outputs: Any) -> Labels:
        return joined(converter, converter.step_labels(outputs))

    learnt = [decoded_labels(example.outputs) for example in known]
    if len(held_out) < 2 or not learnt or places < 2:
        raise InputError(
            f"the comparison needs at least 2 held-out examples and 2 places, not {len(held_out)} "
            f"and {places}, and other examples ({len(learnt)} given)"
        )
    generator = np.random.default_rng(seed)
    starts = generator.integers(len(held_out), size=pairs)
    ends = (starts + generator.integers(1, len(held_out), size=pairs)) % len(held_out)
    mu = model.encode_examples(held_out, seed=seed).mu
    cost = label_cost(learnt, order)
    shares = np.linspace(0.0, 1.0, places)
    latent_distance, mixed_distance = np.zeros(places), np.zeros(places)
    latent_cost, mixed_cost = np.zeros(places), np.zeros(places)
    together = max(model.batch_size // places, 1)
    for first in range(0, pairs, together):
        block = list(zip(starts, ends, strict=True))[first : first + together]
        z = np.concatenate([slerp(mu[start], mu[end], shares) for start, end in block])
        decoded = model.decode_to_tensors(z, temperature=temperature, seed=seed + first)
        for number, (start, end) in enumerate(block):
            ours = decoded[number * places : (number + 1) * places]
            way = [decoded_labels(outputs) for outputs in ours]
            latent_distance += [_distance(way[0], row) for row in way]
            latent_cost += _relative([cost(row) for row in way], shares)
            one, other = (
                decoded_labels(held_out[start].outputs),
                decoded_labels(held_out[end].outputs),
            )
            drawn = generator.random((places, len(one))) < shares[:, None]
            mixtures = [np.where(taken, other, one) for taken in drawn]
            mixed_distance += [_distance(one, row) for row in mixtures]
            mixed_cost += _relative([cost(row) for row in mixtures], shares)
        if progress is not None:
            progress(first + len(block))
    return InterpolationStudy(
        shares,
        latent_distance / pairs,
        mixed_distance / pairs,
        latent_cost / pairs,
        mixed_cost / pairs,
        pairs,
    )


def why_not_studied(converter: Converter) -> str | None:
    """Returns why the two ways cannot be compared in a representation, or None where they can."""
    if converter.spec.control_depth:
        return "it plays under controls, which would have to be mixed too"
    if converter.spec.num_segments:
        return "its steps are events of different lengths, which cannot be mixed one by one"
    return None


def _distance(one: Labels, other: Labels) -> float:
    """Returns the share of steps that differ; a sequence that ends early differs after its end."""
    shorter, longer = sorted((len(one), len(other)))
    same = int((one[:shorter] == other[:shorter]).sum())
    return 1.0 - same / max(longer, 1)


def _relative(costs: Sequence[float], shares: FloatArray) -> FloatArray:
    line: FloatArray = (1 - shares) * costs[0] + shares * costs[-1]
    relative: FloatArray = np.asarray(costs) / np.maximum(line, 1e-9)
    return relative


def study_chart(study: InterpolationStudy, *, title: str = "Interpolation") -> Drawing:
    """Draws a study as the paper's figure 3: distance on the left, cost on the right."""
    return curve_chart(
        [
            Panel(
                "Hamming distance to the start, share of the steps",
                (
                    _curve(_LATENT, study.shares, study.latent_distance),
                    _curve(_MIXED, study.shares, study.mixed_distance),
                ),
            ),
            Panel(
                "5-gram cost, relative to the ends",
                (
                    _curve(_LATENT, study.shares, study.latent_cost),
                    _curve(_MIXED, study.shares, study.mixed_cost),
                ),
            ),
        ],
        title=title,
        x_title="from one piece (0) to the other (1)",
    )


def _curve(name: str, xs: FloatArray, ys: FloatArray) -> Curve:
    return Curve(name, tuple(zip(xs.tolist(), ys.tolist(), strict=True)))


def study_table(study: InterpolationStudy) -> Table:
    """Returns a study as a table, a row for each place on the way."""
    columns = (
        study.shares,
        study.latent_distance,
        study.mixed_distance,
        study.latent_cost,
        study.mixed_cost,
    )
    return Table(
        "Interpolation",
        ("way", "distance, latent", "distance, mixed", "cost, latent", "cost, mixed"),
        tuple(tuple(f"{value:.3f}" for value in row) for row in zip(*columns, strict=True)),
        f"Means of {study.pairs} pairs of held-out pieces: Hamming distance to the start as a "
        "share of the steps, and 5-gram cost relative to the ends.",
    )
