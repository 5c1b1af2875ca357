"""The converters of magenta.js that do as ours do."""

from __future__ import annotations

import functools
from typing import Any

from musicvae.converters.base import Converter
from musicvae.converters.drums import DrumsConverter
from musicvae.converters.groove import GrooveConverter
from musicvae.errors import InputError


@functools.singledispatch
def magenta_js(converter: Converter) -> tuple[str, dict[str, Any]]:
    """Returns the class of magenta.js for a representation, and its arguments.

    Args:
      converter: the representation's.

    Raises:
      InputError: there is none.
    """
    raise InputError(
        f"magenta-js has no converter like {type(converter).__qualname__}; export the model as "
        "onnx, tflite or savedmodel"
    )


def cannot_be_read(converter: Converter) -> str:
    """Says what keeps magenta.js from making a representation's inputs; nothing if it can."""
    if isinstance(converter, GrooveConverter):
        config = converter.config
        if config.fixed_velocities != config.tapify:
            return "takes velocities out of taps, and of nothing else"
        if config.add_instruments:
            return "cannot take drums out of the input (add_instruments)"
    return ""


def remark(converter: Converter) -> str:
    """Says what magenta.js does otherwise when it reads music; nothing if it does as we do."""
    if isinstance(converter, DrumsConverter):
        return (
            "magenta-js writes the column for silence a step too early when it encodes notes of "
            "drums; encodeTensors() with tensors of your own gives what Python gives"
        )
    return ""
