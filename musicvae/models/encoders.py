"""Encoders: a sequence becomes one vector, from which q(z|x) is read.

The bidirectional encoder reads each sequence from both of its own ends; a layer's two outputs are
put side by side for the next one, and the last layer's two outputs at the ends are the vector.

Axes: B batch, T time step, D columns of a step with its control, E columns of the vector.

Source: Roberts et al. 2018, section 3.2.
"""

from __future__ import annotations

import abc
import dataclasses
from typing import Any

import tensorflow as tf

from musicvae.config import Component, options_as
from musicvae.hparams import HParams
from musicvae.models import lstm
from musicvae.models.forward import Forward
from musicvae.models.lstm import LSTMLayer
from musicvae.models.variables import Variables
from musicvae.registry import Registry

Tensor = Any


class Encoder(abc.ABC):
    """What turns a sequence into a vector.

    Attributes:
      output_depth: E.
    """

    output_depth: int

    @abc.abstractmethod
    def __init__(
        self, component: Component, hparams: HParams, variables: Variables, depth: int, scope: str
    ) -> None:
        """Makes the encoder's variables.

        Args:
          component: its type's options and what is inside it.
          hparams: sizes.
          variables: where they are made.
          depth: D.
          scope: the variables' names begin with this.

        Raises:
          ConfigError: an option is unknown, or does not fit the model.
        """

    @abc.abstractmethod
    def encode(self, sequence: Tensor, lengths: Tensor, forward: Forward) -> Tensor:
        """Reads sequences.

        Args:
          sequence: float32 `[B, T, D]`.
          lengths: int32 `[B]`, or `[B, S]` for segments with a length of their own.
          forward: how.

        Returns:
          float32 `[B, E]`.
        """


ENCODERS: Registry[Encoder] = Registry("encoder")


@dataclasses.dataclass(frozen=True)
class _NoOptions:
    """An encoder type without options of its own."""


@ENCODERS.register("bidirectional_lstm")
class BidirectionalLSTMEncoder(Encoder):
    """Layers that read forwards and backwards."""

    def __init__(
        self, component: Component, hparams: HParams, variables: Variables, depth: int, scope: str
    ) -> None:
        """Makes the variables, as Encoder."""
        options_as(_NoOptions, component.options, f"[encoder] type '{component.type}'")
        self._layers: list[tuple[LSTMLayer, LSTMLayer]] = []
        for k, units in enumerate(hparams.enc_rnn_size):
            name = f"{scope}/cell_{k}/bidirectional_rnn/{{}}/multi_rnn_cell/cell_0/lstm_cell"
            forwards = LSTMLayer(variables, name.format("fw"), depth, units)
            self._layers.append((forwards, LSTMLayer(variables, name.format("bw"), depth, units)))
            depth = 2 * units
        self.output_depth = depth

    def encode(self, sequence: Tensor, lengths: Tensor, forward: Forward) -> Tensor:
        """Returns the last layer's outputs at both ends of each sequence, as Encoder.encode."""
        x = tf.transpose(sequence, [1, 0, 2])
        for k, layers in enumerate(self._layers):
            read_from = (x, reverse(x, lengths))
            directions = [
                _run(layer, source, forward.child(2 * k + d))
                for d, (layer, source) in enumerate(zip(layers, read_from, strict=True))
            ]
            if k + 1 < len(self._layers):
                x = tf.concat([directions[0], reverse(directions[1], lengths)], -1)
        return tf.concat([last(outputs, lengths) for outputs in directions], -1)


def _run(layer: LSTMLayer, x: Tensor, forward: Forward) -> Tensor:
    """Runs a layer from a state of zeros; `[T, B, I]` to `[T, B, H]`."""
    if forward.keep_prob < 1.0:
        x *= forward.dropout_mask(tf.shape(x), 0)
    weights = layer.weights(forward.dtype)
    (initial,) = lstm.zero_states([layer], tf.shape(x)[1])
    return lstm.recurrence(lstm.project(x, weights), weights.recurrent, initial)


def reverse(sequence: Tensor, lengths: Tensor) -> Tensor:
    """Turns each sequence round within its own length.

    Args:
      sequence: `[T, B, D]`.
      lengths: int32 `[B]`.
    """
    return tf.reverse_sequence(sequence, lengths, seq_axis=0, batch_axis=1)


def last(outputs: Tensor, lengths: Tensor) -> Tensor:
    """Returns each sequence's output at its last step.

    Args:
      outputs: float32 `[T, B, H]`.
      lengths: int32 `[B]`.

    Returns:
      float32 `[B, H]`; zeros where the length is 0.
    """
    batch = tf.range(tf.shape(lengths)[0])
    final = tf.gather_nd(outputs, tf.stack([tf.maximum(lengths - 1, 0), batch], -1))
    return tf.where(lengths[:, None] > 0, final, tf.zeros_like(final))
