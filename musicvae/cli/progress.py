"""One line on stderr that says how far a long command is and how long it will take."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from musicvae.names import printable

if TYPE_CHECKING:
    from musicvae.data.conversion import ConversionProgress

_TERMINAL_SECONDS = 0.1
_LOG_SECONDS = 10.0
_ESTIMATE_SECONDS = 1.0


def is_quiet(log: str) -> bool:
    """Returns whether a command is to show no progress.

    Args:
      log: its --log, the least severe messages that it shows: "DEBUG" to "FATAL".
    """
    return log not in ("DEBUG", "INFO")


class ProgressLine:
    """A line that is written over on a terminal, and a new line now and then in a log file."""

    def __init__(self, *, quiet: bool = False) -> None:
        """Starts with no line shown.

        Args:
          quiet: show nothing.
        """
        self._quiet = quiet
        self._is_terminal = sys.stderr.isatty()
        self._next = time.monotonic() + (0 if self._is_terminal else _LOG_SECONDS)
        self._width = 0
        self._counted = ""
        self._started = 0.0

    def show_files(self, progress: ConversionProgress) -> None:
        """Shows how many files are done, at most every so often.

        Args:
          progress: how far it is.
        """
        text = _share(progress.num_done, progress.num_files, "files")
        if progress.num_skipped:
            text += f", {progress.num_skipped:,} skipped"
        if progress.seconds_left is not None:
            text += f", about {format_duration(progress.seconds_left)} left"
        self._show(text)

    def show_count(self, done: int, total: int | None, what: str) -> None:
        """Shows how much is done and about how long the rest takes, at most every so often.

        Args:
          done: how many.
          total: of how many; None where that is not known.
          what: "pieces"; another word than the time before starts a new estimate.
        """
        if what != self._counted:
            self._counted, self._started = what, time.monotonic()
        text = _share(done, total, what)
        seconds = time.monotonic() - self._started
        if total is not None and 0 < done < total and seconds > _ESTIMATE_SECONDS:
            text += f", about {format_duration(seconds * (total - done) / done)} left"
        self._show(text)

    def show_bytes(self, done: int, total: int | None) -> None:
        """Shows how much of a download is here, at most every so often.

        Args:
          done: bytes.
          total: of how many; None where that is not known.
        """
        share = f" of {total / 2**20:,.0f} MiB ({done / total:.0%})" if total else " MiB"
        self._show(f"{done / 2**20:,.0f}{share}")

    def _show(self, text: str) -> None:
        now = time.monotonic()
        text = printable(text)
        if self._quiet or now < self._next:
            return
        self._next = now + (_TERMINAL_SECONDS if self._is_terminal else _LOG_SECONDS)
        if self._is_terminal:
            self._write_over(text.ljust(self._width))
            self._width = len(text)
        else:
            print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Clears the line."""
        if self._is_terminal and self._width:
            self._write_over(" " * self._width + "\r")

    def _write_over(self, text: str) -> None:
        """Writes from the beginning of the line; a guarded stream shows a return as text else."""
        write = getattr(sys.stderr, "control", sys.stderr.write)
        write("\r" + text)
        sys.stderr.flush()


def _share(done: int, total: int | None, what: str) -> str:
    if total is None:
        return f"{done:,} {what}"
    return f"{done:,} of {total:,} {what}" + (f" ({done / total:.0%})" if total else "")


def format_duration(seconds: float) -> str:
    """Returns a duration as people say it: "45 s", "3 min", "2 h 10 min".

    Args:
      seconds: the duration.
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
