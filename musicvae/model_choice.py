"""Which trained model is meant: by a run folder, a checkpoint, or the name of one that ships.

Nothing here needs TensorFlow, so that a mistake is answered at once.
"""

from __future__ import annotations

import dataclasses
import importlib.resources
import os
import pathlib

from musicvae.checkpoints import RunFolder, open_checkpoint
from musicvae.config import Config, load_config
from musicvae.download import PUBLISHED, OnProgress, fetch, is_address
from musicvae.errors import CheckpointError, ConfigError, InputError
from musicvae.formats.tar import is_archive
from musicvae.hparams import parse_assignments

_SUFFIX = ".tar.gz"


@dataclasses.dataclass(frozen=True)
class ModelChoice:
    """A model to load.

    Attributes:
      config: its configuration; sizes that the user did not choose come from the checkpoint.
      checkpoint: path of its checkpoint, run folder or archive.
      keep_hparams: hyperparameters that the user chose.
    """

    config: Config
    checkpoint: str
    keep_hparams: frozenset[str] = frozenset()


def choose_model(
    config: str | None = None,
    run_dir: str | None = None,
    checkpoint_file: str | None = None,
    hparams: str = "",
    *,
    on_progress: OnProgress | None = None,
) -> ModelChoice:
    """Finds the model that a command's flags mean.

    Args:
      config: a configuration's name or file; not needed with a run folder that remembers its own.
      run_dir: a run folder, whose latest checkpoint is taken.
      checkpoint_file: a checkpoint, archive, published name or URL. Without this and `run_dir`, the
        model of this configuration that ships.
      hparams: hyperparameters to change, as text.
      on_progress: shows how far a download is; see `musicvae.download.fetch`.

    Raises:
      InputError: both `run_dir` and `checkpoint_file` are given.
      ConfigError: no configuration is known, or another one than the run folder's is asked for.
      CheckpointError: there is no checkpoint, or a download failed.
    """
    if run_dir and checkpoint_file:
        raise InputError(
            f"both --run_dir={run_dir} and --checkpoint_file={checkpoint_file} are given; "
            "give the one whose model you want"
        )
    if run_dir and not os.path.isdir(run_dir):
        raise CheckpointError(f"--run_dir={run_dir}: no such folder")
    if run_dir:
        chosen = RunFolder(run_dir).resolve(config, hparams)
    elif config or checkpoint_file in PUBLISHED:
        chosen = load_config(config or str(checkpoint_file)).override(hparams)
    else:
        raise ConfigError("missing --config; `--list_configs` shows all")
    path = checkpoint_path(chosen, run_dir or checkpoint_file or None, on_progress)
    if not os.path.isfile(path) or not is_archive(path):
        open_checkpoint(path).close()
    keep = frozenset(name for name, _, _ in parse_assignments(hparams))
    return ModelChoice(chosen, path, keep)


def shipped_models() -> dict[str, pathlib.Path]:
    """Returns the archives of the models that ship with this package, by configuration name."""
    folder = importlib.resources.files("musicvae.pretrained")
    return {
        file.name.removesuffix(_SUFFIX): pathlib.Path(str(file))
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(_SUFFIX)
    }


def checkpoint_path(
    config: Config,
    given: str | os.PathLike[str] | None,
    on_progress: OnProgress | None = None,
) -> str:
    """Returns the path of the checkpoint to load.

    Args:
      config: the configuration that it is for.
      given: a path; the name or URL of a published model, which is downloaded; None for the model
        of this configuration that ships.
      on_progress: shows how far a download is.

    Raises:
      CheckpointError: no model of this configuration ships, or a download failed.
    """
    if given is None:
        shipped = shipped_models()
        if config.name not in shipped:
            known = ", ".join(shipped) or "none"
            raise CheckpointError(
                f"no trained model of config '{config.name}' comes with this package (those that "
                f"do: {known}); give --run_dir or --checkpoint_file"
            )
        return str(shipped[config.name])
    path = os.path.expanduser(os.fspath(given))
    if is_address(path) or (path in PUBLISHED and not os.path.exists(path)):
        return fetch(path, on_progress=on_progress)
    return path
