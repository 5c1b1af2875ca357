"""Layers of LSTMs on top of each other, with their variables.

A residual layer adds its input to its output. The lowest residual layer, and any whose input is of
another width, has a dense layer before it. That dense layer, or else the kernel's rows for the
input, is the layer's entry: the one product that the input goes through first.

Axes: sequences are time-major, [T, B, D]; I is a layer's input, H its units, E its entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from musicvae.models import lstm
from musicvae.models.forward import Forward
from musicvae.models.lstm import State, Trace, TraceArrays
from musicvae.models.one_hot import data_product
from musicvae.models.variables import (
    Dense,
    Transposed,
    Variables,
    glorot_uniform,
    plus_bias,
    product,
    zeros,
)

Tensor = Any

FORGET_BIAS = 1.0
# Kernels of so many units are larger than a processor core's own caches.
TURNED_UNITS = 1024


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


class StackOutputs(NamedTuple):
    """What a stack gives for a sequence.

    Attributes:
      top: float32 `[T, B, H]`, the last layer's outputs.
      hidden: the same without the input that a residual layer adds.
      states: each layer's state after each step, `[T, B, H]`; None where they were not asked for.
    """

    top: Tensor
    hidden: Tensor
    states: list[State] | None


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
        self._turned: list[LayerWeights] | None = None
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
        """Returns the weights for writing step by step, large kernels turned round.

        Weights that are kept in a half-size type are turned once for all; float32 ones for every
        call, which takes the time of a few steps.

        Args:
          dtype: what products are computed in.
          may_copy: whether a call may need memory for a second copy of float32 weights.
        """
        if self._layers[0].kept_in == dtype != tf.float32:
            if self._turned is None:
                with tf.init_scope():
                    self._turned = [transposed(weights) for weights in self.weights(dtype)]
            return self._turned
        turns = may_copy and dtype == tf.float32
        return [
            transposed(weights) if turns and layer.units >= TURNED_UNITS else weights
            for layer, weights in zip(self._layers, self.weights(dtype), strict=True)
        ]

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
          forward: how.

        Returns:
          One float32 `[T, B, I]` a layer; an empty list without dropout.
        """
        if forward.keep_prob == 1.0:
            return []
        shapes = [[steps, batch, layer.depth] for layer in self._layers]
        return [forward.dropout_mask(shape, k) for k, shape in enumerate(shapes)]


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


def run_stack(
    entered: Tensor,
    weights: Sequence[LayerWeights],
    initial: Sequence[State],
    masks: Sequence[Tensor] = (),
    *,
    traces: Sequence[Trace] | None = None,
    with_states: bool = False,
) -> StackOutputs:
    """Runs layer after layer, each over the whole sequence.

    Args:
      entered: float32 `[T, B, E]`, the lowest layer's input after its entry.
      weights: of each layer.
      initial: the states before the first step.
      masks: dropout of each layer's input, or nothing; the lowest layer's is applied already.
      traces: what an earlier pass kept, to be replayed; None to run.
      with_states: whether each layer's states are wanted.
    """
    states = []
    x = h = entered
    for k, layer in enumerate(weights):
        below = x
        if k:
            below = x * masks[k] if masks else x
            x = enter(below, layer)
        if layer.projected:
            below, x = x, plus_bias(product(x, layer.inputs, layer.inputs.dtype), layer.bias)
        if traces is None:
            h, c = lstm.recurrence(x, layer.recurrent, initial[k], with_cells=with_states)
        else:
            h, c = lstm.replay(x, layer.recurrent, initial[k], traces[k], with_cells=with_states)
        states.append(State(c, h))
        x = h + below if layer.residual else h
    return StackOutputs(x, h, states if with_states else None)


class Step(NamedTuple):
    """What a stack gives for one step.

    Attributes:
      top: float32 `[B, H]`, the last layer's output.
      states: of each layer after the step.
      gates: of each layer.
    """

    top: Tensor
    states: list[State]
    gates: list[lstm.Gates]


def step_stack(
    entered: Tensor,
    weights: Sequence[LayerWeights],
    states: Sequence[State],
    masks: Sequence[Tensor] = (),
) -> Step:
    """Takes one step through all layers.

    Args:
      entered: float32 `[B, E]`, the lowest layer's input after its entry.
      weights: of each layer.
      states: before the step.
      masks: dropout `[B, I]` of each layer's input, or nothing; the lowest layer's is applied.
    """
    after, gates = [], []
    x = entered
    for k, (layer, state) in enumerate(zip(weights, states, strict=True)):
        below = x
        if k:
            below = x * masks[k] if masks else x
            if layer.projected:
                below = enter(below, layer)
        if k or layer.projected:
            joined = tf.concat([below, state.h], -1)
            activations = product(joined, layer.kernel, layer.kernel.dtype) + layer.bias
        else:
            activations = x + product(state.h, layer.recurrent, layer.kernel.dtype)
        new, active = lstm.cell(activations, state.c)
        after.append(new)
        gates.append(active)
        x = new.h + below if layer.residual else new.h
    return Step(x, after, gates)


def start_traces(steps: Tensor, states: Sequence[State]) -> list[TraceArrays]:
    """Makes each layer's arrays for a sequence that is stepped through.

    Args:
      steps: T, int32 scalar.
      states: before the first step.
    """
    return [TraceArrays.start(steps, state.c) for state in states]
