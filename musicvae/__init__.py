"""musicvae: sample, morph and humanize short musical sequences with MusicVAE.

    import musicvae as mv
    model = mv.load("cat-mel_2bar_small")
    a, b = mv.read("a.mid"), mv.read("b.mid")
    for k, s in enumerate(model.interpolate(a, b, 9, seed=1)):
        mv.write(s, f"{k}.mid")

Nothing heavy is imported until one of these names is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import musicvae.configs as configs
    from musicvae.api import convert, decode, encode, evaluate, read, train, write
    from musicvae.api_learning import attributes, style
    from musicvae.generate.loading import load
    from musicvae.generate.model import Model
    from musicvae.generate.results import Piece, Result, Sample
    from musicvae.generate.trained_model import TrainedModel
    from musicvae.training.run import Run

__all__ = [
    "Model",
    "Piece",
    "Result",
    "Run",
    "Sample",
    "TrainedModel",
    "__version__",
    "attributes",
    "configs",
    "convert",
    "decode",
    "encode",
    "evaluate",
    "load",
    "read",
    "style",
    "train",
    "write",
]
__version__ = "1.0.0"

_MODULES = {
    "Model": "musicvae.generate.model",
    "Piece": "musicvae.generate.results",
    "Result": "musicvae.generate.results",
    "Run": "musicvae.training.run",
    "Sample": "musicvae.generate.results",
    "TrainedModel": "musicvae.generate.trained_model",
    "attributes": "musicvae.api_learning",
    "convert": "musicvae.api",
    "decode": "musicvae.api",
    "encode": "musicvae.api",
    "evaluate": "musicvae.api",
    "load": "musicvae.generate.loading",
    "read": "musicvae.api",
    "style": "musicvae.api_learning",
    "train": "musicvae.api",
    "write": "musicvae.api",
}


def __getattr__(name: str) -> Any:
    """Imports the public names on first use: TensorFlow takes seconds."""
    if name == "configs":
        return importlib.import_module("musicvae.configs")
    if name in _MODULES:
        from musicvae.tensorflow_start import lean_imports

        with lean_imports():
            return getattr(importlib.import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'musicvae' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
