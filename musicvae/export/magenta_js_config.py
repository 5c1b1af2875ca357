"""What magenta-js is told about a model, and which models it does not know.

It builds a model from `config.json` and the names of the weights: an encoder of one bidirectional
layer or of two levels, a flat decoder or a conductor over one, and a converter of its own for each
representation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from musicvae.converters.drum_classes import REDUCED
from musicvae.converters.drums import DrumsConverter
from musicvae.converters.groove import GrooveConverter
from musicvae.converters.melody import MelodyConverter
from musicvae.converters.multitrack import MultitrackConverter
from musicvae.converters.performance import NUM_PITCHES, STEPS_PER_BAR, STEPS_PER_QUARTER
from musicvae.converters.trio import MAX_PITCH, MIN_PITCH, TrioConverter
from musicvae.errors import InputError
from musicvae.export.source import ExportSource, Weights

_FLAT_DECODERS = ("categorical", "nade", "groove")
_GATES = 4
_ELSEWHERE = "export it as onnx, tflite or savedmodel"


def magenta_js_config(source: ExportSource) -> dict[str, Any]:
    """Returns the content of `config.json`.

    Args:
      source: the model.

    Raises:
      InputError: magenta-js has no such model; the message says what to do instead.
    """
    _check(source)
    config = source.converter.config
    found: dict[str, Any] = {"type": "MusicVAE", "dataConverter": _converter(source)}
    if getattr(config, "chord_encoding", None):
        found["chordEncoder"] = "TriadChordEncoder"
    if getattr(config, "condition_on_key", False):
        found["conditionOnKey"] = True
    if getattr(config, "hits_as_controls", False):
        found["extraControls"] = [{"name": "hits", "depth": source.spec.control_depth}]
    return found


def placeholder_encoder(source: ExportSource) -> Weights:
    """Returns the encoder of zeros, of one unit, that a model for decoding alone is given.

    magenta-js builds no model without an encoder. What this one encodes is always N(0, 1).

    Args:
      source: a model without its encoder.
    """
    z_size = source.config.hparams.z_size
    depth = source.spec.input_depth + source.spec.control_depth
    levels = [""]
    if _is_hierarchical(source):
        levels = ["hierarchical_level_0/", "hierarchical_level_1/"]
    shapes: dict[str, tuple[int, ...]] = {}
    for level in levels:
        for direction in ("fw", "bw"):
            layer = f"encoder/{level}cell_0/bidirectional_rnn/{direction}"
            layer += "/multi_rnn_cell/cell_0/lstm_cell"
            shapes[f"{layer}/kernel"] = (depth + 1, _GATES)
            shapes[f"{layer}/bias"] = (_GATES,)
        depth = 2
    for head in ("mu", "sigma"):
        shapes[f"encoder/{head}/kernel"] = (depth, z_size)
        shapes[f"encoder/{head}/bias"] = (z_size,)
    return {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}


def _is_hierarchical(source: ExportSource) -> bool:
    return source.config.decoder.type == "hierarchical"


def _check(source: ExportSource) -> None:
    """Raises InputError unless magenta-js can build the model."""
    config = source.config
    name, decoder, encoder = config.name, config.decoder, config.encoder
    what = f"magenta-js cannot run config '{name}'"
    if source.spec.part_depths and not _is_hierarchical(source):
        raise InputError(f"{what}: it splits a trio only under a conductor; {_ELSEWHERE}")
    if decoder.type not in (*_FLAT_DECODERS, "hierarchical"):
        raise InputError(f"{what}: it has no decoder of type '{decoder.type}'; {_ELSEWHERE}")
    if config.hparams.residual_decoder or config.hparams.residual_encoder:
        raise InputError(f"{what}: it has no residual layers; {_ELSEWHERE}")
    sizes = config.hparams.dec_rnn_size
    if len(set(sizes)) > 1:
        raise InputError(
            f"{what}: its decoder's layers have {list(sizes)} units, and it takes them to be "
            f"equal; {_ELSEWHERE}"
        )
    if _is_hierarchical(source):
        levels = decoder.options["level_lengths"]
        disabled = decoder.options.get("disable_autoregression", False)
        fed = disabled is not True and not set(range(len(levels) - 1)) <= set(disabled or ())
        if len(levels) != 2 or fed:
            raise InputError(f"{what}: it has one conductor, which is fed nothing; {_ELSEWHERE}")
    if not source.has_encoder:
        return
    config_of_notes = source.converter.config
    taps = getattr(config_of_notes, "tapify", False)
    if getattr(config_of_notes, "fixed_velocities", False) != taps:
        raise InputError(
            f"{what} with its encoder: it takes velocities out of taps, and of nothing else; "
            f"add --decoder_only to export it for sampling alone, or {_ELSEWHERE}"
        )
    if getattr(config_of_notes, "add_instruments", None):
        raise InputError(
            f"{what} with its encoder: it cannot take drums out of the input (add_instruments); "
            f"add --decoder_only to export it for sampling alone, or {_ELSEWHERE}"
        )
    layers = config.hparams.enc_rnn_size
    core = encoder.core.type if encoder.core else "bidirectional_lstm"
    two_levels = (
        encoder.type == "hierarchical_lstm"
        and core == "bidirectional_lstm"
        and len(encoder.options["level_lengths"]) == 2
    )
    one_layer = encoder.type == "bidirectional_lstm" and not _is_hierarchical(source)
    if len(layers) != 1 or not (two_levels or one_layer):
        raise InputError(
            f"{what} with its encoder: it reads with one bidirectional layer, or two levels of "
            "them under a conductor; add --decoder_only to export it for sampling alone, or "
            f"{_ELSEWHERE}"
        )


def _converter(source: ExportSource) -> dict[str, Any]:
    """Returns the data converter and its arguments."""
    kind, args = _ARGUMENTS[type(source.converter)](source.converter)
    args = {"numSteps": source.config.hparams.max_seq_len} | args
    if _is_hierarchical(source):
        args["numSegments"] = source.config.decoder.options["level_lengths"][0]
    return {"type": kind, "args": args}


def _melody(converter: MelodyConverter) -> tuple[str, dict[str, Any]]:
    config = converter.config
    return "MelodyConverter", {"minPitch": config.min_pitch, "maxPitch": config.max_pitch}


def _drums(converter: DrumsConverter) -> tuple[str, dict[str, Any]]:
    kind = "DrumRollConverter" if converter.config.roll_output else "DrumsConverter"
    return kind, {"pitchClasses": [list(pitches) for pitches in converter.config.table]}


def _groove(converter: GrooveConverter) -> tuple[str, dict[str, Any]]:
    config = converter.config
    args = {"stepsPerQuarter": 4, "humanize": config.humanize, "tapify": config.tapify}
    return "GrooveConverter", args | {"pitchClasses": [list(pitches) for pitches in REDUCED]}


def _trio(_: TrioConverter) -> tuple[str, dict[str, Any]]:
    pitches = {"minPitch": MIN_PITCH, "maxPitch": MAX_PITCH}
    drums = {"pitchClasses": [list(classes) for classes in REDUCED]}
    return "TrioConverter", {"melArgs": pitches, "bassArgs": pitches, "drumsArgs": drums}


def _multitrack(converter: MultitrackConverter) -> tuple[str, dict[str, Any]]:
    return "MultitrackConverter", {
        "stepsPerQuarter": STEPS_PER_QUARTER,
        "totalSteps": STEPS_PER_BAR,
        "numVelocityBins": converter.config.num_velocity_bins,
        "minPitch": 0,
        "maxPitch": NUM_PITCHES - 1,
    }


_ARGUMENTS: Mapping[type, Callable[[Any], tuple[str, dict[str, Any]]]] = {
    DrumsConverter: _drums,
    GrooveConverter: _groove,
    MelodyConverter: _melody,
    MultitrackConverter: _multitrack,
    TrioConverter: _trio,
}
