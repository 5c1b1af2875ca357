"""Models for magenta-js (@magenta/music), which runs them in a web page or in Node.

A folder holds `config.json`, which says how notes become tensors, `weights_manifest.json`, which
names the weights, and `group1-shard1of3.bin` and so on of at most 4 MiB each: the weights'
little-endian values, one array after the other in the manifest's order.

The format is TensorFlow.js's for weights, under the names of the checkpoint.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from musicvae.errors import InputError
from musicvae.export.folder import new_files
from musicvae.export.magenta_js_config import magenta_js_config, placeholder_encoder
from musicvae.export.quantization import Quantization, Quantized, quantize
from musicvae.export.source import ExportSource, Weights

CONFIG, MANIFEST = "config.json", "weights_manifest.json"
SHARD_BYTES = 4 * 2**20

_OLD_FILES = (CONFIG, MANIFEST, "group1-shard*of*.bin")


def export_magenta_js(
    source: ExportSource, output_dir: Path, *, quantization: Quantization = "float16"
) -> list[Path]:
    """Writes a model for magenta-js.

    Args:
      source: the model.
      output_dir: where the files go; an earlier export there is replaced.
      quantization: how weights are stored. float16 gave the same steps as float32 in every model
        that was tried; uint8 loses up to a tenth of them.

    Returns:
      The files.

    Raises:
      InputError: magenta-js has no such model, the weights cannot be quantized so, or the folder
        cannot be written.
    """
    if quantization == "uint8" and source.config.decoder.type == "groove":
        raise InputError(
            f"--quantize=uint8 breaks the timing of groove models such as '{source.config.name}'; "
            "use float16, at twice the size"
        )
    config = magenta_js_config(source)
    weights: Weights = source.weights
    if not source.has_encoder:
        weights = {**placeholder_encoder(source), **weights}
    quantized = {name: quantize(array, quantization, name) for name, array in weights.items()}
    with new_files(output_dir, replacing=_OLD_FILES) as folder:
        names = list(_write_shards(folder, quantized))
        manifest = [{"paths": names, "weights": [_entry(n, q) for n, q in quantized.items()]}]
        _write_json(folder / MANIFEST, manifest)
        _write_json(folder / CONFIG, config)
    return [output_dir / name for name in (CONFIG, MANIFEST, *names)]


def read_weights(folder: Path) -> dict[str, np.ndarray]:
    """Reads the weights of an exported model back.

    Args:
      folder: with a manifest and its shards.

    Returns:
      float32 arrays by name, as magenta-js computes with them.
    """
    (group,) = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    data = b"".join((folder / name).read_bytes() for name in group["paths"])
    found, start = {}, 0
    for entry in group["weights"]:
        stored = entry.get("quantization", {"dtype": "float32"})
        dtype = np.dtype(stored["dtype"]).newbyteorder("<")
        size = int(np.prod(entry["shape"], dtype=np.int64))
        values = np.frombuffer(data, dtype, size, start).reshape(entry["shape"])
        quantized = Quantized(values, stored.get("scale"), stored.get("min"))
        found[entry["name"]] = quantized.dequantized()
        start += size * dtype.itemsize
    return found


def _entry(name: str, quantized: Quantized) -> dict[str, Any]:
    """Returns an array's line in the manifest."""
    entry: dict[str, Any] = {"name": name, "shape": list(quantized.values.shape)}
    entry["dtype"] = "float32"
    stored = quantized.values.dtype.name
    if quantized.scale is not None:
        entry["quantization"] = {
            "dtype": stored,
            "min": quantized.minimum,
            "scale": quantized.scale,
        }
    elif stored != "float32":
        entry["quantization"] = {"dtype": stored}
    return entry


def _write_shards(folder: Path, quantized: Mapping[str, Quantized]) -> Iterator[str]:
    """Writes all values as files of at most SHARD_BYTES; yields their names."""
    data = b"".join(q.values.tobytes() for q in quantized.values())
    count = -(-len(data) // SHARD_BYTES)
    for k in range(count):
        name = f"group1-shard{k + 1}of{count}.bin"
        (folder / name).write_bytes(data[k * SHARD_BYTES : (k + 1) * SHARD_BYTES])
        yield name


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
