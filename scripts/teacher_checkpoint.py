"""Makes a checkpoint of a decoder that stands as raw files, as deeplearn.js stored models.

Usage:
  python scripts/teacher_checkpoint.py FOLDER CHECKPOINT_FOLDER

FOLDER holds manifest.json (variable name -> file name and shape) and one file of little-endian
float32 for each variable. The decoder's variables are written under the same names, which are
Magenta's, so that `musicvae-train --teacher=CHECKPOINT_FOLDER` takes them.
"""

from __future__ import annotations

import argparse
import json
import pathlib
from typing import Any

import numpy as np

MAX_VALUES = 1 << 26


def read_decoder(folder: pathlib.Path) -> dict[str, np.ndarray]:
    """Returns the decoder's variables by name, float32.

    Args:
      folder: as above.

    Raises:
      SystemExit: the manifest does not fit the files, or names no decoder.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
        found = {
            name: _read(folder, name, entry)
            for name, entry in manifest.items()
            if name.startswith("decoder/")
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SystemExit(f"{folder}: not a model of raw files: {error!r}") from error
    if not found:
        raise SystemExit(f"{folder}: the manifest names no variable of a decoder")
    return found


def _read(folder: pathlib.Path, name: str, entry: dict[str, Any]) -> np.ndarray:
    shape = tuple(int(size) for size in entry["shape"])
    if int(np.prod(shape)) > MAX_VALUES:
        raise ValueError(f"{name} has the shape {shape}; at most {MAX_VALUES:,} values are read")
    # The name alone: a manifest may not point out of its folder.
    values = np.fromfile(folder / pathlib.PurePath(entry["filename"]).name, "<f4")
    if values.size != np.prod(shape):
        raise ValueError(f"{name} has {values.size:,} values, its shape is {shape}")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} has values that are not finite")
    return values.reshape(shape)


def main() -> None:
    """Parses the command line and writes the checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("checkpoint_folder", type=pathlib.Path)
    arguments = parser.parse_args()
    from musicvae.checkpoints import save_checkpoint

    variables = read_decoder(arguments.folder)
    arguments.checkpoint_folder.mkdir(parents=True, exist_ok=True)
    print(f"wrote {save_checkpoint(arguments.checkpoint_folder, 0, variables)}")


if __name__ == "__main__":
    main()
