"""How far the long work of each tab is."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
from collections.abc import Iterator

from musicvae.studio.replies import Progress


@dataclasses.dataclass
class _Work:
    started: float
    done: int = 0
    total: int = 0


class ProgressBoard:
    """The work that is being done, or waits, by the tab that asked for it."""

    def __init__(self) -> None:
        self._works: dict[str, _Work] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def working(self, tab: str | None) -> Iterator[None]:
        """Shows a tab's work while the block runs; without a tab nothing is shown."""
        if tab is None:
            yield
            return
        work = _Work(time.monotonic())
        with self._lock:
            self._works[tab] = work
        try:
            yield
        finally:
            with self._lock:
                if self._works.get(tab) is work:
                    del self._works[tab]

    def report(self, tab: str | None, done: int, total: int) -> None:
        """Says how many parts of a tab's work are done, and of how many."""
        with self._lock:
            work = self._works.get(tab or "")
            if work is not None:
                work.done, work.total = done, total

    def of(self, tab: str) -> Progress:
        """Returns how far a tab's work is, with an estimate once a part of it is done."""
        with self._lock:
            work = self._works.get(tab)
            if work is None:
                return Progress(working=False)
            seconds = time.monotonic() - work.started
            remaining = None
            if 0 < work.done <= work.total:
                remaining = round(seconds * (work.total - work.done) / work.done, 1)
            return Progress(
                working=True,
                seconds=round(seconds, 1),
                done=work.done,
                total=work.total,
                remaining=remaining,
            )
