"""Archives: a checkpoint in a .tar or .tar.gz, with members that no honest one holds."""

from __future__ import annotations

import contextlib
import functools
import gzip
import io
import random
import tarfile
from typing import Any

from hostile import checkpoints
from hostile.mutation import TEXTS, spoiled
from hostile.trial import Arena, Attempt

_NAMES = (
    "model.ckpt-7.index", "model.ckpt-7.data-00000-of-00001", "model.ckpt-8.index", "checkpoint",
    "./model.ckpt-7.index", "run/train/model.ckpt-9.index", "model.ckpt-7.prior.npz", "/etc/evil",
    "../evil", "a/../../evil", "C:\\evil", "..\\evil", "._model.ckpt-7.index", "a" * 3000,
    "x/" * 900,
    "model.ckpt-99999999999999999999.index", "model.ckpt-7.data-00001-of-00002", "\x1b[2J.index",
    ".index", "con.index",
)  # fmt: skip
_TYPES = (
    tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE,
    tarfile.DIRTYPE, tarfile.CONTTYPE, tarfile.GNUTYPE_SPARSE, b"Z",
)  # fmt: skip
_PAX = (
    ("path", "../evil"), ("path", "a" * 70_000), ("size", "-1"), ("size", "9" * 30), ("size", "x"),
    ("mtime", "nan"), ("GNU.sparse.major", "1"), ("GNU.sparse.map", "0,1," * 500),
    ("GNU.sparse.realsize", "99999999999999"), ("linkpath", "/etc/passwd"), ("uid", "-1"),
)  # fmt: skip


def make(rng: random.Random, arena: Arena) -> Attempt:
    """Makes an archive; see `runner.Make`."""
    data = _tar(rng)
    if rng.random() < 0.5:
        data = spoiled(data, rng, (b"ustar", b"\0" * 512)) if rng.random() < 0.6 else data
    if rng.random() < 0.6:
        data = gzip.compress(data, 1, mtime=0)
        if rng.random() < 0.3:
            data = spoiled(data, rng)
        elif rng.random() < 0.03:
            data += gzip.compress(bytes(rng.choice((1 << 20, 64 << 20))), 1, mtime=0)
    path = arena.inputs / rng.choice(("model.tar.gz", "model.tar", "model.tgz", "model.zip"))
    path.write_bytes(data)
    return functools.partial(checkpoints.use, str(path))


def _tar(rng: random.Random) -> bytes:
    members = dict(checkpoints.sane() if rng.random() < 0.7 else checkpoints.forged_files(rng))
    if rng.random() < 0.3:
        members["model.ckpt-7.prior.npz"] = checkpoints.prior(rng)
    buffer = io.BytesIO()
    kind = rng.choice((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT))
    with tarfile.open(fileobj=buffer, mode="w", format=kind) as tar:
        for name, content in members.items():
            _add(tar, tarfile.TarInfo(name), content)
        for _ in range(rng.choice((0, 0, 1, 2, 5))):
            _add(tar, _hostile_member(rng), rng.randbytes(rng.choice((0, 1, 700))))
    return buffer.getvalue()


def _hostile_member(rng: random.Random) -> tarfile.TarInfo:
    member = tarfile.TarInfo(rng.choice((*_NAMES, rng.choice(TEXTS) or "x")))
    chance = rng.random()
    if chance < 0.4:
        member.type = rng.choice(_TYPES)
        member.linkname = rng.choice(("/etc/passwd", "../evil", "model.ckpt-7.index", ""))
    elif chance < 0.7:
        member.pax_headers = dict([rng.choice(_PAX)])
    return member


def _add(tar: tarfile.TarFile, member: tarfile.TarInfo, content: bytes) -> None:
    member.size = len(content)
    # Some forms of archives cannot say some things.
    with contextlib.suppress(ValueError, OSError, UnicodeError, TypeError):
        tar.addfile(member, io.BytesIO(content))


def start() -> Any:
    """Imports the readers."""
    checkpoints.start()
