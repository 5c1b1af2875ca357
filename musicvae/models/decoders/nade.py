"""The decoder of drum rolls whose classes are drawn one after the other (see nade_output)."""

from __future__ import annotations

from musicvae.components import Component, options_as
from musicvae.hparams import HParams
from musicvae.models.decoders.base import DECODERS, DecoderContext
from musicvae.models.decoders.categorical import NoOptions
from musicvae.models.decoders.flat import FlatDecoder
from musicvae.models.decoders.nade_output import NADE
from musicvae.models.variables import Variables


@DECODERS.register("nade")
class NADEDecoder(FlatDecoder):
    """On-off classes that know of each other within a step."""

    def __init__(
        self, component: Component, hparams: HParams, variables: Variables, context: DecoderContext
    ) -> None:
        """Makes the variables.

        Args:
          component: no options.
          hparams: dec_rnn_size, residual_decoder and nade_num_hidden.
          variables: where they are made.
          context: where the decoder stands.

        Raises:
          ConfigError: the component has an option.
        """
        options_as(NoOptions, component.options, "[decoder] type 'nade'")
        output = NADE(
            variables, context.name("decoder/nade"), context.output_depth, hparams.nade_num_hidden
        )
        super().__init__(output, hparams, variables, context)
