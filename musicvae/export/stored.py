"""What ONNX, TFLite and SavedModel files can hold."""

from __future__ import annotations

from musicvae.errors import InputError
from musicvae.export.quantization import Quantization
from musicvae.export.source import ExportSource

# Of a protocol buffer and of a flatbuffer; a little is left for the graph.
LARGEST_FILE = 2**31 - 2**24
_HALF = 2


def check_stored(source: ExportSource, quantization: Quantization, file_format: str) -> None:
    """Checks that a format can hold a model's weights.

    Args:
      source: the model.
      quantization: how weights are to be stored.
      file_format: "onnx", "tflite" or "savedmodel".

    Raises:
      InputError: it cannot hold them so.
    """
    if quantization not in ("float32", "float16"):
        raise InputError(
            f"--quantize={quantization} is for --format=magenta-js; give float32 or float16 with "
            f"--format={file_format}"
        )
    size = source.size // (_HALF if quantization == "float16" else 1)
    if size > LARGEST_FILE:
        raise InputError(
            f"the weights of config '{source.config.name}' take {size / 1e9:.1f} GB as "
            f"{quantization}, and a file of --format={file_format} holds at most 2 GB; add "
            "--quantize=float16 or --decoder_only, or use --format=magenta-js"
        )
