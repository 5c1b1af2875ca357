"""Decoding on arrays: latent vectors to tensors, whole or part after part.

Axes: N pieces, T time step, D columns of a step, C controls, Z columns of z.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from musicvae.config import Config
from musicvae.converters import Converter
from musicvae.errors import InputError
from musicvae.generate.arrays import (
    Array,
    checked_z,
    fitted_controls,
    fixed_values,
    rows_of_steps,
    trimmed,
)
from musicvae.generate.randomness import Randomness
from musicvae.models import Decoded, MusicVAE


class TensorDecoding:
    """The half of a TensorModel that decodes.

    Attributes:
      config: its configuration.
      converter: turns NoteSequences into tensors and back.
      batch_size: how many pieces are worked on together.
    """

    config: Config
    converter: Converter
    batch_size: int
    _device: str
    _model: MusicVAE
    _randomness: Randomness

    def decode_to_tensors(
        self,
        z: npt.ArrayLike,
        length: int | None = None,
        temperature: float = 1.0,
        c_input: npt.ArrayLike | None = None,
        return_full_results: bool = False,
        *,
        seed: int | None = None,
        fixed: npt.ArrayLike | None = None,
        first_input: npt.ArrayLike | None = None,
    ) -> list[Any]:
        """Writes the music of latent vectors as tensors.

        Args:
          z: float `[N, Z]`.
          length: the most steps; None for the configuration's `max_seq_len`.
          temperature: at least 0; 0 takes the most likely value of each step.
          c_input: controls, float `[T, C]` for all pieces or `[N, T, C]`; T may count bars, and is
            1 for models of one bar, which also take `[N, C]`.
          return_full_results: return what the model gave, one `Decoded` for each group of
            `batch_size`, in place of trimmed arrays.
          seed: makes this call repeatable.
          fixed: float `[N, T, D]`, values that the music must have, such as the hits of a groove;
            NaN where the model chooses. Steps beyond T are all the model's choice.
          first_input: float `[N, D]`, the step before each piece; None for none, as in training.

        Returns:
          N arrays, float32 `[T, D]`, each as long as its piece.

        Raises:
          InputError: an argument is out of range, or controls are missing.
          ConfigError: values are given, and the model's decoder takes none.

        Examples:
          >>> from musicvae import TrainedModel
          >>> model = TrainedModel("cat-drums_2bar_small", batch_size=4)
          >>> [tensor] = model.decode_to_tensors(model.sample_z(1, seed=1), length=16, seed=1)
          >>> tensor.shape
          (16, 512)
        """
        requests = self._requests(z, length, temperature, c_input, seed, fixed, first_input)
        results = [self._decoded(own, options) for own, options in requests]
        if return_full_results:
            return results
        return [piece for decoded in results for piece in trimmed(decoded)]

    def stream_pieces(
        self,
        z: npt.ArrayLike,
        length: int | None = None,
        temperature: float = 1.0,
        c_input: npt.ArrayLike | None = None,
        *,
        seed: int | None = None,
    ) -> Iterator[Array]:
        """Writes the music of latent vectors, and hands out the pieces as they are finished.

        They are those of `decode_to_tensors`, whose arguments these are; `batch_size` of them are
        finished together.

        Args:
          z: float `[N, Z]`.
          length: the most steps.
          temperature: at least 0.
          c_input: controls.
          seed: makes this call repeatable.

        Yields:
          N arrays, float32 `[T, D]`, each as long as its piece.

        Raises:
          InputError: an argument is out of range, or controls are missing; before any is written.
        """
        requests = [*self._requests(z, length, temperature, c_input, seed)]
        return (
            piece for own, options in requests for piece in trimmed(self._decoded(own, options))
        )

    def stream_tensors(
        self,
        z: npt.ArrayLike,
        length: int | None = None,
        temperature: float = 1.0,
        c_input: npt.ArrayLike | None = None,
        *,
        seed: int | None = None,
        fixed: npt.ArrayLike | None = None,
        first_input: npt.ArrayLike | None = None,
    ) -> Iterator[list[Array]]:
        """Writes the music of latent vectors part after part, each handed out once it is written.

        Together the parts are what `decode_to_tensors` writes with the same seed. A part is a bar;
        of hierarchical models a segment, and of those whose conductor reads what was written the
        whole piece.

        Args:
          z: float `[N, Z]`, at most `batch_size` of them.
          length: the most steps; None for the configuration's `max_seq_len`.
          temperature: at least 0.
          c_input: controls, as for `decode_to_tensors`.
          seed: makes this call repeatable.
          fixed: float `[N, T, D]`, values that the music must have, or None.
          first_input: float `[N, D]`, the step before each piece, or None.

        Yields:
          N arrays, float32 `[t, D]`, each piece's steps of a part; none after its end.

        Raises:
          InputError: an argument is out of range, controls are missing, or there are more pieces
            than are worked on together.
          ConfigError: values are given, and the model's decoder takes none.

        Examples:
          >>> from musicvae import TrainedModel
          >>> model = TrainedModel("cat-drums_2bar_small", batch_size=4)
          >>> [part[0].shape for part in model.stream_tensors(model.sample_z(1, seed=1), seed=1)]
          [(16, 512), (16, 512)]
        """
        requests = [*self._requests(z, length, temperature, c_input, seed, fixed, first_input)]
        if len(requests) > 1:
            raise InputError(
                f"z has {np.shape(z)[0]} rows, more than batch_size={self.batch_size}, which is "
                "how many pieces are written together; give a larger batch_size"
            )
        return self._parts(*requests[0])

    def _parts(self, z: Array, options: dict[str, Any]) -> Iterator[list[Array]]:
        parts = self._model.decode_parts(z, **options)
        while True:
            with tf.device(self._device):
                decoded = next(parts, None)
            if decoded is None:
                return
            yield [*trimmed(decoded)]

    def _decoded(self, z: Array, options: dict[str, Any]) -> Decoded:
        with tf.device(self._device):
            return self._model.decode(z, **options)

    def _requests(
        self,
        z: npt.ArrayLike,
        length: int | None,
        temperature: float,
        c_input: npt.ArrayLike | None,
        seed: int | None,
        fixed: npt.ArrayLike | None = None,
        first_input: npt.ArrayLike | None = None,
    ) -> Iterator[tuple[Array, dict[str, Any]]]:
        """Checks what is to be decoded; yields z and arguments of each group of pieces."""
        length = self.config.hparams.max_seq_len if length is None else length
        z = checked_z(z, self.config.hparams.z_size)
        if length < 1:
            raise InputError(f"length={length} must be at least 1 step")
        if not temperature >= 0.0:
            raise InputError(f"temperature={temperature} must be at least 0")
        arrays = {
            "controls": self._controls(c_input, len(z), length),
            "fixed": None
            if fixed is None
            else fixed_values(fixed, len(z), length, self.converter.spec.output_depth),
            "first_input": None if first_input is None else np.asarray(first_input),
        }
        generator = self._randomness.decoder(seed)
        for group in self._groups(len(z)):
            own = {name: array if array is None else array[group] for name, array in arrays.items()}
            drawn = generator.integers(0, 2**31, 2, np.int32)
            yield z[group], {"length": length, "temperature": temperature, "seed": drawn, **own}

    def step_losses(
        self, z: npt.ArrayLike, outputs: npt.ArrayLike, c_input: npt.ArrayLike | None = None
    ) -> Array:
        """Returns how unlikely each step of some music is, given z and the steps before it.

        Args:
          z: float `[N, Z]`.
          outputs: bool or float `[N, T, D]`, T that of the model's windows.
          c_input: controls, as for `decode_to_tensors`.

        Returns:
          float32 `[N, T, K]`: -log p of each part of each step, in nats.

        Raises:
          InputError: z is of another size, or controls are missing.
        """
        scored = self._scored(self._model.step_losses, z, outputs, c_input)
        return np.concatenate([losses.numpy() for losses in scored])

    def log_likelihood_and_gradient(
        self,
        z: npt.ArrayLike,
        outputs: npt.ArrayLike,
        known: npt.NDArray[np.bool_],
        c_input: npt.ArrayLike | None = None,
    ) -> tuple[Array, Array]:
        """Returns how well latent vectors explain some steps of music, and where to better ones.

        Args:
          z: float `[N, Z]`.
          outputs: bool or float `[N, T, D]`, T that of the model's windows.
          known: bool `[N, T, K]`, which parts of which steps count.
          c_input: controls, as for `decode_to_tensors`.

        Returns:
          float32 `[N]`, log p of the known steps, each given all the steps before it, in nats; and
          float32 `[N, Z]`, its gradient in z.

        Raises:
          InputError: z is of another size, or controls are missing.
        """
        score = self._model.log_likelihood_and_gradient
        values, slopes = zip(*self._scored(score, z, outputs, c_input, known), strict=True)
        return (
            np.concatenate([value.numpy() for value in values]),
            np.concatenate([slope.numpy() for slope in slopes]),
        )

    def _scored(
        self,
        score: Callable[..., Any],
        z: npt.ArrayLike,
        outputs: npt.ArrayLike,
        c_input: npt.ArrayLike | None,
        *more: Array,
    ) -> list[Any]:
        """Returns what a function of the model gives for each group of pieces."""
        z, rows = checked_z(z, self.config.hparams.z_size), np.asarray(outputs, np.float32)
        controls = self._controls(c_input, len(z), rows.shape[1])
        found = []
        for group in self._groups(len(z)):
            lengths = np.full(len(rows[group]), rows.shape[1], np.int32)
            own = None if controls is None else controls[group]
            others = (array[group] for array in more)
            with tf.device(self._device):
                found.append(score(z[group], rows[group], *others, lengths, own))
        return found

    def _groups(self, n: int) -> Iterator[slice]:
        for start in range(0, n, self.batch_size):
            yield slice(start, start + self.batch_size)

    def _controls(self, c_input: npt.ArrayLike | None, n: int, length: int) -> Array | None:
        """Returns controls as float32 `[N, length, C]`, or None for a model without."""
        depth = self.converter.spec.control_depth
        if depth and c_input is None:
            raise InputError(
                f"config '{self.config.name}' needs controls: c_input of shape "
                f"[{length}, {depth}], or [{n}, {length}, {depth}] with one for each piece"
            )
        if not depth and c_input is not None:
            raise InputError(f"config '{self.config.name}' takes no controls (c_input)")
        if c_input is None:
            return None
        return fitted_controls(rows_of_steps(c_input, self.converter, n, length), n, length, depth)
