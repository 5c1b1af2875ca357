"""A run folder after a training: its model, and what its evaluations found."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING, Any

from musicvae.errors import CheckpointError

if TYPE_CHECKING:
    from musicvae.generate.model import Model


@dataclasses.dataclass(frozen=True)
class Run:
    """A run folder.

    Attributes:
      folder: its path.
      step: how many steps it has been trained.
      is_finished: whether training reached its last step, and was not stopped.
      config: the configuration that it was trained with, as it was given; None for the folder's.
    """

    folder: str
    step: int
    is_finished: bool = True
    config: str | None = None

    def model(self, *, best: bool = False, **options: Any) -> Model:
        """Loads the model.

        Args:
          best: whether to take the weights of the lowest evaluation loss, not the latest.
          **options: batch_size, seed, device, precision and others of `musicvae.load`.

        Raises:
          CheckpointError: the folder has no such checkpoint.
        """
        from musicvae.checkpoints import RunFolder
        from musicvae.generate.loading import load

        if not best:
            return load(self.folder, config=self.config, **options)
        weights = os.path.join(self.folder, "eval", "best")
        if not os.path.isdir(weights):
            raise CheckpointError(f"{weights}: missing; train with eval_examples to keep the best")
        config = RunFolder(self.folder).resolve(self.config)
        from musicvae.generate.model import Model
        from musicvae.generate.trained_model import TrainedModel

        return Model(TrainedModel(config, options.pop("batch_size", 8), weights, **options))

    def evaluations(self) -> list[dict[str, Any]]:
        """Returns what evaluations during training found, in order; empty without any.

        Raises:
          DataError: the file is damaged.
        """
        from musicvae.evaluation.log import read_results

        return read_results(os.path.join(self.folder, "eval"))
