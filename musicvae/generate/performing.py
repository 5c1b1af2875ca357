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
from musicvae.generate.adaptations import Adapted, Repair, as_taps
from musicvae.generate.chords import with_chords
from musicvae.generate.controls import chords_of, controls_of_windows
from musicvae.generate.decoding import Setting, decode, encode
from musicvae.generate.input_windows import Window, fit_whole, fit_window
from musicvae.generate.joining import cut_at, join
from musicvae.generate.results import Piece, Result, Sample, SamplingOptions, Vector
from musicvae.lazy_note_seq import NoteSequence

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

MAX_RESULTS = 10_000


def check_number(n: int) -> None:
    """Checks how many results are asked for.

    Raises:
      InputError: too few or too many.
    """
    if not 1 <= n <= MAX_RESULTS:
        raise InputError(f"{n} results are asked for; give 1 to {MAX_RESULTS}")


def fit(
    model: TrainedModel, piece: Piece, options: SamplingOptions, *, taps: bool = False
) -> Window:
    """Finds the window of an input that a model is to read; see `input_windows.fit_window`.

    Args:
      model: a trained model.
      piece: the input.
      options: what is asked for; its chords serve where the piece's own cannot be found.
      taps: whether notes of any instrument may count as taps on a drum.
    """
    return fit_window(
        piece.sequence,
        model.converter,
        name=piece.name,
        strict=options.strict,
        bar=options.bar,
        adaptations=_adaptations(options, taps),
    )


def takes_whole(options: SamplingOptions) -> bool:
    """Returns whether a whole piece may be taken, and not one window that was asked for."""
    return not options.strict and options.bar is None


def fit_all(
    model: TrainedModel, piece: Piece, options: SamplingOptions, *, taps: bool = False
) -> list[Window]:
    """Cuts a whole input into windows; see `input_windows.fit_whole`.

    With a bar or `strict` it is one.

    Args:
      model: a trained model.
      piece: the input.
      options: what is asked for.
      taps: whether notes of any instrument may count as taps on a drum.
    """
    if not takes_whole(options):
        return [fit(model, piece, options, taps=taps)]
    adaptations = _adaptations(options, taps)
    return fit_whole(piece.sequence, model.converter, name=piece.name, adaptations=adaptations)


def _adaptations(options: SamplingOptions, taps: bool) -> list[Repair]:
    adaptations: list[Repair] = [as_taps] if taps else []
    if options.chords is not None:
        bars, key = chords_of(options)

        def under_the_chords(sequence: NoteSequence) -> Adapted | None:
            return Adapted(with_chords(sequence, bars, key), "it was read under the given chords")

        adaptations.append(under_the_chords)
    return adaptations


def notes_about(pieces: Sequence[Piece], windows: Sequence[Window]) -> tuple[str, ...]:
    """Returns what was done to some inputs, each sentence once."""
    lines = [
        f"{piece.name}: {line}"
        for piece, window in zip(pieces, windows, strict=True)
        for line in window.notes
    ]
    return tuple(dict.fromkeys(lines))


def reconstruct_windows(
    model: TrainedModel,
    piece: Piece,
    windows: Sequence[Window],
    n: int,
    options: SamplingOptions,
    fixed: Array | None = None,
    *,
    whole: bool,
) -> Result:
    """Encodes windows of a piece and joins what is decoded from them, at their places.

    Args:
      model: a trained model.
      piece: the piece they come from.
      windows: in order.
      n: how many results; see `reconstruct`.
      options: what is asked for.
      fixed: as for `perform`.
      whole: likewise.

    Returns:
      The results; they begin where the first window does.
    """
    posterior = encode(model, windows)
    samples: list[Sample] = []
    for k in range(n):
        z = posterior.mu
        if k:
            noise = np.random.default_rng(options.seed_for(k)).standard_normal(z.shape, np.float32)
            z = z + posterior.sigma * noise
        name = piece.name if n == 1 else f"{piece.name}, version {k + 1}"
        varied = dataclasses.replace(options, seed=options.seed_for(k))
        samples += perform(model, windows, z, name, varied, fixed, whole=whole)
    return Result(tuple(samples), notes_about([piece], windows[:1]))


def perform(
    model: TrainedModel,
    windows: Sequence[Window],
    z: Vector,
    name: str,
    options: SamplingOptions,
    fixed: Array | None = None,
    *,
    whole: bool,
) -> list[Sample]:
    """Decodes a latent vector for each window of a piece, with its controls, and joins them.

    Args:
      model: a trained model.
      windows: of a piece, in order, W.
      z: float32 `[W, Z]`.
      name: of the result.
      options: what is asked for.
      fixed: float32 `[W, T, D]`, what each window must have, NaN where the model chooses; None
        leaves it every choice.
      whole: whether the result ends where the piece does.

    Returns:
      A take for each temperature.
    """
    count = len(windows)
    controls = None
    if model.converter.spec.control_depth:
        config_name = model.config.name
        controls = [controls_of_windows(model.converter, config_name, options, windows)]
    settings = [Setting.of(window) for window in windows]
    stretch = 1.0 if options.qpm is None else windows[0].qpm / options.qpm
    starts = [(window.seconds - windows[0].seconds) * stretch for window in windows]
    end = (windows[0].end_of_piece - windows[0].seconds) * stretch
    samples = []
    for temperature in options.temperatures:
        once = dataclasses.replace(options, temperatures=(temperature,))
        decoded = decode(model, z, [""] * count, once, settings, controls, fixed)
        joined = join([sample.sequence for sample in decoded], starts)
        caption = name
        if len(options.temperatures) > 1:
            caption = f"{name}, temperature {temperature:g}"
        last = z[0] if count == 1 else None
        samples.append(Sample(cut_at(joined, end) if whole else joined, caption, last))
    return samples
