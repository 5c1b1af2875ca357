"""Conductors: the levels of a hierarchical decoder, and the options that say what they are fed.

Axes: B batch, H units of the top layer.

Source: Roberts et al. 2018, section 3.2.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import tensorflow as tf

from musicvae.errors import ConfigError
from musicvae.hparams import HParams
from musicvae.models.decoders.base import DecoderContext
from musicvae.models.encoders import HierarchicalLSTMEncoder
from musicvae.models.forward import Forward
from musicvae.models.lstm import State
from musicvae.models.lstm_stack import LSTMStack
from musicvae.models.stack_steps import run_stack
from musicvae.models.variables import Dense, Variables, narrow_normal

Tensor = Any


@dataclasses.dataclass(frozen=True)
class HierarchicalDecoderOptions:
    """What `hierarchical` takes.

    Attributes:
      level_lengths: how many embeddings each conductor gives, from the top down, and last the steps
        of a segment.
      disable_autoregression: the levels whose conductor has no input; True for all.
      reencode: whether the other conductors' input is what was sampled, encoded, instead of states.
    """

    level_lengths: tuple[int, ...]
    disable_autoregression: bool | tuple[int, ...] = False
    reencode: bool = False


class Conductor:
    """One level: a stack of layers that gives an embedding a step.

    Attributes:
      stack: its layers.
      length: how many embeddings it gives.
      has_input: whether it is fed what the levels below gave.
      output_depth: columns of an embedding.
    """

    def __init__(
        self,
        variables: Variables,
        scope: str,
        hparams: HParams,
        *,
        length: int,
        z_size: int,
        input_depth: int,
    ) -> None:
        """Makes the variables.

        Args:
          variables: where they are made.
          scope: their names begin with this.
          hparams: dec_rnn_size and residual_decoder.
          length: how many embeddings it gives.
          z_size: columns of what it is started from.
          input_depth: columns of what it is fed, beside what it is started from; 0 for nothing.
        """
        sizes = hparams.dec_rnn_size
        self.length = length
        self.output_depth = sizes[-1]
        self.has_input = input_depth > 0
        name = f"{scope}/initial_state"
        self._initial = Dense(variables, name, z_size, 2 * sum(sizes), narrow_normal)
        depth = input_depth + z_size if self.has_input else 1
        residual = hparams.residual_decoder
        self.stack = LSTMStack(variables, scope, depth, sizes, residual=residual)

    def start(self, z: Tensor, dtype: tf.DType) -> list[State]:
        """Returns the states before the first step.

        Args:
          z: float32 `[B, Z]`, or the embedding of the level above.
          dtype: what products are computed in, float32 or bfloat16.
        """
        return self.stack.unpack_states(tf.tanh(self._initial(z, dtype)))

    def embeddings(self, z: Tensor, forward: Forward) -> Tensor:
        """Runs all steps without an input.

        Args:
          z: float32 `[B, Z]`, or the embedding of the level above.
          forward: seed, dropout and dtype.

        Returns:
          float32 `[B, length, H]`.
        """
        weights = self.stack.weights(forward.dtype)
        batch = tf.shape(z)[0]
        masks = self.stack.masks(self.length, batch, forward)
        entered = tf.tile(weights[0].entry_bias[None, None], [self.length, batch, 1])
        initial = self.start(z, forward.dtype)
        return tf.transpose(run_stack(entered, weights, initial, masks).top, [1, 0, 2])


def levels_with_input(
    options: HierarchicalDecoderOptions, conductors: int, subject: str
) -> set[int]:
    """Returns the numbers of the conductors that are fed what the levels below gave.

    Args:
      options: of the decoder.
      conductors: how many there are.
      subject: whose options they are, for the message.

    Raises:
      ConfigError: a level does not exist, or only some have an input without reencode.
    """
    disabled = options.disable_autoregression
    if isinstance(disabled, bool):
        disabled = tuple(range(len(options.level_lengths))) if disabled else ()
    if not set(disabled) <= set(range(len(options.level_lengths))):
        raise ConfigError(
            f"{subject}: disable_autoregression = {list(disabled)}: levels are counted from 0 to "
            f"{len(options.level_lengths) - 1}"
        )
    fed = set(range(conductors)) - set(disabled)
    if fed and not options.reencode and len(fed) < conductors:
        raise ConfigError(
            f"{subject}: disable_autoregression = {list(disabled)}: without reencode, either all "
            "conductors have an input or none"
        )
    return fed


def reencoder(
    options: HierarchicalDecoderOptions, context: DecoderContext, subject: str
) -> HierarchicalLSTMEncoder:
    """Returns the model's encoder.

    Args:
      options: of the decoder.
      context: where the decoder stands.
      subject: whose options they are, for the message.

    Raises:
      ConfigError: the encoder cannot read what the decoder gives.
    """
    encoder = context.encoder
    if not isinstance(encoder, HierarchicalLSTMEncoder):
        raise ConfigError(f"{subject}: reencode needs [encoder] type 'hierarchical_lstm'")
    if encoder.level_lengths != options.level_lengths[::-1] or context.control_depth:
        problem = "controls" if context.control_depth else f"levels {list(encoder.level_lengths)}"
        raise ConfigError(
            f"{subject}: reencode does not work with an encoder of {problem}; it needs levels "
            f"{list(options.level_lengths[::-1])} and no controls"
        )
    return encoder
