"""Decoders p(x|z) by the name that configurations use for them."""

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
