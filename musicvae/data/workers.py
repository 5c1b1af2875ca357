"""Worker processes that read music files, each file within its bounds.

A worker reads one file after another and sends what it found. It stops itself when a file takes too
much processor time or memory; if it cannot (inside one long call of a C library), or dies, the
parent ends it, starts another and goes on after that file. The file is tried once more, for the
death may have been another program's doing.

Workers import neither TensorFlow nor numpy. They leave Ctrl-C to the parent, and end when it does.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from musicvae.errors import MusicVAEError
from musicvae.formats.bounds import FileBounds, MusicFileError
from musicvae.processes import without_main

_PATIENCE = 2.0  # how much longer than its processor time a file may take on the clock
_GRACE_SECONDS = 5.0
_START_SECONDS = 120.0
_MAX_FAILED_STARTS = 5  # in a row
_READY = "ready"


@dataclasses.dataclass(frozen=True)
class ReadTask:
    """A file to read.

    Attributes:
      index: its place in the order of files.
      name: its name relative to the folder.
    """

    index: int
    name: str


@dataclasses.dataclass(frozen=True)
class ReadResult:
    """What became of a file.

    Attributes:
      index: its place in the order of files.
      records: its sequences, serialized.
      num_empty: how many of them have no note.
      num_notes: notes in them.
      seconds: their length together.
      reason: why there are none: a stable code, or empty.
      detail: the same as a sentence.
      tune_errors: (reference number, reason, detail) of tunes that could not be read.
      corrections: (code, detail) of what was not quite right in it.
    """

    index: int
    records: tuple[bytes, ...] = ()
    num_empty: int = 0
    num_notes: int = 0
    seconds: float = 0.0
    reason: str = ""
    detail: str = ""
    tune_errors: tuple[tuple[int, str, str], ...] = ()
    corrections: tuple[tuple[str, str], ...] = ()


class _Worker:
    """A process, the connection to it, and what it was given."""

    def __init__(
        self,
        folder: str,
        collection: str,
        bounds: FileBounds,
        drum_channels: tuple[int, ...],
        with_silence: bool,
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(
            target=_work,
            args=(theirs, folder, collection, bounds, drum_channels, with_silence),
            daemon=True,
        )
        with _without_interrupts(), without_main():
            self.process.start()
        theirs.close()
        self.ready = False
        self.tasks: deque[ReadTask] = deque()
        self.deadline = time.monotonic() + _START_SECONDS

    def kill(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.join()


class WorkerPool:
    """Reads files in parallel; use it as a context manager."""

    def __init__(
        self,
        folder: str,
        collection: str,
        bounds: FileBounds,
        *,
        num_workers: int,
        drum_channels: tuple[int, ...] = (),
        with_silence: bool = False,
    ) -> None:
        """Says what to read and within what bounds; processes start with `read`.

        Args:
          folder: the folder that names are relative to.
          collection: the collection that the sequences belong to.
          bounds: limits for one file.
          num_workers: processes.
          drum_channels: MIDI channels 1 to 16 that are drums besides channel 10 and those that say
            so.
          with_silence: whether a piece lasts until its MIDI file ends, and not only until its last
            note does.
        """
        self._given = (folder, collection, bounds, drum_channels, with_silence)
        self._patience = _PATIENCE * bounds.max_read_seconds + _GRACE_SECONDS
        self._num_workers = num_workers
        self._workers: list[_Worker] = []
        self._suspects: set[int] = set()
        self._failed_starts = 0

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.kill()
        self._workers.clear()

    def read(self, batches: Iterable[list[ReadTask]]) -> Iterator[ReadResult]:
        """Reads files.

        Args:
          batches: files that one worker reads one after another; taken as workers get free.

        Yields:
          What became of each file, in the order in which they were finished.

        Raises:
          MusicVAEError: worker processes cannot be started.
        """
        waiting = iter(batches)
        again: deque[list[ReadTask]] = deque()
        self._workers = [_Worker(*self._given) for _ in range(self._num_workers)]
        batch = next(waiting, None)
        while True:
            for worker in self._workers:
                if worker.ready and not worker.tasks and batch is not None:
                    self._give(worker, batch)
                    batch = again.popleft() if again else next(waiting, None)
            if batch is None and not any(worker.tasks for worker in self._workers):
                return
            busy = [worker for worker in self._workers if worker.tasks or not worker.ready]
            first_deadline = min(worker.deadline for worker in busy)
            found = multiprocessing.connection.wait(
                [worker.connection for worker in busy], max(0.0, first_deadline - time.monotonic())
            )
            for worker in busy:
                if worker.connection in found:
                    yield from self._receive(worker, again)
                elif time.monotonic() > worker.deadline:
                    yield from self._lose(worker, again, overdue=True)
            if batch is None and again:
                batch = again.popleft()

    def _give(self, worker: _Worker, batch: list[ReadTask]) -> None:
        worker.tasks.extend(batch)
        worker.deadline = time.monotonic() + self._patience
        # A worker that is gone is noticed when its answer is waited for.
        with contextlib.suppress(OSError):
            worker.connection.send(batch)

    def _receive(self, worker: _Worker, again: deque[list[ReadTask]]) -> Iterator[ReadResult]:
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            yield from self._lose(worker, again, overdue=False)
            return
        worker.deadline = time.monotonic() + self._patience
        if message == _READY:
            worker.ready = True
            self._failed_starts = 0
        else:
            worker.tasks.popleft()
            yield message

    def _lose(
        self, worker: _Worker, again: deque[list[ReadTask]], *, overdue: bool
    ) -> Iterator[ReadResult]:
        """Replaces a worker that died or is overdue, and says what became of its file."""
        worker.process.join(0 if overdue else 1)
        status = worker.process.exitcode
        worker.kill()
        if not worker.ready:
            # Killed by a signal, as when memory ran out for a moment, it is started again.
            self._failed_starts += 1
            killed = overdue or (status is not None and status < 0)
            if not killed or self._failed_starts > _MAX_FAILED_STARTS:
                raise MusicVAEError(f"worker processes cannot be started here (status {status})")
        tasks = list(worker.tasks)
        self._workers[self._workers.index(worker)] = _Worker(*self._given)
        if not tasks:
            return
        culprit = tasks[0]
        if culprit.index not in self._suspects:
            self._suspects.add(culprit.index)
            again.append([culprit])
        elif overdue:
            detail = f"reading it takes over {self._patience:g} s by the clock"
            yield ReadResult(culprit.index, reason="timeout", detail=detail)
        else:
            detail = f"its process died twice, with status {status}"
            yield ReadResult(culprit.index, reason="worker_died", detail=detail)
        if tasks[1:]:
            again.append(tasks[1:])


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Holds back Ctrl-C while a process starts, and from that process until it ignores it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(
    connection: Any,
    folder: str,
    collection: str,
    bounds: FileBounds,
    drum_channels: tuple[int, ...],
    with_silence: bool,
) -> None:
    """What a worker process does: reads the files it is sent, until the connection closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable(logging.WARNING)
    memory = _MemoryLimit(bounds.max_memory_bytes)
    try:
        connection.send(_READY)
        while True:
            for task in connection.recv():
                given = (folder, collection, bounds, drum_channels, with_silence)
                connection.send(_read(task, *given, memory))
    except (EOFError, OSError):
        sys.stderr = None  # the parent is gone, and nobody reads a last word


def _read(
    task: ReadTask,
    folder: str,
    collection: str,
    bounds: FileBounds,
    drum_channels: tuple[int, ...],
    with_silence: bool,
    memory: _MemoryLimit,
) -> ReadResult:
    from musicvae.data.music_files import read_music_file

    path = os.path.join(folder, *task.name.split("/"))
    try:
        with memory:
            found = read_music_file(
                path,
                collection=collection,
                name=task.name,
                bounds=bounds,
                with_silence=with_silence,
                drum_channels=drum_channels,
            )
            records = tuple(
                sequence.SerializeToString(deterministic=True) for sequence in found.sequences
            )
    except MusicFileError as error:
        return ReadResult(task.index, reason=error.reason, detail=error.detail)
    except MemoryError:
        limit = bounds.max_memory_bytes >> 20
        detail = f"reading it takes over {limit} MiB of memory, the limit"
        return ReadResult(task.index, reason="memory", detail=detail)
    return ReadResult(
        task.index,
        records,
        num_empty=sum(not sequence.notes for sequence in found.sequences),
        num_notes=sum(len(sequence.notes) for sequence in found.sequences),
        seconds=sum(sequence.total_time for sequence in found.sequences),
        tune_errors=tuple(
            (number, error.reason, error.detail) for number, error in found.tune_errors
        ),
        corrections=found.corrections,
    )


class _MemoryLimit:
    """Holds the process's growth inside the block to so many bytes, where the system can."""

    def __init__(self, max_bytes: int) -> None:
        self._limits: tuple[int, int] | None = None
        try:
            import resource

            with open("/proc/self/statm", encoding="ascii") as file:
                pages = int(file.read().split()[0])
        except (ImportError, OSError):
            return
        self._resource = resource
        self._before = resource.getrlimit(resource.RLIMIT_AS)
        limit = pages * resource.getpagesize() + max_bytes
        hard = self._before[1]
        if hard != resource.RLIM_INFINITY:
            limit = min(limit, hard)
        self._limits = (limit, hard)

    def __enter__(self) -> None:
        if self._limits:
            self._resource.setrlimit(self._resource.RLIMIT_AS, self._limits)

    def __exit__(self, *_: object) -> None:
        if self._limits:
            self._resource.setrlimit(self._resource.RLIMIT_AS, self._before)
