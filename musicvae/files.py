"""Files that appear whole or not at all, wherever their names lead.

A file is written under a temporary name in the folder where it belongs, forced to disk and renamed
when it is complete, so that a program that is killed, or a power loss, leaves the old file or none.
A name that is a link leads to its target, which keeps its mode; a device or a pipe is written into.
Temporary names are random and made with `O_EXCL | O_NOFOLLOW`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, BinaryIO, NoReturn

from musicvae.errors import InputError

_STANDARD = {"/dev/stdout": 1, "/dev/stderr": 2}
_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d+)")
_MAX_PREFIX_BYTES = 50
_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Checks, before hours of work, that a file can be written.

    Args:
      path: the file; its folder is made where it is missing.

    Raises:
      InputError: it cannot be written.
    """
    try:
        target = _target(path)
        if target.is_dir():
            raise InputError(f"cannot write '{path}': it is a folder; add a file name")
        if is_special(target):
            if not os.access(target, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except (OSError, ValueError) as error:
        raise InputError(f"cannot write '{path}': {_reason(error)}") from error


def is_special(path: str | os.PathLike[str]) -> bool:
    """Says whether a path is something to write into rather than to replace: a device, a pipe."""
    if _descriptor(path) is not None:
        return True
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


@contextlib.contextmanager
def atomic_file(
    path: str | os.PathLike[str], *, survives_power_loss: bool = True
) -> Iterator[BinaryIO]:
    """Opens a binary file that gets its name only when the block ends without an error.

    Args:
      path: the file; an old one is replaced. A link's target is; into a device or a pipe the
        content is written.
      survives_power_loss: wait until the disk has it; needless for a file that can be made anew
        and that nothing trusts.

    Raises:
      InputError: it cannot be written, or the disk is full before the block's end.
    """
    try:
        target = _target(path)
        special = is_special(target)
        if special:
            file: BinaryIO = _open_special(target)
            temporary = None
        else:
            file, temporary = _open_temporary(target)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot write '{path}': {_reason(error)}") from error
    try:
        with file:
            yield file
            if temporary is not None:
                _take_mode(file.fileno(), target)
                if survives_power_loss:
                    file.flush()
                    os.fsync(file.fileno())
        if temporary is not None:
            os.replace(temporary, target)
            if survives_power_loss:
                sync_folder(target.parent)
    except BaseException as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        if is_full(error):
            raise cannot_write(path, error) from error
        raise


def is_full(error: BaseException) -> bool:
    """Says whether an error is that of a disk without room, or of one that fails."""
    return isinstance(error, OSError) and error.errno in _FULL


def cannot_write(path: str | os.PathLike[str], error: BaseException) -> InputError:
    """Returns the error for a file that could not be written.

    Args:
      path: the file.
      error: why.
    """
    return InputError(f"cannot write '{os.fspath(path)}': {_reason(error)}")


def reserve(paths: Sequence[str | os.PathLike[str]]) -> bool:
    """Makes new, empty files, so that no other process takes their names.

    Args:
      paths: the files.

    Returns:
      Whether all of them are new; where one was there, none is made.

    Raises:
      InputError: a file cannot be made.
    """
    made: list[str | os.PathLike[str]] = []
    try:
        for path in paths:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            made.append(path)
    except OSError as error:
        release(made)
        if isinstance(error, FileExistsError):
            return False
        raise InputError(f"cannot write '{os.fspath(paths[len(made)])}': {_reason(error)}") from (
            error
        )
    return True


def release(paths: Sequence[str | os.PathLike[str]]) -> None:
    """Removes those of some reserved files that nothing was written to."""
    for path in paths:
        with contextlib.suppress(OSError):
            if os.lstat(path).st_size == 0:
                os.unlink(path)


def replace_all(names: dict[Path, Path]) -> None:
    """Renames finished files, so that they are never found beside an older set's files.

    What is to be replaced is removed first: whoever looks in between finds files missing, never
    files of two runs. Where processes can fork, a child does it that a kill of this process and its
    group does not reach, so that a set of files, too, is the old one or the new one. All are forced
    to disk before.

    Args:
      names: temporary name -> final name. A link leads to its target, which is on any disk; what
        is a device or a pipe gets the content.

    Raises:
      OSError: a file cannot be removed or renamed.
    """
    if len(names) < 2 or not hasattr(os, "fork"):
        _replace_each(names)
        return
    child = os.fork()
    if child == 0:
        _replace_each_and_exit(names)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code:
        first = next(iter(names.values()))
        raise OSError(abs(code), os.strerror(abs(code)), str(first))


def sync_folder(folder: str | os.PathLike[str]) -> None:
    """Forces a folder's entries to disk, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return  # Windows opens no folders; others may forbid reading them
    try:
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def exclusive_lock(path: str | os.PathLike[str], busy: str) -> Iterator[None]:
    """Holds a lock file, which ends with the process however that ends.

    Args:
      path: the lock file; it stays there, and says which process has it.
      busy: the message where another process has it; `{holder}` stands for that process.

    Raises:
      InputError: another process has it, or the file cannot be made.
    """
    with open_lock(path, busy):
        yield


def open_lock(path: str | os.PathLike[str], busy: str) -> IO[bytes]:
    """Takes a lock; see `exclusive_lock`.

    Returns:
      The open file; the lock ends when it is closed.
    """
    no_follow = getattr(os, "O_NOFOLLOW", 0)
    try:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | no_follow, 0o666), "r+b")
    except OSError as error:
        raise InputError(f"cannot lock '{path}': {_reason(error)}") from error
    try:
        import fcntl
    except ImportError:
        return file  # Windows: nothing is locked
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = file.read(100).decode("ascii", "replace").strip() or "an unknown process"
        file.close()
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise InputError(f"cannot lock '{path}': {_reason(error)}") from error
        raise InputError(busy.format(holder=holder)) from None
    with contextlib.suppress(OSError):  # a full disk: the lock holds without a name in it
        file.truncate(0)
        file.write(f"process {os.getpid()} on {_host()}\n".encode("ascii", "replace"))
        file.flush()
    return file


def _host() -> str:
    import platform

    return platform.node() or "this machine"


def _target(path: str | os.PathLike[str]) -> Path:
    """Returns what a path leads to: a link's target, there or not; devices under their name."""
    if is_special(path):
        return Path(path)
    path = Path(path)
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _descriptor(path: str | os.PathLike[str]) -> int | None:
    """Returns the descriptor that a path such as /dev/stdout stands for, or None."""
    text = os.fspath(path)
    match = _DESCRIPTOR.fullmatch(text)
    return int(match[1]) if match else _STANDARD.get(text)


def _open_special(path: Path) -> BinaryIO:
    descriptor = _descriptor(path)
    if descriptor is None:
        return os.fdopen(os.open(path, os.O_WRONLY), "wb")
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    return os.fdopen(os.dup(descriptor), "wb")


def _open_temporary(target: Path) -> tuple[BinaryIO, str]:
    """Makes a file of a random name beside its final place, with O_EXCL and O_NOFOLLOW."""
    prefix = os.fsdecode(os.fsencode(target.name)[:_MAX_PREFIX_BYTES])
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{prefix}.")
    return os.fdopen(descriptor, "wb"), name


def new_temporary(path: str | os.PathLike[str], folder: Path | None = None) -> Path:
    """Makes an empty file of a random name, to be moved into place by `replace_all`.

    Args:
      path: its final place.
      folder: where it stands until then; beside its final place by default.

    Raises:
      InputError: it cannot be made.
    """
    target = _target(path)
    if folder is None:
        folder = Path(tempfile.gettempdir()) if is_special(target) else target.parent
    try:
        file, name = _open_temporary(folder / target.name)
    except OSError as error:
        raise InputError(f"cannot write '{path}': {_reason(error)}") from error
    file.close()
    return Path(name)


def _take_mode(descriptor: int, target: Path) -> None:
    """Gives a temporary file the mode and owner of the file it replaces, or those of a new one."""
    if not hasattr(os, "fchmod"):
        return
    try:
        old = os.stat(target)
    except OSError:
        umask = os.umask(0)
        os.umask(umask)
        os.fchmod(descriptor, 0o666 & ~umask)
        return
    with contextlib.suppress(OSError):
        os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode) & 0o777)


def _replace_each(names: dict[Path, Path]) -> None:
    targets = {temporary: _target(path) for temporary, path in names.items()}
    for temporary, target in targets.items():
        if not is_special(target):
            with open(temporary, "r+b") as file:
                _take_mode(file.fileno(), target)
                os.fsync(file.fileno())
    if len(names) > 1:
        for target in targets.values():
            if not is_special(target):
                target.unlink(missing_ok=True)
    for temporary, target in targets.items():
        _move(temporary, target)
    for folder in {target.parent for target in targets.values()}:
        sync_folder(folder)


def _move(temporary: Path, target: Path) -> None:
    if is_special(target):
        with open(temporary, "rb") as source, _open_special(target) as sink:
            shutil.copyfileobj(source, sink)
        temporary.unlink()
        return
    try:
        os.replace(temporary, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with open(temporary, "rb") as source, atomic_file(target) as sink:
            shutil.copyfileobj(source, sink)
        temporary.unlink()


def _replace_each_and_exit(names: dict[Path, Path]) -> NoReturn:
    """Does it in a session of its own; the exit status is the number of the error."""
    code = errno.EIO
    try:
        os.setsid()
        _replace_each(names)
        code = 0
    except OSError as error:
        code = error.errno or errno.EIO
    finally:
        os._exit(code)


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error)
