"""Decoders of one-hot steps: a melody event, or one of the combinations of drums."""

from __future__ import annotations

import dataclasses

from musicvae.components import Component, options_as
from musicvae.errors import ConfigError
from musicvae.hparams import HParams
from musicvae.models.decoders.base import DECODERS, DecoderContext
from musicvae.models.decoders.categorical_output import Categorical, MultiCategorical
from musicvae.models.decoders.flat import FlatDecoder
from musicvae.models.variables import Variables


@dataclasses.dataclass(frozen=True)
class NoOptions:
    """A decoder type without options of its own."""


@dataclasses.dataclass(frozen=True)
class MultiCategoricalOptions:
    """What `multi_out_categorical` takes.

    Attributes:
      output_depths: classes of each output, side by side.
    """

    output_depths: tuple[int, ...]


def check_depths(depths: tuple[int, ...], context: DecoderContext, kind: str) -> None:
    """Raises ConfigError unless the parts make up the whole step."""
    if sum(depths) != context.output_depth:
        raise ConfigError(
            f"[decoder] type '{kind}': output_depths {list(depths)} sum to {sum(depths)}, but the "
            f"converter's steps have {context.output_depth} columns"
        )


@DECODERS.register("categorical")
class CategoricalDecoder(FlatDecoder):
    """One class a step."""

    def __init__(
        self, component: Component, hparams: HParams, variables: Variables, context: DecoderContext
    ) -> None:
        """Makes the variables.

        Args:
          component: no options.
          hparams: dec_rnn_size and residual_decoder.
          variables: where they are made.
          context: where the decoder stands.

        Raises:
          ConfigError: the component has an option.
        """
        options_as(NoOptions, component.options, "[decoder] type 'categorical'")
        super().__init__(Categorical(context.output_depth), hparams, variables, context)


@DECODERS.register("multi_out_categorical")
class MultiCategoricalDecoder(FlatDecoder):
    """Several classes a step, off one stack of layers."""

    def __init__(
        self, component: Component, hparams: HParams, variables: Variables, context: DecoderContext
    ) -> None:
        """Makes the variables.

        Args:
          component: its MultiCategoricalOptions.
          hparams: dec_rnn_size and residual_decoder.
          variables: where they are made.
          context: where the decoder stands.

        Raises:
          ConfigError: an option is unknown, or the depths do not sum to a step's columns.
        """
        kind = component.type
        options = options_as(MultiCategoricalOptions, component.options, f"[decoder] type '{kind}'")
        check_depths(options.output_depths, context, kind)
        super().__init__(MultiCategorical(options.output_depths), hparams, variables, context)
