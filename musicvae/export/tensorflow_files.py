"""Models for TensorFlow: a SavedModel, or TFLite files that need no TensorFlow to run.

A step is the body of a loop. Any batch is taken, and, but for hierarchical models, any number of
steps; in TFLite a program sets them with `resize_tensor_input`.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from musicvae.export.decoder_program import DecoderProgram
from musicvae.export.description import describe, tensors
from musicvae.export.encoder_program import EncoderProgram
from musicvae.export.folder import new_files
from musicvae.export.prior_program import PriorProgram
from musicvae.export.quantization import Quantization
from musicvae.export.source import ExportSource
from musicvae.export.stored import check_stored
from musicvae.export.tensorflow_operations import TensorFlowOperations, TFLiteOperations

FILES = {"encoder": "encoder.tflite", "decoder": "decoder.tflite", "prior": "prior.tflite"}
SIGNATURES = {"encoder": "encode", "decoder": "decode", "prior": "draw"}
DESCRIPTION = "model.json"


def export_saved_model(
    source: ExportSource, output_dir: Path, *, quantization: Quantization = "float32"
) -> list[Path]:
    """Writes a model as a SavedModel with the signatures `encode`, `decode` and `draw`.

    Args:
      source: the model.
      output_dir: the SavedModel's folder; an earlier export there is replaced.
      quantization: "float32", or "float16" for half the size, computing in float32.

    Returns:
      The files.

    Raises:
      InputError: the decoder cannot be exported, or the quantization is another.
    """
    check_stored(source, quantization, "savedmodel")
    functions = _functions(source, TensorFlowOperations(half=quantization == "float16"))
    replacing = ["saved_model.pb", "fingerprint.pb", "variables/*", DESCRIPTION]
    with new_files(output_dir, replacing=replacing) as folder:
        module = tf.Module()
        signatures = {SIGNATURES[part]: function for part, function in functions.items()}
        tf.saved_model.save(module, str(folder), signatures=signatures)
        (folder / DESCRIPTION).write_bytes(
            describe(source, _program(source), "savedmodel", SIGNATURES)
        )
        names = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return [output_dir / name for name in names]


def export_tflite(
    source: ExportSource, output_dir: Path, *, quantization: Quantization = "float32"
) -> list[Path]:
    """Writes a model as encoder.tflite, decoder.tflite and, if it has one, prior.tflite.

    They need TFLite's own operations alone.

    Args:
      source: the model.
      output_dir: where the files go; an earlier export there is replaced.
      quantization: "float32", or "float16" for half the size, computing in float32.

    Returns:
      The files.

    Raises:
      InputError: the decoder cannot be exported, or the quantization is another.
    """
    check_stored(source, quantization, "tflite")
    functions = _functions(source, TFLiteOperations())
    names = [FILES[part] for part in functions]
    with new_files(output_dir, replacing=[*FILES.values(), DESCRIPTION]) as folder:
        for part, function in functions.items():
            content = _converted(function, half=quantization == "float16")
            (folder / FILES[part]).write_bytes(content)
        (folder / DESCRIPTION).write_bytes(describe(source, _program(source), "tflite", FILES))
    return [output_dir / name for name in (DESCRIPTION, *names)]


def _converted(function: Any, *, half: bool) -> bytes:
    module = tf.Module()
    module.function = function
    with tempfile.TemporaryDirectory(prefix="musicvae-") as folder, _quiet():
        tf.saved_model.save(module, folder, signatures={"run": function})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["run"])
        if half:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        content: bytes = converter.convert()
    return content


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Drops what the converter's C++ code says of its progress."""
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _program(source: ExportSource) -> DecoderProgram:
    return DecoderProgram(source, TensorFlowOperations())


def _functions(source: ExportSource, op: TensorFlowOperations) -> dict[str, Any]:
    """Returns the concrete functions of "decoder" and, where they are there, the others."""
    shapes = tensors(source, _program(source))

    def decode(**given: Any) -> dict[str, Any]:
        program = DecoderProgram(source, op)
        music = program.decode(
            given["z"], given["noise"], given["temperature"], given.get("controls")
        )
        return dict(zip(shapes["decoder"]["outputs"], music, strict=False))

    def encode(**given: Any) -> dict[str, Any]:
        program = EncoderProgram(source, op)
        posterior = program.encode(given["inputs"], given["lengths"], given.get("controls"))
        return dict(zip(("mu", "sigma"), posterior, strict=True))

    def draw(**given: Any) -> dict[str, Any]:
        assert source.prior is not None
        return {"z": PriorProgram(source.prior, op).draw(given["noise"])}

    found = {}
    for part, body in (("decoder", decode), ("encoder", encode), ("prior", draw)):
        if part in shapes:
            found[part] = tf.function(body, autograph=False).get_concrete_function(
                **{name: _spec(name, tensor) for name, tensor in shapes[part]["inputs"].items()}
            )
    return found


def _spec(name: str, tensor: dict[str, Any]) -> Any:
    shape = [size if isinstance(size, int) else None for size in tensor["shape"]]
    return tf.TensorSpec(shape, tf.dtypes.as_dtype(np.dtype(tensor["dtype"])), name=name)
