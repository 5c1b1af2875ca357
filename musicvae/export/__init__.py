"""Trained models as files for other programs.

    >>> from musicvae.export import export_model
    >>> from musicvae.model_choice import choose_model
    >>> exported = export_model(choose_model("cat-drums_2bar_small"), "magenta-js", "drums")
    >>> sorted(path.name for path in exported.files)[0]
    'config.json'

source.py          a model as configuration and arrays
quantization.py    weights in fewer bytes
folder.py          files that appear together or not at all
magenta_js.py      for @magenta/music, in a web page or Node
operations.py      what encoder_program.py, decoder_program.py and prior_program.py are written
                   with, once for all of
onnx_files.py      ONNX, by onnx_operations.py, and
tensorflow_files.py  SavedModel and TFLite, by tensorflow_operations.py
description.py     model.json beside these, for programs in other languages
"""

from musicvae.export.exporting import FORMATS, Exported, ExportFormat, export_model
from musicvae.export.quantization import QUANTIZATIONS, Quantization

__all__ = [
    "FORMATS",
    "QUANTIZATIONS",
    "ExportFormat",
    "Exported",
    "Quantization",
    "export_model",
]
