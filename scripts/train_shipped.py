"""Trains models that ship with the package, from MIDI folders to a checkpoint with its card.

Usage:
  python scripts/train_shipped.py NAME --midi_root DIR --work_dir DIR [--stage data|train|package]
  python scripts/train_shipped.py --queue --midi_root DIR --work_dir DIR [--threads N]

scripts/recipes.toml says on what and how. NAME trains one model, all stages in turn:

- data: converts each collection to TFRecords in WORK_DIR/data, split by file or by song;
- train: trains in WORK_DIR/NAME/stage_1, from another shipped model, or from parts of some, where
  the recipe names them, and each further stage of the recipe from the best weights of the one
  before; run again, it goes on where it stopped;
- package: takes the last stage's weights with the lowest validation loss, rounds them to bfloat16
  or further where no validation figure becomes worse, reads the test split once, writes
  checkpoints/NAME.tar.gz and NAME.md, and fits NAME.prior.npz (fit_prior.py).

`--queue` trains, and packs nothing: one stage after the other in the order of need that `[queue]`
of recipes.toml has, each for at most its `max_hours`. Stop it with Ctrl-C or SIGTERM, or kill it:
the same command goes on. WORK_DIR/queue.txt says in one line how far it is, queue.json in numbers.
`--snapshot NAME` writes what a model has reached to snapshots/, from where a queue on another
machine goes on.
"""

from __future__ import annotations

import argparse
import pathlib
import subprocess
import sys
import tomllib
from typing import Any

import music_collections
from music_collections import examples_path as examples_path
from stages import CHECKOUT, Stage, first_start, stage_command, stages_to_train

from snapshots import find_snapshot, write_snapshot


def run_command(module: str, *arguments: str) -> None:
    """Runs one of the package's commands; ends this program where it fails."""
    run([sys.executable, "-m", f"musicvae.cli.{module}", *arguments])


def run(command: list[str]) -> None:
    """Runs a command; ends this program where it fails."""
    print("+", *command, flush=True)
    status = subprocess.run(command, check=False).returncode
    if status:
        sys.exit(status)


class Workshop:
    """What all trainings of a work folder have in common: recipes, music and teachers."""

    def __init__(self, recipes: dict[str, Any], arguments: argparse.Namespace) -> None:
        """Takes the recipes and the command line."""
        self.recipes = recipes
        self._midi = pathlib.Path(arguments.midi_root or ".")
        self._teachers: pathlib.Path | None = arguments.teacher_root
        self.work: pathlib.Path = arguments.work_dir
        self.data = self.work / "data"

    def convert(self, model: str) -> None:
        """Converts the collections of a model's recipe that are not there yet."""
        recipe = self.recipes["models"][model]
        names = {*recipe["train"], *recipe["held_out"]}
        tables = self.recipes["datasets"]
        music_collections.convert(names, tables, self._midi, self.data, run_command)

    def stages(self, model: str) -> list[Stage]:
        """Returns the stages of a model that are trained here, in order."""
        return stages_to_train(model, self.recipes["models"][model], self.work / model)

    def command(self, stage: Stage) -> list[str]:
        """Returns the command that trains a stage, or goes on with it."""
        recipe = self.recipes["models"][stage.model]
        start = None
        # A run folder that has begun has its weights; what it began from may be gone.
        if not (stage.run / "train").exists():
            start = self._start(stage, recipe)
        return stage_command(stage, recipe, self.data, start, self._teacher(stage))

    def _start(self, stage: Stage, recipe: dict[str, Any]) -> pathlib.Path | None:
        before = [s for s in self.stages(stage.model) if s.number < stage.number]
        if before and before[-1].best.exists():
            return before[-1].best
        snapshot = find_snapshot(stage.model)
        if snapshot is not None and snapshot.stage in (stage.number, stage.number - 1):
            return snapshot.archive
        return first_start(stage.model, recipe, self.work / stage.model)

    def _teacher(self, stage: Stage) -> pathlib.Path | None:
        """Returns the checkpoint of a stage's teacher, made of its raw files the first time."""
        name = stage.table.get("teacher")
        if name is None:
            return None
        checkpoint = self.work / "teachers" / name
        if not list(checkpoint.glob("*.index")):
            if self._teachers is None:
                sys.exit(f"{stage.name} learns from {name}; --teacher_root must hold its folder")
            folder = self._teachers / self.recipes["teachers"][name]["folder"]
            script = str(CHECKOUT / "scripts" / "teacher_checkpoint.py")
            run([sys.executable, script, str(folder), str(checkpoint)])
        return checkpoint


def train_queue(workshop: Workshop, threads: int) -> int:
    """Trains all that the queue lists; returns an exit status."""
    from training_queue import Queue

    queue = Queue(workshop.work, threads, workshop.command)
    stages = [stage for m in workshop.recipes["queue"]["order"] for stage in workshop.stages(m)]
    names = [stage.name for stage in stages] + [""]
    failed: set[str] = set()
    with queue.running():
        for number, stage in enumerate(stages):
            if queue.stopped:
                break
            snapshot = find_snapshot(stage.model)
            if snapshot is not None and not stage.run.exists():
                if snapshot.is_past(stage):
                    continue
                if stage.number == snapshot.stage:
                    queue.credit(stage, snapshot.hours)
            if stage.model not in failed:
                workshop.convert(stage.model)
                if not queue.train(stage, names[number + 1]) and not queue.stopped:
                    failed.add(stage.model)
        queue.say("stopped; the same command goes on" if queue.stopped else "all stages are done")
    for model in sorted(failed):
        print(f"{model} failed; its logs are in {workshop.work / model}")
    return 1 if failed else 0


def train_one(workshop: Workshop, model: str, stage: str | None) -> None:
    """Converts, trains and packs one model, or does one of these."""
    if stage in (None, "data"):
        workshop.convert(model)
    if stage in (None, "train"):
        for each in workshop.stages(model):
            run(workshop.command(each))
    if stage in (None, "package"):
        package(workshop, model)


def package(workshop: Workshop, model: str) -> None:
    """Writes the archive, the card and the learned prior of a trained model."""
    import shipped_model

    recipe = workshop.recipes["models"][model]
    compared = recipe.get("compared_with")
    trained = [stage.run for stage in workshop.stages(model) if stage.best.exists()]
    if not trained:
        sys.exit(f"{model} has no trained stage in {workshop.work / model} yet")
    shipped_model.package(
        model,
        recipe,
        workshop.recipes["datasets"],
        teachers=workshop.recipes["teachers"],
        runs=trained,
        data=workshop.data,
        folder=CHECKOUT / "checkpoints",
        compared_run=workshop.stages(compared)[-1].run if compared else None,
    )
    script = str(CHECKOUT / "scripts" / "fit_prior.py")
    run([sys.executable, script, model, "--work_dir", str(workshop.work)])


def main() -> int:
    """Parses the command line and does what it asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("name", nargs="?", help="the model, a table of scripts/recipes.toml")
    parser.add_argument("--queue", action="store_true", help="train what the recipes list")
    parser.add_argument("--snapshot", metavar="NAME", help="write a model's weights to snapshots/")
    parser.add_argument("--midi_root", help="the folder of the MIDI collections")
    parser.add_argument("--teacher_root", type=pathlib.Path, help="the folder of the teachers")
    parser.add_argument("--work_dir", required=True, type=pathlib.Path)
    parser.add_argument("--stage", choices=("data", "train", "package"))
    parser.add_argument("--threads", type=int, default=1, help="of each training in the queue (1)")
    arguments = parser.parse_args()
    arguments.work_dir = arguments.work_dir.absolute()
    recipes = tomllib.loads((CHECKOUT / "scripts" / "recipes.toml").read_text(encoding="utf-8"))
    model = arguments.name or arguments.snapshot
    if bool(arguments.queue) == bool(model):
        parser.error("give the name of a model, --snapshot NAME or --queue")
    if model and model not in recipes["models"]:
        parser.error(f"no recipe for '{model}'; there are {', '.join(recipes['models'])}")
    if not arguments.midi_root and not arguments.snapshot and arguments.stage != "package":
        parser.error("--midi_root is missing: the folder of the MIDI collections")
    if arguments.threads < 1:
        parser.error(f"--threads {arguments.threads} must be at least 1")
    workshop = Workshop(recipes, arguments)
    if arguments.queue:
        return train_queue(workshop, arguments.threads)
    if arguments.snapshot:
        print(write_snapshot(model, workshop.stages(model), workshop.work))
        return 0
    train_one(workshop, model, arguments.stage)
    return 0


if __name__ == "__main__":
    sys.exit(main())
