"""A web page that plays a model exported for magenta-js."""

from __future__ import annotations

import html
import importlib.resources
from pathlib import Path

import numpy as np

from musicvae.export.source import ExportSource
from musicvae.files import atomic_file

PAGE = "index.html"
# Latent vectors of the learned prior, little-endian float32, one after another: magenta-js has no
# such prior, and the page takes one of these for a new piece.
DRAWS = "draws.bin"
_NUM_DRAWS = 512
_SEED = 0


def write_demo(source: ExportSource, output_dir: Path) -> list[Path]:
    """Writes the page beside an exported model, and draws of its learned prior, if it has one.

    It loads pinned versions of Tone.js, TensorFlow.js and @magenta/music from a content network,
    each checked against its hash, and needs a web server: browsers fetch no files from a disk.

    Args:
      source: the model that is exported for magenta-js to the same folder.
      output_dir: the folder.

    Returns:
      The paths of the files.

    Raises:
      InputError: a file cannot be written.
    """
    template = importlib.resources.files("musicvae.export") / "demo.html"
    text = template.read_text(encoding="utf-8")
    values = {
        "name": html.escape(source.config.name),
        "description": html.escape(source.config.description),
        "can_encode": "true" if source.has_encoder else "false",
        "z_size": str(source.config.hparams.z_size),
        "draws": f"'{DRAWS}'" if source.prior is not None else "null",
    }
    for name, value in values.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    contents = {PAGE: text.encode()}
    if source.prior is not None:
        z = source.prior.draw(np.random.default_rng(_SEED), _NUM_DRAWS)
        contents[DRAWS] = z.astype("<f4").tobytes()
    for name, content in contents.items():
        with atomic_file(output_dir / name, survives_power_loss=False) as file:
            file.write(content)
    return [output_dir / name for name in contents]
