"""TFRecords of NoteSequences, read and written without TensorFlow.

A record is framed as: its length (uint64), a masked CRC-32C of those 8 bytes, the bytes, a masked
CRC-32C of the bytes; numbers are little-endian. Every CRC is checked, and a length is believed
only after its own. Gzipped files are read as well.

    for sequence in read_note_sequences("music@8.tfrecord"): ...
    write_note_sequences("music.tfrecord", sequences)
"""

from __future__ import annotations

import gzip
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import google_crc32c

from musicvae.errors import DataError, InputError
from musicvae.files import cannot_write, check_writable, new_temporary, replace_all
from musicvae.formats.shards import find_files, shard_paths
from musicvae.lazy_note_seq import NoteSequence

MAX_RECORD_BYTES = 1 << 28

_LENGTH = struct.Struct("<Q")
_CRC = struct.Struct("<I")
_HEADER = struct.Struct("<QI")
# What a record takes besides its own bytes.
FRAME_BYTES = _HEADER.size + _CRC.size
_MASK_DELTA = 0xA282EAD8
_GZIP_MAGIC = b"\x1f\x8b"
_BUFFER_BYTES = 1 << 20
_WAITING_BYTES = 1 << 22


def masked_crc(data: bytes) -> int:
    """Returns the CRC-32C of `data` as TFRecords store it: rotated by 15 bits, plus a constant."""
    crc: int = google_crc32c.value(data)
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF


def framed(record: bytes) -> bytes:
    """Returns `record` with its length and CRCs around it, ready to be written."""
    length = _LENGTH.pack(len(record))
    return b"".join((length, _CRC.pack(masked_crc(length)), record, _CRC.pack(masked_crc(record))))


class RecordRange(NamedTuple):
    """Some records of a file, one after another.

    Attributes:
      offset: the byte at which the first of them begins.
      first: its number in the file.
      number: how many; None for all up to the end.
    """

    offset: int = 0
    first: int = 0
    number: int | None = None


def record_ranges(path: str | os.PathLike[str], count: int) -> Iterator[RecordRange]:
    """Cuts a TFRecord file into ranges by the records' lengths alone.

    Args:
      path: the file; a gzipped one is a single range.
      count: records in each range.

    Yields:
      The ranges in order. From a length that is broken on there is one, which gives the error when
      it is read.

    Raises:
      InputError: the file cannot be opened.
    """
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        start, number, offset = 0, 0, 0
        while offset < size:
            file.seek(offset)
            header = file.read(_HEADER.size)
            if not _is_header(header):
                yield RecordRange(start, number - number % count)
                return
            offset += _HEADER.unpack(header)[0] + FRAME_BYTES
            number += 1
            if number % count == 0:
                yield RecordRange(start, number - count, count)
                start = offset
        if start < size:
            yield RecordRange(start, number - number % count)


def read_records(
    path: str | os.PathLike[str],
    *,
    offset: int = 0,
    first: int = 0,
    max_record_bytes: int = MAX_RECORD_BYTES,
) -> Iterator[bytes]:
    """Reads one TFRecord file, a record at a time.

    Args:
      path: the file, gzipped or not.
      offset: the byte at which the first record to read begins, in a file that is not gzipped.
      first: the number of that record, for errors.
      max_record_bytes: the longest record that is believed.

    Yields:
      The records.

    Raises:
      InputError: the file cannot be opened.
      DataError: it is broken; the message names the file and the record.
    """
    path = os.fspath(path)
    with _opened(path, _BUFFER_BYTES) as raw:
        raw.seek(offset)
        start = raw.read(_HEADER.size)
        raw.seek(offset)
        if start.startswith(_GZIP_MAGIC) and not _is_header(start):
            with gzip.open(raw, "rb") as file:
                yield from _read(cast(BinaryIO, file), path, first, max_record_bytes)
        else:
            yield from _read(raw, path, first, max_record_bytes)


def _opened(path: str | os.PathLike[str], buffering: int = -1) -> BinaryIO:
    try:
        return open(path, "rb", buffering=buffering)
    except OSError as error:
        raise InputError(f"cannot read '{os.fspath(path)}': {error.strerror}") from error


def count_records(path: str | os.PathLike[str]) -> int:
    """Returns how many records a TFRecord file has.

    Args:
      path: the file, gzipped or not.

    Raises:
      InputError: the file cannot be opened.
      DataError: it is broken.
    """
    return sum(1 for _ in read_records(path))


def is_tfrecord(path: str | os.PathLike[str]) -> bool:
    """Says whether a file begins as a TFRecord does, gzipped or not; an empty file may be one.

    Args:
      path: the file.
    """
    try:
        next(read_records(path), None)
    except DataError:
        return False
    return True


def _is_header(data: bytes) -> bool:
    if len(data) < _HEADER.size:
        return False
    return bool(masked_crc(data[:8]) == _HEADER.unpack(data)[1])


def _read(file: BinaryIO, path: str, index: int, max_record_bytes: int) -> Iterator[bytes]:
    while True:
        try:
            header = file.read(_HEADER.size)
            if not header:
                return
            if not _is_header(header):
                what = "is not a TFRecord" if index == 0 else "is cut off or broken"
                raise DataError(f"'{path}' {what}: record {index} has no valid length")
            length, _ = _HEADER.unpack(header)
            if length > max_record_bytes:
                raise DataError(
                    f"'{path}': record {index} has {length} bytes; the limit is {max_record_bytes}"
                )
            record = file.read(length)
            tail = file.read(_CRC.size)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"'{path}' cannot be read at record {index}: {error}") from error
        if len(record) < length or len(tail) < _CRC.size:
            raise DataError(f"'{path}' is cut off inside record {index}")
        if _CRC.unpack(tail)[0] != masked_crc(record):
            raise DataError(f"'{path}' is broken: record {index} has a wrong checksum")
        yield record
        index += 1


def parse_note_sequence(record: bytes, path: str, index: int) -> NoteSequence:
    """Returns the NoteSequence in a record.

    Args:
      record: its bytes.
      path: the file it came from, for the error.
      index: its number there, likewise.

    Raises:
      DataError: it holds something else.
    """
    sequence = NoteSequence()
    try:
        sequence.ParseFromString(record)
        # A tf.train.Example has its features where the id is; their first byte is a line feed.
        understood = not sequence.id.startswith("\n")
    except Exception:
        understood = False
    if not understood:
        raise DataError(
            f"'{path}': record {index} is not a NoteSequence; `musicvae-convert` makes such files "
            "of MIDI, MusicXML and ABC"
        )
    return sequence


def read_note_sequences(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    max_record_bytes: int = MAX_RECORD_BYTES,
) -> Iterator[NoteSequence]:
    """Reads the NoteSequences of TFRecord files, one at a time.

    Args:
      paths: one or several: files, globs, sharded names (`music@8.tfrecord`); a string may list
        several with commas.
      max_record_bytes: the longest record that is believed.

    Yields:
      The sequences, in order of file name and record.

    Raises:
      InputError: nothing matches, or a file cannot be opened.
      DataError: a file is broken or holds something else; the message names file and record.
    """
    for path in find_files(paths):
        for index, record in enumerate(read_records(path, max_record_bytes=max_record_bytes)):
            yield parse_note_sequence(record, str(path), index)


class RecordWriter:
    """Writes records to one file or round robin to shards, whatever their number.

    Use it as a context manager: the files get their names when the block ends without an error,
    and are removed when it does not.

    Attributes:
      count: records written so far.
    """

    def __init__(self, path: str | os.PathLike[str], *, temporary_dir: Path | None = None) -> None:
        """Starts the files under temporary names.

        Args:
          path: the file, or a sharded name: record i goes to shard i modulo their number.
          temporary_dir: where they stand until they are complete, on the same disk; beside their
            final place by default.

        Raises:
          InputError: it cannot be written.
        """
        check_writable(shard_paths(path)[0])
        self.count = 0
        self._path = path
        self._is_finished = False
        self._shards = shard_paths(path)
        self._temporary_dir = temporary_dir
        self._names: list[Path] = []
        self._waiting: list[list[bytes]] = [[] for _ in self._shards]
        self._waiting_bytes = 0

    def __enter__(self) -> RecordWriter:
        try:
            for shard in self._shards:
                self._names.append(new_temporary(shard, self._temporary_dir))
        except BaseException:
            self.__exit__(InputError)
            raise
        return self

    def write(self, record: bytes) -> None:
        """Adds a record.

        Raises:
          InputError: the disk is full.
        """
        self._waiting[self.count % len(self._shards)].append(framed(record))
        self._waiting_bytes += len(record)
        self.count += 1
        if self._waiting_bytes > _WAITING_BYTES:
            self._flush()

    def _flush(self) -> None:
        try:
            for name, waiting in zip(self._names, self._waiting, strict=True):
                with open(name, "ab") as file:
                    file.writelines(waiting)
                waiting.clear()
        except OSError as error:
            raise cannot_write(self._path, error) from error
        self._waiting_bytes = 0

    def finish(self) -> dict[Path, Path]:
        """Completes the files under their temporary names.

        Returns:
          Temporary name -> final name, for `files.replace_all`.

        Raises:
          InputError: the disk is full.
        """
        self._flush()
        try:
            for name in self._names:
                with open(name, "ab") as file:
                    os.fsync(file.fileno())
        except OSError as error:
            raise cannot_write(self._path, error) from error
        self._is_finished = True
        return dict(zip(self._names, self._shards, strict=True))

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        try:
            if error is None and not self._is_finished:
                finished = self.finish()
                try:
                    replace_all(finished)
                except OSError as failed:
                    raise cannot_write(self._path, failed) from failed
        finally:
            for name in self._names:
                name.unlink(missing_ok=True)


def write_records(path: str | os.PathLike[str], records: Iterable[bytes]) -> int:
    """Writes TFRecords, which appear under their names only when all are complete.

    Args:
      path: the file, or a sharded name: record i goes to shard i modulo their number.
      records: the records.

    Returns:
      How many were written.

    Raises:
      InputError: the file cannot be written.
    """
    with RecordWriter(path) as writer:
        for record in records:
            writer.write(record)
    return writer.count


def write_note_sequences(path: str | os.PathLike[str], sequences: Iterable[NoteSequence]) -> int:
    """Writes NoteSequences as TFRecords; see `write_records`.

    Args:
      path: the file, or a sharded name.
      sequences: the sequences.

    Returns:
      How many were written.
    """
    return write_records(
        path, (sequence.SerializeToString(deterministic=True) for sequence in sequences)
    )
