"""Kills: work that ends at any of its steps on the disk, is looked at, and is done again.

A few of them are trainings, which take a hundred times as long.
"""

from __future__ import annotations

import functools
import os
import pathlib
import random
import sys
from typing import NoReturn

from hostile import trainings, work
from hostile.trial import Arena, Attempt, Fault

_DIED = 9
_STEPS = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.listdir")
_MOST_KILLS = 3
_TRAININGS = 0.01


def make(rng: random.Random, arena: Arena) -> Attempt:
    """Chooses a piece of work and after which steps it is killed; see `runner.Make`."""
    if rng.random() < _TRAININGS:
        return trainings.make(rng, arena)
    name = rng.choice(list(work.WORK))
    folder = arena.output / "work"
    folder.mkdir()
    work.WORK[name].begin(folder)
    steps = [rng.randint(0, 60) for _ in range(rng.randint(1, _MOST_KILLS))]
    (arena.inputs / "kills.txt").write_text(f"{name}, after {steps} steps\n")
    return functools.partial(_kill_and_finish, name, folder, steps)


def _kill_and_finish(name: str, folder: pathlib.Path, steps: list[int]) -> None:
    for number in steps:
        status = _killed_after(number, name, folder)
        if status not in (0, _DIED):
            raise Fault(f"{name}: status {status} in place of a kill")
        wrong = work.check(name, work.files_in(folder))
        if wrong:
            raise Fault(f"{name}, killed after {number} steps: {wrong}")
    work.WORK[name].do(folder)
    found, (_, after) = work.files_in(folder), work.expected(name)
    if found != after:
        raise Fault(f"{name}: {sorted(found)} after all, in place of {sorted(after)}")


def _killed_after(number: int, name: str, folder: pathlib.Path) -> int:
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    _work_and_die(number, name, folder)


def _work_and_die(left: int, name: str, folder: pathlib.Path) -> NoReturn:
    process = os.getpid()

    def count(event: str, _: object) -> None:
        nonlocal left
        # A set of files is renamed by a process that a kill does not reach.
        if event in _STEPS and os.getpid() == process:
            left -= 1
            if left < 0:
                os._exit(_DIED)

    try:
        sys.addaudithook(count)
        work.WORK[name].do(folder)
        os._exit(0)
    except BaseException:
        os._exit(1)
