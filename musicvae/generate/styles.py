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
    return checked(model, options.style).draw(np.random.default_rng(options.seed), n)


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
