"""What GrooVAE's models are for: playing given hits with feeling, drums from taps, hi-hats added.

All of them take a whole performance, window after window, and keep its tempos, time signatures and
bars. Humanizing, adding hi-hats and following hits keep every hit of the input: what the model
decides is how they are played (kept_hits.py), or which hi-hats are added. Without
`SamplingOptions.keep_hits` the model, which has to squeeze them through a latent vector, writes
hits as well and may lose or add some. Bars without a hit stay silent.

Axes: N hits, W windows with hits, T time step, C drum classes, Z columns of z.

Source: Gillick et al. 2019 (arXiv:1905.06118), section 5.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from musicvae.converters import Converter, PerformanceConverter, performance_converter
from musicvae.converters.examples import Array
from musicvae.converters.groove import NUM_DRUMS
from musicvae.errors import ConfigError
from musicvae.generate.controls import controls_for
from musicvae.generate.decoding import encode
from musicvae.generate.drum_performance import DrumPerformance, read_performance
from musicvae.generate.drum_writing import hits_of_drum, write_added, write_free, write_kept
from musicvae.generate.performing import check_number, fit
from musicvae.generate.results import Piece, Result, Sample, SamplingOptions, Vector

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel


Kept = Literal["hits", "playing", "nothing"]


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
    keeps: Kept = "hits"


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
      The versions, with the input's tempos and time signatures, beginning where it does.

    Raises:
      ConfigError: the model is of another kind.
      InputError: the input does not fit, or n is out of range.
    """
    options = options or SamplingOptions()
    check_groove_mode(model.converter, model.config.name, mode)
    return _replay(model, piece, n, options, _kept(mode, options), taps=GROOVE_MODES[mode].taps)


def reconstruct_groove(
    model: TrainedModel, piece: Piece, n: int, options: SamplingOptions
) -> Result:
    """Plays a whole performance as a groove model remembers it, its hits too.

    Args:
      model: a groove model.
      piece: drums.
      n: how many versions; the first comes from the mean of the posterior, others from samples.
      options: what is asked for.

    Returns:
      The versions.

    Raises:
      InputError: the input does not fit, or n is out of range.
    """
    return _replay(model, piece, n, options, "nothing")


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
      style: drums whose manner is taken; by default each version has its own.

    Returns:
      The versions.

    Raises:
      ConfigError: the model is of another kind.
      InputError: an input does not fit, or n is out of range.
    """
    options = options or SamplingOptions()
    check_number(n)
    check_groove_mode(model.converter, model.config.name, "follow_hits")
    kept = _kept("follow_hits", options)
    performance = read_performance(hits, model.converter, options, keeps_unknown=kept != "nothing")
    if style is None:
        styles = model.sample_z(n, options.seed, targets=options.targets, guidance=options.guidance)
    else:
        posterior = encode(model, [fit(model, style, options)])
        noise = np.random.default_rng(options.seed).standard_normal(
            (n, posterior.mu.shape[1]), np.float32
        )
        noise[0] = 0.0
        styles = posterior.mu + posterior.sigma * noise

    def versions() -> Iterator[tuple[str, Vector, SamplingOptions]]:
        for k, z in enumerate(styles):
            varied = dataclasses.replace(options, seed=options.seed_for(k))
            repeated = np.repeat(z[np.newaxis], len(performance.examples), axis=0)
            yield f"version {k + 1}", repeated, varied

    return _result(model, kept, performance, versions())


def check_groove_mode(converter: Converter, config_name: str, mode: str) -> None:
    """Checks that a model can do a groove job.

    Args:
      converter: the model's.
      config_name: its configuration's name.
      mode: one of `GROOVE_MODES`.

    Raises:
      ConfigError: it cannot; the message names the configuration that can.
    """
    wanted, drums = GROOVE_MODES[mode], performance_converter(converter)
    if drums is None or wanted.option not in drums.abilities:
        raise ConfigError(
            f"config '{config_name}' is not made for {mode}; take --config={wanted.config} or "
            f"another one with {wanted.option} in its converter"
        )


def _performing(converter: Converter) -> PerformanceConverter:
    found = performance_converter(converter)
    assert found is not None, "a groove job of a converter without velocity and timing"
    return found


def _kept(mode: str, options: SamplingOptions) -> Kept:
    return GROOVE_MODES[mode].keeps if options.keep_hits else "nothing"


def _replay(
    model: TrainedModel,
    piece: Piece,
    n: int,
    options: SamplingOptions,
    kept: Kept,
    *,
    taps: bool = False,
) -> Result:
    """Encodes a performance and decodes it, n times."""
    check_number(n)
    performance = read_performance(
        piece, model.converter, options, taps=taps, keeps_unknown=kept != "nothing"
    )
    posterior = model.encode_examples(performance.examples, seed=0)

    def versions() -> Iterator[tuple[str, Vector, SamplingOptions]]:
        for k in range(n):
            z, varied = posterior.mu, dataclasses.replace(options, seed=options.seed_for(k))
            if k:
                noise = np.random.default_rng(varied.seed).standard_normal(z.shape, np.float32)
                z = z + posterior.sigma * noise
            yield (piece.name if n == 1 else f"{piece.name}, version {k + 1}"), z, varied

    return _result(model, kept, performance, versions())


def _result(
    model: TrainedModel,
    kept: Kept,
    performance: DrumPerformance,
    versions: Iterator[tuple[str, Vector, SamplingOptions]],
) -> Result:
    """Decodes versions, each at every temperature."""
    write = _WRITERS[kept]
    fixed = _fixed_values(model.converter, performance, kept)
    samples = []
    for name, z, options in versions:
        controls = _controls(model, performance, options)
        for temperature in options.temperatures:
            rows = model.decode_to_tensors(
                z, None, temperature, controls, seed=options.seed, fixed=fixed
            )
            sequence = write(performance, np.array(rows), model.converter, options)
            caption = name
            if len(options.temperatures) > 1:
                caption = f"{name}, temperature {temperature:g}"
            samples.append(Sample(sequence, caption, z[0] if len(z) == 1 else None))
    return Result(tuple(samples), performance.notes)


def _controls(
    model: TrainedModel, performance: DrumPerformance, options: SamplingOptions
) -> Array | None:
    """Returns the hits that the model is to play, float32 `[W, T, C]`."""
    if not model.converter.spec.control_depth:
        return None
    if options.control is not None:
        found = controls_for(model.converter, model.config.name, options)
        assert found is not None
        return np.array([found[k % len(found)] for k in range(len(performance.examples))])
    return np.array([example.controls for example in performance.examples], np.float32)


def _fixed_values(converter: Converter, performance: DrumPerformance, kept: Kept) -> Array | None:
    """Returns what of the input the result must have, float32 `[W, T, 3C]`; NaN is for free.

    None leaves the model every choice.
    """
    if kept == "nothing":
        return None
    fixed = np.array([example.outputs for example in performance.examples], np.float32)
    hits, playing = np.split(fixed, [NUM_DRUMS], axis=-1)
    if kept == "hits":
        playing[np.tile(hits > 0, 2)] = np.nan
    for drum in _performing(converter).added_classes:
        is_own = hits_of_drum(performance, drum)
        own = performance.hits.select(is_own)
        velocities, _ = own.windows(performance.first_steps, fixed.shape[1])
        fixed[..., drum::NUM_DRUMS][velocities[..., drum] == 0] = np.nan
    return fixed


_WRITERS: Mapping[Kept, Callable[[DrumPerformance, Array, Converter, SamplingOptions], Any]] = {
    "hits": write_kept,
    "playing": write_added,
    "nothing": write_free,
}
