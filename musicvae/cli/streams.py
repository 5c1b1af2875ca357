"""Standard output and standard error that never cost a command its work.

They may be closed, full, a pipe whose reader is gone, or of an encoding that has no word for a
file's name; names of files may hold what a terminal obeys. While a command runs, what cannot be
written is dropped and told at the end in one line, and control characters are shown, not sent.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast

from musicvae.names import printable


class GuardedStream(io.TextIOBase):
    """A text stream that takes any text and does not fail.

    Attributes:
      error: why something could not be written, or None.
    """

    def __init__(self, stream: TextIO, *, ends_with_reader: bool = False) -> None:
        """Wraps a stream.

        Args:
          stream: where the text goes.
          ends_with_reader: whether to raise BrokenPipeError when nobody reads any more.
        """
        super().__init__()
        self._stream = stream
        self._ends_with_reader = ends_with_reader
        self.error: OSError | None = None

    def write(self, text: str) -> int:
        """Writes a text, with its control characters shown."""
        self.control(printable(text))
        return len(text)

    def control(self, text: str) -> None:
        """Writes a text as it is: the carriage return of a line that is written over."""
        encoding = self.encoding or "utf-8"
        known = text.encode(encoding, "backslashreplace").decode(encoding)
        with self._failing_quietly():
            self._stream.write(known)

    def flush(self) -> None:
        """Writes what is waiting."""
        with self._failing_quietly():
            self._stream.flush()

    @contextlib.contextmanager
    def _failing_quietly(self) -> Iterator[None]:
        if self.error is not None:
            return_to_reader = isinstance(self.error, BrokenPipeError) and self._ends_with_reader
            if return_to_reader:
                raise self.error
        try:
            yield
        except OSError as error:
            self.error = error
            self._drop_the_rest()
            if isinstance(error, BrokenPipeError) and self._ends_with_reader:
                raise
        except ValueError:
            self.error = OSError("it is closed")

    def _drop_the_rest(self) -> None:
        """Leads the descriptor nowhere, so that what is buffered does not fail again at the end."""
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the stream beneath."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def fileno(self) -> int:
        """The descriptor of the stream beneath."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        with contextlib.suppress(OSError, ValueError):
            return self._stream.isatty()
        return False

    def writable(self) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Writes what is waiting; the stream beneath stays open."""
        self.flush()

    @property
    def buffer(self) -> Any:
        """The binary stream beneath."""
        return self._stream.buffer


@contextlib.contextmanager
def guarded_streams(*, prints_result: bool = False) -> Iterator[GuardedStream]:
    """Puts guarded streams in the place of standard output and standard error.

    Args:
      prints_result: whether what is printed is what the command is for; then it ends when nobody
        reads it.

    Yields:
      Standard output.
    """
    _open_closed_descriptors()
    before = sys.stdout, sys.stderr
    output = GuardedStream(sys.stdout, ends_with_reader=prints_result)
    sys.stdout = cast(TextIO, output)
    sys.stderr = cast(TextIO, GuardedStream(sys.stderr))
    try:
        yield output
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(BrokenPipeError):
                stream.flush()
        sys.stdout, sys.stderr = before


def _open_closed_descriptors() -> None:
    """Leads closed standard streams nowhere.

    Else the next file that is opened takes the place of one, and what libraries write to standard
    error ends up in it.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            with contextlib.suppress(OSError):
                opened = os.open(os.devnull, os.O_RDWR)
                if opened != number:
                    os.dup2(opened, number)
                    os.close(opened)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
