"""Converters: NoteSequences to tensors and back, by the names that configurations use.

    >>> from musicvae.config import load_config
    >>> from musicvae.lazy_note_seq import NoteSequence
    >>> song = NoteSequence(total_time=4.0)
    >>> for beat in range(8):
    ...     note = song.notes.add(pitch=60 + beat, velocity=80)
    ...     note.start_time, note.end_time = beat / 2, beat / 2 + 0.5
    >>> converter = build_converter(load_config("cat-mel_2bar_big").converter)
    >>> [example] = converter.extract(song).examples
    >>> example.outputs.shape
    (32, 90)
    >>> [note.pitch for note in converter.to_notes(example.outputs, qpm=96).notes]
    [60, 61, 62, 63, 64, 65, 66, 67]

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
