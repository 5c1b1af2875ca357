"""Loading a trained model by what people call it: a configuration, a run folder, a checkpoint."""

from __future__ import annotations

import os
from typing import Any

from musicvae.config import list_configs
from musicvae.errors import ConfigError
from musicvae.generate.model import Model
from musicvae.generate.trained_model import TrainedModel
from musicvae.model_choice import choose_model, shipped_models
from musicvae.precision import PrecisionChoice
from musicvae.prior.choice import PriorChoice
from musicvae.registry import did_you_mean


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
      InputError: both `run_dir` and `checkpoint_file` are given, or an option is out of range.
      ConfigError: no configuration is known, or another one than the run folder's is asked for.
      CheckpointError: there is no checkpoint, it does not fit, or a download failed.
    """
    choice = choose_model(config, run_dir, checkpoint_file, hparams)
    return TrainedModel(
        choice.config, batch_size, choice.checkpoint, keep_hparams=choice.keep_hparams, **options
    )


def load(
    model: str | os.PathLike[str],
    *,
    config: str | None = None,
    hparams: str = "",
    batch_size: int = 8,
    seed: int | None = None,
    device: str | None = None,
    decoder_only: bool = False,
    precision: PrecisionChoice = "float32",
    prior: PriorChoice = None,
    compiled: bool = False,
) -> Model:
    """Loads a trained model.

    Args:
      model: the configuration of a model that ships, a run folder, or a checkpoint: its prefix, an
        archive, the name or URL of a published one.
      config: the configuration of a checkpoint; a run folder remembers its own.
      hparams: hyperparameters to change, as text; sizes come from the weights.
      batch_size: how many pieces are worked on together, at least 1.
      seed: random seed of all that is drawn without one of its own.
      device: "CPU" or "GPU:0"; None for a GPU if there is one.
      decoder_only: whether to leave out the encoder: half the memory, and no inputs.
      precision: what weights are kept and multiplied in: float32, bfloat16, float16, or auto for
        bfloat16 where the device has instructions for it.
      prior: where new z come from: "learned", "standard" for N(0, I), or a file of
        `musicvae-prior`; None for the learned prior where the checkpoint has one.
      compiled: whether XLA compiles what decodes; for GPUs: on a processor it is slower.

    Raises:
      ConfigError: no model is known by this name; the message names the nearest one.
      CheckpointError: the checkpoint is missing, broken or refused.

    Examples:
      >>> import musicvae as mv
      >>> mv.load("cat-drums_2bar_small")
      <Model 'cat-drums_2bar_small': 2 bars of drums, z of 256>
    """
    given = os.path.expanduser(os.fspath(model))
    options: dict[str, Any] = {
        "batch_size": batch_size,
        "seed": seed,
        "device": device,
        "decoder_only": decoder_only,
        "precision": precision,
        "prior": prior,
        "compiled": compiled,
    }
    names = {name for known in list_configs() for name in (known.name, *known.aliases)}
    if given in names and config is None and not os.path.exists(given):
        return Model(load_model(given, hparams=hparams, **options))
    if os.path.isdir(given):
        return Model(load_model(config, run_dir=given, hparams=hparams, **options))
    if config is None and os.sep not in given and not os.path.splitext(given)[1]:
        hint = did_you_mean(given, names) or f"; those that ship: {', '.join(shipped_models())}"
        raise ConfigError(f"no model '{given}', and no run folder or checkpoint of that name{hint}")
    return Model(load_model(config, checkpoint_file=given, hparams=hparams, **options))
