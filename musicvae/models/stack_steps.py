"""A stack of LSTM layers over a sequence or a step: layer by layer, or all layers step by step.

`run_stack` runs layer after layer over the whole sequence, which is fastest where it is known.
`step_stack` takes one step through all layers and keeps what a replay needs. `step_ahead` takes one
with the products of a layer's own output computed ahead, while the step before was still in the
layers above. How layers are joined is the same for all three.

Axes: sequences are time-major, [T, B, D]; I is a layer's input, H its units, E its entry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import tensorflow as tf

from musicvae.models import lstm
from musicvae.models.lstm import State, Trace, TraceArrays
from musicvae.models.lstm_layer import LayerWeights, enter
from musicvae.models.variables import plus_bias, product

Tensor = Any

# Runs layer k, given its weights, its input, and whether that is the sum for its gates already;
# returns its output.
_RunLayer: TypeAlias = Callable[[int, LayerWeights, Any, bool], Tensor]


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
    states: list[State] = []

    def run(k: int, layer: LayerWeights, below: Tensor, is_activation: bool) -> Tensor:
        x = below
        if not is_activation:
            x = plus_bias(product(below, layer.inputs, layer.inputs.dtype), layer.bias)
        if traces is None:
            h, c = lstm.recurrence(x, layer.recurrent, initial[k], with_cells=with_states)
        else:
            h, c = lstm.replay(x, layer.recurrent, initial[k], traces[k], with_cells=with_states)
        states.append(State(c, h))
        return h

    top = _through_layers(entered, weights, masks, run)
    return StackOutputs(top, states[-1].h, states if with_states else None)


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
    after: list[State] = []
    gates: list[lstm.Gates] = []

    def run(k: int, layer: LayerWeights, below: Tensor, is_activation: bool) -> Tensor:
        if is_activation:
            activations = below + product(states[k].h, layer.recurrent, layer.kernel.dtype)
        else:
            joined = tf.concat([below, states[k].h], -1)
            activations = product(joined, layer.kernel, layer.kernel.dtype) + layer.bias
        new, active = lstm.cell(activations, states[k].c)
        after.append(new)
        gates.append(active)
        return new.h

    return Step(_through_layers(entered, weights, masks, run), after, gates)


def step_ahead(
    entered: Sequence[Tensor],
    weights: Sequence[LayerWeights],
    states: Sequence[State],
    recurrent: Sequence[Tensor],
) -> tuple[Tensor, list[State]]:
    """Takes one step through all layers, with as few operations as there can be.

    Args:
      entered: float32 `[N, E]` each; their sum is the lowest layer's input after its entry.
      weights: of each layer.
      states: before the step.
      recurrent: of each layer, float32 `[N, 4H]`, as `recurrent_products` gives them.

    Returns:
      The top layer's output, float32 `[N, H]`, and the states after the step.
    """
    after: list[State] = []

    def run(k: int, layer: LayerWeights, below: Any, is_activation: bool) -> Tensor:
        if is_activation:
            activations = tf.add_n([*below, recurrent[k]])
        else:
            from_below = product(below, layer.inputs, layer.inputs.dtype)
            activations = from_below + recurrent[k] + layer.bias
        new, _ = lstm.cell(activations, states[k].c)
        after.append(new)
        return new.h

    lowest = tf.add_n(list(entered)) if weights[0].projected else entered
    return _through_layers(lowest, weights, (), run), after


def recurrent_products(states: Sequence[State], layers: Sequence[LayerWeights]) -> list[Tensor]:
    """Returns what each layer's output gives to its own next step, float32 `[N, 4H]` each.

    Args:
      states: of each layer.
      layers: likewise.
    """
    return [
        product(state.h, layer.recurrent, layer.recurrent.dtype)
        for layer, state in zip(layers, states, strict=True)
    ]


def start_traces(steps: Tensor, states: Sequence[State]) -> list[TraceArrays]:
    """Makes each layer's arrays for a sequence that is stepped through.

    Args:
      steps: T, int32 scalar.
      states: before the first step.
    """
    return [TraceArrays.start(steps, state.c) for state in states]


def _through_layers(
    entered: Any, weights: Sequence[LayerWeights], masks: Sequence[Tensor], run: _RunLayer
) -> Tensor:
    """Goes through a stack: what each layer is given, and what it passes on.

    Args:
      entered: the lowest layer's input after its entry.
      weights: of each layer.
      masks: dropout of each layer's input, or nothing; the lowest layer's is applied already.
      run: runs one layer.

    Returns:
      What the top layer passes on.
    """
    x = entered
    for k, layer in enumerate(weights):
        below = x
        if k:
            below = x * masks[k] if masks else x
            if layer.projected:
                below = enter(below, layer)
        # Only the lowest layer's entry can be its kernel's rows, and its input a sum of gates.
        h = run(k, layer, below, k == 0 and not layer.projected)
        x = h + below if layer.residual else h
    return x
