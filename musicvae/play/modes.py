"""The jobs: sampling, reconstructing, interpolating, varying, morphing and steering.

Every job takes a trained model and gives an `Outcome`. Inputs are fitted to the model (fitting.py);
the results keep their tempo, loudness and instrument unless something else is wished for.

Axes: N results, Z columns of z.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from musicvae.attributes import AttributeVectors
from musicvae.errors import InputError
from musicvae.latent import lerp, slerp
from musicvae.play.controls import control_window, controls_for
from musicvae.play.decoding import Setting, decode, encode, setting_between
from musicvae.play.joining import join
from musicvae.play.outcome import Input, Outcome, Take, Wishes
from musicvae.play.performing import check_number, fit, fit_all, replay, said_of, takes_whole

if TYPE_CHECKING:
    from musicvae.inference import TrainedModel


def sample(model: TrainedModel, n: int, wishes: Wishes | None = None, *, first: int = 1) -> Outcome:
    """Writes new music.

    Args:
      model: a trained model.
      n: how many pieces; with several temperatures, as many at each from the same latent vectors.
      wishes: what is asked for.
      first: the number that the first is called by.

    Returns:
      The pieces.

    Raises:
      InputError: n is out of range, or the model needs chords or hits that are not given.
    """
    wishes = wishes or Wishes()
    check_number(n)
    z = model.sample_z(n, wishes.seed, targets=wishes.targets, guidance=wishes.guidance)
    captions = [f"sample {first + k}" for k in range(n)]
    controls = controls_for(model.converter, model.config.name, wishes)
    setting = Setting()
    if wishes.control is not None:
        setting = Setting(qpm=control_window(model.converter, wishes.control).qpm)
    return Outcome(decode(model, z, captions, wishes, [setting] * n, controls))


def reconstruct(
    model: TrainedModel,
    piece: Input,
    n: int = 1,
    wishes: Wishes | None = None,
    *,
    whole: bool = False,
) -> Outcome:
    """Plays an input as the model remembers it: encoded and decoded again.

    Args:
      model: a trained model.
      piece: the input.
      n: how many results; the first is decoded from the mean of the posterior, the others from
        samples of it.
      wishes: what is asked for.
      whole: whether the whole piece is done, window after window, and not one window alone.

    Returns:
      The results.

    Raises:
      InputError: the input does not fit, or n is out of range.
    """
    wishes = wishes or Wishes()
    check_number(n)
    whole = whole and takes_whole(wishes)
    windows = fit_all(model, piece, wishes) if whole else [fit(model, piece, wishes)]
    return replay(model, piece, windows, n, wishes, whole=whole)


def interpolate(
    model: TrainedModel,
    start: Input,
    end: Input,
    n: int,
    wishes: Wishes | None = None,
    *,
    linear: bool = False,
) -> Outcome:
    """Leads from one input to another through latent space.

    Args:
      model: a trained model.
      start: where to begin.
      end: where to end.
      n: how many pieces, both ends included.
      wishes: what is asked for.
      linear: whether to go straight, and not along an arc.

    Returns:
      The pieces; the first and last are the inputs as the model remembers them.

    Raises:
      InputError: an input does not fit, or n is out of range.
    """
    return morph(model, [start, end], n, wishes, linear=linear, joined=False)


def morph(
    model: TrainedModel,
    inputs: Sequence[Input],
    n: int,
    wishes: Wishes | None = None,
    *,
    linear: bool = False,
    joined: bool = True,
) -> Outcome:
    """Leads along a path through several inputs.

    Args:
      model: a trained model.
      inputs: the stations, two or more; the same one may come again.
      n: how many pieces from the first station to the last; where there are enough, each station
        is one of them.
      wishes: what is asked for.
      linear: whether to go straight, and not along arcs.
      joined: whether the result is one piece, and not n.

    Returns:
      One piece, or n.

    Raises:
      InputError: an input does not fit, n is out of range, or there is one input only.
    """
    wishes = wishes or Wishes()
    check_number(n)
    if len(inputs) < 2:
        raise InputError(f"a path needs at least two inputs, not {len(inputs)}")
    windows = [fit(model, piece, wishes) for piece in inputs]
    mu = encode(model, windows).mu
    go = lerp if linear else slerp
    places = np.linspace(0.0, len(inputs) - 1, n) if n > 1 else np.zeros(1)
    rows, settings, captions = [], [], []
    for place in places:
        leg = min(int(place), len(inputs) - 2)
        share = float(place - leg)
        rows.append(go(mu[leg], mu[leg + 1], share))
        settings.append(setting_between(windows[leg], windows[leg + 1], share))
        captions.append(_place_name(inputs, leg, share))
    z = np.array(rows, np.float32)
    controls = controls_for(model.converter, model.config.name, wishes, windows[0])
    takes = decode(model, z, captions, wishes, settings, controls)
    said = said_of(inputs, windows)
    if not joined:
        return Outcome(takes, said, "path")
    whole = []
    for t, temperature in enumerate(wishes.temperatures):
        name = "morph" if len(wishes.temperatures) == 1 else f"morph, temperature {temperature:g}"
        parts = takes[t * n : (t + 1) * n]
        whole.append(Take(join([part.sequence for part in parts]), name))
    return Outcome(tuple(whole), said)


def grid(
    model: TrainedModel,
    corners: Sequence[Input],
    n: int,
    wishes: Wishes | None = None,
    *,
    linear: bool = False,
) -> Outcome:
    """Fills a square between four inputs.

    Args:
      model: a trained model.
      corners: upper left, upper right, lower left, lower right.
      n: pieces along a side, at least 2.
      wishes: what is asked for.
      linear: whether to go straight, and not along arcs.

    Returns:
      n x n pieces, row by row.

    Raises:
      InputError: there are not four inputs, one does not fit, or n is out of range.
    """
    wishes = wishes or Wishes()
    if len(corners) != 4:
        raise InputError(f"a grid needs four inputs, one for each corner, not {len(corners)}")
    if n < 2:
        raise InputError(f"a grid needs at least 2 pieces along a side, not {n}")
    check_number(n * n)
    windows = [fit(model, piece, wishes) for piece in corners]
    mu = encode(model, windows).mu
    go = lerp if linear else slerp
    shares = np.linspace(0.0, 1.0, n)
    left, right = go(mu[0], mu[2], shares), go(mu[1], mu[3], shares)
    z = np.concatenate([go(left[row], right[row], shares) for row in range(n)])
    settings, captions = [], []
    for down in shares:
        for across in shares:
            upper = setting_between(windows[0], windows[1], across)
            lower = setting_between(windows[2], windows[3], across)
            settings.append(upper.towards(lower, down))
            captions.append(_corner_name(corners, across, down))
    controls = controls_for(model.converter, model.config.name, wishes, windows[0])
    takes = decode(model, z.astype(np.float32), captions, wishes, settings, controls)
    said = said_of(corners, windows)
    return Outcome(takes, said, "grid", n)


def similar(
    model: TrainedModel,
    piece: Input,
    n: int,
    closeness: float,
    wishes: Wishes | None = None,
) -> Outcome:
    """Writes variations of an input.

    Each lies on the arc from the input's latent vector to one drawn from the prior, `1 - closeness`
    of the way.

    Args:
      model: a trained model.
      piece: the input.
      n: how many variations.
      closeness: 0 (anything) to 1 (the input as the model remembers it).
      wishes: what is asked for.

    Returns:
      The variations.

    Raises:
      InputError: the input does not fit, or a number is out of range.
    """
    wishes = wishes or Wishes()
    check_number(n)
    if not 0.0 <= closeness <= 1.0:
        raise InputError(f"closeness {closeness} is not in 0 (anything) to 1 (the same)")
    window = fit(model, piece, wishes)
    mu = encode(model, [window]).mu[0]
    others = model.sample_z(n, wishes.seed, targets=wishes.targets, guidance=wishes.guidance)
    z = np.array([slerp(mu, other, 1.0 - closeness) for other in others], np.float32)
    captions = [f"variation {k + 1}" for k in range(n)]
    controls = controls_for(model.converter, model.config.name, wishes, window)
    takes = decode(model, z, captions, wishes, [Setting.of(window)] * n, controls)
    return Outcome(takes, said_of([piece], [window]))


def steer(
    model: TrainedModel,
    piece: Input,
    vectors: AttributeVectors,
    attribute: str,
    amounts: Sequence[float],
    wishes: Wishes | None = None,
) -> Outcome:
    """Gives an input more or less of an attribute.

    Args:
      model: a trained model.
      piece: the input.
      vectors: the model's attribute vectors.
      attribute: the name of one.
      amounts: how much of the vector is added for each result, such as -1, 0, 1.
      wishes: what is asked for.

    Returns:
      A piece for each amount.

    Raises:
      InputError: the input does not fit, the attribute has no vector, or an amount is no number.
    """
    wishes = wishes or Wishes()
    check_number(len(amounts))
    if not all(abs(amount) <= 1000 for amount in amounts):
        raise InputError(f"amounts {list(amounts)} must be numbers within -1000..1000")
    vector = vectors.vector(attribute)
    window = fit(model, piece, wishes)
    mu = encode(model, [window]).mu[0]
    z = np.array([mu + np.float32(amount) * vector for amount in amounts], np.float32)
    captions = [f"{attribute} {amount:+g}" for amount in amounts]
    controls = controls_for(model.converter, model.config.name, wishes, window)
    settings = [Setting.of(window)] * len(amounts)
    takes = decode(model, z, captions, wishes, settings, controls)
    return Outcome(takes, said_of([piece], [window]), "path")


def _place_name(inputs: Sequence[Input], leg: int, share: float) -> str:
    if share < 1e-9:
        return inputs[leg].name
    if share > 1 - 1e-9:
        return inputs[leg + 1].name
    return f"{share:.3g} of the way" if len(inputs) == 2 else f"{leg + share:.3g}"


def _corner_name(corners: Sequence[Input], across: float, down: float) -> str:
    if across in (0.0, 1.0) and down in (0.0, 1.0):
        return corners[int(across) + 2 * int(down)].name
    return f"{across:.3g}, {down:.3g}"
