"""What GrooVAE's models are for: playing given hits with feeling, drums from taps, hi-hats added.

All of them take a whole performance, window after window, and keep its tempo. Humanizing, adding
hi-hats and following hits keep the hits of the input as they are: what the model writes is how they
are played. Without `Wishes.keep_hits` the model, which has to squeeze them through a latent vector,
writes hits as well and may lose or add some.

Axes: W windows of a piece, T time step, C drum classes.

Source: Gillick et al. 2019 (arXiv:1905.06118), section 5.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from musicvae.converters import Converter
from musicvae.converters.base import Array
from musicvae.converters.groove import NUM_DRUMS, GrooveConfig
from musicvae.errors import ConfigError
from musicvae.play.decoding import encode
from musicvae.play.fitting import Window
from musicvae.play.kit import with_own_drums
from musicvae.play.outcome import Input, Outcome, Take, Wishes
from musicvae.play.performing import (
    check_number,
    fit,
    fit_all,
    perform,
    replay,
    said_of,
    takes_whole,
)

if TYPE_CHECKING:
    from musicvae.inference import TrainedModel


@dataclasses.dataclass(frozen=True)
class Job:
    """A groove job.

    Attributes:
      config: the configuration that is made for it.
      option: what its converter has that others lack.
      taps: whether any notes count as taps.
      keeps: what of the input stays: its "hits", all of its hits' "playing" too, or "nothing".
    """

    config: str
    option: str
    taps: bool = False
    keeps: Literal["hits", "playing", "nothing"] = "hits"


JOBS: Mapping[str, Job] = {
    "humanize": Job("groovae_2bar_humanize", "humanize"),
    "tap2drum": Job("groovae_2bar_tap_fixed_velocity", "tapify", True, "nothing"),
    "add_hihat": Job("groovae_2bar_add_closed_hh", "add_instruments", keeps="playing"),
    "follow_hits": Job("groovae_2bar_hits_control_tfds", "hits_as_controls"),
}


def play_groove(
    model: TrainedModel, job: str, piece: Input, n: int = 1, wishes: Wishes | None = None
) -> Outcome:
    """Does one of the groove jobs on a whole performance.

    humanize plays the hits with velocities and timing; tap2drum makes a drum performance of taps;
    add_hihat adds closed hi-hats to hits that stay as they are played; follow_hits plays given
    hits.

    Args:
      model: a model of the job's kind.
      job: one of `JOBS`.
      piece: drums; for tap2drum notes of any kind.
      n: how many versions; the first comes from the mean of the posterior, others from samples.
      wishes: what is asked for.

    Returns:
      The versions, at the input's tempo, beginning where it does.

    Raises:
      ConfigError: the model is of another kind.
      InputError: the input does not fit, or n is out of range.
    """
    wishes = wishes or Wishes()
    check_number(n)
    check_job(model.converter, model.config.name, job)
    windows = fit_all(model, piece, wishes, taps=JOBS[job].taps)
    given = _given(model.converter, windows, job, wishes)
    outcome = replay(model, piece, windows, n, wishes, given, whole=takes_whole(wishes))
    if given is None:
        return outcome
    takes = _on_own_drums(model.converter, windows, outcome.takes)
    return dataclasses.replace(outcome, takes=takes)


def follow_hits(
    model: TrainedModel,
    hits: Input,
    n: int = 1,
    wishes: Wishes | None = None,
    *,
    style: Input | None = None,
) -> Outcome:
    """Plays given hits in a manner of its own: that of another piece, or a new one each time.

    Args:
      model: a model that is controlled by hits.
      hits: drums, whose hits are to be played.
      n: how many versions.
      wishes: what is asked for.
      style: drums whose manner is taken; where not given each version has its own.

    Returns:
      The versions.

    Raises:
      ConfigError: the model is of another kind.
      InputError: an input does not fit, or n is out of range.
    """
    wishes = wishes or Wishes()
    check_number(n)
    check_job(model.converter, model.config.name, "follow_hits")
    windows = fit_all(model, hits, wishes)
    if style is None:
        styles = model.sample_z(n, wishes.seed, targets=wishes.targets, guidance=wishes.guidance)
    else:
        posterior = encode(model, [fit(model, style, wishes)])
        noise = np.random.default_rng(wishes.seed).standard_normal(
            (n, posterior.mu.shape[1]), np.float32
        )
        noise[0] = 0.0
        styles = posterior.mu + posterior.sigma * noise
    given = _given(model.converter, windows, "follow_hits", wishes)
    takes: list[Take] = []
    for k, z in enumerate(styles):
        varied = dataclasses.replace(wishes, seed=wishes.seed_for(k))
        held = np.repeat(z[None], len(windows), axis=0)
        name, whole = f"version {k + 1}", takes_whole(wishes)
        takes += perform(model, windows, held, name, varied, given, whole=whole)
    played = tuple(takes)
    if given is not None:
        played = _on_own_drums(model.converter, windows, played)
    return Outcome(played, said_of([hits], windows[:1]))


def check_job(converter: Converter, kind: str, job: str) -> None:
    """Checks that a model can do a groove job.

    Args:
      converter: the model's.
      kind: its configuration's name.
      job: one of `JOBS`.

    Raises:
      ConfigError: it cannot; the message names the configuration that can.
    """
    wanted, config = JOBS[job], converter.config
    if not isinstance(config, GrooveConfig) or not getattr(config, wanted.option):
        raise ConfigError(
            f"config '{kind}' is not made for {job}; take --config={wanted.config} or another one "
            f"with {wanted.option} in its converter"
        )


def _on_own_drums(
    converter: Converter, windows: Sequence[Window], takes: Sequence[Take]
) -> tuple[Take, ...]:
    """Plays hits that were kept on the drums that they have in the input."""
    return tuple(
        dataclasses.replace(
            take, sequence=with_own_drums(take.sequence, windows, converter.num_steps)
        )
        for take in takes
    )


def _given(
    converter: Converter, windows: Sequence[Window], job: str, wishes: Wishes
) -> Array | None:
    """Returns what of the input the result must have, float32 `[W, T, 3C]`; NaN is for free.

    None leaves the model every choice.
    """
    keeps = JOBS[job].keeps
    if keeps == "nothing" or not wishes.keep_hits:
        return None
    given = np.array([window.example.outputs for window in windows], np.float32)
    hits, playing = np.split(given, [NUM_DRUMS], axis=-1)
    if keeps == "hits":
        playing[np.tile(hits > 0, 2)] = np.nan
    for drum in getattr(converter.config, "add_instruments", None) or ():
        given[..., drum::NUM_DRUMS] = np.nan
    return given
