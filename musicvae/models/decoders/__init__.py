"""Decoders p(x|z) by the name that configurations use for them."""

from __future__ import annotations

from musicvae.models.decoders import categorical, groove, nade
from musicvae.models.decoders.base import DECODERS, Decoded, Decoder, Place

__all__ = ["DECODERS", "Decoded", "Decoder", "Place", "categorical", "groove", "nade"]
