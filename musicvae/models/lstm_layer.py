"""One LSTM layer's variables, and its weights as a call uses them.

A residual layer adds its input to its output. The lowest residual layer, and any whose input is of
another width, has a dense layer before it. That dense layer, or else the kernel's rows for the
input, is the layer's entry: the one product that the input goes through first.

Axes: I is a layer's input, H its units, E its entry.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from musicvae.models.one_hot import data_product
from musicvae.models.variables import (
    Dense,
    Divided,
    Transposed,
    Variables,
    glorot_uniform,
    plus_bias,
    product,
    zeros,
)

Tensor = Any

FORGET_BIAS = 1.0

# Half of a core's own cache, the size up to which oneDNN leaves a product to one thread.
_BLOCK_BYTES = 1 << 19


class LayerWeights(NamedTuple):
    """One layer's weights as a call uses them, kernels in the dtype that products are computed in.

    Attributes:
      kernel: `[I + H, 4H]`.
      inputs: `[I, 4H]`, the kernel's rows for the input; may be turned.
      recurrent: `[H, 4H]`, the kernel's rows for the layer's own output; may be turned.
      bias: float32 `[4H]`, with the forget bias in it.
      entry: `[I, E]`, what the input is multiplied by first.
      entry_bias: float32 `[E]`.
      residual: whether the input is added to the output.
      projected: whether the entry is a dense layer before the LSTM.
    """

    kernel: Tensor
    inputs: Tensor
    recurrent: Tensor
    bias: Tensor
    entry: Tensor
    entry_bias: Tensor
    residual: bool
    projected: bool


class Layer:
    """The variables of one layer."""

    def __init__(
        self,
        variables: Variables,
        scope: str,
        depth: int,
        units: int,
        *,
        residual: bool = False,
        lowest: bool = True,
    ) -> None:
        """Makes the variables.

        Args:
          variables: where they are made.
          scope: their names before `/lstm_cell`.
          depth: I.
          units: H.
          residual: whether the input is added to the output.
          lowest: whether no layer is below.
        """
        self.depth = depth
        self.units = units
        self._residual = residual
        self._projection = None
        if residual and (lowest or depth != units):
            scope = f"{scope}/input_projection_wrapper"
            self._projection = Dense(variables, scope, depth, units, glorot_uniform)
            depth = units
        shape = [depth + units, 4 * units]
        self._kernel = variables.create(f"{scope}/lstm_cell/kernel", shape, glorot_uniform)
        self._bias = variables.create(f"{scope}/lstm_cell/bias", [4 * units], zeros)

    @property
    def kept_in(self) -> tf.DType:
        """What the kernel is kept in."""
        return self._kernel.dtype

    @property
    def is_on_gpu(self) -> bool:
        """Whether the kernel is on a GPU."""
        return "GPU" in self._kernel.device

    def weights(self, dtype: tf.DType) -> LayerWeights:
        """Returns the weights for one call.

        Args:
          dtype: what products are computed in.
        """
        kernel = tf.cast(self._kernel, dtype)
        inputs, recurrent = tf.split(kernel, [kernel.shape[0] - self.units, self.units], 0)
        forget = tf.one_hot(2, 4, FORGET_BIAS)[:, None]
        bias = tf.reshape(tf.reshape(self._bias, [4, self.units]) + forget, [-1])
        entry, entry_bias = inputs, bias
        if self._projection is not None:
            entry = tf.cast(self._projection.kernel, dtype)
            entry_bias = self._projection.bias + 0.0
        return LayerWeights(
            kernel,
            inputs,
            recurrent,
            bias,
            entry,
            entry_bias,
            self._residual,
            self._projection is not None,
        )


def transposed(weights: LayerWeights) -> LayerWeights:
    """Returns a layer's weights with the products of every step turned round.

    Args:
      weights: of a layer.
    """
    inputs, recurrent = (Transposed(tf.transpose(x)) for x in (weights.inputs, weights.recurrent))
    return weights._replace(inputs=inputs, recurrent=recurrent)


def divided(weights: LayerWeights) -> LayerWeights:
    """Returns a layer's weights with the products of every step in blocks of columns.

    Args:
      weights: of a layer, float32.
    """
    inputs, recurrent = (_in_blocks(x) for x in (weights.inputs, weights.recurrent))
    return weights._replace(inputs=inputs, recurrent=recurrent)


def _in_blocks(kernel: Tensor) -> Divided:
    depth, units = kernel.shape
    count = 1
    while depth * units * kernel.dtype.size > count * _BLOCK_BYTES and units % (2 * count) == 0:
        count *= 2
    return Divided(tuple(tf.identity(block) for block in tf.split(kernel, count, -1)))


def enter(x: Tensor, weights: LayerWeights) -> Tensor:
    """Takes a layer's input through its entry.

    Args:
      x: `[..., I]`.
      weights: the layer's.

    Returns:
      float32 `[..., E]`.
    """
    return plus_bias(product(x, weights.entry, weights.entry.dtype), weights.entry_bias)


def enter_data(x: Tensor, weights: LayerWeights) -> Tensor:
    """Takes a layer's input through its entry, as `enter`; looks up rows that are one-hot.

    Args:
      x: `[..., I]`.
      weights: the layer's.

    Returns:
      float32 `[..., E]`.
    """
    return data_product(x, weights.entry, weights.entry_bias, weights.entry.dtype)
