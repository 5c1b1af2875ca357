"""A decoder's layers in the operations of every file format, and one step through them.

Axes: N examples, I a layer's input, H its units, E the lowest layer's entry, D columns of a step, Z
columns of z, C controls, P parameters of a step.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from musicvae.export.draws import Draw
from musicvae.export.operations import Operations, Value
from musicvae.export.source import Weights

_FORGET_BIAS = np.array([0.0, 0.0, 1.0, 0.0], np.float32)


@dataclasses.dataclass(frozen=True)
class StepLayer:
    """One LSTM layer.

    Attributes:
      kernel: `[I + H, 4H]`; for a lowest layer that does not project its input, whose product comes
        in from outside, `[H, 4H]`.
      bias: `[4H]`, with the forget bias in it.
      entry: the projection of the input, `[I, H]`; None where there is none, or it is outside.
      entry_bias: what is added to the product with the input: of the projection, or `bias`.
      units: H.
      residual: whether the input is added to the output.
      projected: whether the input is projected.
    """

    kernel: Value
    bias: Value
    entry: Value
    entry_bias: Value
    units: int
    residual: bool
    projected: bool


@dataclasses.dataclass(frozen=True)
class Stack:
    """Layers with what their first states are read off: a dense layer's kernel and bias."""

    layers: list[StepLayer]
    initial: tuple[Value, Value]


@dataclasses.dataclass(frozen=True)
class FlatWeights:
    """The weights of a flat decoder.

    Attributes:
      stack: its layers.
      entry_depth: E.
      rows: what a step is fed through, as `Draw.weights` made it.
      z_rows: `[Z, E]`.
      control_rows: `[C, E]`; None without controls.
      kernel: `[H, P]`, from the top layer to the parameters.
      bias: `[P]`.
    """

    stack: Stack
    entry_depth: int
    rows: list[Value]
    z_rows: Value
    control_rows: Value
    kernel: Value
    bias: Value


def flat_weights(
    op: Operations, weights: Weights, scope: str, draw: Draw, *, residual: bool
) -> FlatWeights:
    """Puts the weights of a flat decoder into the graph.

    Args:
      op: the graph.
      weights: arrays by name.
      scope: their names before `multi_rnn_cell`, with a slash at the end.
      draw: how its steps are drawn.
      residual: whether layers add their input to their output.
    """
    layers, entry = _layers(op, weights, f"{scope}multi_rnn_cell", residual=residual)
    rows, rest = np.split(entry, [draw.depth])
    initial = f"{scope}z_to_initial_state"
    z_rows, control_rows = np.split(rest, [weights[f"{initial}/kernel"].shape[0]])
    kernel, bias = _dense(op, weights, f"{scope}output_projection")
    return FlatWeights(
        stack=Stack(layers, _dense(op, weights, initial)),
        entry_depth=entry.shape[1],
        rows=draw.weights(op, rows),
        z_rows=op.weight(z_rows),
        control_rows=op.weight(control_rows) if len(control_rows) else None,
        kernel=kernel,
        bias=bias,
    )


def conductor_weights(op: Operations, weights: Weights, scope: str, *, residual: bool) -> Stack:
    """Puts the weights of a conductor into the graph.

    Args:
      op: the graph.
      weights: arrays by name.
      scope: their names before `/cell_0`.
      residual: whether layers add their input to their output.
    """
    layers, _ = _layers(op, weights, scope, residual=residual)
    return Stack(layers, _dense(op, weights, f"{scope}/initial_state"))


def first_states(op: Operations, z: Value, stack: Stack) -> list[Value]:
    """Returns c, h of layer 0, c, h of layer 1, ... before the first step, float32 `[N, H]`."""
    kernel, bias = stack.initial
    packed = op.tanh(op.add(op.matmul(z, kernel), bias))
    return op.split(packed, [layer.units for layer in stack.layers for _ in range(2)], 1)


def step_layers(
    op: Operations, entered: Value, layers: list[StepLayer], states: list[Value]
) -> tuple[Value, list[Value]]:
    """Takes one step through all layers.

    Args:
      op: the graph.
      entered: float32 `[N, E]`, the lowest layer's input after its entry.
      layers: of the stack.
      states: c, h of layer 0, c, h of layer 1, ... before the step.

    Returns:
      The top layer's output, float32 `[N, H]`, and the states after the step.
    """
    x, after = None, list[Value]()
    for k, layer in enumerate(layers):
        c, h = states[2 * k : 2 * k + 2]
        below = x
        if k == 0:
            below = entered if layer.projected else None
        elif layer.projected:
            below = op.add(op.matmul(x, layer.entry), layer.entry_bias)
        if below is None:
            activations = op.add(entered, op.matmul(h, layer.kernel))
        else:
            joined = op.concat([below, h], 1)
            activations = op.add(op.matmul(joined, layer.kernel), layer.bias)
        i, g, f, o = op.split(activations, [layer.units] * 4, 1)
        kept = op.multiply(op.sigmoid(f), c)
        c = op.add(kept, op.multiply(op.sigmoid(i), op.tanh(g)))
        h = op.multiply(op.sigmoid(o), op.tanh(c))
        after += [c, h]
        x = op.add(h, below) if layer.residual and below is not None else h
    return x, after


def _layers(
    op: Operations, weights: Weights, scope: str, *, residual: bool
) -> tuple[list[StepLayer], Any]:
    """Returns a stack's layers, and the lowest one's entry as an array `[I, E]`."""
    found, lowest = list[StepLayer](), None
    while True:
        name, k = f"{scope}/cell_{len(found)}", len(found)
        projected = f"{name}/input_projection_wrapper/kernel" in weights
        if projected:
            name = f"{name}/input_projection_wrapper"
        if f"{name}/lstm_cell/kernel" not in weights:
            return found, lowest
        kernel = weights[f"{name}/lstm_cell/kernel"]
        units = kernel.shape[1] // 4
        bias = weights[f"{name}/lstm_cell/bias"] + np.repeat(_FORGET_BIAS, units)
        entry, entry_bias = kernel[:-units], bias
        if projected:
            entry, entry_bias = weights[f"{name}/kernel"], weights[f"{name}/bias"]
        if k == 0:
            lowest = entry
        found.append(
            StepLayer(
                kernel=op.weight(kernel if k or projected else kernel[-units:]),
                bias=op.weight(bias),
                entry=op.weight(entry) if k and projected else None,
                entry_bias=op.weight(entry_bias),
                units=units,
                residual=residual,
                projected=projected,
            )
        )


def _dense(op: Operations, weights: Weights, scope: str) -> tuple[Value, Value]:
    return op.weight(weights[f"{scope}/kernel"]), op.weight(weights[f"{scope}/bias"])
