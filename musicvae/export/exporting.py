"""One call that exports a model in any format."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, TypeAlias

from musicvae.components import import_paths
from musicvae.config import Config
from musicvae.converters.magenta_js import remark
from musicvae.errors import InputError
from musicvae.export.demo import write_demo
from musicvae.export.magenta_js import export_magenta_js
from musicvae.export.quantization import QUANTIZATIONS, Quantization
from musicvae.export.source import ExportSource, read_source
from musicvae.model_choice import ModelChoice
from musicvae.prior.choice import PriorChoice
from musicvae.registry import did_you_mean

ExportFormat: TypeAlias = Literal["magenta-js", "onnx", "tflite", "savedmodel"]
FORMATS: tuple[ExportFormat, ...] = ("magenta-js", "onnx", "tflite", "savedmodel")


@dataclasses.dataclass(frozen=True)
class Exported:
    """What an export wrote.

    Attributes:
      files: their paths.
      size: their bytes together.
      notes: what the user should know.
    """

    files: tuple[Path, ...]
    size: int
    notes: tuple[str, ...] = ()


def export_model(
    choice: ModelChoice,
    export_format: ExportFormat,
    output_dir: str | os.PathLike[str],
    *,
    quantization: Quantization | None = None,
    decoder_only: bool = False,
    demo: bool = False,
    prior: PriorChoice = None,
) -> Exported:
    """Writes a model as files for other programs.

    Args:
      choice: the model, as `musicvae.model_choice.choose_model` finds it.
      export_format: one of FORMATS.
      output_dir: a folder, made where it is missing; an earlier export there is replaced.
      quantization: how weights are stored; None for float16 in magenta-js and float32 elsewhere.
      decoder_only: leave out the encoder; the export can sample and decode, not encode.
      demo: write a web page that plays the model, too; for magenta-js.
      prior: what new music is drawn from: "learned", "standard" for N(0, I), or a prior's file;
        None for the learned one where there is one.

    Raises:
      InputError: the format cannot take this model, or the folder cannot be written.
      MissingExtraError: the format needs the extra `export`, which is not installed.
      CheckpointError: the checkpoint is missing, broken or does not fit.
      ConfigError: the configuration does not make a model.
    """
    if export_format not in _EXPORTERS:
        raise InputError(
            f"unknown format '{export_format}'{did_you_mean(export_format, FORMATS)} Known: "
            f"{', '.join(FORMATS)}"
        )
    if quantization not in (None, *QUANTIZATIONS):
        raise InputError(f"quantization '{quantization}' must be {', '.join(QUANTIZATIONS)}")
    if demo and export_format != "magenta-js":
        raise InputError("--demo plays models in a browser; give --format=magenta-js with it")
    _check_components(choice.config)
    source = read_source(choice, decoder_only=decoder_only, prior=prior)
    files, notes = _EXPORTERS[export_format](source, Path(output_dir), quantization)
    if demo:
        files.extend(write_demo(source, Path(output_dir)))
    return Exported(tuple(files), sum(file.stat().st_size for file in files), tuple(notes))


def _check_components(config: Config) -> None:
    """Refuses encoders and decoders from outside, whose arithmetic is not known here."""
    own = import_paths(config.encoder) | import_paths(config.decoder)
    if own:
        raise InputError(
            f"config '{config.name}' has a model of its own, '{min(own)}', whose arithmetic no "
            "export knows; use it from Python"
        )


_Exporter: TypeAlias = Callable[
    [ExportSource, Path, Quantization | None], tuple[list[Path], list[str]]
]


def _magenta_js(
    source: ExportSource, output_dir: Path, quantization: Quantization | None
) -> tuple[list[Path], list[str]]:
    files = export_magenta_js(source, output_dir, quantization=quantization or "float16")
    notes = []
    if not source.has_encoder:
        notes.append(
            "magenta-js builds no model without an encoder, so this one has an encoder of zeros: "
            "sample() and decode() work, encode(), similar() and interpolate() mean nothing"
        )
    if source.prior is not None:
        notes.append(
            "magenta-js's sample() draws from N(0, I); the learned prior is in the page of --demo "
            "and in the other formats"
        )
    if source.config.decoder.type == "nade":
        notes.append("magenta-js ignores the temperature of NADE models")
    if source.spec.end_token is not None:
        notes.append(
            "magenta-js writes on after a track's end token, so that the tracks after it may be "
            "others than in Python"
        )
    if source.has_encoder and remark(source.converter):
        notes.append(remark(source.converter))
    return files, notes


def _onnx(
    source: ExportSource, output_dir: Path, quantization: Quantization | None
) -> tuple[list[Path], list[str]]:
    from musicvae.export.onnx_files import export_onnx

    return export_onnx(source, output_dir, quantization=quantization or "float32"), []


def _tflite(
    source: ExportSource, output_dir: Path, quantization: Quantization | None
) -> tuple[list[Path], list[str]]:
    from musicvae.export.tensorflow_files import export_tflite

    return export_tflite(source, output_dir, quantization=quantization or "float32"), []


def _saved_model(
    source: ExportSource, output_dir: Path, quantization: Quantization | None
) -> tuple[list[Path], list[str]]:
    from musicvae.export.tensorflow_files import export_saved_model

    return export_saved_model(source, output_dir, quantization=quantization or "float32"), []


_EXPORTERS: Mapping[str, _Exporter] = {
    "magenta-js": _magenta_js,
    "onnx": _onnx,
    "tflite": _tflite,
    "savedmodel": _saved_model,
}
