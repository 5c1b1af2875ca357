"""The converters of magenta.js that do as ours do."""

from __future__ import annotations

import functools
from typing import Any

from musicvae.converters.base import Converter
from musicvae.converters.drum_classes import REDUCED
from musicvae.converters.drums import DrumsConverter
from musicvae.converters.groove import GrooveConverter
from musicvae.converters.melody import MelodyConverter
from musicvae.converters.multitrack import MultitrackConverter
from musicvae.converters.performance import NUM_PITCHES, STEPS_PER_BAR, STEPS_PER_QUARTER
from musicvae.converters.trio import MAX_PITCH, MIN_PITCH, TrioConverter
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


@magenta_js.register
def _(converter: MelodyConverter) -> tuple[str, dict[str, Any]]:
    config = converter.config
    return "MelodyConverter", {"minPitch": config.min_pitch, "maxPitch": config.max_pitch}


@magenta_js.register
def _(converter: DrumsConverter) -> tuple[str, dict[str, Any]]:
    kind = "DrumRollConverter" if converter.config.roll_output else "DrumsConverter"
    return kind, {"pitchClasses": [list(pitches) for pitches in converter.config.table]}


@magenta_js.register
def _(converter: GrooveConverter) -> tuple[str, dict[str, Any]]:
    config = converter.config
    args = {"stepsPerQuarter": 4, "humanize": config.humanize, "tapify": config.tapify}
    return "GrooveConverter", args | {"pitchClasses": [list(pitches) for pitches in REDUCED]}


@magenta_js.register
def _(_: TrioConverter) -> tuple[str, dict[str, Any]]:
    pitches = {"minPitch": MIN_PITCH, "maxPitch": MAX_PITCH}
    drums = {"pitchClasses": [list(classes) for classes in REDUCED]}
    return "TrioConverter", {"melArgs": pitches, "bassArgs": pitches, "drumsArgs": drums}


@magenta_js.register
def _(converter: MultitrackConverter) -> tuple[str, dict[str, Any]]:
    return "MultitrackConverter", {
        "stepsPerQuarter": STEPS_PER_QUARTER,
        "totalSteps": STEPS_PER_BAR,
        "numVelocityBins": converter.config.num_velocity_bins,
        "minPitch": 0,
        "maxPitch": NUM_PITCHES - 1,
    }


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
