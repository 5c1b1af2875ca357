"""What GrooVAE's models are for: playing given hits with feeling, drums from taps, hi-hats added.

All of them take a whole performance, window after window, and keep its tempo. Humanizing, adding
hi-hats and following hits keep the hits of the input as they are: what the model writes is how they
are played. Without `SamplingOptions.keep_hits` the model, which has to squeeze them through a
latent vector, writes hits as well and may lose or add some.

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
from musicvae.generate.decoding import encode
from musicvae.generate.input_windows import Window
from musicvae.generate.original_pitches import with_original_pitches
from musicvae.generate.performing import (
    check_number,
    fit,
    fit_all,
    notes_about,
    perform,
    reconstruct_windows,
    takes_whole,
)
from musicvae.generate.results import Piece, Result, Sample, SamplingOptions

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel


@dataclasses.dataclass(frozen=True)
class GrooveMode:
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


GROOVE_MODES: Mapping[str, GrooveMode] = {
    "humanize": GrooveMode("groovae_2bar_humanize", "humanize"),
    "tap2drum": GrooveMode("groovae_2bar_tap_fixed_velocity", "tapify", True, "nothing"),
    "add_hihat": GrooveMode("groovae_2bar_add_closed_hh", "add_instruments", keeps="playing"),
    "follow_hits": GrooveMode("groovae_2bar_hits_control_tfds", "hits_as_controls"),
}


def play_groove(
    model: TrainedModel, mode: str, piece: Piece, n: int = 1, options: SamplingOptions | None = None
) -> Result:
    """Does one of the groove jobs on a whole performance.

    humanize plays the hits with velocities and timing; tap2drum makes a drum performance of taps;
    add_hihat adds closed hi-hats to hits that stay as they are played; follow_hits plays given
    hits.

    Args:
      model: a model of the job's kind.
      mode: one of `GROOVE_MODES`.
      piece: drums; for tap2drum notes of any kind.
      n: how many versions; the first comes from the mean of the posterior, others from samples.
      options: what is asked for.

    Returns:
      The versions, at the input's tempo, beginning where it does.

    Raises:
      ConfigError: the model is of another kind.
      InputError: the input does not fit, or n is out of range.
    """
    options = options or SamplingOptions()
    check_number(n)
    check_groove_mode(model.converter, model.config.name, mode)
    windows = fit_all(model, piece, options, taps=GROOVE_MODES[mode].taps)
    fixed = _fixed_values(model.converter, windows, mode, options)
    result = reconstruct_windows(
        model, piece, windows, n, options, fixed, whole=takes_whole(options)
    )
    if fixed is None:
        return result
    samples = _with_original_pitches(model.converter, windows, result.samples)
    return dataclasses.replace(result, samples=samples)


def follow_hits(
    model: TrainedModel,
    hits: Piece,
    n: int = 1,
    options: SamplingOptions | None = None,
    *,
    style: Piece | None = None,
) -> Result:
    """Plays given hits in a manner of its own: that of another piece, or a new one each time.

    Args:
      model: a model that is controlled by hits.
      hits: drums, whose hits are to be played.
      n: how many versions.
      options: what is asked for.
      style: drums whose manner is taken; where not given each version has its own.

    Returns:
      The versions.

    Raises:
      ConfigError: the model is of another kind.
      InputError: an input does not fit, or n is out of range.
    """
    options = options or SamplingOptions()
    check_number(n)
    check_groove_mode(model.converter, model.config.name, "follow_hits")
    windows = fit_all(model, hits, options)
    if style is None:
        styles = model.sample_z(n, options.seed, targets=options.targets, guidance=options.guidance)
    else:
        posterior = encode(model, [fit(model, style, options)])
        noise = np.random.default_rng(options.seed).standard_normal(
            (n, posterior.mu.shape[1]), np.float32
        )
        noise[0] = 0.0
        styles = posterior.mu + posterior.sigma * noise
    fixed = _fixed_values(model.converter, windows, "follow_hits", options)
    samples: list[Sample] = []
    for k, z in enumerate(styles):
        varied = dataclasses.replace(options, seed=options.seed_for(k))
        with_fixed = np.repeat(z[None], len(windows), axis=0)
        name, whole = f"version {k + 1}", takes_whole(options)
        samples += perform(model, windows, with_fixed, name, varied, fixed, whole=whole)
    played = tuple(samples)
    if fixed is not None:
        played = _with_original_pitches(model.converter, windows, played)
    return Result(played, notes_about([hits], windows[:1]))


def check_groove_mode(converter: Converter, config_name: str, mode: str) -> None:
    """Checks that a model can do a groove job.

    Args:
      converter: the model's.
      config_name: its configuration's name.
      mode: one of `GROOVE_MODES`.

    Raises:
      ConfigError: it cannot; the message names the configuration that can.
    """
    wanted, config = GROOVE_MODES[mode], converter.config
    if not isinstance(config, GrooveConfig) or not getattr(config, wanted.option):
        raise ConfigError(
            f"config '{config_name}' is not made for {mode}; take --config={wanted.config} or "
            f"another one with {wanted.option} in its converter"
        )


def _with_original_pitches(
    converter: Converter, windows: Sequence[Window], samples: Sequence[Sample]
) -> tuple[Sample, ...]:
    """Plays hits that were kept on the drums that they have in the input."""
    return tuple(
        dataclasses.replace(
            sample, sequence=with_original_pitches(sample.sequence, windows, converter.num_steps)
        )
        for sample in samples
    )


def _fixed_values(
    converter: Converter, windows: Sequence[Window], mode: str, options: SamplingOptions
) -> Array | None:
    """Returns what of the input the result must have, float32 `[W, T, 3C]`; NaN is for free.

    None leaves the model every choice.
    """
    keeps = GROOVE_MODES[mode].keeps
    if keeps == "nothing" or not options.keep_hits:
        return None
    fixed = np.array([window.example.outputs for window in windows], np.float32)
    hits, playing = np.split(fixed, [NUM_DRUMS], axis=-1)
    if keeps == "hits":
        playing[np.tile(hits > 0, 2)] = np.nan
    for drum in getattr(converter.config, "add_instruments", None) or ():
        fixed[..., drum::NUM_DRUMS] = np.nan
    return fixed
