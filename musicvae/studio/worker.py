"""The threads that run models: work waits in queues, pointers first, long work in a lane apart.

Each lane does one thing at a time, so that ten tabs cost no more memory than one and each gets its
own answer; a long job does not keep a pointer waiting. Of the waiting work of one tab's pointer
only the newest is done.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import dataclasses
import heapq
import itertools
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from musicvae.errors import MusicVAEError

T = TypeVar("T")

POINTER, USUAL, LONG = range(3)
"""What goes first: music under a pointer, then a request; one that takes long has its own lane."""

MAX_WAITING = 200


class BusyError(MusicVAEError):
    """Too much is waiting."""


class SupersededError(MusicVAEError):
    """A newer request of the same tab took this one's place."""


@dataclasses.dataclass(order=True)
class _Task:
    rank: int
    number: int
    run: Callable[[], Any] = dataclasses.field(compare=False)
    result: concurrent.futures.Future[Any] = dataclasses.field(compare=False)


class _Lane:
    """A thread with a queue."""

    def __init__(self, name: str) -> None:
        self._changed = threading.Condition()
        self._waiting: list[_Task] = []
        self._of_tab: dict[str, _Task] = {}
        self._numbers = itertools.count()
        self._is_open = True
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(
        self, work: Callable[[], T], rank: int, tab: str | None
    ) -> concurrent.futures.Future[T]:
        """Puts work into the queue."""
        task = _Task(rank, next(self._numbers), work, concurrent.futures.Future())
        with self._changed:
            if not self._is_open:
                raise BusyError("the studio is closing")
            older = self._of_tab.pop(tab, None) if tab is not None else None
            if older is not None and older in self._waiting:
                self._waiting.remove(older)
                heapq.heapify(self._waiting)
                older.result.set_exception(SupersededError("a newer place took this one's"))
            if len(self._waiting) >= MAX_WAITING:
                raise BusyError(
                    f"{MAX_WAITING} requests are waiting already; try again in a moment"
                )
            heapq.heappush(self._waiting, task)
            if tab is not None:
                self._of_tab[tab] = task
            self._changed.notify()
        return task.result

    def close(self) -> None:
        """Drops what waits."""
        with self._changed:
            self._is_open = False
            for task in self._waiting:
                task.result.cancel()
            self._waiting.clear()
            self._changed.notify()

    def join(self, seconds: float) -> None:
        """Lets what is being done end."""
        self._thread.join(seconds)

    def _work(self) -> None:
        while True:
            with self._changed:
                while self._is_open and not self._waiting:
                    self._changed.wait()
                if not self._is_open:
                    return
                task = heapq.heappop(self._waiting)
                for tab in [name for name, own in self._of_tab.items() if own is task]:
                    del self._of_tab[tab]
            if not task.result.set_running_or_notify_cancel():
                continue
            try:
                task.result.set_result(task.run())
            except BaseException as error:
                task.result.set_exception(error)


class ModelWorker:
    """The lanes of quick and of long work."""

    def __init__(self) -> None:
        self._quick, self._long = _Lane("models"), _Lane("models, long work")

    async def run(self, work: Callable[[], T], *, rank: int = USUAL, tab: str | None = None) -> T:
        """Does work in one of the threads.

        Args:
          work: what to do.
          rank: POINTER, USUAL or LONG.
          tab: whose earlier work, if it still waits, this takes the place of.

        Returns:
          What `work` returns.

        Raises:
          BusyError: too much is waiting.
          SupersededError: newer work of the same tab took this one's place.
        """
        lane = self._long if rank == LONG else self._quick
        return await asyncio.wrap_future(lane.submit(work, rank, tab))

    def close(self, seconds: float = 5.0) -> None:
        """Drops what waits, and lets what is being done end.

        Args:
          seconds: how long to wait for that.
        """
        for lane in (self._quick, self._long):
            lane.close()
        for lane in (self._quick, self._long):
            lane.join(seconds)
