"""The decoder of GrooVAE: drum hits with their velocities and their distances from the grid."""

from __future__ import annotations

from musicvae.components import Component, options_as
from musicvae.errors import ConfigError
from musicvae.hparams import HParams
from musicvae.models.decoders.base import DECODERS, DecoderContext
from musicvae.models.decoders.categorical import NoOptions
from musicvae.models.decoders.flat import FlatDecoder
from musicvae.models.decoders.groove_output import Groove
from musicvae.models.variables import Variables


@DECODERS.register("groove")
class GrooveDecoder(FlatDecoder):
    """Hits, velocities and offsets of each drum."""

    def __init__(
        self, component: Component, hparams: HParams, variables: Variables, context: DecoderContext
    ) -> None:
        """Makes the variables.

        Args:
          component: no options.
          hparams: dec_rnn_size and residual_decoder.
          variables: where they are made.
          context: where the decoder stands; D is three times the number of drums.

        Raises:
          ConfigError: the component has an option, or D is no multiple of 3.
        """
        options_as(NoOptions, component.options, "[decoder] type 'groove'")
        if context.output_depth % 3:
            raise ConfigError(
                f"[decoder] type 'groove': steps of {context.output_depth} columns are not hits, "
                "velocities and offsets, a multiple of 3; use converter type 'groove'"
            )
        super().__init__(Groove(context.output_depth), hparams, variables, context)
