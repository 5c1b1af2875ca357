"""Which files train, validate and test: by a hash of the name, or by a CSV table.

The split is by file, never by window, so that no part of a song that is tested was trained on. By
hash, a file stays in its part when other files are added or removed.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from musicvae.errors import InputError

PART_NAMES = ("train", "validation", "test")

_MAX_CHARACTERS = 1 << 26
_FILE_COLUMNS = ("midi_filename", "filename", "file", "path", "name")
_SPLIT_COLUMNS = ("split", "part", "subset")
_PART_NAME = re.compile(r"^[A-Za-z0-9_-]{1,40}$")


class Split(Protocol):
    """Says to which part a file belongs."""

    parts: tuple[str, ...]

    def part_of(self, name: str) -> str | None:
        """Returns a file's part by its relative name, or None for a file that has none."""


class HashSplit:
    """Parts of given sizes, by a hash of the file's name."""

    def __init__(self, fractions: Sequence[float]) -> None:
        """Makes two or three parts.

        Args:
          fractions: their sizes, which sum to 1: train, validation and, if there are three, test.

        Raises:
          InputError: they are not two or three numbers in 0..1 that sum to 1.
        """
        given = ",".join(f"{fraction:g}" for fraction in fractions)
        if not 2 <= len(fractions) <= len(PART_NAMES):
            raise InputError(f"--split={given}: give two or three fractions, as in 0.8,0.1,0.1")
        if any(not 0 <= fraction <= 1 for fraction in fractions) or (
            abs(sum(fractions) - 1) > 1e-6
        ):
            raise InputError(
                f"--split={given}: the fractions must lie in 0..1 and sum to 1; "
                f"they sum to {sum(fractions):g}"
            )
        self.parts = PART_NAMES[: len(fractions)]
        self._ends = [sum(fractions[: index + 1]) for index in range(len(fractions) - 1)]

    def part_of(self, name: str) -> str:
        """Returns a file's part by its relative name."""
        digest = hashlib.sha1(os.fsencode(name)).digest()
        place = int.from_bytes(digest[:8], "big") / 2**64
        for part, end in zip(self.parts, self._ends, strict=False):
            if place < end:
                return part
        return self.parts[-1]


class TableSplit:
    """Parts by a CSV table with a column of file names and one of parts, such as Groove's."""

    def __init__(self, path: str | os.PathLike[str], input_dir: str | os.PathLike[str]) -> None:
        """Reads the table.

        Args:
          path: the CSV file. Its names are relative to its own folder or to the converted one.
          input_dir: the converted folder.

        Raises:
          InputError: it cannot be read, or has no such columns.
        """
        path = Path(path)
        self._parts_by_name: dict[str, str] = {}
        try:
            with open(path, newline="", encoding="utf-8-sig") as file:
                text = file.read(_MAX_CHARACTERS + 1)
                if len(text) > _MAX_CHARACTERS:
                    raise InputError(
                        f"--split_csv='{path}' has over {_MAX_CHARACTERS:,} characters; that is no "
                        "table of parts"
                    )
                reader = csv.DictReader(io.StringIO(text, newline=""))
                columns = {str(name).strip().lower(): str(name) for name in reader.fieldnames or ()}
                file_column = _column(path, columns, _FILE_COLUMNS)
                split_column = _column(path, columns, _SPLIT_COLUMNS)
                for row in reader:
                    name, part = (row[file_column] or "").strip(), (row[split_column] or "").strip()
                    if name and part:
                        self._add(path, Path(input_dir), name, part)
        except OSError as error:
            raise InputError(f"cannot read --split_csv='{path}': {error.strerror}") from error
        except (UnicodeDecodeError, csv.Error) as error:
            raise InputError(f"--split_csv='{path}' is not a CSV table: {error}") from error
        if not self._parts_by_name:
            raise InputError(f"--split_csv='{path}' has no rows")
        found = set(self._parts_by_name.values())
        known = [part for part in PART_NAMES if part in found]
        self.parts = (*known, *sorted(found.difference(PART_NAMES)))

    def _add(self, path: Path, input_dir: Path, name: str, part: str) -> None:
        if not _PART_NAME.match(part):
            raise InputError(f"--split_csv='{path}': '{part}' cannot be part of a file name")
        self._parts_by_name.setdefault(name.replace("\\", "/"), part)
        beside = os.path.relpath(path.absolute().parent / name, input_dir.absolute())
        self._parts_by_name[beside.replace(os.sep, "/")] = part

    def part_of(self, name: str) -> str | None:
        """Returns a file's part by its relative name, or None where the table lacks it."""
        return self._parts_by_name.get(name)


def _column(path: Path, columns: dict[str, str], names: Sequence[str]) -> str:
    for name in names:
        if name in columns:
            return columns[name]
    raise InputError(
        f"--split_csv='{path}' has no column {' or '.join(names)}; it has: {', '.join(columns)}"
    )
