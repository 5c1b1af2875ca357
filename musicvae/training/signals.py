"""Being asked to stop: after Ctrl-C or SIGTERM the step in progress ends and is saved."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import types
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SHELL_OFFSET = 128


class StopRequest:
    """Takes note of Ctrl-C and SIGTERM while its block runs.

    The first one is only noted; a second Ctrl-C interrupts at once. Off the main thread, where
    Python delivers no signals, nothing is ever noted.
    """

    def __init__(self, last: str = "saving after this step") -> None:
        """Waits for nothing yet.

        Args:
          last: what is still done, for the line that answers the first signal.
        """
        self._last = last
        self._number: int | None = None
        self._before: dict[int, Any] = {}

    @property
    def made(self) -> bool:
        """Whether a signal came."""
        return self._number is not None

    @property
    def name(self) -> str:
        """What came, for people: "Ctrl-C" or "SIGTERM"."""
        return "SIGTERM" if self._number == signal.SIGTERM else "Ctrl-C"

    @property
    def exit_status(self) -> int:
        """What a shell calls the end by this signal: 130 or 143; 0 where none came."""
        return 0 if self._number is None else _SHELL_OFFSET + self._number

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: types.FrameType | None) -> None:
        del frame
        if self._number is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._number = number
        # Logging may be busy in the very code that the signal interrupted; the descriptor is not.
        text = f"{self.name}: {self._last}; Ctrl-C again stops at once\n"
        with contextlib.suppress(OSError, ValueError):
            os.write(sys.stderr.fileno(), text.encode())
