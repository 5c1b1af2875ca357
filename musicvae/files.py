"""Files that appear whole or not at all.

A file is written under a temporary name in the folder where it belongs and renamed when it is
complete, so that a program that is killed leaves the old file or none.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NoReturn

from musicvae.errors import InputError


def check_writable(path: str | os.PathLike[str]) -> None:
    """Checks, before hours of work, that a file can be written.

    Args:
      path: the file; its folder is made where it is missing.

    Raises:
      InputError: it cannot be written.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"cannot write '{path}': it is a folder; add a file name")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise InputError(f"cannot write '{path}': {error.strerror}") from error


@contextlib.contextmanager
def atomic_file(
    path: str | os.PathLike[str], *, survives_power_loss: bool = True
) -> Iterator[BinaryIO]:
    """Opens a binary file that gets its name only when the block ends without an error.

    Args:
      path: the file; an old one is replaced.
      survives_power_loss: wait until the disk has it; needless for a file that can be made anew.

    Raises:
      InputError: it cannot be written.
    """
    path = Path(path)
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:50]}.")
    except OSError as error:
        raise InputError(f"cannot write '{path}': {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            if survives_power_loss:
                file.flush()
                os.fsync(file.fileno())
        _give_usual_mode(name)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _give_usual_mode(name: str) -> None:
    """Gives a temporary file, which only its owner may read, the mode of any new file."""
    umask = os.umask(0)
    os.umask(umask)
    os.chmod(name, 0o666 & ~umask)


def replace_all(names: dict[Path, Path]) -> None:
    """Renames finished files, so that they are never found beside an older set's files.

    What is to be replaced is removed first: whoever looks in between finds files missing, never
    files of two runs. Where processes can fork, a child does it that a kill of this process and its
    group does not reach, so that a set of files, too, is the old one or the new one.

    Args:
      names: temporary name -> final name.

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


def _replace_each(names: dict[Path, Path]) -> None:
    if len(names) > 1:
        for path in names.values():
            path.unlink(missing_ok=True)
    for temporary, path in names.items():
        os.replace(temporary, path)


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
