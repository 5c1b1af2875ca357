"""Models for ONNX runtimes: encoder.onnx, decoder.onnx, prior.onnx and model.json.

A step of the decoder is the body of a Loop; the encoder is ONNX's own LSTM. Any batch is taken,
and, but for hierarchical models, any number of steps.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from musicvae.export.decoder_program import DecoderProgram
from musicvae.export.description import describe, tensors
from musicvae.export.encoder_program import EncoderProgram
from musicvae.export.folder import new_files
from musicvae.export.onnx_operations import ONNXOperations, value_info
from musicvae.export.prior_program import PriorProgram
from musicvae.export.quantization import Quantization
from musicvae.export.source import ExportSource
from musicvae.export.stored import check_stored
from musicvae.prior.latent_prior import LatentPrior

FILES = {"encoder": "encoder.onnx", "decoder": "decoder.onnx", "prior": "prior.onnx"}
DESCRIPTION = "model.json"


def export_onnx(
    source: ExportSource, output_dir: Path, *, quantization: Quantization = "float32"
) -> list[Path]:
    """Writes a model as ONNX.

    Args:
      source: the model.
      output_dir: where the files go; an earlier export there is replaced.
      quantization: "float32", or "float16" for files of half the size that compute in float32.

    Returns:
      The files.

    Raises:
      InputError: the decoder cannot be exported, or the quantization is another.
      MissingExtraError: the onnx package is missing.
    """
    check_stored(source, quantization, "onnx")
    models = onnx_models(source, half=quantization == "float16")
    description = describe(source, DecoderProgram(source, ONNXOperations()), "onnx", FILES)
    names = [FILES[part] for part in models]
    with new_files(output_dir, replacing=[*FILES.values(), DESCRIPTION]) as folder:
        for part, model in models.items():
            (folder / FILES[part]).write_bytes(model.SerializeToString())
        (folder / DESCRIPTION).write_bytes(description)
    return [output_dir / name for name in (DESCRIPTION, *names)]


def onnx_models(source: ExportSource, *, half: bool = False) -> dict[str, Any]:
    """Returns the ModelProtos of "decoder" and, where they are there, "encoder" and "prior".

    Args:
      source: the model.
      half: store matrices as float16.

    Raises:
      InputError: the decoder cannot be exported.
    """
    models = {"decoder": _decoder(source, half=half)}
    if source.has_encoder:
        models["encoder"] = _encoder(source, half=half)
    if source.prior is not None:
        models["prior"] = _prior(source, source.prior, half=half)
    return models


def _encoder(source: ExportSource, *, half: bool) -> Any:
    op = ONNXOperations(half=half)
    shapes = tensors(source, DecoderProgram(source, ONNXOperations()))["encoder"]
    controls = "controls" if "controls" in shapes["inputs"] else None
    posterior = EncoderProgram(source, op).encode("inputs", "lengths", controls)
    for name, value in zip(("mu", "sigma"), posterior, strict=True):
        op.named(value, name)
    return op.model("encoder", _infos(shapes["inputs"]), _infos(shapes["outputs"]))


def _decoder(source: ExportSource, *, half: bool) -> Any:
    op = ONNXOperations(half=half)
    program = DecoderProgram(source, op)
    shapes = tensors(source, program)["decoder"]
    controls = "controls" if "controls" in shapes["inputs"] else None
    music = program.decode("z", "noise", "temperature", controls)
    for name, value in zip(shapes["outputs"], music, strict=False):
        op.named(value, name)
    return op.model("decoder", _infos(shapes["inputs"]), _infos(shapes["outputs"]))


def _prior(source: ExportSource, prior: LatentPrior, *, half: bool) -> Any:
    op = ONNXOperations(half=half)
    shapes = tensors(source, DecoderProgram(source, ONNXOperations()))["prior"]
    op.named(PriorProgram(prior, op).draw("noise"), "z")
    return op.model("prior", _infos(shapes["inputs"]), _infos(shapes["outputs"]))


def _infos(described: dict[str, dict[str, Any]]) -> list[Any]:
    return [
        value_info(name, np.dtype(tensor["dtype"]), tensor["shape"])
        for name, tensor in described.items()
    ]
