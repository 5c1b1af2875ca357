"""model.json: all that a program in another language needs to use an exported model.

It names the tensors that go in and come out, and says how steps become notes. Shapes are lists in
which a name stands for a size that the caller chooses: "batch", "steps".
"""

from __future__ import annotations

import json
from typing import Any

from musicvae.converters.description import described
from musicvae.export.decoder_program import DecoderProgram, num_segments
from musicvae.export.draws import Categories
from musicvae.export.source import ExportSource

FILE_VERSION = 1
_NOISE = {
    "gumbel": "Gumbel noise of every class, -log(-log(u)) with u uniform in 0..1; 0 for none",
    "uniform": "uniform in 0..1 for every hit; 0.5 for none",
}


def tensors(source: ExportSource, decoder: DecoderProgram) -> dict[str, dict[str, Any]]:
    """Returns the inputs and outputs of encoder, decoder and learned prior.

    Args:
      source: the model.
      decoder: its decoder's program, in any graph.

    Returns:
      "decoder" and, where they are there, "encoder" and "prior", with "inputs" and "outputs" each:
      dtype, shape and meaning by name.
    """
    spec, z_size = source.spec, source.config.hparams.z_size
    fixed = num_segments(source.config.decoder)
    steps: Any = source.config.hparams.max_seq_len if fixed else "steps"
    read: Any = source.config.hparams.max_seq_len if _reads_levels(source) else "steps"
    columns = sum(
        len(draw.depths) if isinstance(draw, Categories) else draw.depth for draw in decoder.draws
    )
    is_labels = isinstance(decoder.draws[0], Categories)
    lengths: list[Any] = ["batch", spec.num_segments] if spec.num_segments else ["batch"]
    origin = "N(0, 1)" if source.prior is None else "the learned prior"
    z = _tensor("float32", ["batch", z_size], f"latent vectors, drawn from {origin} for new music")
    encoder_inputs = {
        "inputs": _tensor(
            "float32", ["batch", read, spec.input_depth], "steps; see representation"
        ),
        "lengths": _tensor("int32", lengths, "steps that count"),
    }
    decoder_inputs = {
        "z": z,
        "noise": _tensor(
            "float32", ["batch", steps, decoder.noise_depth], _NOISE[decoder.draws[0].noise]
        ),
        "temperature": _tensor("float32", [], "at least 0; 0 takes the likeliest"),
    }
    if spec.control_depth:
        for given, size in ((encoder_inputs, read), (decoder_inputs, steps)):
            given["controls"] = _tensor(
                "float32", ["batch", size, spec.control_depth], "controls of each step"
            )
    outputs = (
        {"labels": _tensor("int32", ["batch", steps, columns], "classes; -1 past an end")}
        if is_labels
        else {"steps": _tensor("float32", ["batch", steps, columns], "steps; see representation")}
    )
    if decoder.ends:
        shape: list[Any] = ["batch", fixed] if fixed else ["batch"]
        outputs["lengths"] = _tensor("int32", shape, "steps up to and with the end token")
    found = {"decoder": {"inputs": decoder_inputs, "outputs": outputs}}
    if source.has_encoder:
        posterior = {
            name: _tensor("float32", ["batch", z_size], meaning)
            for name, meaning in (("mu", "means"), ("sigma", "standard deviations"))
        }
        found["encoder"] = {"inputs": encoder_inputs, "outputs": posterior}
    if source.prior is not None:
        noise = _tensor("float32", ["batch", z_size], "standard normal")
        drawn = _tensor("float32", ["batch", z_size], "latent vectors of new music")
        found["prior"] = {"inputs": {"noise": noise}, "outputs": {"z": drawn}}
    return found


def describe(
    source: ExportSource, decoder: DecoderProgram, file_format: str, files: dict[str, str]
) -> bytes:
    """Returns the content of model.json.

    Args:
      source: the model.
      decoder: its decoder's program.
      file_format: "onnx", "tflite" or "savedmodel".
      files: the file of each function, or its signature in a SavedModel.
    """
    functions = tensors(source, decoder)
    content = {
        "format": file_format,
        "version": FILE_VERSION,
        "config": source.config.name,
        "description": source.config.description,
        "checkpoint_step": source.step,
        "z_size": source.config.hparams.z_size,
        "num_steps": source.config.hparams.max_seq_len,
        "num_segments": num_segments(source.config.decoder),
        "representation": representation(source),
    }
    for name, function in sorted(functions.items()):
        content[name] = {"file": files[name], **function}
    return (json.dumps(content, indent=1) + "\n").encode()


def representation(source: ExportSource) -> dict[str, Any]:
    """Returns how steps become notes, and notes steps."""
    return {"type": source.converter.noun, **described(source.converter)}


def _tensor(dtype: str, shape: list[Any], meaning: str) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "meaning": meaning}


def _reads_levels(source: ExportSource) -> bool:
    return source.config.encoder.type == "hierarchical_lstm"
