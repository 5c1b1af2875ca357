"""Checkpoints inside .tar, .tar.gz and .tgz files, which may come from strangers.

Magenta publishes its models as a tar of one checkpoint's files; people pack their own in a folder,
under `./`, gzipped, or with several steps. Only the needed step's `.index` and `.data` files are
written, in a temporary folder, and no more bytes than the index accounts for. An archive that tries
anything else (absolute paths, `..`, links, devices, sizes beyond all models) is refused. A learned
prior of that step comes along.
"""

from __future__ import annotations

import errno
import gzip
import io
import os
import re
import shutil
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from musicvae.errors import CheckpointError
from musicvae.formats.tf_bundle import read_bundle

_ENDINGS = (".tar.gz", ".tgz", ".tar")
_MAX_MEMBERS = 10_000
_MAX_MEMBER_BYTES = 16 * 2**30
_MAX_TOTAL_BYTES = 64 * 2**30
_MAX_HEADER_BYTES = 64 * 2**20
_CHUNK_BYTES = 2**20
_END_BYTES = 1024  # two blocks of zeros end an archive
PRIOR_SUFFIX = ".prior.npz"
MAX_PRIOR_BYTES = 64 * 2**20
_NAMED_AT_MOST = 5
_SHOWN_CHARACTERS = 100
# What tarfile raises at headers that state nonsense, beside its own errors.
_NONSENSE = (ValueError, OverflowError, RecursionError)
_FILE = re.compile(r"(?P<prefix>.+)\.(?:index|data-(?P<shard>\d{5})-of-(?P<shards>\d{5}))")


def path_beside(checkpoint: str | os.PathLike[str], suffix: str) -> Path:
    """Returns where a file that goes with a checkpoint lies: beside it, under its name.

    Args:
      checkpoint: a prefix such as `train/model.ckpt-200`, or an archive.
      suffix: what the name ends with, such as ".prior.npz".
    """
    path = Path(checkpoint)
    name = path.name
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return path.with_name(f"{name}{suffix}")


def is_archive(path: str) -> bool:
    """Returns whether a file is a tar, gzipped or not, by its content."""
    try:
        with open(path, "rb") as file:
            head = file.read(262)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot read: {error.strerror}") from error
    return head.startswith(b"\x1f\x8b") or head[257:262] == b"ustar"


def ends_whole(path: str) -> bool:
    """Says whether an archive has the end that it was written with, and was not cut off.

    Args:
      path: a tar, gzipped or not.

    Raises:
      CheckpointError: it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            gzipped = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            stream: Any = gzip.GzipFile(fileobj=file, mode="rb") if gzipped else file
            end = b""
            while part := stream.read(_CHUNK_BYTES):
                end = (end + part)[-_END_BYTES:]
            return end == bytes(_END_BYTES)
    except (zlib.error, EOFError, gzip.BadGzipFile):
        return False
    except OSError as error:
        raise CheckpointError(f"{path}: cannot read: {error.strerror}") from error


def extract_checkpoint(path: str, folder: str) -> tuple[str, list[str]]:
    """Writes the files of an archive's newest checkpoint into a folder.

    Args:
      path: the archive.
      folder: an existing, empty folder.

    Returns:
      The checkpoint's prefix in the folder, and what the user should be told.

    Raises:
      CheckpointError: the archive is broken, hostile, or without a checkpoint.
    """
    try:
        with open(path, "rb") as file:
            gzipped = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            stream: Any = gzip.GzipFile(fileobj=file, mode="rb") if gzipped else file
            return _extract(path, stream, folder)
    except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile, *_NONSENSE) as error:
        raise CheckpointError(
            f"{path}: a broken archive ({_shown(str(error))}); fetch or pack it again"
        ) from error
    except OSError as error:
        raise CheckpointError(
            f"{path}: cannot unpack the checkpoint into {folder}: {error.strerror or error}; "
            "the environment variable TMPDIR chooses another place"
        ) from error


def newest(prefixes: Iterable[str]) -> str:
    """Returns the checkpoint with the highest step in its name."""
    return max(prefixes, key=lambda prefix: (step_in_name(prefix), prefix))


def step_in_name(prefix: str) -> int:
    """Returns the N of `model.ckpt-N`, or -1 for a name without one."""
    match = re.search(r"-(\d{1,18})$", prefix)
    return int(match[1]) if match else -1


class _BudgetedStream(io.RawIOBase):
    """A stream that reads no more than it is allowed to.

    tarfile reads long names and extended headers in one piece, of whatever size the archive states.
    """

    def __init__(self, path: str, stream: Any) -> None:
        super().__init__()
        self._path = path
        self._stream = stream
        self.budget = _MAX_HEADER_BYTES

    def read(self, size: int = -1) -> bytes:
        self.budget -= size
        if size < 0 or self.budget < 0:
            raise CheckpointError(f"{self._path}: refused: its headers are larger than any model's")
        return bytes(self._stream.read(size))

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._stream.seek(offset, whence))

    def tell(self) -> int:
        return int(self._stream.tell())


def _extract(path: str, stream: Any, folder: str) -> tuple[str, list[str]]:
    budgeted = _BudgetedStream(path, stream)
    with tarfile.open(fileobj=budgeted, mode="r:") as tar:
        files = {member.name: member for member in _members(path, tar)}
        prefix, notes = _choose(path, files)
        local = os.path.join(folder, _harmless(os.path.basename(prefix)))
        index = files[f"{prefix}.index"]
        _copy(tar, budgeted, index, f"{local}.index", index.size)
        bundle = read_bundle(local)
        needed: dict[int, int] = {}
        for entry in bundle.entries.values():
            needed[entry.shard] = max(needed.get(entry.shard, 0), entry.offset + entry.size)
        for shard, size in sorted(needed.items()):
            target = bundle.data_path(shard)
            name = prefix + target[len(local) :]
            if name not in files:
                raise CheckpointError(
                    f"{path}: holds {_shown(index.name)} but not {_shown(name)}; pack it again"
                )
            _copy(tar, budgeted, files[name], target, size)
        prior = files.get(prefix + PRIOR_SUFFIX)
        if prior is not None and prior.size <= MAX_PRIOR_BYTES:
            _copy(tar, budgeted, prior, local + PRIOR_SUFFIX, prior.size)
    return local, notes


def _members(path: str, tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Yields the plain files of an archive; raises at anything that no honest one holds."""
    total = 0
    for count, member in enumerate(iter(tar.next, None)):
        refused = _reason_to_refuse(member)
        total += member.size
        if not refused and (count >= _MAX_MEMBERS or total > _MAX_TOTAL_BYTES):
            refused = "holds more than any checkpoint"
        if refused:
            raise CheckpointError(
                f"{path}: refused: member '{_shown(member.name)}' {refused}; "
                "pack the .index and .data files by themselves"
            )
        if member.isreg() and not os.path.basename(member.name).startswith("._"):
            yield member


def _reason_to_refuse(member: tarfile.TarInfo) -> str | None:
    parts = member.name.replace("\\", "/").split("/")
    if member.name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", member.name):
        return "has an absolute path"
    if ".." in parts:
        return "leads outside the archive"
    if not (member.isreg() or member.isdir()) or member.issparse():
        return "is a link, a device or otherwise not a plain file"
    if not 0 <= member.size <= _MAX_MEMBER_BYTES:
        return f"claims {member.size:,} bytes; the limit is {_MAX_MEMBER_BYTES:,}"
    return None


def _choose(path: str, files: Mapping[str, tarfile.TarInfo]) -> tuple[str, list[str]]:
    """Returns the newest complete checkpoint among an archive's files, and what to say of it."""
    prefixes = {name.removesuffix(".index") for name in files if name.endswith(".index")}
    with_data = {match["prefix"] for name in files if (match := _FILE.fullmatch(name))}
    complete = {
        prefix for prefix in prefixes if any(n.startswith(f"{prefix}.data-") for n in files)
    }
    if complete:
        chosen = newest(complete)
        if len(complete) == 1:
            return chosen, []
        names = sorted(complete, key=lambda prefix: (step_in_name(prefix), prefix))
        listed = ", ".join(map(_shown, names[-_NAMED_AT_MOST:]))
        if len(names) > _NAMED_AT_MOST:
            listed = f"..., {listed}"
        return chosen, [
            f"{path} holds {len(complete)} checkpoints ({listed}); using {_shown(chosen)}"
        ]
    if with_data:
        one = min(with_data)
        lost = "data-00000-of-00001" if one in prefixes else "index"
        one = _shown(one)
        raise CheckpointError(f"{path}: holds part of {one} but not {one}.{lost}; pack it again")
    listed = ", ".join(map(_shown, sorted(files)[:3])) or "nothing"
    raise CheckpointError(
        f"{path}: no checkpoint inside (it holds {listed}{', ...' if len(files) > 3 else ''}); "
        "an archive needs model.ckpt-N.index and model.ckpt-N.data-00000-of-00001"
    )


def _copy(
    tar: tarfile.TarFile,
    stream: _BudgetedStream,
    member: tarfile.TarInfo,
    target: str,
    size: int,
) -> None:
    """Writes the first `size` bytes of a member, if the disk has room for them."""
    left = min(size, member.size)
    if left > shutil.disk_usage(os.path.dirname(target)).free:
        raise OSError(errno.ENOSPC, f"its {left:,} bytes are more than the disk has free")
    stream.seek(member.offset_data)
    with open(target, "wb") as file:
        while left:
            stream.budget = _CHUNK_BYTES
            chunk = stream.read(min(left, _CHUNK_BYTES))
            if not chunk:
                raise EOFError("it ends too early")
            file.write(chunk)
            left -= len(chunk)


def _shown(text: str) -> str:
    """Returns a text of an archive's as messages show it: short, on one line, nothing hidden."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[:_SHOWN_CHARACTERS])
    return shown + ("..." if len(text) > _SHOWN_CHARACTERS else "")


def _harmless(name: str) -> str:
    """Returns a file name without what a disk or a library may not take; its step stays."""
    return re.sub(r"[^A-Za-z0-9_.+-]", "_", name)[-_SHOWN_CHARACTERS:]
