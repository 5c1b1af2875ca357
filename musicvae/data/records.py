"""Records: pieces of music as they are stored, and where they come from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from musicvae.data.weights import file_weights
from musicvae.formats.tfrecord import count_records, read_records


class Record(NamedTuple):
    """One stored piece of music.

    Attributes:
      data: its bytes.
      source: the file or data set that it is in, for messages.
      number: its number there.
      is_midi: whether the bytes are a MIDI file; else a serialized NoteSequence.
    """

    data: bytes
    source: str
    number: int
    is_midi: bool = False


class RecordSource(Protocol):
    """Somewhere that records come from."""

    @property
    def name(self) -> str:
        """What to call it in messages."""

    def fingerprint(self) -> Any:
        """A JSON value that differs where the records may differ."""

    def records(self) -> Iterator[Record]:
        """Yields the records, always in the same order."""


@dataclasses.dataclass(frozen=True)
class TFRecordSource:
    """TFRecord files of NoteSequences.

    Attributes:
      paths: paths, globs, sharded names; each may list several with commas, and each of those
        may have a weight behind it (see musicvae.data.weights).
    """

    paths: tuple[str, ...]

    @property
    def name(self) -> str:
        """The paths as given."""
        return ",".join(self.paths)

    @property
    def _files(self) -> dict[Path, float]:
        """The files with their weights, in the order in which they are read."""
        return {file: weight for path in self.paths for file, weight in file_weights(path).items()}

    def check(self) -> None:
        """Looks whether the files are there.

        Raises:
          InputError: a pattern matches nothing.
          DataError: shards are missing.
        """
        for path in self.paths:
            file_weights(path)

    def fingerprint(self) -> Any:
        """Name, size and time of change of each file."""
        found = [(path.resolve(), path.stat()) for path in self._files]
        return [[str(path), stat.st_size, stat.st_mtime_ns] for path, stat in found]

    def records(self) -> Iterator[Record]:
        """Yields the records of all files.

        Raises:
          InputError: a pattern matches nothing, or a file cannot be opened.
          DataError: a file is broken.
        """
        for path in self._files:
            for index, data in enumerate(read_records(path)):
                yield Record(data, str(path), index)

    def record_weights(self) -> npt.NDArray[Any] | None:
        """Returns how often training takes each record's examples.

        Returns:
          float64 `[R]`, one a record; None where all have the weight 1.

        Raises:
          InputError: a pattern matches nothing, or a file cannot be opened.
          DataError: a file is broken.
        """
        weights = self._files
        if set(weights.values()) == {1.0}:
            return None
        counts = [count_records(path) for path in weights]
        return np.repeat(np.array(list(weights.values())), counts)
