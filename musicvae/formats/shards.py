"""Names of sharded files: `music@8.tfrecord` stands for eight files of which each has a part.

The file of shard 3 is `music-00003-of-00008.tfrecord`. The number may also follow the extension,
as Apache Beam and Magenta write it: `music.tfrecord@8` stands for `music.tfrecord-00003-of-00008`
and so on. Reading takes both, globs, comma-separated lists and single shards.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable
from pathlib import Path

from musicvae.errors import DataError, InputError
from musicvae.formats.globs import matches
from musicvae.registry import did_you_mean

MAX_SHARDS = 100_000

_SHARDED = re.compile(r"^(?P<stem>.+)@(?P<count>\d+|\*)(?P<extension>(\.[^@/]*)?)$")
_SHARD = re.compile(
    r"^(?P<stem>.+)-(?P<index>\d{5,})-of-(?P<count>\d{5,})(?P<extension>(\.[^/]*)?)$"
)


def shard_paths(path: str | os.PathLike[str]) -> list[Path]:
    """Returns the files that a name stands for: itself, or its shards in order.

    Args:
      path: a path; `@N` before its extension or at its end makes it N shards.

    Raises:
      InputError: N is not in 1..100000.
    """
    path = Path(path)
    match = _SHARDED.match(path.name)
    if not match or match["count"] == "*":
        return [path]
    count = int(match["count"])
    if not 1 <= count <= MAX_SHARDS:
        raise InputError(f"'{path}' asks for {count} shards; give 1 to {MAX_SHARDS}")
    return [
        path.with_name(f"{match['stem']}-{index:05d}-of-{count:05d}{match['extension']}")
        for index in range(count)
    ]


def with_shards(path: str | os.PathLike[str], count: int) -> Path:
    """Returns `path` with the number of shards put before its extension.

    Args:
      path: a path without shards.
      count: the number of shards; 0 leaves the path as it is.

    Raises:
      InputError: the path names shards already, or `count` is out of range.
    """
    path = Path(path)
    if count == 0:
        return path
    if _SHARDED.match(path.name):
        raise InputError(f"'{path}' names its shards already; leave --output_shards out")
    if not 1 <= count <= MAX_SHARDS:
        raise InputError(f"{count} shards; give 1 to {MAX_SHARDS}")
    return path.with_name(f"{path.stem}@{count}{path.suffix}")


def suffixed(path: str | os.PathLike[str], suffix: str) -> Path:
    """Returns `path` with `-suffix` after its stem, before shards and extension.

    Args:
      path: a path, sharded or not: `music@8.tfrecord`.
      suffix: what to add: "train" gives `music-train@8.tfrecord`.
    """
    path = Path(path)
    match = _SHARDED.match(path.name)
    if match and not match["extension"]:
        stem = Path(match["stem"])
        return path.with_name(f"{stem.stem}-{suffix}{stem.suffix}@{match['count']}")
    if match:
        return path.with_name(f"{match['stem']}-{suffix}@{match['count']}{match['extension']}")
    return path.with_name(f"{path.stem}-{suffix}{path.suffix}")


def find_files(patterns: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Finds the files that paths, globs and sharded names stand for.

    Args:
      patterns: one or several; a string may list several with commas.

    Returns:
      The files, those of each pattern in order of name, each file once.

    Raises:
      InputError: a pattern matches nothing.
      DataError: shards are missing from a set: the program that wrote it was interrupted.
    """
    if isinstance(patterns, str | os.PathLike):
        patterns = [patterns]
    found: dict[Path, None] = {}
    for entry in patterns:
        for pattern in _split_list(entry):
            files = _match(pattern)
            if len(files) > 1:
                _check_complete(pattern, files)
            found.update(dict.fromkeys(files))
    if not found:
        raise InputError("no input file given")
    return list(found)


def _split_list(entry: str | os.PathLike[str]) -> list[str]:
    if not isinstance(entry, str) or os.path.exists(entry):
        return [os.fspath(entry)]
    return [part.strip() for part in entry.split(",") if part.strip()]


def _match(pattern: str) -> list[Path]:
    path = Path(os.path.expanduser(pattern))
    if path.is_file():
        return [path]
    if path.is_dir():
        raise InputError(f"'{pattern}' is a folder; give the files in it, such as '{pattern}/*'")
    sharded = _SHARDED.match(path.name)
    if sharded and sharded["count"] == "*":
        stem, extension = glob.escape(sharded["stem"]), glob.escape(sharded["extension"])
        files = sorted(path.parent.glob(f"{stem}-[0-9]*-of-[0-9]*{extension}"))
        if files:
            return files
    elif sharded:
        files = shard_paths(path)
        present = [file for file in files if file.is_file()]
        if present:
            _check_complete(pattern, present)
            return files
    files = sorted(Path(name) for name in matches(str(path)))
    files = [file for file in files if file.is_file()]
    if files:
        return files
    raise InputError(f"no file matches '{pattern}'{_suggestion(path)}")


def _check_complete(pattern: str, files: list[Path]) -> None:
    sets: dict[tuple[str, str, int], set[int]] = {}
    for file in files:
        match = _SHARD.match(file.name)
        if match:
            count = int(match["count"])
            key = (str(file.with_name(match["stem"])), match["extension"], count)
            sets.setdefault(key, set()).add(int(match["index"]))
    for (stem, extension, count), indices in sets.items():
        if len(indices) != count:
            first = min(set(range(count)) - indices, default=count)
            raise DataError(
                f"'{pattern}': shard {first} of {count} of '{Path(stem).name}{extension}' is not "
                "there; the program that wrote it was interrupted or the copy is not complete"
            )


def _suggestion(path: Path) -> str:
    try:
        names = [entry.name for entry in os.scandir(path.parent)]
    except OSError:
        return f"; there is no folder '{path.parent}'"
    return did_you_mean(path.name, names)
