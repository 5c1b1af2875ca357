"""musicvae: sample, morph and humanize short musical sequences with MusicVAE.

    from musicvae import TrainedModel, configs

Nothing heavy is imported until one of these names is used.
"""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["TrainedModel", "__version__", "configs"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Imports the public names on first use: TensorFlow takes seconds."""
    if name == "TrainedModel":
        return importlib.import_module("musicvae.generate").TrainedModel
    if name == "configs":
        return importlib.import_module("musicvae.configs")
    raise AttributeError(f"module 'musicvae' has no attribute '{name}'")
