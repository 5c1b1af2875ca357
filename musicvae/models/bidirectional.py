"""LSTM layers that read a sequence forwards and backwards, each sequence from both of its own ends.

A layer's two outputs are put side by side for the next one.

Axes: B batch, T time step, D columns of a step, H a layer's units. Sequences are time-major, [T, B,
D].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from musicvae.models.forward import Forward
from musicvae.models.lstm_layer import enter, enter_data
from musicvae.models.lstm_stack import LSTMStack
from musicvae.models.stack_steps import StackOutputs, run_stack
from musicvae.models.variables import Variables

Tensor = Any


class BidirectionalLayers:
    """Bidirectional layers on top of each other.

    Attributes:
      output_depth: columns of the last layer's two outputs together.
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
          scope: their names before `/cell_<k>`.
          depth: D.
          sizes: H of each layer.
          residual: whether layers add their input to their output.
        """
        self._layers: list[tuple[LSTMStack, ...]] = []
        for k, units in enumerate(sizes):
            names = [f"{scope}/cell_{k}/bidirectional_rnn/{d}/multi_rnn_cell" for d in ("fw", "bw")]
            self._layers.append(
                tuple(LSTMStack(variables, n, depth, [units], residual=residual) for n in names)
            )
            depth = 2 * units
        self.output_depth = depth

    def __call__(
        self, sequence: Tensor, lengths: Tensor, forward: Forward
    ) -> tuple[StackOutputs, StackOutputs]:
        """Reads sequences.

        Args:
          sequence: float32 `[T, B, D]`.
          lengths: int32 `[B]`.
          forward: seed, dropout and dtype.

        Returns:
          What the last layer gives forwards, and backwards in the order of its reading: both have
          read all at a sequence's last step.
        """
        x = sequence
        for k, (forwards, backwards) in enumerate(self._layers):
            ahead = _run(forwards, x, forward.child(2 * k), is_data=k == 0)
            back = _run(backwards, reverse(x, lengths), forward.child(2 * k + 1), is_data=k == 0)
            x = both_directions(ahead, back, lengths)
        return ahead, back


def _run(stack: LSTMStack, x: Tensor, forward: Forward, *, is_data: bool) -> StackOutputs:
    """Runs a layer over `[T, B, D]`, data or what a layer gave, from a state of zeros."""
    weights = stack.weights(forward.dtype)
    steps, batch = tf.shape(x)[0], tf.shape(x)[1]
    masks = stack.masks(steps, batch, forward)
    if masks:
        entered = enter(x * masks[0], weights[0])
    else:
        entered = enter_data(x, weights[0]) if is_data else enter(x, weights[0])
    return run_stack(entered, weights, stack.zero_states(batch), masks)


def both_directions(ahead: StackOutputs, back: StackOutputs, lengths: Tensor) -> Tensor:
    """Returns what both readings give to each step.

    Args:
      ahead: forwards.
      back: backwards, in the order of its reading.
      lengths: int32 `[B]`.

    Returns:
      float32 `[T, B, 2H]`.
    """
    return tf.concat([ahead.top, reverse(back.top, lengths)], -1)


def reverse(sequence: Tensor, lengths: Tensor) -> Tensor:
    """Turns each sequence round within its own length.

    Args:
      sequence: `[T, B, D]`.
      lengths: int32 `[B]`.
    """
    return tf.reverse_sequence(sequence, lengths, seq_axis=0, batch_axis=1)
