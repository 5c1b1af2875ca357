"""A web page that plays a model exported for magenta-js."""

from __future__ import annotations

import html
import importlib.resources
from pathlib import Path

from musicvae.export.source import ExportSource
from musicvae.files import atomic_file

PAGE = "index.html"


def write_demo(source: ExportSource, output_dir: Path) -> Path:
    """Writes the page beside an exported model.

    It loads pinned versions of Tone.js, TensorFlow.js and @magenta/music from a content network,
    each checked against its hash, and needs a web server: browsers fetch no files from a disk.

    Args:
      source: the model that is exported for magenta-js to the same folder.
      output_dir: the folder.

    Returns:
      The page's path.

    Raises:
      InputError: the page cannot be written.
    """
    template = importlib.resources.files("musicvae.export") / "demo.html"
    text = template.read_text(encoding="utf-8")
    values = {
        "name": html.escape(source.config.name),
        "description": html.escape(source.config.description),
        "can_encode": "true" if source.has_encoder else "false",
    }
    for name, value in values.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    path = output_dir / PAGE
    with atomic_file(path, survives_power_loss=False) as file:
        file.write(text.encode())
    return path
