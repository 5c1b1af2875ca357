"""Finding the checkpoint that a user means by a path.

A path may be a run folder (with `train/` in it), a folder of checkpoints, a checkpoint's prefix
(`model.ckpt-150`), or any one of its files. A folder's `checkpoint` file names the latest, but
often by a path of the machine where it was written: what counts is the name, looked up beside the
file.
"""

from __future__ import annotations

import dataclasses
import os
import re

from musicvae.errors import CheckpointError
from musicvae.formats.tar import newest, step_in_name

STATE_FILE = "checkpoint"
_PART = re.compile(r"\.(?:index|meta|data-\d{5}-of-\d{5})$")
_QUOTED = re.compile(r'^\s*(\w+):\s*(?:"((?:[^"\\]|\\.)*)"|([\d.eE+-]+))\s*$', re.MULTILINE)
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|(.))", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class FolderState:
    """What a folder's `checkpoint` file says.

    Attributes:
      latest: name of the latest checkpoint, without its folder, or None.
      names: names of all recent checkpoints, oldest first.
      times: when they were written, in seconds since 1970; empty where not stated.
      last_preserved: when the last checkpoint was written that is kept permanently, or None.
    """

    latest: str | None = None
    names: tuple[str, ...] = ()
    times: tuple[float, ...] = ()
    last_preserved: float | None = None


def read_state(folder: str) -> FolderState:
    """Reads a folder's `checkpoint` file; where there is none, the state is empty."""
    try:
        with open(os.path.join(folder, STATE_FILE), encoding="utf-8", errors="replace") as file:
            text = file.read(2**20)
    except OSError:
        return FolderState()
    latest, names, times, preserved = None, [], [], None
    for key, quoted, number in _QUOTED.findall(text):
        name = _unescape(quoted).replace("\\", "/").rsplit("/", 1)[-1]
        if key == "model_checkpoint_path":
            latest = name
        elif key == "all_model_checkpoint_paths":
            names.append(name)
        elif key == "all_model_checkpoint_timestamps":
            times.append(_seconds(number))
        elif key == "last_preserved_timestamp":
            preserved = _seconds(number)
    whole = len(times) == len(names)
    return FolderState(latest, tuple(names), tuple(times) if whole else (), preserved)


def _seconds(text: str) -> float:
    """Returns a time, or 0 for a text that is none."""
    try:
        return float(text)
    except ValueError:
        return 0.0


def format_state(state: FolderState) -> str:
    """Returns the text of a `checkpoint` file, with paths relative to its folder."""
    lines = [f'model_checkpoint_path: "{_escape(state.latest or "")}"']
    lines += [f'all_model_checkpoint_paths: "{_escape(name)}"' for name in state.names]
    lines += [f"all_model_checkpoint_timestamps: {time!r}" for time in state.times]
    if state.last_preserved is not None:
        lines.append(f"last_preserved_timestamp: {state.last_preserved!r}")
    return "\n".join(lines) + "\n"


def checkpoints_in(folder: str) -> list[str]:
    """Returns the names of a folder's checkpoints, lowest step first."""
    try:
        files = os.listdir(folder)
    except OSError as error:
        raise CheckpointError(f"{folder}: cannot read the folder: {error.strerror}") from error
    names = {file.removesuffix(".index") for file in files if file.endswith(".index")}
    names = {name for name in names if any(file.startswith(f"{name}.data-") for file in files)}
    return sorted(names, key=lambda name: (step_in_name(name), name))


def latest_in(folder: str) -> str | None:
    """Returns the prefix of a folder's latest checkpoint, or None.

    Args:
      folder: where the files are. Its `checkpoint` file decides; where that is missing or names
        files that are not there, the highest step does.
    """
    present = checkpoints_in(folder)
    if not present:
        return None
    latest = read_state(folder).latest
    return os.path.join(folder, latest if latest in present else newest(present))


def locate(path: str) -> tuple[str, list[str]]:
    """Finds a checkpoint on disk.

    Args:
      path: a run folder, a folder of checkpoints, a prefix or one of its files.

    Returns:
      The checkpoint's prefix, and what the user should be told.

    Raises:
      CheckpointError: there is none; the message says what was looked for.
    """
    if os.path.isdir(path):
        return _in_folder(path)
    prefix = _PART.sub("", path)
    if os.path.exists(f"{prefix}.index"):
        return prefix, []
    if prefix != path:
        raise CheckpointError(
            f"{prefix}.index: no such file; a checkpoint needs its .index and .data files together"
        )
    if os.path.exists(path):
        raise CheckpointError(
            f"{path}: neither a checkpoint nor an archive of one{_hint_of_content(path)}; give a "
            "run folder, a prefix such as model.ckpt-150, an .index file or a .tar"
        )
    folder = os.path.dirname(path) or "."
    there = checkpoints_in(folder) if os.path.isdir(folder) else []
    has = f"; {folder} has {', '.join(there[-5:])}" if there else ""
    raise CheckpointError(f"{path}: no such checkpoint or file{has}")


def _in_folder(path: str) -> tuple[str, list[str]]:
    train = os.path.join(path, "train")
    folder = train if os.path.isdir(train) else path
    prefix = latest_in(folder) or (latest_in(path) if folder != path else None)
    if prefix is None:
        raise CheckpointError(
            f"{folder}: no checkpoint here (no model.ckpt-N.index with its .data file); "
            "has training saved one yet?"
        )
    state = read_state(os.path.dirname(prefix))
    if state.latest in (None, os.path.basename(prefix)):
        return prefix, []
    return prefix, [
        f"{path}: its checkpoint file names {state.latest}, which is not there; using {prefix}"
    ]


def _hint_of_content(path: str) -> str:
    """Names a wrong file's kind where that explains the mistake."""
    with open(path, "rb") as file:
        head = file.read(512).lstrip().lower()
    if not head:
        return " (the file is empty)"
    if head.startswith((b"<!doctype html", b"<html", b"<?xml")):
        return " (it is a web page: the download failed)"
    return " (it is a zip file)" if head.startswith(b"pk\x03\x04") else ""


def _unescape(text: str) -> str:
    octets = _ESCAPE.sub(lambda m: chr(int(m[1], 8) & 0xFF) if m[1] else m[2], text)
    try:
        return octets.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return octets


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
