"""Layers of LSTMs on top of each other, with their variables and states.

Axes: sequences are time-major, [T, B, D]; I is a layer's input, H its units.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import tensorflow as tf

from musicvae.models.compilation import is_for_xla
from musicvae.models.forward import Forward
from musicvae.models.lstm import State
from musicvae.models.lstm_layer import Layer, LayerWeights, divided, transposed
from musicvae.models.stack_steps import StackOutputs
from musicvae.models.variables import Variables

Tensor = Any

# Kernels of so many units are larger than a processor core's own caches.
TRANSPOSED_UNITS = 1024
# Blocks of larger kernels are too many to be worth it.
DIVIDED_UNITS = 512

# Makes of a layer's weights what its steps multiply by.
_Way: TypeAlias = Callable[[LayerWeights], LayerWeights]


class LSTMStack:
    """Layers of LSTMs, each fed the outputs of the one below.

    Attributes:
      depth: I of the lowest layer.
      sizes: H of each layer.
    """

    def __init__(
        self,
        variables: Variables,
        scope: str,
        depth: int,
        sizes: Sequence[int],
        *,
        residual: bool = False,
    ) -> None:
        """Makes the variables.

        Args:
          variables: where they are made.
          scope: their names before `/cell_<k>/lstm_cell`.
          depth: I of the lowest layer.
          sizes: H of each layer.
          residual: whether layers add their input to their output.
        """
        self.depth = depth
        self.sizes = tuple(sizes)
        self._layers: list[Layer] = []
        self._keeps = variables.frozen
        self._prepared: dict[int, LayerWeights] | None = None
        for k, units in enumerate(sizes):
            name = f"{scope}/cell_{k}"
            layer = Layer(variables, name, depth, units, residual=residual, lowest=k == 0)
            self._layers.append(layer)
            depth = units

    @property
    def state_size(self) -> int:
        """Columns of all layers' states together."""
        return 2 * sum(self.sizes)

    def weights(self, dtype: tf.DType = tf.float32) -> list[LayerWeights]:
        """Returns the weights for one call.

        Args:
          dtype: what products are computed in.
        """
        return [layer.weights(dtype) for layer in self._layers]

    def sampling_weights(self, dtype: tf.DType, *, may_copy: bool) -> list[LayerWeights]:
        """Returns the weights for writing step by step: large kernels turned round, small divided.

        Where weights stay as they are (those kept in a half-size type, and those of frozen
        variables), they are made once for all; else large ones for every call, which takes the time
        of a few steps.

        Args:
          dtype: what products are computed in.
          may_copy: whether there may be memory for a second copy of float32 weights.
        """
        half = self._layers[0].kept_in == dtype != tf.float32
        keeps = half or self._keeps
        ways = [self._way(layer, dtype, half=half, may_copy=may_copy) for layer in self._layers]
        if keeps and self._prepared is None:
            with tf.init_scope():
                self._prepared = {
                    k: _step_weights(way(self._layers[k].weights(dtype)), lowest=k == 0)
                    for k, way in enumerate(ways)
                    if way
                }
        kept = self._prepared or {}
        found = []
        for k, (layer, way) in enumerate(zip(self._layers, ways, strict=True)):
            weights = kept[k] if k in kept else layer.weights(dtype)
            found.append(way(weights) if way and k not in kept else weights)
        return found

    def _way(self, layer: Layer, dtype: tf.DType, *, half: bool, may_copy: bool) -> _Way | None:
        """Returns what a layer's weights are made into for writing; None leaves them."""
        if half:
            return transposed
        if dtype != tf.float32:
            return None
        if layer.units >= TRANSPOSED_UNITS:
            return transposed if may_copy else None
        small = layer.units <= DIVIDED_UNITS and not layer.is_on_gpu and not is_for_xla()
        return divided if small and self._keeps else None

    def zero_states(self, batch: Tensor) -> list[State]:
        """Returns states of zeros.

        Args:
          batch: B, int32 scalar.
        """
        return [State(*2 * (tf.zeros([batch, units]),)) for units in self.sizes]

    def unpack_states(self, packed: Tensor) -> list[State]:
        """Splits a row of all layers' states.

        Args:
          packed: float32 `[B, state_size]`: c, h of layer 0, c, h of layer 1, ...
        """
        parts = tf.split(packed, [units for size in self.sizes for units in (size, size)], -1)
        return [State(c, h) for c, h in zip(parts[::2], parts[1::2], strict=True)]

    def masks(self, steps: Tensor, batch: Tensor, forward: Forward) -> list[Tensor]:
        """Draws dropout for each layer's input.

        Args:
          steps: T, int32 scalar.
          batch: B, int32 scalar.
          forward: seed, dropout and dtype.

        Returns:
          One float32 `[T, B, I]` a layer; an empty list without dropout.
        """
        if forward.keep_prob == 1.0:
            return []
        shapes = [[steps, batch, layer.depth] for layer in self._layers]
        return [forward.dropout_mask(shape, k) for k, shape in enumerate(shapes)]


def _step_weights(weights: LayerWeights, *, lowest: bool) -> LayerWeights:
    """Leaves out what no step reads, which would take memory for as long as weights are kept."""
    if weights.projected:
        return weights._replace(kernel=None)
    if lowest:
        return weights._replace(kernel=None, inputs=None)
    return weights._replace(kernel=None, entry=None)


def pack_states(states: Sequence[State]) -> Tensor:
    """Returns a row of all layers' states, float32 `[B, state_size]`."""
    return tf.concat([part for state in states for part in (state.c, state.h)], -1)


def states_at_end(outputs: StackOutputs, initial: Sequence[State], lengths: Tensor) -> list[State]:
    """Returns each layer's state after the last step of each sequence.

    Args:
      outputs: of a stack that was asked for its states.
      initial: the states before the first step, which stand where a length is 0.
      lengths: int32 `[B]`.
    """
    assert outputs.states is not None
    return [
        State(*(last(part, lengths, before) for part, before in zip(*pair, strict=True)))
        for pair in zip(outputs.states, initial, strict=True)
    ]


def last(sequence: Tensor, lengths: Tensor, otherwise: Tensor = None) -> Tensor:
    """Returns each sequence's last step.

    Args:
      sequence: float32 `[T, B, H]`.
      lengths: int32 `[B]`.
      otherwise: float32 `[B, H]`, what stands where a length is 0; None for zeros.

    Returns:
      float32 `[B, H]`.
    """
    batch = tf.range(tf.shape(lengths)[0])
    final = tf.gather_nd(sequence, tf.stack([tf.maximum(lengths - 1, 0), batch], -1))
    otherwise = tf.zeros_like(final) if otherwise is None else otherwise
    return tf.where(lengths[:, None] > 0, final, otherwise)
