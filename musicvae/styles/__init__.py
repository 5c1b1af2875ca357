"""A latent space of one's own: a few axes along which the pieces of some files differ.

    style = fit_style(table, axes=6)                  (musicvae.codes.CodeTable)
    save_style("mine.style.npz", style)
    z = style.draw(np.random.default_rng(1), 8)

Axes: N pieces, A axes of the style, Z columns of z.

Source: Dinculescu, Engel and Roberts 2019, "MidiMe: Personalizing a MusicVAE model with user data".
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from musicvae.styles.space import Style, fit_style
    from musicvae.styles.storage import load_style, save_style

__all__ = ["Style", "fit_style", "load_style", "save_style"]

_MODULES = {
    "Style": "musicvae.styles.space",
    "fit_style": "musicvae.styles.space",
    "load_style": "musicvae.styles.storage",
    "save_style": "musicvae.styles.storage",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name]), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
