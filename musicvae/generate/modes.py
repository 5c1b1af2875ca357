"""The jobs: sampling, reconstructing, interpolating, varying, morphing and steering.

Every mode takes a trained model and gives a `Result`. Inputs are fitted to the model
(input_windows.py); the results keep their tempo, loudness and instrument unless something else is
wished for.

Axes: N results, Z columns of z.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from musicvae.attribute_vectors import AttributeVectors
from musicvae.converters import performance_converter
from musicvae.errors import InputError
from musicvae.generate.controls import control_window, controls_for
from musicvae.generate.decoding import Setting, decode, decode_each, encode
from musicvae.generate.grooves import reconstruct_groove
from musicvae.generate.joining import join
from musicvae.generate.latent_points import (
    decode_points,
    encode_pieces,
    in_square,
    on_path,
    variations,
    within_style,
)
from musicvae.generate.performing import check_number, fit, notes_about, takes_whole
from musicvae.generate.results import Piece, Result, Sample, SamplingOptions
from musicvae.generate.styles import checked, new_vectors
from musicvae.generate.whole_reconstruction import reconstruct_whole
from musicvae.styles.space import MAP_REACH

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel


def sample(
    model: TrainedModel, n: int, options: SamplingOptions | None = None, *, first: int = 1
) -> Result:
    """Writes new music.

    Args:
      model: a trained model.
      n: how many pieces; with several temperatures, as many at each from the same latent vectors.
      options: what is asked for.
      first: the number that the first is called by.

    Returns:
      The pieces.

    Raises:
      InputError: n is out of range, or the model needs chords or hits that are not given.
    """
    return Result(tuple(stream(model, n, options, first=first)))


def stream(
    model: TrainedModel, n: int, options: SamplingOptions | None = None, *, first: int = 1
) -> Iterator[Sample]:
    """Writes new music as `sample` does, and hands out the pieces as they are finished.

    Args:
      model: a trained model; as many pieces as its `batch_size` are finished together.
      n: as for `sample`, as are all others.
      options: what is asked for.
      first: the number that the first is called by.

    Returns:
      What gives the pieces.

    Raises:
      InputError: n is out of range, or the model needs chords or hits that are not given.
    """
    options = options or SamplingOptions()
    check_number(n)
    z = new_vectors(model, n, options)
    captions = [f"sample {first + k}" for k in range(n)]
    controls = controls_for(model.converter, model.config.name, options)
    setting = Setting()
    if options.control is not None:
        setting = Setting(qpm=control_window(model.converter, options.control).qpm)
    return decode_each(model, z, captions, options, [setting] * n, controls)


def reconstruct(
    model: TrainedModel,
    piece: Piece,
    n: int = 1,
    options: SamplingOptions | None = None,
    *,
    whole: bool = False,
    others: Sequence[TrainedModel] = (),
) -> Result:
    """Plays an input as the model remembers it: encoded and decoded again.

    Args:
      model: a trained model.
      piece: the input.
      n: how many results; the first is decoded from the mean of the posterior, the others from
        samples of it.
      options: what is asked for.
      whole: whether the whole piece is done, window after window, and not one window alone.
      others: models of other lengths; the longest that fits plays each stretch of a whole piece.

    Returns:
      The results.

    Raises:
      InputError: the input does not fit, or n is out of range.
    """
    options = options or SamplingOptions()
    check_number(n)
    if whole and takes_whole(options):
        is_groove = performance_converter(model.converter) is not None
        play = reconstruct_groove if is_groove else reconstruct_whole
        return play(model, piece, n, options, others)
    window = fit(model, piece, options)
    posterior = encode(model, [window])
    controls = controls_for(model.converter, model.config.name, options, window)
    samples: list[Sample] = []
    for k in range(n):
        z = posterior.draw(np.random.default_rng(options.seed_for(k))) if k else posterior.mu
        name = piece.name if n == 1 else f"{piece.name}, version {k + 1}"
        varied = dataclasses.replace(options, seed=options.seed_for(k))
        samples += decode(model, z, [name], varied, [Setting.of(window)], controls)
    return Result(tuple(samples), notes_about([piece], [window]))


def interpolate(
    model: TrainedModel,
    start: Piece,
    end: Piece,
    n: int,
    options: SamplingOptions | None = None,
    *,
    linear: bool = False,
) -> Result:
    """Leads from one input to another through latent space.

    Args:
      model: a trained model.
      start: where to begin.
      end: where to end.
      n: how many pieces, both ends included.
      options: what is asked for.
      linear: whether to go straight, and not along an arc.

    Returns:
      The pieces; the first and last are the inputs as the model remembers them.

    Raises:
      InputError: an input does not fit, or n is out of range.
    """
    return morph(model, [start, end], n, options, linear=linear, joined=False)


def morph(
    model: TrainedModel,
    inputs: Sequence[Piece],
    n: int,
    options: SamplingOptions | None = None,
    *,
    linear: bool = False,
    joined: bool = True,
) -> Result:
    """Leads along a path through several inputs.

    Args:
      model: a trained model.
      inputs: the stations, two or more; the same one may come again.
      n: how many pieces from the first station to the last; where there are enough, each station
        is one of them.
      options: what is asked for.
      linear: whether to go straight, and not along arcs.
      joined: whether the result is one piece, and not n.

    Returns:
      One piece, or n.

    Raises:
      InputError: an input does not fit, n is out of range, or there is one input only.
    """
    options = options or SamplingOptions()
    check_number(n)
    if len(inputs) < 2:
        raise InputError(f"a path needs at least two inputs, not {len(inputs)}")
    stations = encode_pieces(model, inputs, options)
    windows = [station.window for station in stations]
    stations = within_style(model, stations, options)
    places = np.linspace(0.0, len(inputs) - 1, n) if n > 1 else np.zeros(1)
    path = [on_path(stations, float(place), linear=linear) for place in places]
    samples = decode_points(model, path, options, windows[0])
    notes = notes_about(inputs, windows)
    if not joined:
        return Result(samples, notes, "path")
    whole = []
    for t, temperature in enumerate(options.temperatures):
        name = "morph" if len(options.temperatures) == 1 else f"morph, temperature {temperature:g}"
        parts = samples[t * n : (t + 1) * n]
        whole.append(Sample(join([part.sequence for part in parts]), name))
    return Result(tuple(whole), notes)


def grid(
    model: TrainedModel,
    corners: Sequence[Piece],
    n: int,
    options: SamplingOptions | None = None,
    *,
    linear: bool = False,
) -> Result:
    """Fills a square between four inputs.

    Args:
      model: a trained model.
      corners: upper left, upper right, lower left, lower right; none, with a style, for a map of
        its first two axes.
      n: pieces along a side, at least 2.
      options: what is asked for.
      linear: whether to go straight, and not along arcs.

    Returns:
      n x n pieces, row by row.

    Raises:
      InputError: there are not four inputs, one does not fit, or n is out of range.
    """
    options = options or SamplingOptions()
    if options.style is not None and not corners:
        return _style_map(model, n, options)
    if len(corners) != 4:
        raise InputError(f"a grid needs four inputs, one for each corner, not {len(corners)}")
    if n < 2:
        raise InputError(f"a grid needs at least 2 pieces along a side, not {n}")
    check_number(n * n)
    points = encode_pieces(model, corners, options)
    windows = [point.window for point in points]
    points = within_style(model, points, options)
    shares = [float(share) for share in np.linspace(0.0, 1.0, n)]
    cells = [in_square(points, x, y, linear=linear) for y in shares for x in shares]
    samples = decode_points(model, cells, options, windows[0])
    notes = notes_about(corners, windows)
    return Result(samples, notes, "grid", n)


def _style_map(model: TrainedModel, n: int, options: SamplingOptions) -> Result:
    """Fills a square with a map of a style: its first axis across, its second one down."""
    if n < 2:
        raise InputError(f"a grid needs at least 2 pieces along a side, not {n}")
    check_number(n * n)
    assert options.style is not None
    z = checked(model, options.style).map(n)
    places = np.linspace(-MAP_REACH, MAP_REACH, n)
    captions = [f"{across:+.2g}, {down:+.2g}" for down in places for across in places]
    controls = controls_for(model.converter, model.config.name, options)
    samples = decode(model, z, captions, options, [Setting()] * len(z), controls)
    meanings = options.style.meanings
    notes = [
        f"{name}: {text}"
        for name, text in zip(("across", "down"), meanings[:2], strict=False)
        if text
    ]
    return Result(samples, tuple(notes), "grid", n)


def similar(
    model: TrainedModel,
    piece: Piece,
    n: int,
    closeness: float,
    options: SamplingOptions | None = None,
) -> Result:
    """Writes variations of an input.

    Each lies on the arc from the input's latent vector to one drawn from the prior, `1 - closeness`
    of the way.

    Args:
      model: a trained model.
      piece: the input.
      n: how many variations.
      closeness: 0 (anything) to 1 (the input as the model remembers it).
      options: what is asked for.

    Returns:
      The variations.

    Raises:
      InputError: the input does not fit, or a number is out of range.
    """
    options = options or SamplingOptions()
    check_number(n)
    if not 0.0 <= closeness <= 1.0:
        raise InputError(f"closeness {closeness} is not in 0 (anything) to 1 (the same)")
    (point,) = encode_pieces(model, [piece], options)
    varied = variations(model, point, n, closeness, options)
    samples = decode_points(model, varied, options, point.window)
    return Result(samples, notes_about([piece], [point.window]))


def steer(
    model: TrainedModel,
    piece: Piece,
    vectors: AttributeVectors,
    attribute: str,
    amounts: Sequence[float],
    options: SamplingOptions | None = None,
) -> Result:
    """Gives an input more or less of an attribute.

    Args:
      model: a trained model.
      piece: the input.
      vectors: the model's attribute vectors.
      attribute: the name of one.
      amounts: how much of the vector is added for each result, such as -1, 0, 1.
      options: what is asked for.

    Returns:
      A piece for each amount.

    Raises:
      InputError: the input does not fit, the attribute has no vector, or an amount is no number.
    """
    options = options or SamplingOptions()
    check_number(len(amounts))
    if not all(abs(amount) <= 1000 for amount in amounts):
        raise InputError(f"amounts {list(amounts)} must be numbers within -1000..1000")
    vector = vectors.vector(attribute)
    window = fit(model, piece, options)
    mu = encode(model, [window]).mu[0]
    z = np.array([mu + np.float32(amount) * vector for amount in amounts], np.float32)
    captions = [f"{attribute} {amount:+g}" for amount in amounts]
    controls = controls_for(model.converter, model.config.name, options, window)
    settings = [Setting.of(window)] * len(amounts)
    samples = decode(model, z, captions, options, settings, controls)
    return Result(samples, notes_about([piece], [window]), "path")


def decode_vectors(
    model: TrainedModel, z: npt.ArrayLike, options: SamplingOptions | None = None
) -> Result:
    """Decodes latent vectors.

    Args:
      model: a trained model.
      z: float `[N, Z]`.
      options: what is asked for.

    Returns:
      A sample for each vector.

    Raises:
      InputError: z is of another size, or the model needs chords or hits that are not given.
    """
    options = options or SamplingOptions()
    vectors = np.asarray(z, np.float32)
    captions = [f"z {k + 1}" for k in range(len(vectors))]
    controls = controls_for(model.converter, model.config.name, options)
    return Result(decode(model, vectors, captions, options, [Setting()] * len(captions), controls))
