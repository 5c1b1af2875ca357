"""Globs over folders that may be deep or full of links: each real folder is looked into once."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator

_ALL_FOLDERS = "**"


def matches(pattern: str) -> list[str]:
    """Returns the paths that a glob matches, in order of name.

    Args:
      pattern: a glob; `**` stands for any number of folders, hidden ones excepted. A folder that
        several links lead to is found once, under its real name where that is below.
    """
    parts = pattern.split(os.sep)
    if _ALL_FOLDERS not in parts:
        return sorted(glob.glob(pattern))
    place = parts.index(_ALL_FOLDERS)
    rest = [part for part in parts[place:] if part != _ALL_FOLDERS] or ["*"]
    above = os.sep.join(parts[:place])
    if place and not above:
        above = os.sep
    found = {
        path
        for top in (glob.glob(above) if above else [""])
        for folder in _folders(top)
        for path in glob.glob(os.path.join(glob.escape(folder), *rest))
    }
    return sorted(found)


def _folders(top: str) -> Iterator[str]:
    """Yields a folder and those below it, each real one once, those behind links last."""
    folders, links = [top], list[str]()
    visited: set[tuple[int, int]] = set()
    while folders or links:
        folder = folders.pop() if folders else links.pop(0)
        try:
            info = os.stat(folder or ".")
            here = (info.st_dev, info.st_ino)
            if here in visited and info.st_ino:
                continue
            visited.add(here)
            entries = sorted(os.scandir(folder or "."), key=lambda entry: entry.name)
        except OSError:
            continue
        yield folder
        for entry in entries:
            if not entry.name.startswith(".") and _is_folder(entry):
                path = os.path.join(folder, entry.name)
                (links if entry.is_symlink() else folders).append(path)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
