"""The finished chunks of a conversion, one after the other in one file that only grows.

The file is a TFRecord. Each chunk is a record of JSON with what became of its files, how many
sequences follow and the SHA-256 of both, and then the sequences. It is forced to disk after each
chunk, by a thread, while the next files are read. What follows the last whole chunk is cut off when
the file is opened, so that a chunk that a kill, a power loss or a hand has damaged is made again.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from musicvae.errors import DataError, InputError
from musicvae.files import cannot_write
from musicvae.formats.tfrecord import FRAME_BYTES, framed, read_records

MAX_WAITING_CHUNKS = 4


class ChunkJournal:
    """Chunks on disk by the index of their first file; close it when all are written."""

    def __init__(self, path: Path) -> None:
        """Opens the file, or makes it, and finds the whole chunks in it.

        Args:
          path: the file; a link is not followed.

        Raises:
          InputError: it cannot be opened or made.
        """
        self._path = path
        self._offsets: dict[int, int] = {}
        self._end = 0
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        try:
            self._file = os.fdopen(os.open(path, flags, 0o666), "r+b")
            self._find()
            self._file.truncate(self._end)
            self._file.seek(self._end)
        except OSError as error:
            raise cannot_write(path, error) from error
        self._writer = ThreadPoolExecutor(max_workers=1)
        self._waiting: deque[Future[None]] = deque()

    def _find(self) -> None:
        records = read_records(self._path)
        try:
            for header in records:
                values = json.loads(header)
                sequences = list(itertools.islice(records, values["num_records"]))
                if values != _sealed(values["start"], values["outcomes"], sequences):
                    return
                self._offsets[values["start"]] = self._end
                self._end += sum(FRAME_BYTES + len(r) for r in (header, *sequences))
        except (InputError, DataError, ValueError, KeyError, TypeError, RecursionError):
            return

    def close(self) -> None:
        """Waits for the last chunks and closes the file."""
        self._writer.shutdown()
        self._file.close()

    def __contains__(self, start: int) -> bool:
        return start in self._offsets

    def add(self, start: int, outcomes: Sequence[Any], records: Sequence[bytes]) -> None:
        """Takes a finished chunk to be written.

        Args:
          start: the index of its first file.
          outcomes: what became of each of its files, as JSON has it.
          records: the sequences of all of them, serialized, in order.

        Raises:
          InputError: this chunk or one before it cannot be written; `wait` raises it for the last
            ones.
        """
        header = json.dumps(_sealed(start, outcomes, records)).encode()
        content = b"".join(map(framed, (header, *records)))
        self._waiting.append(self._writer.submit(self._write, start, content))
        self._wait_for(MAX_WAITING_CHUNKS)

    def _write(self, start: int, content: bytes) -> None:
        try:
            self._file.write(content)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise cannot_write(self._path, error) from error
        self._offsets[start] = self._end
        self._end += len(content)

    def _wait_for(self, most: int) -> None:
        while len(self._waiting) > most:
            self._waiting.popleft().result()

    def wait(self) -> None:
        """Waits until all chunks are on the disk.

        Raises:
          InputError: one cannot be written.
        """
        self._wait_for(0)

    def outcomes(self, start: int) -> list[Any]:
        """Returns what became of the files of a chunk that is on the disk."""
        header = next(read_records(self._path, offset=self._offsets[start]))
        return list(json.loads(header)["outcomes"])

    def records(self, start: int) -> Iterator[bytes]:
        """Yields the sequences of a chunk that is on the disk."""
        records = read_records(self._path, offset=self._offsets[start])
        num_records = json.loads(next(records))["num_records"]
        yield from itertools.islice(records, num_records)


def _sealed(start: int, outcomes: Sequence[Any], records: Sequence[bytes]) -> dict[str, Any]:
    """Returns a chunk's outcomes with what tells whether they or its records were damaged."""
    # As JSON has them: tuples are lists there.
    text = json.dumps(outcomes)
    digest = hashlib.sha256()
    for record in records:
        digest.update(len(record).to_bytes(8, "little") + record)
    return {
        "start": start,
        "num_records": len(records),
        "outcomes": json.loads(text),
        "outcomes_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "records_sha256": digest.hexdigest(),
    }
