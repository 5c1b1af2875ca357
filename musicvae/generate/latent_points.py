"""Pieces as points of latent space, and the points between them.

A point is where a piece lies and how it sounds; a user's piece has one, and so has every sample.
The modes (modes.py) take pieces; what goes on from samples, as the studio does, takes points.

Axes: N points, Z columns of z.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from musicvae.generate.controls import controls_for
from musicvae.generate.decoding import Setting, decode, encode
from musicvae.generate.input_windows import Window
from musicvae.generate.performing import fit
from musicvae.generate.results import Piece, Sample, SamplingOptions, Vector
from musicvae.generate.styles import checked
from musicvae.latent import lerp, slerp
from musicvae.prior.choice import PriorChoice

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel


@dataclasses.dataclass(frozen=True)
class LatentPoint:
    """Where a piece lies in latent space.

    Attributes:
      name: what to call it.
      z: float32 `[Z]`.
      setting: its tempo, velocity, program and time signature.
      window: what was encoded; None where z was drawn.
    """

    name: str
    z: Vector
    setting: Setting
    window: Window | None = None


def encode_pieces(
    model: TrainedModel, pieces: Sequence[Piece], options: SamplingOptions
) -> list[LatentPoint]:
    """Finds the points of pieces: the means of their posteriors.

    Args:
      model: a trained model.
      pieces: N pieces, each fitted to one window.
      options: what is asked for.

    Raises:
      InputError: a piece does not fit.
    """
    windows = [fit(model, piece, options) for piece in pieces]
    codes = encode(model, windows).mu
    return [
        LatentPoint(piece.name, mu, Setting.of(window), window)
        for piece, mu, window in zip(pieces, codes, windows, strict=True)
    ]


def within_style(
    model: TrainedModel, points: Sequence[LatentPoint], options: SamplingOptions
) -> list[LatentPoint]:
    """Returns points as the style that is asked for knows them; without one, as they are."""
    if options.style is None:
        return list(points)
    placed = checked(model, options.style).placed(np.array([point.z for point in points]))
    return [dataclasses.replace(point, z=z) for point, z in zip(points, placed, strict=True)]


def decode_points(
    model: TrainedModel,
    points: Sequence[LatentPoint],
    options: SamplingOptions,
    window: Window | None = None,
) -> tuple[Sample, ...]:
    """Writes the music of points, at each temperature.

    Args:
      model: a trained model.
      points: N points.
      options: what is asked for.
      window: whose controls serve where none are asked for.

    Returns:
      N samples at the first temperature, N at the second, and so on.

    Raises:
      InputError: the model needs chords or hits that are not given.
    """
    z = np.array([point.z for point in points], np.float32)
    settings = [point.setting for point in points]
    controls = controls_for(model.converter, model.config.name, options, window)
    return decode(model, z, [point.name for point in points], options, settings, controls)


def on_path(stations: Sequence[LatentPoint], place: float, *, linear: bool = False) -> LatentPoint:
    """Returns a point on the way through several.

    Args:
      stations: N points, at least 2.
      place: 0 for the first to N - 1 for the last.
      linear: whether to go straight, and not along arcs.
    """
    leg = min(int(place), len(stations) - 2)
    start, end, share = stations[leg], stations[leg + 1], place - leg
    if share < 1e-9:
        name = start.name
    elif share > 1 - 1e-9:
        name = end.name
    else:
        name = f"{share:.3g} of the way" if len(stations) == 2 else f"{place:.3g}"
    z = (lerp if linear else slerp)(start.z, end.z, share)
    return LatentPoint(name, z, start.setting.towards(end.setting, share))


def in_square(
    corners: Sequence[LatentPoint], across: float, down: float, *, linear: bool = False
) -> LatentPoint:
    """Returns a point within a square.

    Args:
      corners: upper left, upper right, lower left, lower right.
      across: 0 (left) to 1.
      down: 0 (top) to 1.
      linear: whether to go straight, and not along arcs.
    """
    if across in (0.0, 1.0) and down in (0.0, 1.0):
        name = corners[int(across) + 2 * int(down)].name
    else:
        name = f"{across:.3g}, {down:.3g}"
    go = lerp if linear else slerp
    left = go(corners[0].z, corners[2].z, down)
    right = go(corners[1].z, corners[3].z, down)
    upper = corners[0].setting.towards(corners[1].setting, across)
    lower = corners[2].setting.towards(corners[3].setting, across)
    return LatentPoint(name, go(left, right, across), upper.towards(lower, down))


def variations(
    model: TrainedModel,
    point: LatentPoint,
    n: int,
    closeness: float,
    options: SamplingOptions,
    *,
    prior: PriorChoice = None,
) -> list[LatentPoint]:
    """Draws points around one.

    Each lies on the arc to a draw from the prior, `1 - closeness` of the way; with a style, along
    its axes alone.

    Args:
      model: a trained model.
      point: the point.
      n: how many.
      closeness: 0 (anything) to 1 (the point itself).
      options: what is asked for.
      prior: where they are drawn from; None for the model's own choice.
    """
    if options.style is not None:
        generator = np.random.default_rng(options.seed)
        moved = checked(model, options.style).vary(generator, point.z, n, closeness)
        return [LatentPoint(f"variation {k + 1}", z, point.setting) for k, z in enumerate(moved)]
    others = model.sample_z(
        n, options.seed, prior=prior, targets=options.targets, guidance=options.guidance
    )
    return [
        LatentPoint(f"variation {k + 1}", slerp(point.z, other, 1.0 - closeness), point.setting)
        for k, other in enumerate(others)
    ]
