"""A trained model on arrays: tensors to latent vectors and latent vectors to tensors.

Any number of pieces may be given: they are worked on in groups of `batch_size`.

Axes: N pieces, T time step, D columns of a step, C controls, Z columns of z.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from musicvae.checkpoints import (
    Checkpoint,
    check_fits,
    infer_hparams,
    open_checkpoint,
    stored_values,
)
from musicvae.config import Config
from musicvae.config_map import EditableConfig, as_config
from musicvae.converters import Converter, build_converter
from musicvae.devices import choose_device
from musicvae.errors import InputError
from musicvae.generate.arrays import (
    Array,
    Encoded,
    stacked,
)
from musicvae.generate.randomness import Randomness
from musicvae.generate.tensor_decoding import TensorDecoding
from musicvae.model_choice import checkpoint_path
from musicvae.models import MusicVAE, variable_shapes
from musicvae.precision import PrecisionChoice, choose_precision
from musicvae.prior import DEFAULT_GUIDANCE, DEFAULT_TEMPERATURE, LatentPrior, Target
from musicvae.prior.choice import ModelPrior, PriorChoice

PRECISIONS = ("auto", "float32", "bfloat16", "float16")

_ENCODER = "encoder/"


class TensorModel(TensorDecoding):
    """A model with the weights of a checkpoint, from arrays to arrays.

    Attributes:
      config: its configuration, at the checkpoint's sizes.
      converter: turns NoteSequences into tensors and back.
      checkpoint: where its weights came from: a checkpoint's prefix, or an archive.
      step: the training step of its weights.
      notes: what the user should be told about the choice of the checkpoint.
      batch_size: how many pieces are worked on together.
    """

    def __init__(
        self,
        config: Config | EditableConfig | str,
        batch_size: int,
        checkpoint_dir_or_path: str | os.PathLike[str] | None = None,
        var_name_substitutions: Sequence[tuple[str, str]] | None = None,
        session_target: str = "",
        *,
        seed: int | None = None,
        device: str | None = None,
        decoder_only: bool = False,
        precision: PrecisionChoice = "float32",
        keep_hparams: Collection[str] = (),
        prior: PriorChoice = None,
        compiled: bool = False,
    ) -> None:
        """Loads a model.

        Args:
          config: a configuration, or its name. Sizes come from the checkpoint.
          batch_size: how many pieces are worked on together, at least 1; it decides memory and
            speed, not how many pieces can be asked for.
          checkpoint_dir_or_path: a run folder, checkpoint or archive; the name of a published
            model, or its URL. None takes the model of this name that ships with the package.
          var_name_substitutions: (pattern, replacement) pairs of regular expressions that turn the
            model's variable names into the checkpoint's.
          session_target: only the empty string; models run in this process.
          seed: makes all that is drawn repeatable, bit for bit on one machine.
          device: "CPU", "GPU:0"; None for a GPU if there is one.
          decoder_only: load what decoding needs, and no encoder: half the memory, and enough for
            checkpoints that lack one.
          precision: "float32"; "bfloat16" and "float16" keep the weights in that type, in half the
            memory, and compute products with it. float16 is for GPUs: it is slow on processors.
            "auto" is bfloat16 where the device has instructions for it, float32 elsewhere, so that
            the music of a seed may differ from machine to machine.
          keep_hparams: sizes that stay as `config` has them, because the user chose them.
          prior: where new latent vectors come from: "learned" for the prior that was fitted to this
            checkpoint, "standard" for N(0, I), a file of `musicvae-prior`, or a prior; None for the
            learned one where there is one.
          compiled: whether XLA compiles what decodes, once for each number of pieces; for GPUs: on
            a processor it is slower.

        Raises:
          ConfigError: there is no such configuration.
          CheckpointError: the checkpoint is missing, broken or refused.
          CheckpointMismatchError: its variables do not fit the configuration.
          InputError: another argument is out of range.
        """
        if batch_size < 1:
            raise InputError(f"batch_size={batch_size} must be at least 1")
        if session_target:
            raise InputError(
                f"session_target='{session_target}': models run in this process; leave it out and "
                "choose a device with `device`"
            )
        if precision not in PRECISIONS:
            allowed = ", ".join(PRECISIONS[:-1])
            raise InputError(f"precision='{precision}' must be {allowed} or {PRECISIONS[-1]}")
        self.batch_size = batch_size
        self._randomness = Randomness(seed)
        self._device = choose_device(device)
        chosen = choose_precision(precision, self._device).name
        frozen = as_config(config)
        self.converter: Converter = build_converter(frozen.converter)
        with open_checkpoint(checkpoint_path(frozen, checkpoint_dir_or_path)) as checkpoint:
            self.checkpoint = checkpoint.location
            self.config = infer_hparams(frozen, checkpoint, keep=keep_hparams)
            self.step = checkpoint.step
            self.notes = checkpoint.notes
            self._prior = ModelPrior(prior, checkpoint, self.config)
            self._check(checkpoint, var_name_substitutions, decoder_only)
            with tf.device(self._device):
                self._model = MusicVAE(
                    self.config,
                    self.converter.spec,
                    precision=chosen,
                    kept_in=chosen,
                    initial_values=stored_values(checkpoint, var_name_substitutions),
                    decoder_only=decoder_only,
                    compiled=compiled,
                    frozen=True,
                )
        self._can_encode = not decoder_only
        self._encoders: dict[tuple[tuple[int, ...], ...], Any] = {}

    @property
    def _config(self) -> Config:
        """The configuration, under the name that notebooks reach for."""
        return self.config

    @property
    def network(self) -> MusicVAE:
        """The model itself, whose variables hold the weights; they are not to be changed."""
        return self._model

    @property
    def device(self) -> str:
        """Where it computes, as TensorFlow names it; empty where TensorFlow chooses."""
        return self._device

    @property
    def prior(self) -> LatentPrior | None:
        """The learned prior that new latent vectors come from; None for N(0, I).

        Raises:
          InputError: its file is broken, or another checkpoint's.
        """
        return self._prior.chosen()

    @property
    def default_temperature(self) -> float:
        """The temperature of new music where none is asked for: that of the learned prior, or 0.5.

        Raises:
          InputError: the prior's file is broken, or another checkpoint's.

        Examples:
          >>> from musicvae.generate import TrainedModel
          >>> TrainedModel("cat-drums_2bar_small", batch_size=8).default_temperature
          0.5
        """
        prior = self.prior
        return DEFAULT_TEMPERATURE if prior is None else prior.temperature

    def sample_z(
        self,
        n: int,
        seed: int | None = None,
        *,
        prior: PriorChoice = None,
        targets: Sequence[Target] = (),
        guidance: float = DEFAULT_GUIDANCE,
    ) -> Array:
        """Draws latent vectors from the prior.

        Args:
          n: how many, at least 1.
          seed: makes them repeatable; None goes on with the model's own randomness.
          prior: as for the constructor; None for what was chosen there.
          targets: attributes that the music is to have; for a learned prior.
          guidance: how strongly, 0 (not at all) or more; 1 is as the training music has them.

        Returns:
          float32 `[N, Z]`.

        Raises:
          InputError: a number is out of range, or there is no such prior or attribute.

        Examples:
          >>> from musicvae import TrainedModel
          >>> model = TrainedModel("cat-drums_2bar_small", batch_size=4)
          >>> model.sample_z(3, seed=1).shape
          (3, 256)
        """
        if n < 1:
            raise InputError(f"n={n} must be at least 1")
        learned = self._prior.chosen(prior)
        generator = self._randomness.prior(seed)
        if learned is not None:
            return learned.draw(generator, n, targets, guidance=guidance)
        if targets:
            raise InputError(
                f"an attribute can be asked of a learned prior alone, and config "
                f"'{self.config.name}' draws from N(0, I); `musicvae-prior` fits one"
            )
        return generator.standard_normal((n, self.config.hparams.z_size), np.float32)

    def encode_tensors(
        self,
        input_tensors: Sequence[npt.ArrayLike],
        lengths: Sequence[Any],
        control_tensors: Sequence[npt.ArrayLike] | None = None,
        *,
        seed: int | None = None,
    ) -> Encoded:
        """Finds the latent vectors of pieces in tensor form.

        Args:
          input_tensors: N arrays, bool or float `[T, D]`, of any lengths.
          lengths: N lengths in steps, or N arrays int `[S]` for segments with lengths of their own.
          control_tensors: N arrays `[T, C]`, or None for a model without controls.
          seed: makes z repeatable.

        Returns:
          (z, mu, sigma), each float32 `[N, Z]`.

        Raises:
          InputError: the arrays do not fit the model or each other, or the model cannot encode.
        """
        if not self._can_encode:
            raise InputError("this model was loaded with decoder_only, so it cannot encode")
        depths = self.converter.spec
        if depths.control_depth and control_tensors is None:
            raise InputError(f"config '{self.config.name}' needs control_tensors")
        controls = control_tensors if depths.control_depth else None
        if any(len(part) != len(input_tensors) for part in (lengths, controls) if part is not None):
            raise InputError("input_tensors, lengths and control_tensors differ in number")
        longest = max((len(np.asarray(part)) for part in input_tensors), default=0)
        found = []
        for group in self._groups(len(input_tensors)):
            inputs = stacked(input_tensors[group], longest, depths.input_depth, "input_tensors")
            steps = np.asarray([np.asarray(length) for length in lengths[group]], np.int32)
            fixed = [inputs, steps]
            if controls is not None:
                depth = depths.control_depth
                fixed.append(stacked(controls[group], longest, depth, "control_tensors"))
            with tf.device(self._device):
                found.append([part.numpy() for part in self._encoder(fixed)(*fixed)])
        if not found:
            raise InputError("there is nothing to encode: input_tensors is empty")
        mu, sigma = (np.concatenate(parts) for parts in zip(*found, strict=True))
        eps = self._randomness.posterior(seed).standard_normal(mu.shape, np.float32)
        return Encoded(mu + sigma * eps, mu, sigma)

    def _check(
        self,
        checkpoint: Checkpoint,
        substitutions: Sequence[tuple[str, str]] | None,
        decoder_only: bool,
    ) -> None:
        wanted = variable_shapes(self.config, self.converter.spec)
        if decoder_only:
            wanted = {n: shape for n, shape in wanted.items() if not n.startswith(_ENCODER)}
        check_fits(self.config, wanted, checkpoint, substitutions=substitutions)

    def _encoder(self, arrays: Sequence[Array]) -> Any:
        """Returns the encoder's graph for arrays of these shapes, of any number of pieces."""
        shapes = tuple(array.shape[1:] for array in arrays)
        if shapes not in self._encoders:
            signature = [
                tf.TensorSpec([None, *shape], array.dtype)
                for shape, array in zip(shapes, arrays, strict=True)
            ]

            def encode(*tensors: Any) -> tuple[Any, Any]:
                posterior = self._model.encode(*tensors, seed=tf.zeros([2], tf.int32))
                return posterior.mu, posterior.sigma

            self._encoders[shapes] = tf.function(encode, input_signature=signature, autograph=False)
        return self._encoders[shapes]
