"""What the jobs share: an input's window, its latent vector decoded, and windows joined again.

Axes: W windows of a piece, T time step, D columns of a step, Z columns of z.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from musicvae.converters.base import Array
from musicvae.errors import InputError
from musicvae.lazy_note_seq import NoteSequence
from musicvae.play.chords import with_chords
from musicvae.play.controls import chords_of, controls_of_windows
from musicvae.play.decoding import Setting, decode, encode
from musicvae.play.fitting import Window, fit_whole, fit_window
from musicvae.play.joining import cut_at, join
from musicvae.play.outcome import Input, Outcome, Take, Vector, Wishes
from musicvae.play.repairs import Repair, Repaired, as_taps

if TYPE_CHECKING:
    from musicvae.inference import TrainedModel

MAX_RESULTS = 10_000


def check_number(n: int) -> None:
    """Checks how many results are asked for.

    Raises:
      InputError: too few or too many.
    """
    if not 1 <= n <= MAX_RESULTS:
        raise InputError(f"{n} results are asked for; give 1 to {MAX_RESULTS}")


def fit(model: TrainedModel, piece: Input, wishes: Wishes, *, taps: bool = False) -> Window:
    """Finds the window of an input that a model is to read; see `fitting.fit_window`.

    Args:
      model: a trained model.
      piece: the input.
      wishes: what is asked for; its chords serve where the piece's own cannot be found.
      taps: whether notes of any instrument may count as taps on a drum.
    """
    return fit_window(
        piece.sequence,
        model.converter,
        name=piece.name,
        strict=wishes.strict,
        bar=wishes.bar,
        repairs=_repairs(wishes, taps),
    )


def takes_whole(wishes: Wishes) -> bool:
    """Returns whether a whole piece may be taken, and not one window that was asked for."""
    return not wishes.strict and wishes.bar is None


def fit_all(
    model: TrainedModel, piece: Input, wishes: Wishes, *, taps: bool = False
) -> list[Window]:
    """Cuts a whole input into windows; see `fitting.fit_whole`. With a bar or `strict` it is one.

    Args:
      model: a trained model.
      piece: the input.
      wishes: what is asked for.
      taps: whether notes of any instrument may count as taps on a drum.
    """
    if not takes_whole(wishes):
        return [fit(model, piece, wishes, taps=taps)]
    repairs = _repairs(wishes, taps)
    return fit_whole(piece.sequence, model.converter, name=piece.name, repairs=repairs)


def _repairs(wishes: Wishes, taps: bool) -> list[Repair]:
    repairs: list[Repair] = [as_taps] if taps else []
    if wishes.chords is not None:
        bars, key = chords_of(wishes)

        def under_the_chords(sequence: NoteSequence) -> Repaired | None:
            return Repaired(with_chords(sequence, bars, key), "it was read under the given chords")

        repairs.append(under_the_chords)
    return repairs


def said_of(pieces: Sequence[Input], windows: Sequence[Window]) -> tuple[str, ...]:
    """Returns what was done to some inputs, each sentence once."""
    lines = [
        f"{piece.name}: {line}"
        for piece, window in zip(pieces, windows, strict=True)
        for line in window.said
    ]
    return tuple(dict.fromkeys(lines))


def replay(
    model: TrainedModel,
    piece: Input,
    windows: Sequence[Window],
    n: int,
    wishes: Wishes,
    given: Array | None = None,
    *,
    whole: bool,
) -> Outcome:
    """Encodes windows of a piece and joins what is decoded from them, at their places.

    Args:
      model: a trained model.
      piece: the piece they come from.
      windows: in order.
      n: how many results; see `reconstruct`.
      wishes: what is asked for.
      given: as for `perform`.
      whole: likewise.

    Returns:
      The results; they begin where the first window does.
    """
    posterior = encode(model, windows)
    takes: list[Take] = []
    for k in range(n):
        z = posterior.mu
        if k:
            noise = np.random.default_rng(wishes.seed_for(k)).standard_normal(z.shape, np.float32)
            z = z + posterior.sigma * noise
        name = piece.name if n == 1 else f"{piece.name}, version {k + 1}"
        varied = dataclasses.replace(wishes, seed=wishes.seed_for(k))
        takes += perform(model, windows, z, name, varied, given, whole=whole)
    return Outcome(tuple(takes), said_of([piece], windows[:1]))


def perform(
    model: TrainedModel,
    windows: Sequence[Window],
    z: Vector,
    name: str,
    wishes: Wishes,
    given: Array | None = None,
    *,
    whole: bool,
) -> list[Take]:
    """Decodes a latent vector for each window of a piece, with its controls, and joins them.

    Args:
      model: a trained model.
      windows: of a piece, in order, W.
      z: float32 `[W, Z]`.
      name: of the result.
      wishes: what is asked for.
      given: float32 `[W, T, D]`, what each window must have, NaN where the model chooses; None
        leaves it every choice.
      whole: whether the result ends where the piece does.

    Returns:
      A take for each temperature.
    """
    count = len(windows)
    controls = None
    if model.converter.spec.control_depth:
        kind = model.config.name
        controls = [controls_of_windows(model.converter, kind, wishes, windows)]
    settings = [Setting.of(window) for window in windows]
    stretch = 1.0 if wishes.qpm is None else windows[0].qpm / wishes.qpm
    starts = [(window.seconds - windows[0].seconds) * stretch for window in windows]
    end = (windows[0].end_of_piece - windows[0].seconds) * stretch
    takes = []
    for temperature in wishes.temperatures:
        once = dataclasses.replace(wishes, temperatures=(temperature,))
        decoded = decode(model, z, [""] * count, once, settings, controls, given)
        joined = join([take.sequence for take in decoded], starts)
        caption = name
        if len(wishes.temperatures) > 1:
            caption = f"{name}, temperature {temperature:g}"
        last = z[0] if count == 1 else None
        takes.append(Take(cut_at(joined, end) if whole else joined, caption, last))
    return takes
