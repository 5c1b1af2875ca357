"""Which types the weights of ONNX, TFLite and SavedModel files may be stored in."""

from __future__ import annotations

from musicvae.errors import InputError
from musicvae.export.quantization import Quantization


def check_stored_as(quantization: Quantization, file_format: str) -> None:
    """Raises InputError unless a format's weights can be stored so.

    Args:
      quantization: how weights are to be stored.
      file_format: "onnx", "tflite" or "savedmodel".
    """
    if quantization not in ("float32", "float16"):
        raise InputError(
            f"--quantize={quantization} is for --format=magenta-js; give float32 or float16 with "
            f"--format={file_format}"
        )
