"""A limit of processor time for reading one file, in whatever process reads it."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import NoReturn

from musicvae.formats.bounds import MusicFileError

_AGAIN_SECONDS = 1.0


class _TimeUp(BaseException):
    """Raised by the timer inside whatever is done, past any `except Exception`."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Ends what takes too much processor time; in the main thread of POSIX systems only.

    Args:
      seconds: the limit.

    Raises:
      MusicFileError: it is over.
    """
    is_possible = hasattr(signal, "setitimer")
    if not is_possible or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGPROF, _raise_time_up)
    try:
        try:
            # It comes again, for a library may swallow whatever is raised in it.
            signal.setitimer(signal.ITIMER_PROF, seconds, _AGAIN_SECONDS)
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except _TimeUp:
        raise MusicFileError("timeout", f"reading it takes over {seconds:g} s, the limit") from None
    finally:
        signal.signal(signal.SIGPROF, before)


def _raise_time_up(*_: object) -> NoReturn:
    raise _TimeUp
