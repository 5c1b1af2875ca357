"""Filling a tune of which a single bar is known.

The easiest filling is that bar once more: its code has little to say, and explains the bar all the
better. Tunes seldom go on so. Among fillings that were tried, the one is taken that together with
the bar is the likeliest music, read again: the likelihood of all steps given the window's own code,
counted by the note, since long notes are the likeliest, with a price on a copy of the bar and on
another density. More to choose from comes from the learned prior: codes near the best ones so far,
where music lies.

Axes: N windows, S steps of a window, D columns of a step, K parts of a step, C columns of control,
Z columns of z.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from musicvae.generate.piece_rows import Known, Rows, encode_rows, has_onset, steps_per_bar
from musicvae.generate.prices import ONSET_NATS, by_note
from musicvae.prior.latent_prior import DEFAULT_ANGLE

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

_COPY_NATS = 20.0
_FREE_SHARE = 0.5


def near(
    model: TrainedModel, z: npt.NDArray[np.float32], generator: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Draws latent vectors near others, `[N, Z]`, where the model's prior says that music lies."""
    if model.prior is not None:
        return model.prior.draw_near(generator, z)
    noise = generator.standard_normal(z.shape, np.float32)
    return np.float32(math.cos(DEFAULT_ANGLE)) * z + np.float32(math.sin(DEFAULT_ANGLE)) * noise


def worth(
    model: TrainedModel, rows: Rows, known: Known, controls: Rows | None
) -> npt.NDArray[np.float64]:
    """Returns what fillings are worth, in nats.

    Args:
      model: a trained model with its encoder.
      rows: float32 `[N, S, D]`, windows that are filled.
      known: bool `[S, K]`, what was not written.
      controls: float32 `[S, C]`, or None.

    Returns:
      float64 `[N]`.
    """
    step = steps_per_bar(model.converter)
    encoded = encode_rows(model, rows, controls)
    losses = model.step_losses(encoded.mu, rows, controls).sum(axis=(1, 2), dtype=np.float64)
    starts = has_onset(model.converter, rows).reshape(len(rows), -1, step)
    found: npt.NDArray[np.float64] = -by_note(losses, starts.sum(axis=(1, 2)), starts.shape[1])
    kept: npt.NDArray[np.bool_] = np.logical_and.reduce(known.reshape(starts.shape[1], -1), axis=1)
    if kept.all() or not kept.any():
        return found
    onsets = starts.sum(axis=2)
    away = np.abs(onsets[:, ~kept] - onsets[:, kept].mean(axis=1, keepdims=True)).sum(axis=1)
    copied = np.maximum(similarity(model, rows, kept) - _FREE_SHARE, 0.0).sum(axis=1)
    found -= ONSET_NATS * away
    found -= _COPY_NATS * copied
    return found


def similarity(
    model: TrainedModel, rows: Rows, kept: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Returns the share of onsets that each written bar has in common with the likest kept one.

    Args:
      model: a trained model.
      rows: float32 `[N, S, D]`.
      kept: bool, of each bar.

    Returns:
      float64 `[N, bars that were written]`.
    """
    step = steps_per_bar(model.converter)
    starts = has_onset(model.converter, rows).reshape(len(rows), -1, step)
    bars = rows.reshape(*starts.shape, -1)
    one, other = bars[:, ~kept, np.newaxis], bars[:, np.newaxis, kept]
    either = starts[:, ~kept, np.newaxis] | starts[:, np.newaxis, kept]
    common = ((one == other).all(axis=-1) & either).sum(axis=-1)
    shares: npt.NDArray[np.float64] = (common / np.maximum(either.sum(axis=-1), 1)).max(axis=2)
    return shares
