"""A trained model as what is exported of it: its configuration and its weights as arrays.

Nothing here needs TensorFlow but the check that the checkpoint fits its configuration.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from musicvae.checkpoints import (
    Checkpoint,
    check_fits,
    infer_hparams,
    model_shapes,
    open_checkpoint,
)
from musicvae.config import Config, ExampleSpec
from musicvae.converters import Converter, build_converter
from musicvae.errors import CheckpointError, InputError
from musicvae.model_choice import ModelChoice
from musicvae.prior.choice import ModelPrior, PriorChoice
from musicvae.prior.latent_prior import LatentPrior

Weights = Mapping[str, npt.NDArray[np.float32]]

_ENCODER = "encoder/"


@dataclasses.dataclass(frozen=True)
class ExportSource:
    """A model to export.

    Attributes:
      config: its configuration, at the checkpoint's sizes.
      converter: its representation.
      weights: float32 arrays by their names in the checkpoint, in the model's order.
      checkpoint: path of the checkpoint they were read from.
      step: the training step they were saved at.
      has_encoder: whether the encoder's weights are among them.
      prior: the learned prior that goes with it; None for N(0, I).
    """

    config: Config
    converter: Converter
    weights: Weights
    checkpoint: str
    step: int
    has_encoder: bool
    prior: LatentPrior | None = None

    @property
    def spec(self) -> ExampleSpec:
        """The depths of the model's tensors."""
        return self.converter.spec

    @property
    def size(self) -> int:
        """Bytes of the weights as float32."""
        return sum(array.nbytes for array in self.weights.values())


def read_source(
    choice: ModelChoice, *, decoder_only: bool = False, prior: PriorChoice = None
) -> ExportSource:
    """Reads a model's weights, checked against its configuration.

    Args:
      choice: the model.
      decoder_only: leave out the encoder.
      prior: "learned", "standard", or a prior's file; None for the learned one where there is one.

    Raises:
      CheckpointError: the checkpoint is missing or damaged, or its weights are not finite.
      CheckpointMismatchError: its variables do not fit the configuration.
      ConfigError: the configuration does not make a model.
      InputError: the model has no z, so there is nothing to encode or decode; or it has no such
        prior.
    """
    with open_checkpoint(choice.checkpoint) as checkpoint:
        config = infer_hparams(choice.config, checkpoint, keep=choice.keep_hparams)
        if not config.hparams.z_size:
            raise InputError(
                f"config '{config.name}' has no latent vector (z_size=0); only models with one "
                "can be exported"
            )
        names = model_shapes(config)
        if decoder_only and not config.decoder.options.get("reencode"):
            names = {n: shape for n, shape in names.items() if not n.startswith(_ENCODER)}
        check_fits(config, names, checkpoint)
        return ExportSource(
            config=config,
            converter=build_converter(config.converter),
            weights={name: _read(checkpoint, name) for name in names},
            checkpoint=checkpoint.location,
            step=checkpoint.step,
            has_encoder=not decoder_only,
            prior=ModelPrior(prior, checkpoint, config).chosen(),
        )


def _read(checkpoint: Checkpoint, name: str) -> npt.NDArray[np.float32]:
    dtype = checkpoint.dtypes[name]
    if dtype is None or dtype.kind != "f":
        raise CheckpointError(f"{checkpoint.source}: '{name}' is not stored as floats; refused")
    array = np.asarray(checkpoint.read(name), np.float32)
    if not np.isfinite(array).all():
        raise CheckpointError(
            f"{checkpoint.source}: '{name}' has values that are not finite: its training went "
            "wrong; export an earlier step"
        )
    return array
