"""Full disks: work that finds no room, on a small disk, by a quota or in /dev/full."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import pathlib
import random
from collections.abc import Iterator

from hostile import work
from hostile.trial import Arena, Attempt, Fault

_DETACH = 2
_PAGE_KB = 4


def make(rng: random.Random, arena: Arena) -> Attempt:
    """Chooses a piece of work and how much room it finds; see `runner.Make`."""
    name = rng.choice(list(work.WORK))
    chance = rng.random()
    if chance < 0.1:
        return functools.partial(_into_dev_full, arena.output)
    folder = arena.output / "disk"
    folder.mkdir()
    kilobytes = rng.choice((1, 2, 4, 8, 16, 40, 200))
    (arena.inputs / "disk.txt").write_text(f"{name}, {kilobytes} KB\n")
    on_disk = chance < 0.55
    return functools.partial(_fill, name, folder, kilobytes, on_disk=on_disk)


def _fill(name: str, folder: pathlib.Path, kilobytes: int, *, on_disk: bool) -> None:
    limited = _small_disk if on_disk else _quota
    with limited(name, folder, kilobytes) as refused:
        try:
            work.WORK[name].do(folder)
        finally:
            refused()
            wrong = work.check(name, work.files_in(folder))
            if wrong:
                raise Fault(f"{name}, with {kilobytes} KB: {wrong}")


@contextlib.contextmanager
def _small_disk(name: str, folder: pathlib.Path, kilobytes: int) -> Iterator[object]:
    """Puts the work on a disk of its own, where the system allows that; else under a quota."""
    libc = ctypes.CDLL(None, use_errno=True)
    size = f"size={max(kilobytes, _PAGE_KB) + 64}k".encode()
    if libc.mount(b"attack", os.fsencode(folder), b"tmpfs", 0, size) != 0:
        with _quota(name, folder, kilobytes) as refused:
            yield refused
        return
    try:
        work.WORK[name].begin(folder)
        yield lambda: None
    finally:
        libc.umount2(os.fsencode(folder), _DETACH)


@contextlib.contextmanager
def _quota(name: str, folder: pathlib.Path, kilobytes: int) -> Iterator[object]:
    """Gives every file no more room than this."""
    import resource

    work.WORK[name].begin(folder)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes << 10, before[1]))
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _into_dev_full(folder: pathlib.Path) -> None:
    from musicvae.files import atomic_file

    link = folder / "report.json"
    link.symlink_to("/dev/full")
    try:
        with atomic_file(link) as file:
            file.write(b"x" * 100_000)
    finally:
        if not link.is_symlink():
            raise Fault("the link to /dev/full was replaced")
    raise Fault("writing to /dev/full went well")
