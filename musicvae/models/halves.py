"""The two halves of a model: what encodes, and what decodes."""

from __future__ import annotations

from musicvae.config import Config, ExampleSpec
from musicvae.models import schedules
from musicvae.models.decoders import DECODERS, Decoder, DecoderContext
from musicvae.models.posterior import PosteriorHead
from musicvae.models.variables import Variables, VariableShapes


def build(
    config: Config, spec: ExampleSpec, variables: Variables, *, decoder_only: bool = False
) -> tuple[PosteriorHead | None, Decoder]:
    """Makes the two halves of a model.

    Args:
      config: sizes and parts.
      spec: the shape of the examples.
      variables: where their variables are made.
      decoder_only: whether to leave out the half that encodes. A decoder that encodes what it
        sampled keeps it.

    Returns:
      What encodes, None for an unconditional model; and what decodes.

    Raises:
      ConfigError: the encoder or decoder is unknown, or does not fit the examples.
    """
    hparams = config.hparams
    schedules.check_sampling_schedule(hparams)
    posterior_head = None
    if hparams.z_size and (not decoder_only or config.decoder.options.get("reencode")):
        posterior_head = PosteriorHead(config, spec, variables)
    encoder = None if posterior_head is None else posterior_head.encoder
    context = DecoderContext("", hparams.z_size, spec.output_depth, spec.control_depth, encoder)
    decoder = DECODERS.get(config.decoder.type)
    return posterior_head, decoder(config.decoder, hparams, variables, context)


def variable_shapes(config: Config, spec: ExampleSpec) -> dict[str, tuple[int, ...]]:
    """Returns the shapes of a model's variables by name, without making them.

    Args:
      config: sizes and parts.
      spec: the shape of the examples.

    Raises:
      ConfigError: an encoder or decoder is unknown, or does not fit the examples.
    """
    shapes = VariableShapes()
    build(config, spec, shapes)
    return shapes.shapes
