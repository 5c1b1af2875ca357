"""Loading the model that a command's flags choose, and saying which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from absl import logging

if TYPE_CHECKING:
    from musicvae.inference import TrainedModel
    from musicvae.model_choice import ModelChoice


def load_chosen_model(
    choice: ModelChoice, values: dict[str, Any], *, decoder_only: bool = False
) -> TrainedModel:
    """Starts TensorFlow quietly, loads a model and shows what is to be said of it.

    Args:
      choice: what `choose_model` found.
      values: the command's flags; max_batch_size, seed and device are read.
      decoder_only: whether to leave out the encoder.

    Raises:
      CheckpointError: it cannot be read, or does not fit.
      InputError: there is no such device.
    """
    from musicvae.cli.tensorflow_start import quiet_start

    logging.info("loading %s from %s", choice.config.name, choice.checkpoint)
    with quiet_start():
        from musicvae.inference import TrainedModel

        model = TrainedModel(
            choice.config,
            values["max_batch_size"],
            choice.checkpoint,
            seed=values["seed"],
            device=values["device"],
            decoder_only=decoder_only,
            keep_hparams=choice.keep_hparams,
        )
    for note in model.notes:
        logging.info("%s", note)
    return model
