"""Trains a model that ships with the package, from MIDI folders to a checkpoint with its card.

Usage:
  python scripts/train_shipped.py NAME --midi_root DIR --work_dir DIR [--stage data|train|package]

scripts/recipes.toml says on what and how. Without `--stage` all three run in turn:

- data: converts each collection to TFRecords in WORK_DIR/data, split by file;
- train: trains in WORK_DIR/NAME/stage_1, from another shipped model, or from parts of some, where
  the recipe names them, and each further stage of the recipe from the best weights of the one
  before; run again, it goes on where it stopped;
- package: takes the last stage's weights with the lowest validation loss, rounds them to bfloat16
  or further where no validation figure becomes worse, reads the test split once, and writes
  checkpoints/NAME.tar.gz and NAME.md.
"""

from __future__ import annotations

import argparse
import pathlib
import subprocess
import sys
import tomllib
from typing import Any

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
SPLIT = "0.8,0.1,0.1"


def run_command(module: str, *arguments: str) -> None:
    """Runs one of the package's commands; ends this program where it fails."""
    command = [sys.executable, "-m", f"musicvae.cli.{module}", *arguments]
    print("+", f"musicvae-{module}", *arguments, flush=True)
    status = subprocess.run(command, check=False).returncode
    if status:
        sys.exit(status)


def examples_path(data: pathlib.Path, datasets: list[str], part: str) -> str:
    """Returns what `--examples_path` takes for one part of some collections."""
    return ",".join(str(data / f"{name}-{part}.tfrecord") for name in datasets)


def convert(
    recipe: dict[str, Any], datasets: dict[str, Any], root: str, data: pathlib.Path
) -> None:
    """Converts the collections that a recipe names and that are not there yet."""
    for name in sorted({*recipe["train"], *recipe["held_out"]}):
        if (data / f"{name}-train.tfrecord").exists():
            continue
        folder = pathlib.Path(root) / datasets[name]["folder"]
        table = datasets[name].get("split_csv")
        split = f"--split_csv={folder / table}" if table else f"--split={SPLIT}"
        output = f"--output_file={data / f'{name}.tfrecord'}"
        run_command("convert", f"--input_dir={folder}", "--recursive", split, output)


def train(
    name: str, recipe: dict[str, Any], data: pathlib.Path, folder: pathlib.Path
) -> pathlib.Path:
    """Trains stage after stage, or goes on training, as a recipe says.

    Args:
      name: the configuration.
      recipe: its table of recipes.toml.
      data: the folder of the TFRecords.
      folder: where the stages' run folders are.

    Returns:
      the last stage's run folder.
    """
    run = folder
    shipped = CHECKOUT / "checkpoints"
    start = []
    if "start" in recipe:
        start = [f"--warm_start={shipped / recipe['start']}.tar.gz"]
    elif "start_parts" in recipe:
        from first_weights import write_first_weights

        first = write_first_weights(
            name,
            recipe["stages"][0]["hparams"],
            recipe["start_parts"],
            recipe.get("start_factors", {}),
            shipped,
            folder / "first",
        )
        start = [f"--warm_start={first}"]
    for number, stage in enumerate(recipe["stages"], 1):
        run = folder / f"stage_{number}"
        run_command(
            "train",
            f"--config={name}",
            f"--run_dir={run}",
            f"--examples_path={examples_path(data, recipe['train'], 'train')}",
            f"--eval_examples_path={examples_path(data, recipe['held_out'], 'validation')}",
            *(f"--{flag}={value}" for flag, value in stage.items()),
            *start,
        )
        start = [f"--warm_start={run / 'eval' / 'best'}"]
    return run


def main() -> None:
    """Parses the command line and runs the stages."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("name", help="the model, a table of scripts/recipes.toml")
    parser.add_argument("--midi_root", required=True, help="the folder of the MIDI collections")
    parser.add_argument("--work_dir", required=True, type=pathlib.Path)
    parser.add_argument("--stage", choices=("data", "train", "package"))
    arguments = parser.parse_args()
    recipes = tomllib.loads((CHECKOUT / "scripts" / "recipes.toml").read_text(encoding="utf-8"))
    if arguments.name not in recipes["models"]:
        parser.error(f"no recipe for '{arguments.name}'; there are {', '.join(recipes['models'])}")
    recipe = recipes["models"][arguments.name]
    data = arguments.work_dir / "data"
    folder = arguments.work_dir / arguments.name
    if arguments.stage in (None, "data"):
        convert(recipe, recipes["datasets"], arguments.midi_root, data)
    if arguments.stage in (None, "train"):
        train(arguments.name, recipe, data, folder)
    if arguments.stage in (None, "package"):
        import shipped_model

        compared = recipe.get("compared_with")
        last = f"stage_{len(recipe['stages'])}"
        shipped_model.package(
            arguments.name,
            recipe,
            recipes["datasets"],
            runs=[folder / f"stage_{k + 1}" for k in range(len(recipe["stages"]))],
            data=data,
            folder=CHECKOUT / "checkpoints",
            compared_run=arguments.work_dir / compared / last if compared else None,
        )


if __name__ == "__main__":
    main()
