"""The list of configurations that `--list_configs` prints."""

from __future__ import annotations

from musicvae.cli.document import append


def print_configs() -> None:
    """Prints every shipped configuration with its description and other names."""
    from musicvae.config import list_configs

    for config in list_configs():
        also = f" (also {', '.join(config.aliases)})" if config.aliases else ""
        print(f"{config.name:46}{config.description}{also}")
        append(
            "configs",
            {"name": config.name, "description": config.description, "aliases": config.aliases},
        )
