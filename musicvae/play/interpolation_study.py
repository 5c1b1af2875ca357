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
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from musicvae.converters import Example
from musicvae.errors import InputError
from musicvae.latent import slerp
from musicvae.play.language_model import Labels, NGramModel
from musicvae.render.curves import Curve, Panel, curve_chart
from musicvae.render.drawing import Drawing

if TYPE_CHECKING:
    from musicvae.inference import TrainedModel

FloatArray = npt.NDArray[np.float64]

_MAX_ROLL_BITS = 62
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


def labels_of_steps(outputs: npt.ArrayLike) -> Labels:
    """Returns one number for each step of an example, equal for equal steps.

    Args:
      outputs: bool or float `[T, D]`: one-hot rows, or a roll of at most 62 columns. Of a groove
        only the hits, its first third, should be given.

    Returns:
      int64 `[T]`: the column of a one-hot row, or the roll's bits as a number.
    """
    rows = np.asarray(outputs) > 0.5
    if (rows.sum(axis=1) == 1).all() and rows.shape[1] > _MAX_ROLL_BITS:
        columns: Labels = rows.argmax(axis=1).astype(np.int64)
        return columns
    assert rows.shape[1] <= _MAX_ROLL_BITS, "a roll of more than 62 columns"
    bits: Labels = rows @ (1 << np.arange(rows.shape[1], dtype=np.int64))
    return bits


def study_interpolation(
    model: TrainedModel,
    held_out: Sequence[Example],
    known: Sequence[Example],
    *,
    pairs: int = 256,
    places: int = 11,
    temperature: float = 0.5,
    order: int = 5,
    seed: int = 0,
) -> InterpolationStudy:
    """Compares the two ways between random pairs of pieces.

    Args:
      model: a trained model without controls whose steps are labels, a roll or hits.
      held_out: examples that it was not trained on; two or more.
      known: other examples, that the n-gram model learns from.
      pairs: how many pairs are drawn.
      places: K, both ends included; at least 2.
      temperature: of decoding.
      order: of the n-gram model.
      seed: of all that is drawn.

    Returns:
      The means.

    Raises:
      InputError: there are too few examples, or the model is of another kind.
    """
    if model.converter.spec.control_depth or model.converter.spec.num_segments:
        raise InputError(
            f"config '{model.config.name}' is not one that this comparison is made for"
        )
    if len(held_out) < 2 or not known or places < 2:
        raise InputError(
            f"the comparison needs at least 2 held-out examples and 2 places, not {len(held_out)} "
            f"and {places}, and other examples ({len(known)} given)"
        )
    generator = np.random.default_rng(seed)
    starts = generator.integers(len(held_out), size=pairs)
    ends = (starts + generator.integers(1, len(held_out), size=pairs)) % len(held_out)
    mu = model.encode_examples(held_out, seed=seed).mu
    learnt = [_labels(model, example.outputs) for example in known]
    numbers = {label: k for k, label in enumerate(np.unique(np.concatenate(learnt)).tolist())}
    grams = NGramModel(
        [np.array([numbers[label] for label in row.tolist()]) for row in learnt],
        len(numbers) + 1,
        order=order,
    )

    def cost(row: Labels) -> float:
        # All labels that the other music lacks are one: unknown.
        return grams.cost(np.array([numbers.get(label, len(numbers)) for label in row.tolist()]))

    shares = np.linspace(0.0, 1.0, places)
    latent_distance, mixed_distance = np.zeros(places), np.zeros(places)
    latent_cost, mixed_cost = np.zeros(places), np.zeros(places)
    for start, end in zip(starts, ends, strict=True):
        z = slerp(mu[start], mu[end], shares)
        decoded = model.decode_to_tensors(z, temperature=temperature, seed=seed)
        way = [_labels(model, outputs) for outputs in decoded]
        latent_distance += [_distance(way[0], row) for row in way]
        latent_cost += _relative([cost(row) for row in way], shares)
        one = _labels(model, held_out[start].outputs)
        other = _labels(model, held_out[end].outputs)
        drawn = generator.random((places, len(one))) < shares[:, None]
        mixtures = [np.where(taken, other, one) for taken in drawn]
        mixed_distance += [_distance(one, row) for row in mixtures]
        mixed_cost += _relative([cost(row) for row in mixtures], shares)
    return InterpolationStudy(
        shares,
        latent_distance / pairs,
        mixed_distance / pairs,
        latent_cost / pairs,
        mixed_cost / pairs,
        pairs,
    )


def _labels(model: TrainedModel, outputs: Any) -> Labels:
    """Returns an example's labels; of a groove, its hits'."""
    is_groove = model.config.converter.type == "groove"
    columns = model.converter.spec.output_depth // 3 if is_groove else None
    return labels_of_steps(np.asarray(outputs)[:, :columns])


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


def study_table(study: InterpolationStudy) -> str:
    """Returns a study as a Markdown table."""
    lines = [
        "| way | distance, latent | distance, mixed | cost, latent | cost, mixed |",
        "|---|---|---|---|---|",
    ]
    columns = (
        study.shares,
        study.latent_distance,
        study.mixed_distance,
        study.latent_cost,
        study.mixed_cost,
    )
    for row in zip(*columns, strict=True):
        lines.append("| " + " | ".join(f"{value:.3f}" for value in row) + " |")
    return "\n".join(lines)
