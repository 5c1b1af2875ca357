"""Examples of a whole collection in compact form: extracted once, kept in memory or on disk.

Each example knows the NoteSequence that it was found in, so that training can draw no more than so
many of one piece. On disk a set is a folder with one file of raw numbers for each array and
`examples.json`, which is written last: a folder without it was never finished. It has the
checksums of all of them and of itself: a set that is cut, empty or altered is not trusted.

    FOLDER/examples.json    dtypes, shapes, counts, the reasons for what was left out
    FOLDER/<array>.bin      `[N, ...]`
    FOLDER/sources.bin      int64 `[N]`

Axes: N examples.
"""

from __future__ import annotations

import collections
import dataclasses
import glob
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import google_crc32c
import numpy as np
import numpy.typing as npt

from musicvae.errors import DataError
from musicvae.files import sync_folder

Array = npt.NDArray[Any]
SOURCES = "sources"
_STATE = "examples.json"
_UNFINISHED = ".unfinished-"
_PART_BYTES = 1 << 22


@dataclasses.dataclass(frozen=True)
class Findings:
    """What an extraction came across.

    Attributes:
      sequences: NoteSequences read.
      without_examples: those that gave no example.
      reasons: how many of those each reason concerns, by code.
    """

    sequences: int = 0
    without_examples: int = 0
    reasons: Mapping[str, int] = dataclasses.field(default_factory=dict)

    def __add__(self, other: Findings) -> Findings:
        reasons = collections.Counter(self.reasons) + collections.Counter(other.reasons)
        return Findings(
            self.sequences + other.sequences,
            self.without_examples + other.without_examples,
            dict(reasons),
        )


@dataclasses.dataclass(frozen=True)
class ExampleSet:
    """Compact examples with the pieces that they come from.

    Attributes:
      arrays: small integers, bits or floats by name, `[N, ...]` each.
      sources: int64 `[N]`, ascending: which NoteSequence each was found in.
      findings: what the extraction came across.
      weights: float64 `[N]`, how often training takes each, as a multiple of how often it would
        without; None for 1 each.
    """

    arrays: Mapping[str, Array]
    sources: Array
    findings: Findings = dataclasses.field(default_factory=Findings)
    weights: Array | None = None

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def num_bytes(self) -> int:
        """Size of the arrays, in memory or on disk."""
        return sum(array.nbytes for array in self.arrays.values()) + self.sources.nbytes

    def take(self, indices: Array) -> dict[str, Array]:
        """Returns the compact batch of these examples.

        Args:
          indices: int64 `[B]`, 0 <= index < N.
        """
        return {name: array[indices] for name, array in self.arrays.items()}


def join_sets(sets: Sequence[ExampleSet]) -> ExampleSet:
    """Returns several sets as one, pieces of different sets staying different.

    Args:
      sets: of one converter, at least one; their weights are left out.
    """
    arrays = {name: np.concatenate([part.arrays[name] for part in sets]) for name in sets[0].arrays}
    firsts = np.cumsum([0, *(part.findings.sequences for part in sets)])
    sources = [part.sources + first for part, first in zip(sets, firsts, strict=False)]
    findings = sum((part.findings for part in sets), Findings())
    return ExampleSet(arrays, np.concatenate(sources), findings)


class DamagedSetError(DataError):
    """A set on disk is cut, empty or altered.

    Attributes:
      detail: what is wrong, in a few words.
    """

    def __init__(self, message: str, detail: str) -> None:
        super().__init__(message)
        self.detail = detail


class ExampleSink(Protocol):
    """Takes extracted examples a part at a time."""

    def append(self, arrays: Mapping[str, Array], sources: Array) -> None:
        """Adds examples, behind those that are there."""

    def finish(self, findings: Findings) -> ExampleSet:
        """Returns the set of all that was added."""

    def discard(self) -> None:
        """Drops what was added; called instead of `finish` where the extraction failed."""


class MemorySink:
    """Keeps examples in memory."""

    def __init__(self) -> None:
        self._parts: dict[str, list[Array]] = collections.defaultdict(list)

    def append(self, arrays: Mapping[str, Array], sources: Array) -> None:
        """Adds examples."""
        for name, array in {**arrays, SOURCES: sources}.items():
            self._parts[name].append(array)

    def finish(self, findings: Findings) -> ExampleSet:
        """Returns the set of all that was added."""
        arrays = {}
        for name in list(self._parts):
            arrays[name] = np.concatenate(self._parts.pop(name))
        sources = arrays.pop(SOURCES, np.empty(0, np.int64))
        return ExampleSet(arrays, sources, findings)

    def discard(self) -> None:
        """Drops what was added."""
        self._parts.clear()


class DiskSink:
    """Writes examples into a folder that gets its name when it is complete."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        """Starts a set on disk.

        Args:
          folder: where the finished set is to be.

        Raises:
          DataError: it cannot be written.
        """
        self._folder = Path(folder)
        self._described: dict[str, dict[str, Any]] = {}
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            self._unfinished = unfinished_folder(self._folder.parent)
        except OSError as error:
            raise _cannot_write(self._folder, error) from error

    def append(self, arrays: Mapping[str, Array], sources: Array) -> None:
        """Adds examples.

        Raises:
          DataError: the disk is full.
        """
        for name, array in {**arrays, SOURCES: sources}.items():
            entry = self._described.setdefault(
                name, {"dtype": array.dtype.str, "shape": [0, *array.shape[1:]]}
            )
            entry["shape"][0] += len(array)
            data = np.ascontiguousarray(array).tobytes()
            entry["crc32c"] = google_crc32c.extend(entry.get("crc32c", 0), data)
            try:
                with open(self._unfinished / f"{name}.bin", "ab") as file:
                    file.write(data)
            except OSError as error:
                raise _cannot_write(self._folder, error) from error

    def finish(self, findings: Findings) -> ExampleSet:
        """Gives the folder its name and opens it.

        Raises:
          DataError: it cannot be written.
        """
        state: dict[str, Any] = {
            "arrays": self._described,
            "findings": dataclasses.asdict(findings),
        }
        state["crc32c"] = _seal(state)
        try:
            (self._unfinished / _STATE).write_text(json.dumps(state, indent=1), encoding="utf-8")
            for path in self._unfinished.iterdir():
                with open(path, "rb") as file:
                    os.fsync(file.fileno())
            sync_folder(self._unfinished)
            try:
                os.replace(self._unfinished, self._folder)
            except OSError:
                # Another process finished the same set first.
                if not (self._folder / _STATE).exists():
                    raise
                self.discard()
            sync_folder(self._folder.parent)
        except OSError as error:
            raise _cannot_write(self._folder, error) from error
        return open_example_set(self._folder)

    def discard(self) -> None:
        """Removes the unfinished folder."""
        shutil.rmtree(self._unfinished, ignore_errors=True)


def is_example_set(folder: str | os.PathLike[str]) -> bool:
    """Whether a folder holds a finished set."""
    return (Path(folder) / _STATE).exists()


def open_example_set(folder: str | os.PathLike[str]) -> ExampleSet:
    """Opens a set on disk; its arrays are read from there when they are needed.

    Args:
      folder: a finished set.

    Raises:
      DamagedSetError: it is damaged: cut, empty or altered.
    """
    folder = Path(folder)
    try:
        state = json.loads((folder / _STATE).read_text(encoding="utf-8"))
        if state.pop("crc32c") != _seal(state):
            raise ValueError(f"{_STATE} is altered")
        arrays = {
            name: _mapped(folder / f"{name}.bin", entry) for name, entry in state["arrays"].items()
        }
        sources = np.array(arrays.pop(SOURCES))
        return ExampleSet(arrays, sources, Findings(**state["findings"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedSetError(
            f"{folder}: the cached examples are damaged ({error}); remove the folder to have them "
            "made anew",
            str(error),
        ) from error


def unfinished_folder(parent: Path) -> Path:
    """Makes a folder for what is not finished; its name cannot be guessed, and it is ours alone.

    What processes of this machine that were killed left of theirs is removed first.

    Args:
      parent: where it is to be.

    Raises:
      OSError: it cannot be made.
    """
    _clear_abandoned(parent)
    prefix = f"{_UNFINISHED}{platform.node()}-{os.getpid()}-"
    return Path(tempfile.mkdtemp(prefix=prefix, dir=parent))


def _clear_abandoned(parent: Path) -> None:
    """Removes what processes of this machine that were killed left unfinished in a folder."""
    for folder in parent.glob(f"{_UNFINISHED}{glob.escape(platform.node())}-*-*"):
        number = folder.name.split("-")[-2]
        if number.isdecimal() and not _is_running(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(process: int) -> bool:
    if os.name == "nt":
        return True  # there is no harmless signal to ask with
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def _mapped(path: Path, entry: dict[str, Any]) -> Array:
    """Returns an array on disk, whose bytes have been compared with their checksum."""
    dtype, shape = entry["dtype"], tuple(entry["shape"])
    expected = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if path.stat().st_size != expected:
        raise ValueError(f"{path.name} has {path.stat().st_size} bytes instead of {expected}")
    checksum = 0
    with open(path, "rb") as file:
        while part := file.read(_PART_BYTES):
            checksum = google_crc32c.extend(checksum, part)
    if checksum != entry["crc32c"]:
        raise ValueError(f"{path.name} is altered")
    if expected == 0:
        return np.empty(shape, dtype)
    return np.memmap(path, dtype, mode="r", shape=shape)


def _seal(state: dict[str, Any]) -> int:
    """Returns the checksum of what describes a set."""
    return int(google_crc32c.value(json.dumps(state, sort_keys=True).encode()))


def _cannot_write(folder: Path, error: OSError) -> DataError:
    return DataError(
        f"{folder}: cannot keep examples there: {error.strerror or error}; "
        "free some space or choose another --cache_dir"
    )
