"""lists the trained models that ship with this package.

musicvae models
"""

from __future__ import annotations

from musicvae.cli.document import append
from musicvae.cli.flags import command_flags, run_command

FLAGS = command_flags()

_NAME = "musicvae models"


def main(_: list[str]) -> int:
    """Prints each model's name, what it makes, and the size of its archive."""
    from musicvae.config import load_config
    from musicvae.model_choice import shipped_models

    for name, path in shipped_models().items():
        size, text = path.stat().st_size, load_config(name).description
        print(f"{name:34}{text} ({size / 1e6:.1f} MB)")
        append("models", {"name": name, "description": text, "path": path, "bytes": size})
    print("\nGenerate with one: musicvae generate --config=NAME --output_dir=music")
    return 0


def run() -> None:
    """Runs the command."""
    run_command(_NAME, __doc__, FLAGS, main)


if __name__ == "__main__":
    run()
