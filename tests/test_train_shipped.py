"""Tests of the command that trains the shipped models."""

from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "scripts" / "train_shipped.py"
RECIPES = {
    "datasets": {"a": {"folder": "a"}},
    "teachers": {"t": {"folder": "raw"}},
    "models": {
        "groovae_4bar": {
            "train": ["a"],
            "held_out": ["a"],
            "shipped_stages": 1,
            "stages": [{"num_steps": n, "max_hours": 1} for n in (1, 2, 3)],
        }
    },
}


@pytest.fixture
def train_shipped(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    import train_shipped

    import snapshots

    monkeypatch.setattr(snapshots.find_snapshot, "__defaults__", (tmp_path / "snapshots",))
    return train_shipped


def workshop(train_shipped, work: pathlib.Path):
    arguments = argparse.Namespace(midi_root="midi", teacher_root=None, work_dir=work)
    return train_shipped.Workshop(RECIPES, arguments)


def starts(train_shipped, work: pathlib.Path) -> list[str]:
    """Returns what each stage's command says that it starts from."""
    shop = workshop(train_shipped, work)
    commands = [shop.command(stage) for stage in shop.stages("groovae_4bar")]
    return ["".join(word for word in command if "warm_start" in word) for command in commands]


def test_a_training_begins_with_the_weights_that_ship(train_shipped, tmp_path) -> None:
    first, _ = starts(train_shipped, tmp_path)
    assert first.endswith("/checkpoints/groovae_4bar.tar.gz")


def test_a_stage_starts_from_the_best_weights_of_the_one_before(train_shipped, tmp_path) -> None:
    best = tmp_path / "groovae_4bar" / "stage_2" / "eval" / "best"
    best.mkdir(parents=True)
    assert starts(train_shipped, tmp_path)[1] == f"--warm_start={best}"


def test_a_stage_that_has_begun_goes_on_from_its_own_checkpoints(train_shipped, tmp_path) -> None:
    (tmp_path / "groovae_4bar" / "stage_2" / "train").mkdir(parents=True)
    assert starts(train_shipped, tmp_path)[0] == ""


def test_without_run_folders_training_goes_on_from_a_snapshot(train_shipped, tmp_path) -> None:
    folder = tmp_path / "snapshots"
    folder.mkdir()
    (folder / "groovae_4bar.tar.gz").touch()
    described = {"stage": 3, "step": 7, "hours": 0.5}
    (folder / "groovae_4bar.json").write_text(json.dumps(described))
    assert starts(train_shipped, tmp_path)[1] == f"--warm_start={folder}/groovae_4bar.tar.gz"


def test_the_queue_leaves_out_what_a_snapshot_is_past_and_counts_its_hours(
    train_shipped, tmp_path, monkeypatch
) -> None:
    folder = tmp_path / "snapshots"
    folder.mkdir()
    (folder / "groovae_4bar.tar.gz").touch()
    described = {"stage": 3, "step": 7, "hours": 0.5}
    (folder / "groovae_4bar.json").write_text(json.dumps(described))
    shop = workshop(train_shipped, tmp_path / "work")
    shop.recipes = {**RECIPES, "queue": {"order": ["groovae_4bar"]}}
    monkeypatch.setattr(shop, "convert", lambda model: None)
    monkeypatch.setattr(shop, "command", lambda stage: [sys.executable, "-c", "pass"])
    assert train_shipped.train_queue(shop, 1) == 0
    done = json.loads((tmp_path / "work" / "queue.json").read_text())["stages"]
    assert list(done) == ["groovae_4bar/stage_3"]
    assert done["groovae_4bar/stage_3"]["end"] == "steps"
    assert 0.5 <= done["groovae_4bar/stage_3"]["hours"] < 0.6


def test_a_model_that_fails_does_not_keep_the_others_from_being_trained(
    train_shipped, tmp_path, monkeypatch
) -> None:
    shop = workshop(train_shipped, tmp_path / "work")
    models = {name: RECIPES["models"]["groovae_4bar"] for name in ("bad", "good")}
    shop.recipes = {**RECIPES, "models": models, "queue": {"order": ["bad", "good"]}}
    monkeypatch.setattr(shop, "convert", lambda model: None)
    monkeypatch.setattr(
        shop,
        "command",
        lambda stage: [sys.executable, "-c", f"import sys; sys.exit({stage.model == 'bad'})"],
    )
    monkeypatch.setattr("training_queue.POLL_SECONDS", 0.05)
    assert train_shipped.train_queue(shop, 1) == 1
    done = json.loads((tmp_path / "work" / "queue.json").read_text())["stages"]
    assert {name: entry["end"] for name, entry in done.items()} == {
        "bad/stage_2": "failed",
        "good/stage_2": "steps",
        "good/stage_3": "steps",
    }


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "give the name of a model, --snapshot NAME or --queue"),
        (["cat-mel", "--midi_root=x"], "no recipe for 'cat-mel'"),
        (["cat-mel_2bar_small"], "--midi_root is missing"),
        (["--queue", "--midi_root=x", "--threads=0"], "must be at least 1"),
    ],
)
def test_mistakes_are_answered_in_a_line(arguments, reason, tmp_path) -> None:
    command = [sys.executable, str(SCRIPT), f"--work_dir={tmp_path}", *arguments]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert found.returncode == 2
    assert reason in found.stderr and "Traceback" not in found.stderr
