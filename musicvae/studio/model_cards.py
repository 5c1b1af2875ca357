"""What a page is told of a model: its bars, pitches, drums, instruments, and what it can do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from musicvae import __version__
from musicvae.config import Config
from musicvae.converters import build_converter, performance_converter
from musicvae.errors import ConfigError
from musicvae.general_midi import drum_name
from musicvae.generate.grooves import GROOVE_MODES
from musicvae.generate.piece_rows import check_writes_rows
from musicvae.grid import DEFAULT_QPM, QUARTERS_PER_BAR
from musicvae.prior import DEFAULT_TEMPERATURE, LatentPrior
from musicvae.studio.replies import DrumClass, Knob, ModelCard, Part, StyleAxis, StyleCard
from musicvae.styles.space import MAP_REACH, Style

_PIANO = range(21, 109)


def modes_of(config: Config) -> list[str]:
    """Returns the modes of `musicvae-generate` that a model can do."""
    converter = build_converter(config.converter)
    drums = performance_converter(converter)
    abilities = frozenset[str]() if drums is None else drums.abilities
    groove = [mode for mode, wanted in GROOVE_MODES.items() if wanted.option in abilities]
    modes = ["sample", "interpolate", "grid", "reconstruct", "similar", "morph"]
    if not converter.spec.control_depth:
        modes.append("attribute")
    with contextlib.suppress(ConfigError):
        check_writes_rows(converter, config.name, "continue")
        modes += ["continue", "infill", "compose"]
    return [*modes, *groove]


def style_card(style: Style, name: str) -> StyleCard:
    """Describes a style.

    Args:
      style: the style.
      name: what to call it.
    """
    meanings = style.meanings or ("",) * len(style.axes)
    return StyleCard(
        name=name,
        files=style.files,
        windows=style.codes,
        reach=MAP_REACH,
        axes=[
            StyleAxis(share=round(float(share), 4), meaning=meaning)
            for share, meaning in zip(style.shares, meanings, strict=True)
        ],
    )


def model_card(
    config: Config,
    prior: LatentPrior | None = None,
    knobs: Iterable[Knob] = (),
    style: StyleCard | None = None,
) -> ModelCard:
    """Describes a model.

    Args:
      config: its configuration, at the sizes of its weights.
      prior: its learned prior.
      knobs: its attributes, as far as they are known.
      style: the studio's style, if it is the model's.
    """
    converter = build_converter(config.converter)
    bars, parts = converter.bars, converter.parts
    steps = 24 if converter.spec.num_segments else converter.num_steps // (QUARTERS_PER_BAR * bars)
    pitches = next((part.pitches for part in parts if part.labels == "pitches"), _PIANO)
    return ModelCard(
        name=config.name,
        description=config.description,
        family=converter.noun,
        bars=bars,
        beats_per_bar=QUARTERS_PER_BAR,
        steps_per_quarter=steps,
        tempo=DEFAULT_QPM,
        z_size=config.hparams.z_size,
        temperature=DEFAULT_TEMPERATURE if prior is None else prior.temperature,
        lowest_pitch=pitches[0],
        highest_pitch=pitches[-1],
        drum_classes=[
            DrumClass(name=drum_name(pitches[0]), pitch=pitches[0], pitches=list(pitches))
            for part in parts
            for pitches in part.classes
        ],
        parts=[
            Part(name=part.name, program=part.program, drum=part.labels == "drums")
            for part in parts
            if part.labels != "tokens"
        ],
        chords=converter.control.chords,
        key=converter.control.key,
        hits=converter.control.hits,
        prior=prior is not None,
        prior_conditions=[] if prior is None else list(prior.scale.names),
        style=style,
        attributes=list(knobs),
        modes=modes_of(config),
        version=__version__,
    )
