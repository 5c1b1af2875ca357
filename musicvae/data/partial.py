"""The unfinished part of a conversion, kept beside its output so that it can go on.

`music.tfrecord.partial/` holds a lock, a plan and a journal of the chunks of files that are
finished (chunk_journal.py). A run that finds a folder of the same plan takes the chunks over; one
of another plan is thrown away. When the output is in place the folder goes. A run may die at any
moment of this, and so may the machine: the lock comes first and goes last, a plan goes before any
of its chunks, and a chunk that is not as it was written is made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from musicvae.data.chunk_journal import ChunkJournal
from musicvae.data.conversion_report import FileResult
from musicvae.data.music_files import FoundFile
from musicvae.errors import InputError
from musicvae.files import atomic_file, is_special, open_lock

MAX_CHUNK_FILES = 64

_PLAN = "plan.json"
_LOCK = "lock"
_JOURNAL = "chunks"
_VERSION = 3

# What a run that died may have left: temporary names, and of version 2 two files a chunk.
_OURS = re.compile(rf"{_LOCK}|{_JOURNAL}|{re.escape(_PLAN)}|\d{{9,}}\.(json|records)|\..+")


def fingerprint(settings: dict[str, Any], files: Sequence[FoundFile]) -> str:
    """Returns what must be equal for two runs to share their work.

    Args:
      settings: all that decides how a file is read.
      files: the files.
    """
    digest = hashlib.sha256(json.dumps([_VERSION, settings], sort_keys=True).encode())
    for file in files:
        digest.update(os.fsencode(file.name) + f"\0{file.size}\0{file.modified}\n".encode())
    return digest.hexdigest()


class PartialFolder:
    """Finished chunks of files on disk; use it as a context manager, which locks it."""

    def __init__(self, output: Path, plan: str, num_files: int) -> None:
        """Says where it is.

        Args:
          output: the output file that it belongs to.
          plan: the run's fingerprint.
          num_files: files in all.
        """
        if is_special(output):
            # A device or a pipe has no folder that is ours to write to.
            output = Path(tempfile.gettempdir(), f"musicvae-{plan[:20]}")
        self.path = output.with_name(output.name + ".partial")
        self.chunk_files = max(1, min(MAX_CHUNK_FILES, num_files // 64))
        self._num_files = num_files
        self._plan = plan
        self._lock: Any = None
        self._journal: ChunkJournal | None = None

    def __enter__(self) -> PartialFolder:
        if self.path.exists() and not self._is_ours():
            raise InputError(f"'{self.path}' is in the way; move it elsewhere")
        self.path.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        if self._read_plan() != self._plan:
            self._clear()
            with atomic_file(self.path / _PLAN) as file:
                file.write(json.dumps({"plan": self._plan}).encode())
        for temporary in self.path.glob(".*"):
            temporary.unlink()
        self._journal = ChunkJournal(self.path / _JOURNAL)
        return self

    def __exit__(self, *_: object) -> None:
        self._close_journal()
        if self._lock is not None:
            self._lock.close()

    def _is_ours(self) -> bool:
        if not self.path.is_dir():
            return False
        entries = list(os.scandir(self.path))
        if any(entry.is_dir(follow_symlinks=False) for entry in entries):
            return False
        # What a power loss leaves need not have its lock any more.
        names = {entry.name for entry in entries}
        return all(map(_OURS.fullmatch, names)) and (
            not names or any(not name.startswith(".") for name in names)
        )

    def _take_lock(self) -> None:
        output = self.path.name.removesuffix(".partial").replace("{", "{{").replace("}", "}}")
        self._lock = open_lock(
            self.path / _LOCK, f"another musicvae-convert is writing '{output}' now ({{holder}})"
        )

    def _read_plan(self) -> str:
        try:
            return str(json.loads((self.path / _PLAN).read_bytes())["plan"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return ""

    @property
    def _chunks(self) -> ChunkJournal:
        assert self._journal is not None, "the folder is not open"
        return self._journal

    def _close_journal(self) -> None:
        if self._journal is not None:
            self._journal.close()

    def chunk_of(self, index: int) -> range:
        """Returns the indices of the files in the chunk that has file `index`."""
        start = index - index % self.chunk_files
        return range(start, min(start + self.chunk_files, self._num_files))

    def chunks(self) -> list[range]:
        """Returns the indices of the files in each chunk."""
        return [self.chunk_of(start) for start in range(0, self._num_files, self.chunk_files)]

    def is_finished(self, chunk: range) -> bool:
        """Says whether a chunk is there, just as it was written."""
        return chunk.start in self._chunks

    def add(self, chunk: range, outcomes: Sequence[FileResult], records: Sequence[bytes]) -> None:
        """Takes a finished chunk to be written.

        Args:
          chunk: its files' indices.
          outcomes: what became of each.
          records: the sequences of all of them, serialized, in order.

        Raises:
          InputError: this chunk or one before it cannot be written; `outcomes` and `records` raise
            it for the last ones.
        """
        values = [file_result.to_json() for file_result in outcomes]
        self._chunks.add(chunk.start, values, records)

    def outcomes(self) -> Iterator[FileResult]:
        """Yields what became of every file, in order."""
        self._chunks.wait()
        for chunk in self.chunks():
            yield from map(FileResult.from_json, self._chunks.outcomes(chunk.start))

    def records(self) -> Iterator[bytes]:
        """Yields the serialized sequences of all files, in order."""
        self._chunks.wait()
        for chunk in self.chunks():
            yield from self._chunks.records(chunk.start)

    def remove(self) -> None:
        """Removes the folder."""
        self._close_journal()
        with contextlib.suppress(OSError):
            self._clear()
            (self.path / _LOCK).unlink()
            self.path.rmdir()

    def _clear(self) -> None:
        """Removes all but the lock, the plan first: without it no chunk is taken over."""
        (self.path / _PLAN).unlink(missing_ok=True)
        for entry in self.path.iterdir():
            if entry.name != _LOCK:
                entry.unlink()
