"""Trained models in use: sampling, encoding, decoding, interpolating, and the modes of a model.

    >>> from musicvae.generate import TrainedModel
    >>> model = TrainedModel("cat-drums_2bar_small", batch_size=8)
    >>> len(model.sample(n=5, temperature=0.8, seed=1))
    5

TrainedModel has Magenta's methods and gives NoteSequences; `Model` takes music of any kind and has
every mode as a method. The names below load TensorFlow when they are first used, not before.

Axes: N pieces, T time step, Z columns of z.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from musicvae.errors import MultipleExamplesError, NoExamplesError
from musicvae.tensorflow_start import lean_imports

if TYPE_CHECKING:
    from musicvae.generate.arrays import Encoded
    from musicvae.generate.loading import load, load_model
    from musicvae.generate.model import Model
    from musicvae.generate.trained_model import TrainedModel
    from musicvae.model_choice import choose_model, shipped_models

MultipleExtractedExamplesError = MultipleExamplesError
NoExtractedExamplesError = NoExamplesError

__all__ = [
    "Encoded",
    "Model",
    "MultipleExamplesError",
    "MultipleExtractedExamplesError",
    "NoExamplesError",
    "NoExtractedExamplesError",
    "TrainedModel",
    "choose_model",
    "load",
    "load_model",
    "shipped_models",
]

_MODULES = {
    "Encoded": "musicvae.generate.tensor_model",
    "Model": "musicvae.generate.model",
    "TrainedModel": "musicvae.generate.trained_model",
    "choose_model": "musicvae.model_choice",
    "load": "musicvae.generate.loading",
    "load_model": "musicvae.generate.loading",
    "shipped_models": "musicvae.model_choice",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        with lean_imports():
            return getattr(importlib.import_module(_MODULES[name]), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
