"""Loading the teacher of a training by distillation."""

from __future__ import annotations

from absl import logging

from musicvae.checkpoints import infer_hparams, open_checkpoint, stored_values
from musicvae.config import Config
from musicvae.converters import Converter
from musicvae.models import MusicVAE
from musicvae.models.distillation import Distillation
from musicvae.precision import Precision
from musicvae.training.options import TrainingOptions


def distillation(
    config: Config, converter: Converter, options: TrainingOptions, precision: Precision
) -> Distillation:
    """Returns what to minimize when a teacher is to be learnt from.

    Args:
      config: the configuration of the model that is trained; the teacher is of the same kind, at
        whatever size its checkpoint has.
      converter: the configuration's.
      options: where the teacher is, and how much is learnt from it.
      precision: what its weights are kept and multiplied in.

    Raises:
      ConfigError: a model of this configuration cannot be taught.
      CheckpointError: there is no checkpoint, or it is damaged.
      CheckpointMismatchError: it is of another representation.
    """
    assert options.teacher is not None
    with open_checkpoint(options.teacher) as checkpoint:
        teacher = MusicVAE(
            infer_hparams(config, checkpoint),
            converter.spec,
            precision=precision,
            kept_in=precision,
            initial_values=stored_values(checkpoint, None),
            decoder_only=True,
        )
        logging.info("teacher: %s, step %d", checkpoint.source, checkpoint.step)
    return Distillation(
        teacher,
        ratio=options.teacher_ratio,
        min_temperature=options.teacher_min_temperature,
    )
