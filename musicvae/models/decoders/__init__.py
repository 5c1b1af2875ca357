"""Decoders p(x|z), by the name that configurations use for them.

- categorical: one class a step, for melodies and drum patterns
- multi_out_categorical: several classes a step, off one stack of layers
- groove: hits, velocities and offsets of each drum
- nade: on-off classes that know of each other within a step
- split: a decoder for each part of a step, such as the instruments of a trio
- hierarchical: conductors that lead a core decoder through segments
- control_preprocessing: a core decoder whose controls are read both ways first
"""

from __future__ import annotations

from musicvae.models.decoders import (
    categorical,
    controls,
    groove,
    hierarchical,
    nade,
    split,
)
from musicvae.models.decoders.base import DECODERS, Decoded, Decoder, DecoderContext

__all__ = [
    "DECODERS",
    "Decoded",
    "Decoder",
    "DecoderContext",
    "categorical",
    "controls",
    "groove",
    "hierarchical",
    "nade",
    "split",
]
