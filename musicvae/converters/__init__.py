"""Converters: NoteSequences to tensors and back, by the names that configurations use.

    converter = build_converter(load_config("cat-mel_2bar_big").converter)
    examples = converter.extract(sequence).examples
    sequence = converter.to_notes(examples[0].outputs, qpm=96)

No TensorFlow: workers that only extract start quickly.
"""

from __future__ import annotations

import dataclasses

from musicvae.batch import Batch
from musicvae.components import Component, options_as
from musicvae.converters.base import CONVERTERS, NO_LABEL, Converter, Reading
from musicvae.converters.drums import DrumsConverter
from musicvae.converters.examples import (
    REASONS,
    Compact,
    CompactExtraction,
    Example,
    Extraction,
    Origin,
    PitchMap,
    Rejection,
)
from musicvae.converters.groove import GrooveConverter
from musicvae.converters.melody import MelodyConverter
from musicvae.converters.multitrack import MultitrackConverter
from musicvae.converters.parts import Control, Part
from musicvae.converters.percussion import (
    DrumConverter,
    PerformanceConverter,
    drum_converter,
    performance_converter,
)
from musicvae.converters.sections import Section
from musicvae.converters.trio import TrioConverter
from musicvae.errors import ConfigError

__all__ = [
    "CONVERTERS",
    "NO_LABEL",
    "REASONS",
    "Batch",
    "Compact",
    "CompactExtraction",
    "Control",
    "Converter",
    "DrumConverter",
    "DrumsConverter",
    "Example",
    "Extraction",
    "GrooveConverter",
    "MelodyConverter",
    "MultitrackConverter",
    "Origin",
    "Part",
    "PerformanceConverter",
    "PitchMap",
    "Reading",
    "Rejection",
    "Section",
    "TrioConverter",
    "build_converter",
    "drum_converter",
    "performance_converter",
]


def build_converter(component: Component) -> Converter:
    """Makes the converter that a configuration names.

    Args:
      component: type and options of the converter. An import path is imported.

    Raises:
      ConfigError: no such type, or an option is unknown, missing or out of range.
    """
    converter = CONVERTERS.get(component.type)
    subject = f"[converter] type '{component.type}'"
    if not dataclasses.is_dataclass(getattr(converter, "Config", None)):
        raise ConfigError(f"{subject}: its class has no Config, the dataclass of its options")
    return converter(options_as(converter.Config, component.options, subject))  # type: ignore[call-arg]
