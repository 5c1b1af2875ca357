"""Prints the N-th shell block of the README, so that what runs is what is printed there.

Usage: python scripts/readme_command.py N
"""

from __future__ import annotations

import pathlib
import re
import sys


def shell_blocks(text: str) -> list[str]:
    """Returns the shell blocks of a Markdown text, in order."""
    return re.findall(r"^```(?:sh|bash|shell)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def main() -> None:
    """Prints the block whose number is the first argument, counted from 1."""
    readme = pathlib.Path(__file__).resolve().parents[1] / "README.md"
    print(shell_blocks(readme.read_text(encoding="utf-8"))[int(sys.argv[1]) - 1], end="")


if __name__ == "__main__":
    main()
