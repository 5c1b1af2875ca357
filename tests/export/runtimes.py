"""Exported files in the runtimes that they are for."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

Arrays = Mapping[str, Any]


def run_onnx(model: bytes | pathlib.Path, given: Arrays) -> dict[str, Any]:
    """Runs a model in onnxruntime; returns its outputs by name."""
    runtime = pytest.importorskip("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    content = model if isinstance(model, bytes) else str(model)
    session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, dict(given)), strict=True))


def run_tflite(path: pathlib.Path, given: Arrays) -> dict[str, Any]:
    """Runs a file in LiteRT, which has TFLite's own operations alone."""
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    model = interpreter.Interpreter(str(path), num_threads=1)
    return dict(model.get_signature_runner()(**given))


def run_saved_model(folder: pathlib.Path, signature: str, given: Arrays) -> dict[str, Any]:
    """Runs a signature of a SavedModel."""
    import tensorflow as tf

    model = tf.saved_model.load(str(folder))
    tensors = {name: tf.constant(value) for name, value in given.items()}
    return {name: x.numpy() for name, x in model.signatures[signature](**tensors).items()}


def run_part(folder: pathlib.Path, part: str, given: Arrays) -> dict[str, Any]:
    """Runs "encoder" or "decoder" of an export, as its model.json says."""
    described = json.loads((folder / "model.json").read_text())
    file, kind = described[part]["file"], described["format"]
    assert set(given) == set(described[part]["inputs"])
    if kind == "savedmodel":
        return run_saved_model(folder, file, given)
    return {"onnx": run_onnx, "tflite": run_tflite}[kind](folder / file, given)


def labels_of(steps: Any, depths: Any) -> Any:
    """Returns one-hot columns side by side as labels `[..., K]`, -1 where there is none."""
    parts = np.split(steps, np.cumsum(depths)[:-1], -1)
    return np.stack([np.where(part.any(-1), part.argmax(-1), -1) for part in parts], -1)
