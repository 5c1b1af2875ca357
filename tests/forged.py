"""Index files that TensorFlow would not write, and archives of them."""

from __future__ import annotations

import io
import pathlib
import struct
import tarfile
from collections.abc import Iterable, Sequence

from musicvae.formats.tf_bundle import _MAGIC, _masked_crc

FLOAT32 = 1
HEADER = b"\x08\x01"  # one data file


def varint(number: int) -> bytes:
    parts = []
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def entry(
    shape: Sequence[int],
    *,
    dtype: int = FLOAT32,
    shard: int = 0,
    offset: int = 0,
    size: int = 0,
    checksum: int = 0,
) -> bytes:
    """Returns what an index says of one variable."""
    dims = b"".join(_message(2, b"\x08" + varint(dim)) for dim in shape)
    numbers = b"\x18" + varint(shard) + b"\x20" + varint(offset) + b"\x28" + varint(size)
    crc = b"\x35" + struct.pack("<I", checksum)
    return b"\x08" + varint(dtype) + _message(2, dims) + numbers + crc


def block(pairs: Iterable[tuple[int, bytes, bytes]]) -> bytes:
    """Returns a block, with its trailer, of (shared characters, rest of the key, value)."""
    body = b"".join(
        varint(shared) + varint(len(rest)) + varint(len(value)) + rest + value
        for shared, rest, value in pairs
    )
    body += struct.pack("<II", 0, 1)
    return body + b"\0" + struct.pack("<I", _masked_crc(body + b"\0"))


def table(blocks: Sequence[bytes], uses: Iterable[int] | None = None) -> bytes:
    """Returns an index of these blocks; `uses` says in which order it lists them, if not once."""
    starts, position = [], 0
    for one in blocks:
        starts.append(position)
        position += len(one)
    used = range(len(blocks)) if uses is None else uses
    handles = [varint(starts[i]) + varint(len(blocks[i]) - 5) for i in used]
    listing = block([(0, b"k%09d" % i, handle) for i, handle in enumerate(handles)])
    footer = b"\0\0" + varint(position) + varint(len(listing) - 5)
    return b"".join(blocks) + listing + footer.ljust(40, b"\0") + struct.pack("<Q", _MAGIC)


def write_checkpoint(
    folder: pathlib.Path, entries: dict[str, bytes], data: bytes = b"", step: int = 1
) -> str:
    """Writes an index of these entries and a data file; returns the prefix."""
    folder.mkdir(parents=True, exist_ok=True)
    pairs = [(0, b"", HEADER), *((0, name.encode(), entries[name]) for name in sorted(entries))]
    prefix = folder / f"model.ckpt-{step}"
    prefix.with_name(f"{prefix.name}.index").write_bytes(table([block(pairs)]))
    prefix.with_name(f"{prefix.name}.data-00000-of-00001").write_bytes(data)
    return str(prefix)


def _message(field: int, content: bytes) -> bytes:
    return bytes([field << 3 | 2]) + varint(len(content)) + content


def tar_of(content: bytes) -> bytes:
    """Returns an archive of an index file with this content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        info = tarfile.TarInfo("model.ckpt-1.index")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
