"""Which checkpoint is meant: a path, a published model's name or URL, or a model that ships."""

from __future__ import annotations

import importlib.resources
import os
import pathlib

from musicvae.config import Config
from musicvae.errors import CheckpointError

_SUFFIX = ".tar.gz"


def shipped_models() -> dict[str, pathlib.Path]:
    """Returns the archives of the models that ship with this package, by configuration name."""
    folder = importlib.resources.files("musicvae.pretrained")
    return {
        file.name.removesuffix(_SUFFIX): pathlib.Path(str(file))
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(_SUFFIX)
    }


def checkpoint_path(config: Config, given: str | os.PathLike[str] | None) -> str:
    """Returns the path of the checkpoint to load.

    Args:
      config: the configuration that it is for.
      given: a path; the name or URL of a published model, which is downloaded; None for the model
        of this configuration that ships.

    Raises:
      CheckpointError: no model of this configuration ships, or a download failed.
    """
    if given is None:
        shipped = shipped_models()
        if config.name not in shipped:
            known = ", ".join(shipped) or "none"
            raise CheckpointError(
                f"no trained model of config '{config.name}' comes with this package (those that "
                f"do: {known}); give a run folder or a checkpoint"
            )
        return str(shipped[config.name])
    return os.fspath(given)
