"""A queue that trains what the recipes list, in order of need, and can be killed at any time.

    WORK_DIR/queue.json    what it has done: hours and end of every stage, and what runs now
    WORK_DIR/queue.txt     the same as one line for people
    WORK_DIR/queue.lock    held by the queue and by the training that it started
    WORK_DIR/MODEL/stage_K/        run folder of a stage
    WORK_DIR/MODEL/stage_K.log     what its training printed

Each training is a process of its own. When the queue is told to stop (Ctrl-C, SIGTERM) it tells the
training, which saves; when the queue is killed, the training goes on, and the next queue stops it
the same way before it goes on from what was saved.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from stages import CHECKOUT, Stage

POLL_SECONDS = 5.0
SAVE_SECONDS = 30.0
MOST_FAILURES = 3
_STOP_SECONDS = 300.0
_TAIL_BYTES = 4096
_PROGRESS = re.compile(r"step ([\d,]+)/([\d,]+) ")
_FIGURES = ("metrics/accuracy", "metrics/hits_f1", "loss")

StartOf = Callable[[Stage], list[str]]


class Queue:
    """Trains stage after stage.

    Attributes:
      stopped: whether it was told to stop.
    """

    def __init__(self, folder: pathlib.Path, threads: int, command: StartOf) -> None:
        """Reads what was done before.

        Args:
          folder: the work folder; made where it is missing.
          threads: how many threads a training may use.
          command: returns the command that trains a stage.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._threads, self._command = folder, threads, command
        self._state: dict[str, Any] = {"stages": {}, **_read_json(folder / "queue.json")}
        for entry in self._state["stages"].values():
            if entry.get("end") == "failed":
                # Whoever starts the queue again has seen to the reason, or wants to see it again.
                entry.update(end=None, failures=0)
        self._lock: IO[str] | None = None
        self.stopped = False

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Holds the lock of the work folder, and takes note of Ctrl-C and SIGTERM.

        Raises:
          SystemExit: another queue is at work there.
        """
        with open(self._folder / "queue.lock", "a", encoding="utf-8") as lock:
            self._take(lock)
            self._lock = lock
            handlers = {s: signal.signal(s, self._stop) for s in (signal.SIGINT, signal.SIGTERM)}
            try:
                yield
            finally:
                for number, handler in handlers.items():
                    signal.signal(number, handler)
                self._lock = None

    def train(self, stage: Stage, upcoming: str) -> bool:
        """Trains a stage to its end, unless it is done or the queue is told to stop.

        Args:
          stage: the stage.
          upcoming: the name of the one after it, for people.

        Returns:
          Whether the stage is done, and its weights can be built on.
        """
        entry = self._entry(stage)
        while not entry.get("end") and not self.stopped:
            entry["end"] = self._train_once(stage, entry, upcoming)
            if entry["end"] is None and not self.stopped:
                entry["failures"] = entry.get("failures", 0) + 1
                if entry["failures"] >= MOST_FAILURES:
                    entry["end"] = "failed"
            self._save()
        return entry.get("end") in ("steps", "hours")

    def hours(self, stage: Stage) -> float:
        """Returns how long a stage was trained so far."""
        return float(self._entry(stage).get("hours", 0.0))

    def credit(self, stage: Stage, hours: float) -> None:
        """Counts hours that a stage was trained elsewhere, once."""
        entry = self._entry(stage)
        if "elsewhere" not in entry:
            entry["elsewhere"] = hours
            entry["hours"] = entry.get("hours", 0.0) + hours

    def say(self, line: str) -> None:
        """Writes the line for people, and prints it."""
        stamped = time.strftime("%Y-%m-%d %H:%M ") + line
        _write(self._folder / "queue.txt", stamped + "\n")
        print(stamped, flush=True)

    def _train_once(self, stage: Stage, entry: dict[str, Any], upcoming: str) -> str | None:
        """Runs a stage's training; returns how it ended: "steps", "hours" or None."""
        stage.run.parent.mkdir(parents=True, exist_ok=True)
        log = stage.run.with_suffix(".log")
        before = entry.get("hours", 0.0)
        started = saved = time.monotonic()
        out_of_hours = False
        with log.open("ab") as output:
            process = self._start(self._command(stage), output)
            self._state["now"] = {"stage": stage.name, "process": process.pid, "queue": os.getpid()}
            while process.poll() is None:
                now = time.monotonic()
                entry["hours"] = before + (now - started) / 3600
                if now - saved >= SAVE_SECONDS or saved == started:
                    saved = now
                    self._save()
                    self.say(describe(stage, entry, log, upcoming))
                if self.stopped or entry["hours"] >= stage.max_hours:
                    out_of_hours = not self.stopped
                    _end(process)
                    break
                time.sleep(POLL_SECONDS)
            entry["hours"] = before + (time.monotonic() - started) / 3600
            self._state["now"] = None
            if out_of_hours and not stage.best.exists():
                evaluate = [*self._command(stage), "--mode=eval"]
                self._start([a for a in evaluate if "warm_start" not in a], output).wait()
        if out_of_hours:
            return "hours"
        if process.returncode == 0:
            return "steps"
        if not self.stopped:
            self.say(f"{stage.name} ended with status {process.returncode}; see {log}")
        return None

    def _start(self, command: list[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
        """Starts a process that holds the queue's lock for as long as it runs."""
        assert self._lock is not None
        threads = str(self._threads)
        names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=CHECKOUT,
            env={**os.environ, **dict.fromkeys(names, threads)},
            pass_fds=[self._lock.fileno()],
            start_new_session=True,
        )

    def _take(self, lock: IO[str]) -> None:
        """Takes the lock; where a killed queue left a training, that is stopped first."""
        if _locked(lock):
            return
        now = self._state.get("now") or {}
        if _is_alive(now.get("queue"), "train_shipped") or not _is_alive(
            now.get("process"), "--run_dir="
        ):
            raise SystemExit(f"{self._folder}: another queue is at work there; see queue.txt")
        print(f"stopping {now['stage']}, which a queue left that was killed", flush=True)
        os.kill(now["process"], signal.SIGTERM)
        until = time.monotonic() + _STOP_SECONDS
        while not _locked(lock):
            if time.monotonic() > until:
                raise SystemExit(f"{now['stage']}: process {now['process']} does not end")
            time.sleep(1.0)

    def _stop(self, number: int, frame: Any) -> None:
        del number, frame
        self.stopped = True

    def _entry(self, stage: Stage) -> dict[str, Any]:
        entry: dict[str, Any] = self._state["stages"].setdefault(stage.name, {})
        return entry

    def _save(self) -> None:
        _write(self._folder / "queue.json", json.dumps(self._state, indent=1) + "\n")


def describe(stage: Stage, entry: Mapping[str, Any], log: pathlib.Path, upcoming: str) -> str:
    """Returns a line about a stage in progress.

    Args:
      stage: the stage.
      entry: the queue's record of it.
      log: what its training printed.
      upcoming: the name of the stage after it.
    """
    words = [stage.name]
    steps = _PROGRESS.findall(_tail(log))
    if steps:
        words.append(f"step {steps[-1][0]} of {steps[-1][1]}")
    limit = "" if stage.max_hours == float("inf") else f" of at most {stage.max_hours:g}"
    words.append(f"{entry.get('hours', 0.0):.2f} h{limit}")
    evaluations = stage.evaluations()
    if evaluations:
        words.append(figures(evaluations[-1]))
    words.append(f"next: {upcoming}" if upcoming else "the last one")
    return ", ".join(words)


def figures(evaluation: Mapping[str, Any]) -> str:
    """Returns the main figure of an evaluation in words."""
    found = evaluation["scalars"]
    for tag in _FIGURES:
        if f"teacher_forced/{tag}" in found:
            forced, own = found[f"teacher_forced/{tag}"], found[f"sampled/{tag}"]
            name = tag.rpartition("/")[2].replace("_", " ")
            at = f"at step {evaluation['step']:,}"
            return f"validation {name} {forced:.4g} teacher-forced, {own:.4g} sampled {at}"
    return f"validation loss {found['loss']:.4g}"


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_alive(process: int | None, words: str) -> bool:
    """Whether a process runs whose command line has some words in it."""
    if process is None:
        return False
    try:
        command = pathlib.Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return False
    return words in command


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(path: pathlib.Path) -> str:
    with contextlib.suppress(OSError), path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        return file.read().decode(errors="replace")
    return ""


def _read_json(path: pathlib.Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        sys.exit(f"{path}: cannot be read ({error}); move it away to begin anew")
    return found


def _write(path: pathlib.Path, text: str) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)
