"""Tests of the queue that trains the shipped models, with processes that only pretend to train."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

SCRIPTS = pathlib.Path(__file__).resolve().parents[1] / "scripts"
TRAINER = """
import pathlib, signal, sys, time
run = pathlib.Path([a for a in sys.argv if a.startswith("--run_dir=")][0][10:])
run.mkdir(parents=True, exist_ok=True)
if sys.argv[-1] == "--mode=eval":
    (run / "eval" / "best").mkdir(parents=True)
    sys.exit(0)
with open(run / "starts", "a") as file: file.write("x")
def save(*_):
    (run / "saved").write_text("saved")
    sys.exit(143)
signal.signal(signal.SIGTERM, save)
print("step 7/20  loss 1", flush=True)
time.sleep(float(sys.argv[1]))
(run / "eval" / "best").mkdir(parents=True, exist_ok=True)
sys.exit(int(sys.argv[2]))
"""
QUEUE = """
import pathlib, sys
sys.path.insert(0, sys.argv[1])
import training_queue
from stages import Stage
training_queue.POLL_SECONDS = 0.05
folder = pathlib.Path(sys.argv[2])
stage = Stage("model", 1, {}, folder / "model" / "stage_1")
command = [sys.executable, "-c", sys.argv[3], sys.argv[4], "0", f"--run_dir={stage.run}"]
queue = training_queue.Queue(folder, 1, lambda stage: command)
with queue.running():
    queue.train(stage, "")
sys.exit(5 if queue.stopped else 0)
# train_shipped
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import stages
    import training_queue

    monkeypatch.setattr(training_queue, "POLL_SECONDS", 0.05)
    return stages, training_queue


def trained(modules, folder: pathlib.Path, seconds: float, status: int, **table):
    """Trains a pretended stage in a queue; returns whether it is done, the stage and the state."""
    stages, training_queue = modules
    stage = stages.Stage("model", 1, table, folder / "model" / "stage_1")
    command = [sys.executable, "-c", TRAINER, str(seconds), str(status), f"--run_dir={stage.run}"]
    queue = training_queue.Queue(folder, 1, lambda _: command)
    with queue.running():
        done = queue.train(stage, "model/stage_2")
    return done, stage, json.loads((folder / "queue.json").read_text())["stages"][stage.name]


def test_a_stage_that_ends_is_done_and_not_trained_again(modules, tmp_path) -> None:
    done, stage, entry = trained(modules, tmp_path, 0, 0)
    assert done and entry["end"] == "steps"
    assert trained(modules, tmp_path, 0, 0)[0]
    assert (stage.run / "starts").read_text() == "x"


def test_a_stage_saves_when_its_hours_are_over_and_is_evaluated_if_it_was_not(
    modules, tmp_path
) -> None:
    done, stage, entry = trained(modules, tmp_path, 60, 0, max_hours=1 / 3600)
    assert stage.best.exists()
    assert done and entry["end"] == "hours" and entry["hours"] >= 1 / 3600
    assert (stage.run / "saved").exists()


def test_a_stage_that_fails_is_tried_three_times_and_again_by_the_next_queue(
    modules, tmp_path
) -> None:
    done, stage, entry = trained(modules, tmp_path, 0, 1)
    assert not done and entry["end"] == "failed"
    assert (stage.run / "starts").read_text() == "xxx"
    assert "see" in (tmp_path / "queue.txt").read_text()
    done, stage, entry = trained(modules, tmp_path, 0, 0)
    assert done and entry["end"] == "steps"
    assert (stage.run / "starts").read_text() == "xxxx"


def test_the_line_for_people_says_how_far_the_stage_is(modules, tmp_path) -> None:
    _, training_queue = modules
    _, stage, _ = trained(modules, tmp_path, 0, 0, max_hours=2)
    evaluation = {
        "step": 5,
        "scalars": {
            "loss": 2.0,
            "teacher_forced/metrics/accuracy": 0.9,
            "sampled/metrics/accuracy": 0.8,
        },
    }
    (stage.run / "eval" / "evaluations.json").write_text(json.dumps([evaluation]))
    line = training_queue.describe(stage, {"hours": 0.5}, stage.run.with_suffix(".log"), "next")
    assert line == (
        "model/stage_1, step 7 of 20, 0.50 h of at most 2, validation accuracy 0.9 "
        "teacher-forced, 0.8 sampled at step 5, next: next"
    )


def start_queue(folder: pathlib.Path, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", QUEUE, str(SCRIPTS), str(folder), TRAINER, str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(path: pathlib.Path) -> None:
    until = time.monotonic() + 60
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert path.exists()


def test_a_queue_that_is_told_to_stop_lets_its_training_save(tmp_path) -> None:
    queue = start_queue(tmp_path, 60)
    wait_for(tmp_path / "queue.json")
    wait_for(tmp_path / "model" / "stage_1" / "starts")
    queue.send_signal(signal.SIGTERM)
    assert queue.wait(60) == 5
    assert (tmp_path / "model" / "stage_1" / "saved").exists()
    entry = json.loads((tmp_path / "queue.json").read_text())["stages"]["model/stage_1"]
    assert not entry.get("end") and not entry.get("failures")


def test_the_training_of_a_killed_queue_is_stopped_before_the_next_one_goes_on(tmp_path) -> None:
    killed = start_queue(tmp_path, 60)
    wait_for(tmp_path / "queue.json")
    run = tmp_path / "model" / "stage_1"
    wait_for(run / "starts")
    killed.kill()
    killed.communicate()
    orphan = json.loads((tmp_path / "queue.json").read_text())["now"]["process"]
    os.kill(orphan, 0)
    after = start_queue(tmp_path, 0)
    output, _ = after.communicate(timeout=60)
    assert after.returncode == 0
    assert "stopping model/stage_1, which a queue left that was killed" in output
    assert (run / "saved").exists() and (run / "starts").read_text() == "xx"


def test_two_queues_do_not_work_in_one_folder(tmp_path) -> None:
    first = start_queue(tmp_path, 60)
    wait_for(tmp_path / "queue.json")
    second = start_queue(tmp_path, 0)
    _, errors = second.communicate(timeout=60)
    assert second.returncode == 1 and "another queue is at work there" in errors
    first.terminate()
    assert first.wait(60) == 5
