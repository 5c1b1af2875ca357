"""Writing what is missing of windows, so that it fits what is there.

A window at a time: what is known of it is held, the rest is sampled, from many latent vectors. How
well a latent vector and what was sampled from it explain what is known, on both sides of a gap, is
the likelihood of the known steps, each given all the steps before it. The first latent vectors are
drawn from the prior, and from the posterior of the window with known bars of the piece in the gap;
the next ones from the posteriors of the best windows so far, whose middles are moved a few gradient
steps to where they explain the known steps better (latent_ascent.py). What explains these the best
stays, but for a price on notes of pitch classes that what is known lacks, and on bars without any:
a code that has nothing to say of the gap can say all the more of the rest. Where a single bar of a
tune is known, that bar again would be such a filling; single_bar.py says what is done there.

Axes: N results, M candidates of each, S steps of a window, D columns of a step, K parts of a step,
C columns of control, Z columns of z.

Source: Rezende, Mohamed and Wierstra 2014 (arXiv:1401.4082), section 5.4, and Mattei and Frellsen
2018 (arXiv:1802.04826), for filling in by encoding and decoding in turn; the likelihood of what is
known is the importance weight of a candidate drawn from the prior.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from musicvae.converters.voices import FIRST_PITCH
from musicvae.generate import single_bar
from musicvae.generate.latent_ascent import ASCENT_STEPS, ascend
from musicvae.generate.piece_rows import (
    Known,
    Rows,
    encode_rows,
    has_onset,
    part_columns,
    steps_per_bar,
    with_note_offs,
)
from musicvae.generate.prices import EMPTY_NATS, FOREIGN_NATS

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

CANDIDATES = 32
ROUNDS = 3
_SURVIVORS = 4
_POOL = 4


@dataclasses.dataclass(frozen=True)
class FillOptions:
    """How rows are filled.

    Attributes:
      temperature: of the sampled steps, at least 0.
      seed: random seed.
      candidates: M.
      rounds: how often candidates are drawn.
      ascent: gradient steps on z between rounds; 0 for none.
    """

    temperature: float = 0.5
    seed: int = 0
    candidates: int = CANDIDATES
    rounds: int = ROUNDS
    ascent: int = ASCENT_STEPS


class Windows(NamedTuple):
    """Windows to be filled.

    Attributes:
      rows: float32 `[N, S, D]`.
      known: bool `[S, K]`, what is known of each.
      ends: bool `[S, K]`, the known steps that no note may ring into.
      controls: float32 `[S, C]`, or None.
      bars: float32 `[P, S of a bar, D]`, bars that are known, which gaps may first be filled with.
      foreign: bool `[12]`, pitch classes that what is known lacks.
    """

    rows: Rows
    known: Known
    ends: Known
    controls: Rows | None
    bars: Rows
    foreign: Known


class Following(NamedTuple):
    """What stands after a gap, where the window that fills it does not reach.

    Attributes:
      windows: those that begin with the gap; what is written there is filled in.
      offset: where they begin in the window that fills, in steps.
      steps: how many of their steps that window writes.
    """

    windows: Windows
    offset: int
    steps: int


def fill_windows(
    model: TrainedModel,
    windows: Windows,
    options: FillOptions,
    following: Following | None = None,
) -> Rows:
    """Writes what is missing of windows.

    Args:
      model: a trained model with its encoder.
      windows: N windows.
      options: temperature, seed and number of candidates.
      following: what stands after the gap, if the windows do not see it.

    Returns:
      float32 `[N, S, D]`.
    """
    count, size, _ = windows.rows.shape
    most = options.candidates
    generator = np.random.default_rng(options.seed)
    repeated = np.repeat(windows.rows, most, axis=0)
    columns = _columns(model, windows.known)
    fixed = np.where(columns, repeated, np.nan).astype(np.float32)
    controls = windows.controls
    z = _first_vectors(model, windows, columns, options, generator)
    alone = len(windows.bars) == 1 and bool(model.converter.pitched_parts)
    tried = list[Rows]()
    worths = list[npt.NDArray[np.float64]]()
    for turn in range(options.rounds + alone):
        seed = int(generator.integers(2**31))
        decoded = model.decode_to_tensors(
            z, size, options.temperature, controls, seed=seed, fixed=fixed
        )
        rows = with_note_offs(model.converter, np.stack(decoded), windows.ends)
        scores = _scores(model, z, rows, windows.known, controls)
        prices = FOREIGN_NATS * foreign_notes(model, rows, windows.known, windows.foreign)
        prices += EMPTY_NATS * empty_bars(model, rows, windows.known)
        if following is not None:
            prices -= _seam_scores(model, rows, following)
        scores = (scores - prices).reshape(count, most)
        order = np.argsort(-scores, axis=1)
        top = order[:, :_SURVIVORS] + most * np.arange(count)[:, np.newaxis]
        if alone:
            worth = single_bar.worth(model, rows, windows.known, controls) - prices
            worths.append(worth.reshape(count, most))
            tried.append(rows.reshape(count, most, size, -1))
        if turn + 1 < options.rounds:
            z = _next_vectors(model, rows[top.ravel()], windows, options, generator)
        elif alone and turn + 1 == options.rounds:
            centres = np.repeat(z[top.ravel()], most // _SURVIVORS, axis=0)
            z = single_bar.near(model, centres, generator)
    if alone:
        best = np.concatenate(worths, axis=1).argmax(axis=1)
        found: Rows = np.concatenate(tried, axis=1)[np.arange(count), best]
        return found
    chosen: Rows = rows[top[:, 0]]
    return chosen


def _first_vectors(
    model: TrainedModel,
    windows: Windows,
    columns: Known,
    options: FillOptions,
    generator: np.random.Generator,
) -> npt.NDArray[np.float32]:
    """Draws candidates: half from codes of gaps filled with bars of the piece, half from the prior.

    Silence would be the simplest filling, and its codes explain what is known the best, since they
    have nothing else to say; but then silence is all that comes of it. Of many draws of the prior
    those are taken that explain what is known before the first gap.
    """
    count, most = len(windows.rows), options.candidates
    share = most // 2 if len(windows.bars) else 0
    z = _best_of_prior(model, windows, most - share, generator)
    if share:
        repeated = np.repeat(windows.rows, share, axis=0)
        filled = _borrowing(model, repeated, windows, columns, generator)
        posterior = encode_rows(model, filled, windows.controls).draw(generator)
        z = np.concatenate([posterior.reshape(count, share, -1), z], axis=1)
    return z.reshape(count * most, -1)


def _best_of_prior(
    model: TrainedModel, windows: Windows, share: int, generator: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Returns draws of the prior that explain the steps before the first gap, `[N, share, Z]`."""
    count = len(windows.rows)
    before = np.logical_and.accumulate(windows.known, axis=0)
    pool = share * (_POOL if before.any() else 1)
    z = model.sample_z(count * pool, int(generator.integers(2**31)))
    if pool > share:
        rows = np.repeat(windows.rows, pool, axis=0)
        scores = _scores(model, z, rows, before, windows.controls).reshape(count, pool)
        order = np.argsort(-scores, axis=1)[:, :share] + pool * np.arange(count)[:, np.newaxis]
        z = z[order.ravel()]
    return z.reshape(count, share, -1)


def _next_vectors(
    model: TrainedModel,
    rows: Rows,
    windows: Windows,
    options: FillOptions,
    generator: np.random.Generator,
) -> npt.NDArray[np.float32]:
    """Draws candidates around where the best windows so far explain what is known the best."""
    encoded = encode_rows(model, rows, windows.controls)
    centres = ascend(model, encoded.mu, rows, windows.known, windows.controls, steps=options.ascent)
    each = options.candidates // _SURVIVORS
    noise = generator.standard_normal((len(rows), each, centres.shape[1]), np.float32)
    noise[:, 0] = 0.0
    z: npt.NDArray[np.float32] = centres[:, None] + encoded.sigma[:, None] * noise
    return z.reshape(-1, z.shape[-1])


def _scores(
    model: TrainedModel,
    z: npt.NDArray[np.float32],
    rows: Rows,
    known: Known,
    controls: Rows | None,
) -> npt.NDArray[np.float64]:
    """Returns the log likelihood of what is known of windows, `[N]`."""
    losses = model.step_losses(z, rows, controls)
    scores: npt.NDArray[np.float64] = -(losses * known).sum(axis=(1, 2), dtype=np.float64)
    return scores


def _seam_scores(model: TrainedModel, rows: Rows, following: Following) -> npt.NDArray[np.float64]:
    """Returns the log likelihood of the windows that begin with a gap, given their own codes."""
    windows, offset, steps = following
    ahead = np.repeat(windows.rows, len(rows) // len(windows.rows), axis=0)
    ahead[:, :steps] = rows[:, offset : offset + steps]
    ahead = with_note_offs(model.converter, ahead, windows.ends)
    encoded = encode_rows(model, ahead, windows.controls)
    return _scores(model, encoded.mu, ahead, windows.known, windows.controls)


def _borrowing(
    model: TrainedModel,
    rows: Rows,
    windows: Windows,
    columns: Known,
    generator: np.random.Generator,
) -> Rows:
    """Fills the gaps of windows with known bars of the piece, which follow each other there."""
    step = steps_per_bar(model.converter)
    count = rows.shape[1] // step
    first = generator.integers(len(windows.bars), size=(len(rows), 1))
    chosen = windows.bars[(first + np.arange(count)) % len(windows.bars)]
    filled: Rows = np.where(columns, rows, chosen.reshape(rows.shape))
    return filled


def foreign_notes(
    model: TrainedModel, rows: Rows, known: Known, foreign: Known
) -> npt.NDArray[np.float64]:
    """Returns how many notes that were written are of foreign pitch classes.

    Args:
      model: a trained model.
      rows: float32 `[N, S, D]`.
      known: bool `[S, K]`, what was not written.
      foreign: bool `[12]`.

    Returns:
      float64 `[N]`.
    """
    counts = np.zeros(len(rows))
    for part in model.converter.pitched_parts:
        labels = rows[..., part_columns(model.converter)[part]].argmax(axis=-1)
        is_foreign = foreign[(labels - FIRST_PITCH) % 12] & (labels >= FIRST_PITCH)
        counts += (is_foreign & ~known[:, part]).sum(axis=1)
    return counts


def empty_bars(model: TrainedModel, rows: Rows, known: Known) -> npt.NDArray[np.float64]:
    """Returns how many bars in which all parts were written have no note, float64 `[N]`.

    Args:
      model: a trained model.
      rows: float32 `[N, S, D]`.
      known: bool `[S, K]`, what was not written.
    """
    step = steps_per_bar(model.converter)
    by_bar = (len(known) // step, step)
    written = ~np.any(known, axis=1).reshape(by_bar).any(axis=1)
    onsets = has_onset(model.converter, rows).reshape(len(rows), *by_bar).any(axis=2)
    counts: npt.NDArray[np.float64] = (~onsets & written).sum(axis=1).astype(np.float64)
    return counts


def _columns(model: TrainedModel, known: Known) -> Known:
    """Returns what is known, bool `[S, D]`, of `[S, K]` parts."""
    columns = part_columns(model.converter)
    widths = [own.stop - own.start for own in columns]
    return np.repeat(known, widths, axis=1)
