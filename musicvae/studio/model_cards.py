"""What a page is told of a model: its bars, pitches, drums, instruments, and what it can do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from musicvae import __version__
from musicvae.config import Config
from musicvae.converters import (
    Converter,
    DrumsConverter,
    GrooveConverter,
    MelodyConverter,
    TrioConverter,
    build_converter,
)
from musicvae.converters.drum_classes import REDUCED, DrumClasses
from musicvae.errors import ConfigError
from musicvae.general_midi import drum_name
from musicvae.generate.controls import plays_in_a_key, plays_over_chords
from musicvae.generate.grooves import GROOVE_MODES
from musicvae.generate.keywords import DEFAULT_TEMPERATURE
from musicvae.generate.piece_rows import check_writes_rows
from musicvae.generate.window_lengths import window_bars
from musicvae.prior import LatentPrior
from musicvae.studio.replies import DrumClass, Knob, ModelCard, Part

_MELODY = Part(name="melody", program=0, drum=False)
_BASS = Part(name="bass", program=33, drum=False)
_DRUMS = Part(name="drums", program=0, drum=True)
_LOWEST, _HIGHEST = 21, 108
_BEATS_PER_BAR = 4
_TEMPO = 120.0


def modes_of(config: Config) -> list[str]:
    """Returns the modes of `musicvae-generate` that a model can do."""
    converter = build_converter(config.converter)
    groove = [
        mode
        for mode, wanted in GROOVE_MODES.items()
        if isinstance(converter, GrooveConverter) and getattr(converter.config, wanted.option)
    ]
    modes = ["sample", "interpolate", "grid", "reconstruct", "similar", "morph"]
    if not converter.spec.control_depth:
        modes.append("attribute")
    with contextlib.suppress(ConfigError):
        check_writes_rows(converter, config.name, "continue")
        modes += ["continue", "infill"]
    return [*modes, *groove]


def model_card(
    config: Config, prior: LatentPrior | None = None, knobs: Iterable[Knob] = ()
) -> ModelCard:
    """Describes a model.

    Args:
      config: its configuration, at the sizes of its weights.
      prior: its learned prior.
      knobs: its attributes, as far as they are known.
    """
    converter = build_converter(config.converter)
    bars = window_bars(converter)
    steps = 24 if converter.spec.num_segments else converter.num_steps // (_BEATS_PER_BAR * bars)
    lowest = getattr(converter.config, "min_pitch", _LOWEST)
    highest = getattr(converter.config, "max_pitch", _HIGHEST)
    parts, drums = _parts(converter)
    return ModelCard(
        name=config.name,
        description=config.description,
        family=config.converter.type,
        bars=bars,
        beats_per_bar=_BEATS_PER_BAR,
        steps_per_quarter=steps,
        tempo=_TEMPO,
        z_size=config.hparams.z_size,
        temperature=DEFAULT_TEMPERATURE,
        lowest_pitch=lowest,
        highest_pitch=highest,
        drum_classes=[
            DrumClass(name=drum_name(pitches[0]), pitch=pitches[0], pitches=list(pitches))
            for pitches in drums
        ],
        parts=parts,
        chords=plays_over_chords(converter),
        key=plays_in_a_key(converter),
        hits=bool(getattr(converter.config, "hits_as_controls", False)),
        prior=prior is not None,
        prior_conditions=[] if prior is None else list(prior.scale.names),
        attributes=list(knobs),
        modes=modes_of(config),
        version=__version__,
    )


def _parts(converter: Converter) -> tuple[list[Part], DrumClasses]:
    """Returns a model's instruments and drum classes."""
    if isinstance(converter, MelodyConverter):
        return [_MELODY], ()
    if isinstance(converter, DrumsConverter):
        return [_DRUMS], converter.config.table
    if isinstance(converter, TrioConverter):
        return [_MELODY, _BASS, _DRUMS], REDUCED
    if isinstance(converter, GrooveConverter):
        return [_DRUMS], REDUCED
    return [], REDUCED
