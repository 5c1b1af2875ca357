"""The models' threads: order, newest pointers, and their end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from event_loops import run_apart

from musicvae.studio import worker as worker_module
from musicvae.studio.worker import (
    LONG,
    POINTER,
    USUAL,
    BusyError,
    ModelWorker,
    SupersededError,
)


@pytest.fixture
def worker() -> Iterator[ModelWorker]:
    found = ModelWorker()
    yield found
    found.close()


def held(worker: ModelWorker, *tasks: Any) -> list[Any]:
    """Queues tasks while the quick lane is held; returns results or errors in the order done."""
    order: list[str] = []

    async def together() -> list[Any]:
        begun, release = threading.Event(), threading.Event()

        def hold() -> None:
            begun.set()
            release.wait(60)

        first = asyncio.ensure_future(worker.run(hold))
        await asyncio.to_thread(begun.wait, 60)
        waiting = [
            asyncio.ensure_future(worker.run(lambda n=name: order.append(n), rank=rank, tab=tab))
            for name, rank, tab in tasks
        ]
        await asyncio.sleep(0.05)
        release.set()
        await first
        return await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 60)

    found = run_apart(together())
    return [order, [type(each) for each in found]]


def test_pointers_go_before_other_work(worker: ModelWorker) -> None:
    order, _ = held(worker, ("a", USUAL, None), ("b", USUAL, None), ("c", POINTER, None))
    assert order == ["c", "a", "b"]


def test_of_one_tabs_pointers_the_newest_alone_is_done(worker: ModelWorker) -> None:
    tasks = [(str(k), POINTER, "tab") for k in range(5)] + [("other", POINTER, "another")]
    order, found = held(worker, *tasks)
    assert order == ["4", "other"]
    assert found[:4] == [SupersededError] * 4


def test_a_long_job_does_not_hold_a_pointer_up(worker: ModelWorker) -> None:
    async def together() -> str:
        release, is_over = threading.Event(), threading.Event()

        def long_work() -> None:
            release.wait(5)
            is_over.set()

        job = asyncio.ensure_future(worker.run(long_work, rank=LONG))
        await asyncio.sleep(0.05)
        found = await worker.run(lambda: "too late" if is_over.is_set() else "notes", rank=POINTER)
        release.set()
        await job
        return found

    assert run_apart(together()) == "notes"


def test_too_much_that_waits_is_refused(worker: ModelWorker, monkeypatch) -> None:
    monkeypatch.setattr(worker_module, "MAX_WAITING", 2)
    _, found = held(worker, *[(str(k), USUAL, None) for k in range(4)])
    assert found.count(BusyError) == 2


def test_an_error_is_its_own_requests_alone(worker: ModelWorker) -> None:
    with pytest.raises(ZeroDivisionError):
        run_apart(worker.run(lambda: 1 // 0))
    assert run_apart(worker.run(lambda: "goes on")) == "goes on"


def test_a_closed_worker_takes_nothing(worker: ModelWorker) -> None:
    worker.close()
    with pytest.raises(BusyError, match="closing"):
        run_apart(worker.run(lambda: None))
