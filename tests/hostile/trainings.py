"""Trainings that are killed at any step on the disk, or shortly after one, and go on.

TensorFlow is imported in a process of its own, of which each training is a fork: the process that
attacks stays small, for it forks at every kill.
"""

from __future__ import annotations

import functools
import json
import os
import pathlib
import random
import signal
import sys
import tempfile
import traceback
from collections.abc import Mapping
from typing import Any, BinaryIO, NoReturn

import numpy as np
from small_music import drum_piece

from hostile.trial import Arena, Attempt, Fault

_NUM_STEPS = 4
_CONFIG = "groovae_2bar_humanize"
_HPARAMS = (
    "batch_size=2,z_size=2,enc_rnn_size=[3],dec_rnn_size=[3,3],dropout_keep_prob=1.0,"
    "free_bits=0,learning_rate=0.01"
)
_STEPS = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.listdir")
_MOST_STEPS = 150
_MOST_DELAY_SECONDS = 0.05
_MOST_KILLS = 2
# Every step has its checkpoint, or only the first and the last have.
_CHECKPOINT_MINUTES = (0.0, 1e6)
_KEPT = (0, 1, 2)
Policy = Mapping[str, Any]

_KILLED = (-signal.SIGKILL, -signal.SIGALRM)


def make(rng: random.Random, arena: Arena) -> Attempt:
    """Chooses when a training is killed; see `runner.Make`."""
    policy = {
        "checkpoint_minutes": rng.choice(_CHECKPOINT_MINUTES),
        "checkpoints_to_keep": rng.choice(_KEPT),
    }
    moments = []
    for _ in range(rng.randint(1, _MOST_KILLS)):
        delay = rng.choice((0.0, rng.uniform(0.0, _MOST_DELAY_SECONDS)))
        moments.append((rng.randrange(_MOST_STEPS), delay))
    (arena.inputs / "kills.txt").write_text(f"training, {policy}, after {moments}\n")
    expected()
    return functools.partial(_kill_and_finish, arena.output / "run", policy, moments)


def _kill_and_finish(
    folder: pathlib.Path, policy: Policy, moments: list[tuple[int, float]]
) -> None:
    for moment in moments:
        status = _trained(folder, policy, moment)
        if status not in (0, *_KILLED):
            raise Fault(f"status {status} in place of a kill: {_last_words(folder)}")
        _check(folder, f"killed at {moment}")
    status = _trained(folder, policy)
    if status != 0:
        raise Fault(f"it does not go on, status {status}: {_last_words(folder)}")
    _check(folder, "finished")
    found, whole = _found(folder), expected()
    for name in ("evaluations", "best", "config", "state"):
        if found[name] != whole[name]:
            raise Fault(f"{name} after all: {found[name]!r}, in place of {whole[name]!r}")
    if max(found["steps"]) != _NUM_STEPS:
        raise Fault(f"it ends at step {max(found['steps'])}")


def _check(folder: pathlib.Path, when: str) -> None:
    """Checks that what lies there is part of the undisturbed training."""
    if not folder.exists():
        return
    found, whole = _found(folder), expected()
    for step, values in found["steps"].items():
        if values != whole["steps"][step]:
            raise Fault(f"{when}: the checkpoint of step {step} is another one")
    for row in found["evaluations"]:
        if row not in whole["evaluations"]:
            raise Fault(f"{when}: an evaluation that never was: {row!r}")
    if len({row["step"] for row in found["evaluations"]}) < len(found["evaluations"]):
        raise Fault(f"{when}: a step is evaluated twice: {found['evaluations']!r}")
    for name in ("config", "state"):
        if found[name] not in (None, whole[name]):
            raise Fault(f"{when}: {name} is {found[name]!r}")


@functools.cache
def expected() -> Mapping[str, Any]:
    """Returns what an undisturbed training leaves."""
    with tempfile.TemporaryDirectory(prefix="attack-training-") as text:
        folder = pathlib.Path(text, "run")
        status = _trained(folder, {"checkpoint_minutes": 0.0, "checkpoints_to_keep": 0})
        assert status == 0, _last_words(folder)
        found = _found(folder)
    assert sorted(found["steps"]) == list(range(_NUM_STEPS + 1))
    assert [row["step"] for row in found["evaluations"]] == [2, 4]
    return found


def _found(folder: pathlib.Path) -> dict[str, Any]:
    """Returns what a run folder holds; checkpoints as the bytes of each variable, read whole."""
    from musicvae.checkpoints.locate import checkpoints_in
    from musicvae.training.run import Run

    train, best = folder / "train", folder / "eval" / "best"
    rows = Run(str(folder), _NUM_STEPS).evaluations()
    return {
        "steps": {
            int(name.rpartition("-")[2]): _variables(train / name)
            for name in (checkpoints_in(str(train)) if train.exists() else ())
        },
        "best": _variables(best) if best.exists() and checkpoints_in(str(best)) else None,
        "evaluations": [
            {key: row[key] for key in ("step", "examples", "best", "scalars")} for row in rows
        ],
        "config": _text(folder / "config.toml"),
        "state": _without_paths(_text(folder / "training.json")),
    }


def _variables(path: pathlib.Path) -> dict[str, bytes]:
    from musicvae.checkpoints import open_checkpoint

    with open_checkpoint(path) as checkpoint:
        return {name: np.asarray(checkpoint.read(name)).tobytes() for name in checkpoint.shapes}


def _text(path: pathlib.Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


def _without_paths(text: str | None) -> Any:
    return None if text is None else json.loads(text)["seed"]


def _trained(folder: pathlib.Path, policy: Policy, moment: tuple[int, float] | None = None) -> int:
    """Trains in a process of its own, which is killed at a moment; returns its status."""
    orders, answers = _nursery()
    orders.write(json.dumps([str(folder), policy, moment]).encode() + b"\n")
    orders.flush()
    return int(answers.readline())


@functools.cache
def _nursery() -> tuple[BinaryIO, BinaryIO]:
    """Starts the process that trainings are forks of; returns where it is told and tells."""
    theirs_in, orders = os.pipe()
    answers, theirs_out = os.pipe()
    if os.fork() == 0:
        os.close(orders)
        os.close(answers)
        _fork_trainings_and_exit(os.fdopen(theirs_in, "rb"), os.fdopen(theirs_out, "wb"))
    os.close(theirs_in)
    os.close(theirs_out)
    return os.fdopen(orders, "wb"), os.fdopen(answers, "rb")


def _fork_trainings_and_exit(orders: BinaryIO, answers: BinaryIO) -> NoReturn:
    """Forks a training for each order until nobody gives any."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        import musicvae.training.running  # noqa: F401

        for line in orders:
            folder, policy, moment = json.loads(line)
            child = os.fork()
            if child == 0:
                _train_and_exit(pathlib.Path(folder), policy, moment)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            answers.write(f"{status}\n".encode())
            answers.flush()
    finally:
        os._exit(1)


def _train_and_exit(
    folder: pathlib.Path, policy: Policy, moment: tuple[int, float] | None
) -> NoReturn:
    status = 1
    try:
        if moment is not None:
            _kill_after(*moment, str(folder))
        _train(folder, policy)
        status = 0
    except BaseException:
        folder.with_name("last-words.txt").write_text(traceback.format_exc(), errors="replace")
    finally:
        os._exit(status)


def _last_words(folder: pathlib.Path) -> str:
    return (_text(folder.with_name("last-words.txt")) or "")[-2000:]


def _kill_after(left: int, delay_seconds: float, folder: str) -> None:
    """Kills this process after so many things that it does in a folder, and a while."""

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event not in _STEPS or not str(arguments[0]).startswith(folder):
            return
        left -= 1
        if left < 0:
            if not delay_seconds:
                os.kill(os.getpid(), signal.SIGKILL)
            # Nothing catches it: it ends a write of TensorFlow's own in the middle.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, delay_seconds)
            left = sys.maxsize

    sys.addaudithook(count)


def _train(folder: pathlib.Path, policy: Policy) -> None:
    import tensorflow as tf

    from musicvae.formats.tfrecord import write_note_sequences
    from musicvae.training.devices import choose_training_devices
    from musicvae.training.options import TrainingOptions
    from musicvae.training.run_spec import RunSpec, plan_training
    from musicvae.training.running import train

    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.run_functions_eagerly(True)
    music = folder.with_name("beats.tfrecord")
    if not music.exists():
        write_note_sequences(music, [drum_piece(seed, 2) for seed in range(3)])
    options = TrainingOptions(
        num_steps=_NUM_STEPS,
        precision="float32",
        eval_every_steps=2,
        summary_steps=1,
        **policy,
    )
    spec = RunSpec(
        run_dir=str(folder),
        config=_CONFIG,
        hparams=_HPARAMS,
        examples_path=str(music),
        eval_examples_path=str(music),
        seed=1,
        num_workers=1,
        options=options,
    )
    train(plan_training(spec), choose_training_devices("CPU"))
