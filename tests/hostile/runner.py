"""Many hostile inputs, in processes of their own that may die without ending the attack.

The input with an index is the same whatever others came before it: it depends on the seed, the name
of its kind and its index alone.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import json
import logging
import os
import pathlib
import random
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from hostile.trial import FAULT, Arena, Attempt, Bounds, Guard, Outcome, run

_BATCH = 1000  # inputs of one process: what leaks a little does not add up
_LOOK_SECONDS = 2.0
_PATIENCE = 3.0  # times the bound of processor time, where no timer ends it
_STANDSTILL_SECONDS = 1800.0  # by the clock


class Make(Protocol):
    """Makes an input of a kind."""

    def __call__(self, rng: random.Random, arena: Arena) -> Attempt:
        """Writes the input into `arena.inputs` and returns what is to be done with it."""


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of hostile input.

    Attributes:
      name: its name.
      what: what it is, for people.
      make: makes one.
      share: how many of a thousand inputs are of this kind.
      bounds: what one may take.
      start: imports what it needs, before the first input.
      local_ports: whether it may connect to this machine's own ports.
    """

    name: str
    what: str
    make: Make
    share: float
    bounds: Bounds = dataclasses.field(default_factory=Bounds)
    start: Callable[[], None] = lambda: None
    local_ports: bool = False


@dataclasses.dataclass(frozen=True)
class Answer:
    """What became of the input with an index."""

    index: int
    outcome: Outcome


def attack(
    work: Sequence[tuple[Kind, Sequence[int]]],
    *,
    seed: int,
    folder: pathlib.Path,
    kept: pathlib.Path | None = None,
    jobs: int = 1,
) -> Iterator[tuple[Kind, Answer]]:
    """Attacks with inputs of some kinds.

    Args:
      work: kinds, each with the numbers of its inputs.
      seed: what all of them depend on.
      folder: where the inputs stand while they are tried.
      kept: where the files of an input that is a fault are kept; nowhere where not given.
      jobs: processes at a time.

    Yields:
      What became of each, those of a process in order.
    """
    waiting = collections.deque(
        (kind, list(indices[k : k + _BATCH]))
        for kind, indices in work
        for k in range(0, len(indices), _BATCH)
    )
    running: dict[int, _Process] = {}
    try:
        while waiting or running:
            for lane in sorted(set(range(jobs)) - set(running))[: len(waiting)]:
                kind, indices = waiting.popleft()
                kind.start()
                running[lane] = _Process(kind, indices, seed, folder / str(lane), kept)
            readers = list(running.values())
            heard = select.select(readers, [], [], _LOOK_SECONDS)[0]
            for lane, process in list(running.items()):
                for answer in process.answers(is_heard=process in heard):
                    yield process.kind, answer
                if process.is_over:
                    running.pop(lane).end()
                    if process.left:
                        waiting.appendleft((process.kind, process.left))
    finally:
        for process in running.values():
            process.end()


class _Process:
    """A child that tries some inputs and tells what became of each.

    Attributes:
      kind: the kind of its inputs.
      left: the numbers of those without an answer.
      is_over: whether no answer comes any more.
    """

    def __init__(
        self,
        kind: Kind,
        indices: list[int],
        seed: int,
        folder: pathlib.Path,
        kept: pathlib.Path | None,
    ) -> None:
        self.kind, self.left, self.is_over = kind, indices, False
        self._seconds = _PATIENCE * kind.bounds.seconds
        self._keep = lambda answer: _keep(kind, answer, seed, folder, kept)
        self._said = b""
        self._reader, writer = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self._id = os.fork()
        if self._id == 0:
            os.close(self._reader)
            _try_all_and_exit(kind, indices, seed, folder, writer, self._keep)
        os.close(writer)
        self._heard_at, self._used_then = time.monotonic(), self._used_seconds()

    def fileno(self) -> int:
        """Returns what to wait for."""
        return self._reader

    def end(self) -> None:
        """Ends the process, if it has not ended."""
        os.close(self._reader)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._id, signal.SIGKILL)
        os.waitpid(self._id, 0)

    def answers(self, *, is_heard: bool) -> Iterator[Answer]:
        """Yields what became of inputs since the last time, up to one that ended the process.

        Args:
          is_heard: whether the process has said something, or ended.
        """
        more = os.read(self._reader, 1 << 16) if is_heard else b""
        self._said += more
        while b"\n" in self._said:
            line, self._said = self._said.split(b"\n", 1)
            yield Answer(self.left.pop(0), Outcome(*json.loads(line)))
        if more:
            self._heard_at, self._used_then = time.monotonic(), self._used_seconds()
            return
        self.is_over = is_heard or self._is_overdue()
        if self.is_over and self.left:
            answer = Answer(self.left.pop(0), Outcome(FAULT, self._last_words(is_heard)))
            self._keep(answer)
            yield answer

    def _is_overdue(self) -> bool:
        is_busy = self._used_seconds() - self._used_then > self._seconds
        return is_busy or time.monotonic() - self._heard_at > _STANDSTILL_SECONDS

    def _used_seconds(self) -> float:
        """Returns the processor time of the process and of those that it waited for."""
        with open(f"/proc/{self._id}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")

    def _last_words(self, has_ended: bool) -> str:
        if not has_ended:
            return "no answer, and no timer ends it"
        ended = os.waitid(os.P_PID, self._id, os.WEXITED | os.WNOWAIT)
        how = "signal" if ended.si_code in (os.CLD_KILLED, os.CLD_DUMPED) else "status"
        return f"the process died, with {how} {ended.si_status}"


def _try_all_and_exit(
    kind: Kind,
    indices: Sequence[int],
    seed: int,
    folder: pathlib.Path,
    writer: int,
    keep: Callable[[Answer], None],
) -> None:
    """Tries the inputs in this process, which ends with them."""
    try:
        _isolate(folder)
        guard = Guard()
        for index in indices:
            arena = Arena.made(folder)
            attempt = kind.make(random.Random(f"{seed}:{kind.name}:{index}"), arena)
            outcome = run(attempt, arena, guard, kind.bounds, local_ports=kind.local_ports)
            if outcome.what == FAULT:
                keep(Answer(index, outcome))
            line = json.dumps([outcome.what, outcome.detail[:8000]]).encode() + b"\n"
            while line:
                line = line[os.write(writer, line) :]
        os._exit(0)
    except BaseException:
        os.write(2, traceback.format_exc().encode("utf-8", "backslashreplace"))
        os._exit(1)


def _isolate(folder: pathlib.Path) -> None:
    """Leads whatever depends on the user and the machine into the input's folder."""
    sys.dont_write_bytecode = True
    place = str(folder / "output" / "tmp")
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        os.environ[name] = place
    tempfile.tempdir = place
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 0)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")


def _keep(
    kind: Kind, answer: Answer, seed: int, folder: pathlib.Path, kept: pathlib.Path | None
) -> None:
    """Keeps the files of an input that was a fault, with what it was."""
    if kept is None:
        return
    place = kept / f"{kind.name}-{answer.index}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    with contextlib.suppress(OSError, shutil.Error):
        for part in ("inputs", "output"):
            shutil.copytree(folder / part, place / part, symlinks=True)
    replay = f"python scripts/attack.py --seed={seed} --only={kind.name}:{answer.index}"
    text = f"{replay}\n\n{answer.outcome.detail}\n"
    (place / "fault.txt").write_text(text, encoding="utf-8", errors="backslashreplace")


def shared_out(kinds: Sequence[Kind], total: int) -> dict[str, int]:
    """Returns how many inputs each kind gets of so many, by their shares; at least one.

    Args:
      kinds: the kinds.
      total: inputs together.
    """
    shares = sum(kind.share for kind in kinds)
    counts = {kind.name: max(1, int(total * kind.share / shares)) for kind in kinds}
    largest = max(kinds, key=lambda kind: kind.share).name
    counts[largest] = max(1, counts[largest] + total - sum(counts.values()))
    return counts


class Meter:
    """Says how far an attack is, now and then."""

    def __init__(self, total: int, every_seconds: float = 30.0) -> None:
        self._total = total
        self._every = every_seconds
        self._started = self._told = time.monotonic()

    def tell(self, done: int, faults: int, kind: str) -> None:
        """Writes a line to standard error where it is time for one."""
        now = time.monotonic()
        if now - self._told < self._every or not done:
            return
        self._told = now
        left = (now - self._started) / done * (self._total - done)
        print(
            f"{done:,} of {self._total:,} inputs ({kind}), {faults} faults, about "
            f"{left / 60:.0f} min left",
            file=sys.stderr,
            flush=True,
        )
