"""Music files in, NoteSequences on disk, batches out.

A MIDI, MusicXML or ABC file becomes NoteSequences (seconds, MIDI pitches); these are kept in
TFRecords, which need no TensorFlow to read or write.

Notebooks find the converters here under Magenta's names, `data.GrooveConverter` and its brothers
(magenta_converters.py).
"""

from __future__ import annotations

import importlib
from typing import Any

_MAGENTA_NAMES = (
    "BASS_PROGRAMS",
    "DrumsConverter",
    "FULL_DRUM_PITCH_CLASSES",
    "GrooveConverter",
    "MEL_PROGRAMS",
    "MultiInstrumentPerformanceConverter",
    "NoteSequenceAugmenter",
    "OneHotMelodyConverter",
    "PIANO_MAX_MIDI_PITCH",
    "PIANO_MIN_MIDI_PITCH",
    "REDUCED_DRUM_PITCH_CLASSES",
    "ROLAND_DRUM_PITCH_CLASSES",
    "TrioConverter",
)


def __getattr__(name: str) -> Any:
    """Imports Magenta's names on first use: most of this package does without converters."""
    if name in _MAGENTA_NAMES:
        return getattr(importlib.import_module("musicvae.magenta_converters"), name)
    raise AttributeError(f"module 'musicvae.data' has no attribute '{name}'")
