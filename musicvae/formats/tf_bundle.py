"""Reading TensorFlow's name-based checkpoint files with numpy alone.

A checkpoint `model.ckpt-N` is two kinds of files. `model.ckpt-N.index` is a sorted string table:
blocks of prefix-compressed keys, an index block over them and a 48-byte footer. Its keys are
variable names, its values say where each variable lies: type, shape, shard, offset, size and
checksum. The bytes themselves are in `model.ckpt-N.data-SSSSS-of-NNNNN`. Reading names and shapes
takes a millisecond, where importing TensorFlow takes seconds, so that a checkpoint that does not
fit is refused at once.

The files may come from strangers: every number is checked against the size of the file that it is
about.

Source: the LevelDB table format, and TensorFlow's tensor_bundle.proto.
"""

from __future__ import annotations

import dataclasses
import math
import os
import struct
from collections.abc import Iterator, Mapping
from typing import Any

import google_crc32c
import numpy as np

from musicvae.errors import CheckpointError

_FOOTER_BYTES = 48
_MAGIC = 0xDB4775248B80FB57
_MAX_INDEX_BYTES = 256 * 2**20
_MAX_KEY_BYTES = 4096
_MAX_VARIABLES = 100_000
_MAX_DIMENSIONS = 254
_BLOCK_TRAILER_BYTES = 5
_CRC_MASK_DELTA = 0xA282EAD8

# TensorFlow's DataType numbers; None is a type that is listed but cannot be read as an array.
_DTYPES: Mapping[int, np.dtype[Any] | None] = {
    1: np.dtype(np.float32),
    2: np.dtype(np.float64),
    3: np.dtype(np.int32),
    4: np.dtype(np.uint8),
    6: np.dtype(np.int8),
    9: np.dtype(np.int64),
    10: np.dtype(np.bool_),
    19: np.dtype(np.float16),
}


@dataclasses.dataclass(frozen=True)
class Entry:
    """Where one variable lies.

    Attributes:
      dtype: its type, or None where numpy has none for it.
      shape: its shape.
      shard: number of the data file.
      offset: first byte in that file.
      size: bytes.
      checksum: masked CRC-32C of these bytes.
    """

    dtype: np.dtype[Any] | None
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    checksum: int

    @property
    def is_integer(self) -> bool:
        """Whether its values are whole numbers."""
        return self.dtype is not None and self.dtype.kind in "iu"


@dataclasses.dataclass(frozen=True)
class Bundle:
    """A checkpoint's variables by name, unread.

    Attributes:
      prefix: path without `.index`.
      num_shards: how many data files belong to it.
      entries: where each variable lies, sorted by name.
    """

    prefix: str
    num_shards: int
    entries: Mapping[str, Entry]

    def data_path(self, shard: int) -> str:
        """Returns the path of one data file."""
        return f"{self.prefix}.data-{shard:05d}-of-{self.num_shards:05d}"

    def check_data(self) -> None:
        """Checks that the data files are there and hold all that the index promises.

        Raises:
          CheckpointError: one is missing or too short.
        """
        ends: dict[int, int] = {}
        for entry in self.entries.values():
            ends[entry.shard] = max(ends.get(entry.shard, 0), entry.offset + entry.size)
        for shard, end in sorted(ends.items()):
            path = self.data_path(shard)
            try:
                size = os.path.getsize(path)
            except OSError as error:
                raise CheckpointError(
                    f"{path}: cannot read this part of the checkpoint: {error.strerror}; "
                    "copy the .index and .data files of a step together"
                ) from error
            if size < end:
                raise CheckpointError(
                    f"{path}: the file is cut short: {size:,} of {end:,} bytes; copy it again"
                )

    def read(self, name: str) -> np.ndarray:
        """Reads one variable.

        Args:
          name: as in `entries`.

        Returns:
          The array in the stored type and shape, read-only.

        Raises:
          CheckpointError: there is no such variable, its type has no array, or its bytes are
            damaged.
        """
        if name not in self.entries:
            raise CheckpointError(f"{self.prefix}: the checkpoint has no variable '{name}'")
        entry = self.entries[name]
        if entry.dtype is None:
            raise CheckpointError(f"{self.prefix}: variable '{name}' is of a type that is not read")
        path = self.data_path(entry.shard)
        try:
            with open(path, "rb") as file:
                file.seek(entry.offset)
                data = file.read(entry.size)
        except OSError as error:
            raise CheckpointError(f"{path}: cannot read: {error.strerror}") from error
        if len(data) != entry.size or _masked_crc(data) != entry.checksum:
            raise CheckpointError(f"{path}: variable '{name}' is damaged; copy the file again")
        return np.frombuffer(data, entry.dtype).reshape(entry.shape)


def read_bundle(prefix: str) -> Bundle:
    """Reads the index of a checkpoint.

    Args:
      prefix: path without `.index`.

    Raises:
      CheckpointError: the index is missing, too large, or not an index.
    """
    path = f"{prefix}.index"
    try:
        size = os.path.getsize(path)
        if size > _MAX_INDEX_BYTES:
            raise CheckpointError(
                f"{path}: {size:,} bytes are too many for an index; the limit is "
                f"{_MAX_INDEX_BYTES:,}"
            )
        with open(path, "rb") as file:
            table = file.read()
    except OSError as error:
        raise CheckpointError(f"{path}: cannot read the checkpoint: {error.strerror}") from error
    try:
        return _parse_bundle(prefix, table)
    except (ValueError, IndexError, struct.error) as error:
        raise CheckpointError(
            f"{path}: not the index of a TensorFlow checkpoint, or a damaged one"
        ) from error


def _parse_bundle(prefix: str, table: bytes) -> Bundle:
    footer = table[-_FOOTER_BYTES:]
    if len(footer) < _FOOTER_BYTES or struct.unpack("<Q", footer[-8:])[0] != _MAGIC:
        raise ValueError("no table footer")
    _, _, position = _handle(footer, 0)
    offset, size, _ = _handle(footer, position)
    num_shards = None
    entries: dict[str, Entry] = {}
    end = 0
    for _, handle in _block(table, offset, size):
        offset, size, _ = _handle(handle, 0)
        if offset < end:
            raise ValueError("blocks that overlap")
        end = offset + size
        for key, value in _block(table, offset, size):
            if len(entries) > _MAX_VARIABLES:
                raise ValueError("more variables than any model has")
            if key == b"":
                num_shards = _number(dict(_fields(value)).get(1, 0))
            elif not key.startswith(b"\0"):
                entries[key.decode()] = _entry(value)
    if num_shards is None or not 0 < num_shards < 100_000:
        raise ValueError("no header")
    if any(not entry.shard < num_shards for entry in entries.values()):
        raise ValueError("a variable in a shard that does not exist")
    return Bundle(prefix, num_shards, entries)


def _block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yields the keys and values of one block."""
    end = offset + size
    if end + _BLOCK_TRAILER_BYTES > len(table) or size < 4:
        raise ValueError("a block outside the file")
    compression, checksum = struct.unpack_from("<BI", table, end)
    if compression != 0 or _masked_crc(table[offset : end + 1]) != checksum:
        raise ValueError("a compressed or damaged block")
    (restarts,) = struct.unpack_from("<I", table, end - 4)
    end -= 4 * (restarts + 1)
    key = b""
    while offset < end:
        shared, offset = _varint(table, offset)
        unshared, offset = _varint(table, offset)
        length, offset = _varint(table, offset)
        if shared > len(key) or offset + unshared + length > end:
            raise ValueError("an entry outside its block")
        if shared + unshared > _MAX_KEY_BYTES:
            raise ValueError("a name longer than any")
        key = key[:shared] + table[offset : offset + unshared]
        offset += unshared
        yield key, table[offset : offset + length]
        offset += length


def _handle(data: bytes, position: int) -> tuple[int, int, int]:
    """Reads a block's offset and size; returns them and the position after them."""
    offset, position = _varint(data, position)
    size, position = _varint(data, position)
    return offset, size, position


def _entry(message: bytes) -> Entry:
    fields = dict(_fields(message))
    if 7 in fields:
        raise ValueError("a variable that is stored in slices")
    dims = []
    for number, value in _fields(_bytes(fields.get(2, b""))):
        if number == 2:
            dims.append(_number(dict(_fields(_bytes(value))).get(1, 0)))
    if len(dims) > _MAX_DIMENSIONS:
        raise ValueError("more dimensions than TensorFlow has")
    entry = Entry(
        dtype=_DTYPES.get(_number(fields.get(1, 0))),
        shape=tuple(dims),
        shard=_number(fields.get(3, 0)),
        offset=_number(fields.get(4, 0)),
        size=_number(fields.get(5, 0)),
        checksum=_number(fields.get(6, 0)),
    )
    if max(entry.offset, entry.size, *entry.shape) >= 2**63:
        raise ValueError("a negative number")
    if entry.dtype is not None and entry.size != math.prod(entry.shape) * entry.dtype.itemsize:
        raise ValueError("more or fewer bytes than the shape has")
    return entry


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yields the numbers and values of a protocol buffer's fields."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        kind = tag & 7
        if kind == 0:
            number, position = _varint(message, position)
            yield tag >> 3, number
            continue
        if kind == 2:
            length, position = _varint(message, position)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError("an unknown wire type")
        if position + length > len(message):
            raise ValueError("a field outside its message")
        value = message[position : position + length]
        yield tag >> 3, value if kind == 2 else int.from_bytes(value, "little")
        position += length


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """Reads a base-128 number; returns it and the position after it."""
    value = shift = 0
    while shift < 70:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise ValueError("a number of more than ten bytes")


def _number(value: int | bytes) -> int:
    if isinstance(value, bytes):
        raise ValueError("text where a number belongs")
    return value


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number where a message belongs")
    return value


def _masked_crc(data: bytes) -> int:
    """Returns a CRC-32C as these files store it: rotated and offset."""
    crc = int(google_crc32c.value(data))
    return ((crc >> 15 | crc << 17) + _CRC_MASK_DELTA) & 0xFFFFFFFF
