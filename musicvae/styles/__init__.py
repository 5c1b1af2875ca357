"""A latent space of your own: a few axes along which the pieces of some files differ.

A model's z has hundreds of columns, and the music of one band, or of one song, differs along a few
of its directions only. A style keeps these directions: it draws music like that of the files, gives
it a few controls, and is learnt in seconds, without training. `musicvae-style` and `musicvae.style`
learn one from files; the modes of a model take it as `style=`.

    >>> import numpy as np
    >>> from musicvae.codes import CodeTable
    >>> from musicvae.styles import fit_style, load_style, save_style
    >>> mu = np.random.default_rng(1).standard_normal((20, 256)).astype(np.float32)
    >>> table = CodeTable(("song.mid",) * 20, np.arange(1, 21), mu, config="cat-drums_2bar_small")
    >>> style = fit_style(table, axes=4)
    >>> style.draw(np.random.default_rng(1), 8).shape
    (8, 256)
    >>> style.encode(mu[:1]).shape
    (1, 4)
    >>> save_style("mine.style.npz", style)
    >>> load_style("mine.style.npz")
    <Style of 20 windows of 1 file: 4 axes, for cat-drums_2bar_small>

space.py    the linear model of codes: fit, draw, encode, decode
storage.py  on disk

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
