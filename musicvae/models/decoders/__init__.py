"""Decoders p(x|z) by the name that configurations use for them."""

from __future__ import annotations

from musicvae.models.decoders import (
    categorical,
    control_preprocessing,
    groove,
    hierarchical,
    nade,
    split,
)
from musicvae.models.decoders.base import DECODERS, Decoder, Place, Written

__all__ = [
    "DECODERS",
    "Decoder",
    "Place",
    "Written",
    "categorical",
    "control_preprocessing",
    "groove",
    "hierarchical",
    "nade",
    "split",
]
