"""Encoders: a sequence becomes one vector, from which q(z|x) is read.

The vector is what the last layer gives when it has read the whole sequence: forwards, or forwards
and backwards. A hierarchical encoder reads segments first, then the sequence of their vectors.

Axes: B batch, T time step, D columns of a step with its control, E columns of the vector, S
segments.

Source: Roberts et al. 2018, sections 3.2 and 5.2 (multitrack: Simon et al. 2018, section 3).
"""

from __future__ import annotations

import abc
import dataclasses
import math
from typing import Any

import tensorflow as tf

from musicvae.components import Component, options_as
from musicvae.errors import ConfigError
from musicvae.hparams import HParams
from musicvae.models.bidirectional import BidirectionalLayers
from musicvae.models.forward import Forward
from musicvae.models.lstm_layer import enter, enter_data
from musicvae.models.lstm_stack import LSTMStack, last
from musicvae.models.stack_steps import run_stack
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
          forward: seed, dropout and dtype.

        Returns:
          float32 `[B, E]`.
        """


ENCODERS: Registry[Encoder] = Registry("encoder", Encoder)


@dataclasses.dataclass(frozen=True)
class _NoOptions:
    """An encoder type without options of its own."""


@ENCODERS.register("bidirectional_lstm")
class BidirectionalLSTMEncoder(Encoder):
    """Layers that read forwards and backwards."""

    def __init__(
        self, component: Component, hparams: HParams, variables: Variables, depth: int, scope: str
    ) -> None:
        """Makes the variables of both directions.

        Args:
          component: no options, nothing inside.
          hparams: enc_rnn_size and residual_encoder.
          variables: where they are made.
          depth: D.
          scope: the variables' names begin with this.

        Raises:
          ConfigError: the component has an option.
        """
        options_as(_NoOptions, component.options, f"[encoder] type '{component.type}'")
        residual = hparams.residual_encoder
        sizes = hparams.enc_rnn_size
        self._layers = BidirectionalLayers(variables, scope, depth, sizes, residual=residual)
        self.output_depth = self._layers.output_depth

    def encode(self, sequence: Tensor, lengths: Tensor, forward: Forward) -> Tensor:
        """Returns the last layer's states h at both ends of each sequence.

        Args:
          sequence: float32 `[B, T, D]`.
          lengths: int32 `[B]`, 0 to T.
          forward: seed, dropout and dtype.

        Returns:
          float32 `[B, E]`: the end as read forwards, then the start as read backwards.
        """
        directions = self._layers(tf.transpose(sequence, [1, 0, 2]), lengths, forward)
        return tf.concat([last(direction.hidden, lengths) for direction in directions], -1)


@ENCODERS.register("lstm")
class LSTMEncoder(Encoder):
    """Layers that read forwards."""

    def __init__(
        self, component: Component, hparams: HParams, variables: Variables, depth: int, scope: str
    ) -> None:
        """Makes the variables.

        Args:
          component: no options, nothing inside.
          hparams: enc_rnn_size and residual_encoder.
          variables: where they are made.
          depth: D.
          scope: the variables' names begin with this.

        Raises:
          ConfigError: the component has an option.
        """
        options_as(_NoOptions, component.options, f"[encoder] type '{component.type}'")
        scope, sizes = f"{scope}/multi_rnn_cell", hparams.enc_rnn_size
        residual = hparams.residual_encoder
        self._stack = LSTMStack(variables, scope, depth, sizes, residual=residual)
        self.output_depth = sizes[-1]

    def encode(self, sequence: Tensor, lengths: Tensor, forward: Forward) -> Tensor:
        """Returns the last layer's output at each sequence's end.

        Args:
          sequence: float32 `[B, T, D]`.
          lengths: int32 `[B]`, 0 to T.
          forward: seed, dropout and dtype.

        Returns:
          float32 `[B, E]`.
        """
        x = tf.transpose(sequence, [1, 0, 2])
        weights = self._stack.weights(forward.dtype)
        steps, batch = tf.shape(x)[0], tf.shape(x)[1]
        masks = self._stack.masks(steps, batch, forward)
        entered = enter(x * masks[0], weights[0]) if masks else enter_data(x, weights[0])
        top = run_stack(entered, weights, self._stack.zero_states(batch), masks).top
        return last(top, lengths)


@dataclasses.dataclass(frozen=True)
class HierarchicalEncoderOptions:
    """What `hierarchical_lstm` takes.

    Attributes:
      level_lengths: how many steps, or vectors of the level below, each level reads; from the
        bottom up.
    """

    level_lengths: tuple[int, ...]


@ENCODERS.register("hierarchical_lstm")
class HierarchicalLSTMEncoder(Encoder):
    """Reads segments, then the sequence of their vectors, level by level.

    Attributes:
      level_lengths: how many steps or vectors each level reads, from the bottom up.
      levels: the encoder of each level.
    """

    def __init__(
        self, component: Component, hparams: HParams, variables: Variables, depth: int, scope: str
    ) -> None:
        """Makes the encoder of each level.

        Args:
          component: its HierarchicalEncoderOptions, and the encoder of a level inside it;
            bidirectional_lstm by default.
          hparams: sizes, and max_seq_len, which the levels' lengths multiply to.
          variables: where they are made.
          depth: D.
          scope: the variables' names begin with this.

        Raises:
          ConfigError: an option is unknown, or the levels do not make up max_seq_len.
        """
        subject = f"[encoder] type '{component.type}'"
        self.level_lengths = options_as(
            HierarchicalEncoderOptions, component.options, subject
        ).level_lengths
        check_level_lengths(self.level_lengths, hparams, subject)
        core = component.core or Component("bidirectional_lstm")
        self.levels: list[Encoder] = []
        for k in range(len(self.level_lengths)):
            name = f"{scope}/hierarchical_level_{k}"
            level = ENCODERS.get(core.type)(core, hparams, variables, depth, name)
            self.levels.append(level)
            depth = level.output_depth
        self.output_depth = depth

    def encode(self, sequence: Tensor, lengths: Tensor, forward: Forward) -> Tensor:
        """Reads segments, then the sequence of their vectors, level by level.

        Args:
          sequence: float32 `[B, T, D]`, T the product of all levels' lengths.
          lengths: int32 `[B]`, or `[B, S]` for segments with a length of their own.
          forward: seed, dropout and dtype.

        Returns:
          float32 `[B, E]`.
        """
        x = sequence
        rows = segment_lengths(lengths, math.prod(self.level_lengths[1:]), self.level_lengths[0])
        for k, (level, size) in enumerate(zip(self.levels, self.level_lengths, strict=True)):
            x = tf.reshape(x, [-1, size, x.shape[-1]])
            if k:
                rows = tf.fill([tf.shape(x)[0]], size)
            x = level.encode(x, tf.reshape(rows, [-1]), forward.child(k))
        return x


def check_level_lengths(level_lengths: tuple[int, ...], hparams: HParams, subject: str) -> None:
    """Raises ConfigError unless the levels together are as long as a sequence.

    Args:
      level_lengths: of each level.
      hparams: max_seq_len.
      subject: whose levels they are, for the message.
    """
    total = math.prod(level_lengths)
    if not level_lengths or total != hparams.max_seq_len:
        raise ConfigError(
            f"{subject}: level_lengths {list(level_lengths)} multiply to {total}; they must give "
            f"max_seq_len, {hparams.max_seq_len}"
        )


def segment_lengths(lengths: Tensor, segments: int, size: int) -> Tensor:
    """Returns the length of each segment.

    Args:
      lengths: int32 `[B]`, of whole sequences; or `[B, S]`, which is returned.
      segments: S.
      size: the most steps in a segment.

    Returns:
      int32 `[B, S]`.
    """
    if len(lengths.shape) == 2:
        return lengths
    return tf.clip_by_value(lengths[:, None] - size * tf.range(segments), 0, size)
