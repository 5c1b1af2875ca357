"""What magenta-js is told about a model, and which models it does not know.

It builds a model from `config.json` and the names of the weights: an encoder of one bidirectional
layer or of two levels, a flat decoder or a conductor over one, and a converter of its own for each
representation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from musicvae.converters.magenta_js import cannot_be_read, magenta_js
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
    control = source.converter.control
    found: dict[str, Any] = {"type": "MusicVAE", "dataConverter": _converter(source)}
    if control.chords:
        found["chordEncoder"] = "TriadChordEncoder"
    if control.key:
        found["conditionOnKey"] = True
    if control.hits:
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
    fault = cannot_be_read(source.converter)
    if fault:
        raise InputError(
            f"{what} with its encoder: it {fault}; add --decoder_only to export it for sampling "
            f"alone, or {_ELSEWHERE}"
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
    kind, args = magenta_js(source.converter)
    args = {"numSteps": source.config.hparams.max_seq_len} | args
    if _is_hierarchical(source):
        args["numSegments"] = source.config.decoder.options["level_lengths"][0]
    return {"type": kind, "args": args}
