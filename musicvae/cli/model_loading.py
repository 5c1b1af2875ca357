"""The flags that choose a trained model, loading it, and saying which it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from absl import flags, logging

from musicvae.cli.document import record
from musicvae.cli.flags import define_path
from musicvae.errors import InputError

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel
    from musicvae.model_choice import ModelChoice

FAMILY = "family"


def define_choice_flags(values: flags.FlagValues) -> None:
    """Defines config, run_dir, checkpoint_file and hparams.

    Args:
      values: the command's flags.
    """
    flags.DEFINE_string(
        "config",
        None,
        "Configuration: a name, or a TOML file of your own. Not needed if run_dir has one.",
        flag_values=values,
    )
    define_path("run_dir", None, "Run folder, whose latest checkpoint is used.", values)
    define_path(
        "checkpoint_file",
        None,
        "Checkpoint: its prefix, one of its files, a .tar or .tar.gz, or the name or URL of a "
        "published one.",
        values,
    )
    flags.DEFINE_string(
        "hparams",
        "",
        "Hyperparameters to override, as in z_size=256; sizes are read from the checkpoint.",
        flag_values=values,
    )


def define_model_flags(values: flags.FlagValues, *, batch_size: int) -> None:
    """Defines config, run_dir, checkpoint_file, hparams, device and max_batch_size.

    Args:
      values: the command's flags.
      batch_size: the default of max_batch_size.
    """
    define_choice_flags(values)
    flags.DEFINE_string(
        "device",
        None,
        "Device: CPU, GPU or GPU:1; a GPU if there is one by default.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "max_batch_size",
        batch_size,
        "Number of pieces to process together.",
        1,
        flag_values=values,
    )


def load_chosen_model(
    choice: ModelChoice, values: dict[str, Any], *, decoder_only: bool = False
) -> TrainedModel:
    """Starts TensorFlow quietly, loads a model and shows what is to be said of it.

    Args:
      choice: what `choose_model` found.
      values: the command's flags; max_batch_size, seed and device are read, and
        precision and prior where the command has them.
      decoder_only: whether to leave out the encoder.

    Raises:
      CheckpointError: it cannot be read, or does not fit.
      InputError: there is no such device.
    """
    from musicvae.tensorflow_start import quiet_start

    logging.info("loading %s from %s", choice.config.name, choice.checkpoint)
    with quiet_start():
        from musicvae.generate import TrainedModel

        model = TrainedModel(
            choice.config,
            values["max_batch_size"],
            choice.checkpoint,
            seed=values["seed"],
            device=values["device"],
            decoder_only=decoder_only,
            precision=values.get("precision", "float32"),
            keep_hparams=choice.keep_hparams,
            prior=values.get("prior"),
        )
    for note in model.notes:
        logging.info("%s", note)
    hparams = model.config.hparams
    record(
        model={
            "config": model.config.name,
            "checkpoint": model.checkpoint,
            "step": model.step,
            "z_size": hparams.z_size,
            "hparams": hparams,
        }
    )
    if values["seed"] is not None:
        record(seed=values["seed"])
    return model


def define_prior(values: flags.FlagValues, drawn: str, standard: str = "N(0, I)") -> None:
    """Defines prior.

    Args:
      values: the command's flags.
      drawn: what is drawn from it: "samples are".
      standard: what the standard one is.
    """
    flags.DEFINE_string(
        "prior",
        None,
        f"Prior that {drawn} drawn from: learned, standard for {standard}, or a file from "
        "musicvae-prior; the model's learned prior by default, if it has one.",
        flag_values=values,
    )


def load_other_lengths(model: TrainedModel, values: dict[str, Any]) -> list[TrainedModel]:
    """Loads the models of other lengths that --models names.

    Args:
      model: the command's model.
      values: the command's flags; models, max_batch_size, seed, device and precision are read.

    Raises:
      ConfigError: a name is unknown.
      CheckpointError: one cannot be read.
      InputError: one is of another kind, or of a length that is there; or no other length ships.
    """
    from musicvae.generate.loading import load
    from musicvae.generate.window_plan import by_length, family
    from musicvae.model_choice import shipped_models

    names = list(values["models"])
    if FAMILY in names:
        found = family(model.config.name, shipped_models())
        if not found:
            raise InputError(
                f"--models={FAMILY}: no other length of config '{model.config.name}' ships; name "
                "run folders, or leave it out"
            )
        names = [name for name in names if name != FAMILY] + found
    options = {name: values[name] for name in ("seed", "device", "precision")}
    others = []
    for name in dict.fromkeys(names):
        logging.info("loading %s for other lengths", name)
        others.append(load(name, batch_size=values["max_batch_size"], **options).trained)
    by_length(model, others)
    return others
