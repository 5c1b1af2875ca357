"""The stages of a recipe: the commands that train them, and what a stage leaves behind.

Each key of a stage in recipes.toml is a flag of musicvae-train, but for these:

- `kind`: what trains it: "train" (musicvae-train itself, the default) or "conductor"
  (train_conductor.py);
- `teacher`: a table of `[teachers]`, the model to learn from as well;
- `codes`: of a conductor's stage, the models whose codes it learns;
- `max_hours`: the queue ends the stage after so many hours of training;
- `precision = "fastest"`: bfloat16 or float32, whichever multiplies faster on this machine;
- `weights`: weights of this stage's collections, in place of the recipe's.
"""

from __future__ import annotations

import functools
import json
import pathlib
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from music_collections import examples_path

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
SHIPPED = CHECKOUT / "checkpoints"
SNAPSHOTS = CHECKOUT / "snapshots"
_OWN_KEYS = ("kind", "max_hours", "weights", "codes", "teacher")
_PROGRAMS = {
    "train": ["-m", "musicvae.cli.train"],
    "conductor": [str(CHECKOUT / "scripts" / "train_conductor.py")],
}
# Multiplies matrices of the sizes of an LSTM step, and prints what is faster.
_FASTEST = """
import time, tensorflow as tf
def seconds(dtype):
    a, b = tf.ones([64, 768], dtype), tf.ones([768, 2048], dtype)
    product = tf.function(lambda: tf.matmul(a, b))
    times = []
    for _ in range(30):
        start = time.perf_counter(); product().numpy(); times.append(time.perf_counter() - start)
    return min(times)
print('bfloat16' if seconds(tf.bfloat16) < seconds(tf.float32) else 'float32')
"""


class Stage(NamedTuple):
    """One stage of a model's recipe.

    Attributes:
      model: the model's name.
      number: the stage's, from 1.
      table: its table of recipes.toml.
      run: its run folder.
    """

    model: str
    number: int
    table: Mapping[str, Any]
    run: pathlib.Path

    @property
    def name(self) -> str:
        """For people and for the queue's state: MODEL/stage_K."""
        return f"{self.model}/stage_{self.number}"

    @property
    def max_hours(self) -> float:
        """Hours of training after which the queue ends it; infinite where there is no limit."""
        return float(self.table.get("max_hours", float("inf")))

    @property
    def best(self) -> pathlib.Path:
        """The folder of its weights with the lowest validation loss."""
        return self.run / "eval" / "best"

    def evaluations(self) -> list[dict[str, Any]]:
        """Returns the results of its evaluations so far, oldest first."""
        try:
            found: list[dict[str, Any]] = json.loads(
                (self.run / "eval" / "evaluations.json").read_text(encoding="utf-8")
            )
        except (OSError, ValueError):
            return []
        return found


def stages_to_train(model: str, recipe: Mapping[str, Any], folder: pathlib.Path) -> list[Stage]:
    """Returns the stages of a recipe that are trained here, in order.

    Args:
      model: the model's name.
      recipe: its table; the first `shipped_stages` of its stages are those of the weights that
        ship, from which the next one starts.
      folder: the folder of its run folders.
    """
    first = int(recipe.get("shipped_stages", 0))
    return [
        Stage(model, number, table, folder / f"stage_{number}")
        for number, table in enumerate(recipe["stages"], 1)
        if number > first
    ]


def stage_command(
    stage: Stage,
    recipe: Mapping[str, Any],
    data: pathlib.Path,
    start: pathlib.Path | None,
    teacher: pathlib.Path | None = None,
) -> list[str]:
    """Returns the command that trains a stage, or goes on training it.

    Args:
      stage: the stage.
      recipe: the model's.
      data: the folder of the TFRecords.
      start: the weights that it starts from; None for random ones.
      teacher: the checkpoint of the stage's teacher, if it has one.
    """
    kind = stage.table.get("kind", "train")
    weights = stage.table.get("weights", recipe.get("weights"))
    flags = {
        "config": stage.model,
        "run_dir": stage.run,
        "examples_path": examples_path(data, recipe["train"], "train", weights),
        "eval_examples_path": examples_path(data, recipe["held_out"], "validation"),
        **{key: value for key, value in stage.table.items() if key not in _OWN_KEYS},
    }
    if flags.get("precision") == "fastest":
        flags["precision"] = fastest_precision()
    if start is not None:
        flags["warm_start"] = start
    if teacher is not None:
        flags["teacher"] = teacher
    if kind == "conductor":
        flags["codes"] = ",".join(str(SHIPPED / f"{name}.tar.gz") for name in stage.table["codes"])
    return [
        sys.executable,
        *_PROGRAMS[kind],
        *(f"--{flag}={value}" for flag, value in flags.items()),
    ]


def first_start(model: str, recipe: Mapping[str, Any], folder: pathlib.Path) -> pathlib.Path | None:
    """Returns the weights that a recipe's first stage starts from, or None for random ones.

    Args:
      model: the model's name.
      recipe: its table.
      folder: where first weights that are put together are written.
    """
    if recipe.get("shipped_stages"):
        return SHIPPED / f"{model}.tar.gz"
    if "start" in recipe:
        return SHIPPED / f"{recipe['start']}.tar.gz"
    if "start_parts" not in recipe:
        return None
    from first_weights import write_first_weights

    return write_first_weights(
        model,
        recipe["stages"][0]["hparams"],
        recipe["start_parts"],
        recipe.get("start_factors", {}),
        SHIPPED,
        folder / "first",
    )


@functools.cache
def fastest_precision() -> str:
    """Returns the precision in which this machine multiplies faster."""
    found = subprocess.run(
        [sys.executable, "-c", _FASTEST], capture_output=True, text=True, check=False
    )
    words = found.stdout.split()
    return words[-1] if words and words[-1] in ("bfloat16", "float32") else "float32"
