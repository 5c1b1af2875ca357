"""One hostile input, within bounds of time, memory and what may be touched.

An attempt ends well if it returns, or raises an error of the package whose message is one line.
Anything else is a fault: another exception, too much time or memory, a file written outside the
output folder, a process started, a connection made, something unpickled.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import pathlib
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from musicvae.errors import MusicVAEError

ACCEPTED, REFUSED, FAULT = "accepted", "refused", "fault"

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_DEVICES = {os.devnull, "/dev/full", "/dev/tty"}
# Event -> the places of its paths among the arguments, and of their folders' descriptors.
_CHANGES = {
    "os.rename": ((0, 2), (1, 3)),
    "os.link": ((1, 3),),
    "os.symlink": ((1, 2),),
    "os.remove": ((0, 1),),
    "os.mkdir": ((0, 2),),
    "os.rmdir": ((0, 1),),
    "os.truncate": ((0, None),),
    "os.chmod": ((0, 2),),
    "os.chown": ((0, 3),),
}
_NEVER = ("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "pickle.find_class")


class Fault(Exception):  # noqa: N818
    """An answer that is none: what a kind says of what it found."""


class Accepted(BaseException):
    """Ends an attempt where what would follow is another program's part."""


class _OverTime(BaseException):
    """Raised by the timer, past any `except Exception`."""


class _Forbidden(BaseException):
    """Raised where something is touched that must not be."""


@dataclasses.dataclass(frozen=True)
class Bounds:
    """What one input may take.

    Attributes:
      seconds: of processor time.
      megabytes: of memory, beyond what the process has.
    """

    seconds: float = 10.0
    megabytes: int = 512


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of an input.

    Attributes:
      what: ACCEPTED, REFUSED or FAULT.
      detail: the line that refused it, or what the fault is, with its traceback.
    """

    what: str
    detail: str = ""


@dataclasses.dataclass(frozen=True)
class Arena:
    """The folders of one input, empty at its begin.

    Attributes:
      inputs: where the input is put.
      output: where the package may write; its temporary folder is in there.
    """

    inputs: pathlib.Path
    output: pathlib.Path

    @classmethod
    def made(cls, folder: pathlib.Path) -> Arena:
        """Returns the arena in a folder, emptied."""
        arena = cls(folder / "inputs", folder / "output")
        for part in (arena.inputs, arena.output):
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True, exist_ok=True)
        (arena.output / "tmp").mkdir(exist_ok=True)
        return arena


Attempt = Callable[[], Any]


class Guard:
    """Watches what the process touches; there is one a process, for an audit hook stays."""

    def __init__(self) -> None:
        self._allowed: str | None = None
        self._ports = False
        self.violation = ""
        sys.addaudithook(self._see)

    @contextlib.contextmanager
    def watching(self, folder: pathlib.Path, *, local_ports: bool) -> Iterator[None]:
        """Lets nothing but a folder be written while the context lasts.

        Args:
          folder: the folder.
          local_ports: whether this machine's own ports may be connected to.
        """
        self.violation = ""
        self._ports = local_ports
        self._allowed = os.path.realpath(folder) + os.sep
        try:
            yield
        finally:
            self._allowed = None

    def _see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._allowed is None:
            return
        if event == "open":
            path, mode, flags = arguments
            writes = bool(flags & _WRITING) if isinstance(flags, int) else "r" not in str(mode)
            if writes and not isinstance(path, int):
                self._check(event, path, None)
        elif event in _CHANGES:
            for place, folder in _CHANGES[event]:
                descriptor = None if folder is None else arguments[folder]
                self._check(event, arguments[place], descriptor)
        elif event in _NEVER:
            self._forbid(f"{event}{arguments[:2]!r}"[:300])
        elif event == "socket.connect":
            address = arguments[1]
            local = isinstance(address, tuple) and address[0] in ("127.0.0.1", "::1")
            if not (local and self._ports):
                self._forbid(f"connects to {address!r}")

    def _check(self, event: str, path: Any, descriptor: int | None) -> None:
        if isinstance(path, int):
            return
        text = os.fsdecode(path)
        if descriptor is not None and descriptor >= 0 and not os.path.isabs(text):
            text = os.path.join(os.readlink(f"/proc/self/fd/{descriptor}"), text)
        if text in _DEVICES:
            return
        allowed, self._allowed = self._allowed, None
        try:
            parent, name = os.path.split(os.path.abspath(text))
            real = os.path.join(os.path.realpath(parent), name)
            if event == "open":
                real = os.path.realpath(text)
        finally:
            self._allowed = allowed
        assert allowed is not None, "only called while watching"
        if real not in _DEVICES and not (real + os.sep).startswith(allowed):
            self._forbid(f"{event} of {text!r}, outside the output folder")

    def _forbid(self, what: str) -> NoReturn:
        self.violation = self.violation or what
        raise _Forbidden(what)


def run(
    attempt: Attempt, arena: Arena, guard: Guard, bounds: Bounds, *, local_ports: bool = False
) -> Outcome:
    """Makes an attempt and says what became of it.

    Args:
      attempt: the attempt.
      arena: its folders.
      guard: this process's guard.
      bounds: what it may take.
      local_ports: whether it may connect to this machine's own ports.
    """
    said = io.StringIO()
    try:
        with (
            contextlib.redirect_stderr(said),
            _limits(bounds),
            guard.watching(arena.output, local_ports=local_ports),
        ):
            attempt()
        outcome = Outcome(ACCEPTED)
    except Accepted:
        outcome = Outcome(ACCEPTED)
    except MusicVAEError as error:
        outcome = _judged(str(error))
    except _OverTime:
        outcome = Outcome(FAULT, f"it takes over {bounds.seconds:g} s\n{traceback.format_exc()}")
    except MemoryError:
        outcome = Outcome(FAULT, f"over {bounds.megabytes} MB of memory\n{_short_traceback()}")
    except BaseException:
        outcome = Outcome(FAULT, _short_traceback())
    if guard.violation:
        return Outcome(FAULT, f"{guard.violation}\n{outcome.detail}")
    if said.getvalue() and outcome.what != FAULT:
        return Outcome(FAULT, f"it writes to standard error: {said.getvalue()[:1000]!r}")
    return outcome


def _judged(message: str) -> Outcome:
    """Says whether a message is one line for people."""
    if len(message.splitlines()) != 1:
        return Outcome(FAULT, f"a message of {len(message.splitlines())} lines: {message!r}")
    if len(message) > 4000:
        return Outcome(FAULT, f"a message of {len(message):,} characters: {message[:500]!r}")
    return Outcome(REFUSED, message)


def _short_traceback() -> str:
    lines = traceback.format_exc().splitlines()
    if len(lines) > 60:
        lines = [*lines[:30], "...", *lines[-25:]]
    return "\n".join(line[:500] for line in lines)


@contextlib.contextmanager
def _limits(bounds: Bounds) -> Iterator[None]:
    """Ends what takes too long, and gives no more memory than this."""
    import resource

    def end(*_: object) -> None:
        raise _OverTime

    with open("/proc/self/statm", encoding="ascii") as file:
        pages = int(file.read().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    limit = pages * resource.getpagesize() + (bounds.megabytes << 20)
    handler = signal.signal(signal.SIGVTALRM, end)
    resource.setrlimit(resource.RLIMIT_AS, (limit, before[1]))
    # It comes again, for an exception may be lost in what swallows all of them.
    signal.setitimer(signal.ITIMER_VIRTUAL, bounds.seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, before)
        signal.signal(signal.SIGVTALRM, handler)
