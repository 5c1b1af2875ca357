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
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from musicvae.converters import Converter, PerformanceConverter, performance_converter
from musicvae.converters.examples import Array
from musicvae.converters.groove import NUM_DRUMS
from musicvae.errors import ConfigError
from musicvae.generate.controls import controls_for
from musicvae.generate.decoding import encode
from musicvae.generate.drum_performance import (
    DrumPerformance,
    read_by_length,
    read_performance,
)
from musicvae.generate.drum_writing import hits_of_drum, write_added, write_free, write_kept
from musicvae.generate.performing import check_number, fit
from musicvae.generate.results import Piece, Result, Sample, SamplingOptions, Vector
from musicvae.generate.window_plan import PlannedWindow, by_length, describe_plan
from musicvae.grid import STEPS_PER_QUARTER
from musicvae.lazy_note_seq import NoteSequence

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
    model: TrainedModel,
    mode: str,
    piece: Piece,
    n: int = 1,
    options: SamplingOptions | None = None,
    others: Sequence[TrainedModel] = (),
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
      others: models of other lengths: the longest that fits plays each stretch.

    Returns:
      The versions, with the input's tempos and time signatures, beginning where it does.

    Raises:
      ConfigError: the model is of another kind.
      InputError: the input does not fit, or n is out of range.
    """
    options = options or SamplingOptions()
    check_groove_mode(model.converter, model.config.name, mode)
    kept = _kept(mode, options)
    return _replay(model, piece, n, options, kept, others, taps=GROOVE_MODES[mode].taps)


def reconstruct_groove(
    model: TrainedModel,
    piece: Piece,
    n: int,
    options: SamplingOptions,
    others: Sequence[TrainedModel] = (),
) -> Result:
    """Plays a whole performance as a groove model remembers it, its hits too.

    Args:
      model: a groove model.
      piece: drums.
      n: how many versions; the first comes from the mean of the posterior, others from samples.
      options: what is asked for.
      others: models of other lengths: the longest that fits plays each stretch.

    Returns:
      The versions.

    Raises:
      InputError: the input does not fit, or n is out of range.
    """
    return _replay(model, piece, n, options, "nothing", others)


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

    def versions() -> Iterator[tuple[str, Sequence[Vector], SamplingOptions]]:
        for k, z in enumerate(styles):
            varied = dataclasses.replace(options, seed=options.seed_for(k))
            repeated = np.repeat(z[np.newaxis], len(performance.examples), axis=0)
            yield f"version {k + 1}", [repeated], varied

    return _result([_Share.of(model, performance, kept)], versions(), performance.notes)


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
    others: Sequence[TrainedModel] = (),
    *,
    taps: bool = False,
) -> Result:
    """Encodes a performance and decodes it, n times."""
    check_number(n)
    models = by_length(model, others)
    found = read_by_length(
        piece,
        {bars: each.converter for bars, each in models.items()},
        options,
        taps=taps,
        keeps_unknown=kept != "nothing",
    )
    shares = [_Share.of(models[bars], performance, kept) for bars, performance in found.items()]
    posteriors = [
        share.model.encode_examples(share.performance.examples, seed=0) for share in shares
    ]

    def versions() -> Iterator[tuple[str, Sequence[Vector], SamplingOptions]]:
        for k in range(n):
            codes = [posterior.mu for posterior in posteriors]
            varied = dataclasses.replace(options, seed=options.seed_for(k))
            if k:
                generator = np.random.default_rng(varied.seed)
                codes = [posterior.draw(generator) for posterior in posteriors]
            yield (piece.name if n == 1 else f"{piece.name}, version {k + 1}"), codes, varied

    notes = list(dict.fromkeys(note for share in shares for note in share.performance.notes))
    if others:
        windows = sorted(
            PlannedWindow(share.performance.lines.slot_at(step / STEPS_PER_QUARTER).number, bars)
            for bars, share in zip(found, shares, strict=True)
            for step in share.performance.first_steps.tolist()
        )
        played = describe_plan(models, windows, shares[0].performance.lines)
        notes.append(f"{piece.name}: {played}")
    return _result(shares, versions(), tuple(notes))


class _Share(NamedTuple):
    """What one model plays of a performance.

    Attributes:
      model: the model.
      performance: its windows, and the hits in them.
      kept: what of the input stays.
      fixed: what of it the decoded windows must have; see `_fixed_values`.
    """

    model: TrainedModel
    performance: DrumPerformance
    kept: Kept
    fixed: Array | None

    @classmethod
    def of(cls, model: TrainedModel, performance: DrumPerformance, kept: Kept) -> _Share:
        """Returns a model's share."""
        fixed = _fixed_values(model.converter, performance, kept)
        return cls(model, performance, kept, fixed)

    def written(self, z: Vector, temperature: float, options: SamplingOptions) -> NoteSequence:
        """Decodes codes `[W, Z]` of its windows and writes them."""
        controls = _controls(self.model, self.performance, options)
        rows = self.model.decode_to_tensors(
            z, None, temperature, controls, seed=options.seed, fixed=self.fixed
        )
        write = _WRITERS[self.kept]
        return write(self.performance, np.array(rows), self.model.converter, options)


def _result(
    shares: Sequence[_Share],
    versions: Iterator[tuple[str, Sequence[Vector], SamplingOptions]],
    notes: tuple[str, ...],
) -> Result:
    """Decodes versions, a code for each window of each share, each at every temperature."""
    samples = []
    for name, codes, options in versions:
        for temperature in options.temperatures:
            pieces = [
                share.written(z, temperature, options)
                for share, z in zip(shares, codes, strict=True)
            ]
            caption = name
            if len(options.temperatures) > 1:
                caption = f"{name}, temperature {temperature:g}"
            single = len(codes) == 1 and len(codes[0]) == 1
            samples.append(Sample(_together(pieces), caption, codes[0][0] if single else None))
    return Result(tuple(samples), notes)


def _together(pieces: Sequence[NoteSequence]) -> NoteSequence:
    """Returns the notes of several pieces with the same bars in one, in order of time."""
    first, *rest = pieces
    if rest:
        notes = sorted(
            (note for piece in pieces for note in piece.notes), key=lambda note: note.start_time
        )
        ordered = NoteSequence(notes=notes)
        del first.notes[:]
        first.notes.extend(ordered.notes)
    return first


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
