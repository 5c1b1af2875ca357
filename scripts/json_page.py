"""Writes the tables of docs/json.md from document_fields.py; the text above them stays."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping

from musicvae.cli.document_fields import COMMON, FIELDS

PAGE = pathlib.Path(__file__).resolve().parents[1] / "docs" / "json.md"
FIRST = "## every command\n"


def section(title: str, fields: Mapping[str, str]) -> str:
    """Returns a heading and a table of members."""
    rows = [f"| `{name}` | {text} |" for name, text in fields.items()]
    return "\n".join([f"## {title}", "", "| member | what it is |", "|---|---|", *rows, ""])


def main() -> None:
    """Replaces all that follows the first table's heading."""
    text, _, _ = PAGE.read_text(encoding="utf-8").partition(FIRST)
    own = [section(f"`musicvae {name}`", fields) for name, fields in FIELDS.items() if name]
    last = section("`musicvae` without a command", FIELDS[""])
    tables = [section("every command", COMMON), *own, last]
    PAGE.write_text(text + "\n".join(tables), encoding="utf-8")


if __name__ == "__main__":
    main()
