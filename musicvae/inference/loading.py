"""Loading the model that a command's flags mean."""

from __future__ import annotations

from typing import Any

from musicvae.checkpoints import RunFolder
from musicvae.config import load_config
from musicvae.errors import ConfigError, InputError
from musicvae.hparams import parse_assignments
from musicvae.inference.trained_model import TrainedModel


def load_model(
    config: str | None = None,
    run_dir: str | None = None,
    checkpoint_file: str | None = None,
    hparams: str = "",
    *,
    batch_size: int = 8,
    **options: Any,
) -> TrainedModel:
    """Loads the model that a command's flags mean.

    Args:
      config: a configuration's name or file; not needed with a run folder that remembers its own.
      run_dir: a run folder, whose latest checkpoint is taken.
      checkpoint_file: a checkpoint, archive, published name or URL. Without this and `run_dir`, the
        model of this configuration that ships.
      hparams: hyperparameters to change, as text.
      batch_size: how many pieces are worked on together.
      **options: seed, device, decoder_only and precision of TrainedModel.

    Raises:
      InputError: both `run_dir` and `checkpoint_file` are given.
      ConfigError: no configuration is known, or another one than the run folder's is asked for.
      CheckpointError: the checkpoint is missing, broken, refused or does not fit.
    """
    if run_dir and checkpoint_file:
        raise InputError(
            f"both --run_dir={run_dir} and --checkpoint_file={checkpoint_file} are given; "
            "give the one whose model you want"
        )
    if run_dir:
        chosen = RunFolder(run_dir).resolve(config, hparams)
    elif config:
        chosen = load_config(config).override(hparams)
    else:
        raise ConfigError("missing --config; `--list_configs` shows all")
    return TrainedModel(
        chosen,
        batch_size,
        run_dir or checkpoint_file or None,
        keep_hparams={name for name, _, _ in parse_assignments(hparams)},
        **options,
    )
