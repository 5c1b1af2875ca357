"""What a training starts from: its own last checkpoint, another one's weights, or chance."""

from __future__ import annotations

from absl import logging

from musicvae.checkpoints import RunFolder, check_fits, open_checkpoint, restore
from musicvae.errors import CheckpointMismatchError
from musicvae.training.step import TrainStep


def resume(step: TrainStep, folder: RunFolder) -> int:
    """Loads a run folder's latest checkpoint, if there is one.

    Args:
      step: whose variables are assigned.
      folder: where to look.

    Returns:
      The step to go on from; 0 where there is none.

    Raises:
      CheckpointMismatchError: it is of another model.
      CheckpointError: it is damaged.
    """
    latest = folder.latest
    if latest is None:
        return 0
    model = step.model
    with open_checkpoint(latest) as checkpoint:
        shapes = {name: tuple(v.shape) for name, v in model.named_variables.items()}
        check_fits(model.config, shapes, checkpoint)
        restore(model.named_variables, checkpoint)
        slots = step.optimizer.named_slots
        left = restore(slots, checkpoint, ignore_missing=True)
        if left:
            logging.warning(
                "%s: %d of Adam's %d moments are not in the checkpoint; they start at their "
                "first values",
                checkpoint.source,
                len(left),
                len(slots),
            )
        step.global_step.assign(checkpoint.step)
        return checkpoint.step


def warm_start(step: TrainStep, path: str) -> None:
    """Takes the weights that fit from another model's checkpoint; Adam and the step start anew.

    Args:
      step: whose model's variables are assigned.
      path: a run folder, checkpoint or archive.

    Raises:
      CheckpointMismatchError: no weight fits.
      CheckpointError: there is no checkpoint, or it is damaged.
    """
    variables = step.model.named_variables
    with open_checkpoint(path) as checkpoint:
        for note in checkpoint.notes:
            logging.info("%s", note)
        left = restore(variables, checkpoint, ignore_missing=True)
        if len(left) == len(variables):
            raise CheckpointMismatchError(
                f"--warm_start={path}: none of the checkpoint's variables has the name and shape "
                f"of one of config '{step.model.config.name}'"
            )
        if left:
            logging.warning(
                "--warm_start: the checkpoint lacks %d of %d variables, which start at random: %s",
                len(left),
                len(variables),
                ", ".join(left),
            )
        logging.info("weights of %s, step %d", checkpoint.source, checkpoint.step)
