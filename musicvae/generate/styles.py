"""Styles in use: which latent vectors a mode starts from, and what the axes of a style do.

Axes: N results, A axes of a style, Z columns of z.
"""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from musicvae.errors import InputError
from musicvae.generate.results import SamplingOptions, Vector
from musicvae.prior.conditions import CONDITIONS, measure_conditions
from musicvae.styles import Style, load_style

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

NEAR = 0.15
_TURNS = 8
_TRIED = 24
_CLEAR = 0.4
_STEPS_PER_BAR = 16


StyleLike: TypeAlias = "str | os.PathLike[str] | Style"


def as_style(style: StyleLike) -> Style:
    """Returns a style, or that of a file."""
    return style if isinstance(style, Style) else load_style(style)


def new_vectors(model: TrainedModel, n: int, options: SamplingOptions) -> Vector:
    """Draws latent vectors for new music: of the style that is asked for, else of the prior.

    Args:
      model: a trained model.
      n: how many.
      options: what is asked for.

    Returns:
      float32 `[N, Z]`.

    Raises:
      InputError: the style is another model's, or attributes are asked of it.
    """
    if options.style is None:
        return model.sample_z(n, options.seed, targets=options.targets, guidance=options.guidance)
    if options.targets:
        raise InputError(
            "an attribute cannot be asked of a style; leave --attribute or --style out"
        )
    return _apart(model, checked(model, options.style), n, options.seed)


def _apart(model: TrainedModel, style: Style, n: int, seed: int | None) -> Vector:
    """Draws from a style; of few files, what is no copy of their windows.

    Draws whose most likely music differs from that of a window in `NEAR` of the steps at most are
    drawn anew, a few times; if there are still too few others, the least near of them stay.
    """
    generator = np.random.default_rng(seed)
    if not len(style.windows) or model.converter.spec.control_depth:
        return style.draw(generator, n)
    windows = decoded_labels(model, style.windows)
    drawn, distances = [], []
    for _ in range(_TURNS):
        drawn.append(style.draw(generator, n))
        labels = decoded_labels(model, drawn[-1])
        distances.append([float((windows != row).any(axis=2).mean(axis=1).min()) for row in labels])
        if (np.concatenate(distances) > NEAR).sum() >= n:
            break
    found = np.concatenate(distances)
    # Those that are far enough in the order in which they were drawn, then the least near.
    order = np.argsort(-np.minimum(found, np.nextafter(NEAR, 1.0)), kind="stable")
    chosen: Vector = np.concatenate(drawn)[order[:n]]
    return chosen


def decoded_labels(
    model: TrainedModel, z: Vector, temperature: float = 0.0, seed: int = 0
) -> npt.NDArray[np.int64]:
    """Decodes latent vectors to labels.

    Args:
      model: a trained model without controls.
      z: float32 `[N, Z]`.
      temperature: at least 0; 0 takes the most likely value of each step.
      seed: random seed.

    Returns:
      int64 `[N, T, P]`, one for each step and part; -2 past an end.
    """
    decoded = model.decode_to_tensors(z, None, temperature, seed=seed)
    shape = (len(decoded), model.config.hparams.max_seq_len, len(model.converter.parts))
    labels = np.full(shape, -2, np.int64)
    for row, outputs in zip(labels, decoded, strict=True):
        row[: len(outputs)] = model.converter.step_labels(outputs)
    return labels


def checked(model: TrainedModel, style: Style) -> Style:
    """Returns a style, if it is the model's.

    Raises:
      InputError: it is another model's.
    """
    style.check_model(model.config.name, model.step, model.config.hparams.z_size, "the style")
    return style


def with_meanings(model: TrainedModel, style: Style, *, seed: int = 0) -> Style:
    """Finds what the axes of a style do, by decoding on both sides of its middle.

    Args:
      model: the style's model, which needs no controls.
      style: the style.
      seed: random seed.

    Returns:
      The style with a text for each axis: the attributes that differ most between its ends, each
      with its mean there; those that differ by less than chance lets them are left out.
    """
    converter = model.converter
    length = _STEPS_PER_BAR if converter.spec.num_segments else converter.num_steps
    values = []
    for axis in range(len(style.axes)):
        ends = []
        for side in (-1.5, 1.5):
            a = np.random.default_rng(seed).standard_normal((_TRIED, len(style.axes)))
            a[:, axis] = side
            pieces = model.decode(style.decode(a), temperature=0.5, seed=seed)
            ends.append(np.array([measure_conditions(piece, length) for piece in pieces]))
        values.append(ends)
    meanings = tuple(_meaning(*ends) for ends in values)
    return dataclasses.replace(style, meanings=meanings)


def _meaning(low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]) -> str:
    """Says which attributes differ between two sets of pieces."""
    found = []
    for k, attribute in enumerate(CONDITIONS):
        one, other = (each[np.isfinite(each[:, k]), k] for each in (low, high))
        if min(len(one), len(other)) < _TRIED // 2:
            continue
        spread = float(np.sqrt((one.var() + other.var()) / 2)) or 1e-9
        difference = float(other.mean() - one.mean()) / spread
        if abs(difference) >= 2 * _CLEAR:
            text = f"{attribute.title.lower()} {one.mean():.2g} to {other.mean():.2g}"
            found.append((abs(difference), text))
    found.sort(reverse=True)
    return ", ".join(text for _, text in found[:2])
