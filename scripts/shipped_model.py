"""Packs a trained run folder as a shipped model: an archive of its weights and a model card.

Weights are float32 variables under Magenta's names, without optimizer slots, rounded to bfloat16
values where the validation figures stay the same: such weights compress to half their size.
"""

from __future__ import annotations

import datetime
import gzip
import hashlib
import json
import pathlib
import tarfile
import tempfile
from collections.abc import Mapping
from typing import Any

from musicvae.cli.tensorflow_start import start_tensorflow

TOLERANCE = 0.002
COMPARED = "metrics/"


def package(
    name: str,
    recipe: Mapping[str, Any],
    datasets: Mapping[str, Any],
    *,
    run: pathlib.Path,
    validation: str,
    test: str,
    folder: pathlib.Path,
) -> None:
    """Writes `folder/NAME.tar.gz` and `folder/NAME.md`.

    Args:
      name: the configuration.
      recipe: its table of recipes.toml.
      datasets: the tables of the collections.
      run: the run folder, whose best weights are taken.
      validation: examples that decide whether the weights are rounded.
      test: examples that are read once, for the card.
      folder: where to write.
    """
    start_tensorflow()
    from musicvae.checkpoints import RunFolder, open_checkpoint, restore, save_checkpoint
    from musicvae.converters import build_converter
    from musicvae.models import MusicVAE

    config = RunFolder(run).resolve(None, "")
    converter = build_converter(config.converter)
    model = MusicVAE(config, converter.spec, seed=0)
    with open_checkpoint(run / "eval" / "best") as checkpoint:
        restore(model.named_variables, checkpoint)
        step = checkpoint.step
    exact = evaluated(model, converter, validation, step)
    full = {key: variable.numpy() for key, variable in model.named_variables.items()}
    for variable in model.named_variables.values():
        variable.assign(rounded_to_bfloat16(variable))
    rounded = evaluated(model, converter, validation, step)
    is_rounded = all(
        abs(rounded[key] - exact[key]) <= TOLERANCE for key in exact if COMPARED in key
    )
    if not is_rounded:
        for key, variable in model.named_variables.items():
            variable.assign(full[key])
    archive = folder / f"{name}.tar.gz"
    with tempfile.TemporaryDirectory() as scratch:
        prefix = save_checkpoint(scratch, step, model.named_variables)
        write_archive(archive, sorted(pathlib.Path(scratch).glob(f"{pathlib.Path(prefix).name}.*")))
    figures = evaluated(model, converter, test, step)
    card = folder / f"{name}.md"
    card.write_text(
        model_card(name, recipe, datasets, run, step, is_rounded, figures, archive),
        encoding="utf-8",
    )
    print(f"wrote {archive} ({archive.stat().st_size / 1e6:.1f} MB) and {card}")


def evaluated(model: Any, converter: Any, examples_path: str, step: int) -> Mapping[str, float]:
    """Returns a model's figures on all examples of some TFRecords, by tag."""
    from musicvae.data.batches import EvaluationBatches
    from musicvae.data.examples import TFRecordSource, load_examples
    from musicvae.evaluation import Evaluator

    examples = load_examples(model.config.converter, TFRecordSource((examples_path,)))
    batches = EvaluationBatches(examples, converter, 256)
    result = Evaluator(model, batches).evaluate(step)
    return {"examples": result.examples, **result.scalars}


def rounded_to_bfloat16(values: Any) -> Any:
    """Returns float32 values that bfloat16 holds exactly, the nearest to the given ones."""
    import tensorflow as tf

    return tf.cast(tf.cast(values, tf.bfloat16), tf.float32)


def write_archive(path: pathlib.Path, members: list[pathlib.Path]) -> None:
    """Writes a .tar.gz that depends on its members' content alone."""
    with (
        path.open("wb") as file,
        gzip.GzipFile("", "wb", 9, file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for member in members:
            info = tarfile.TarInfo(member.name)
            info.size = member.stat().st_size
            with member.open("rb") as content:
                archive.addfile(info, content)


def model_card(
    name: str,
    recipe: Mapping[str, Any],
    datasets: Mapping[str, Any],
    run: pathlib.Path,
    step: int,
    is_rounded: bool,
    figures: Mapping[str, float],
    archive: pathlib.Path,
) -> str:
    """Returns the card: data and licences, training, held-out figures, strengths and limits."""
    from musicvae.config import load_config

    evaluations = json.loads((run / "eval" / "evaluations.json").read_text(encoding="utf-8"))
    started = datetime.datetime.fromtimestamp((run / "config.toml").stat().st_mtime)
    ended = datetime.datetime.fromisoformat(evaluations[-1]["time"]).replace(tzinfo=None)
    hours = (ended - started).total_seconds() / 3600
    used = [datasets[key] for key in recipe["train"]]
    held_out = " and ".join(recipe["held_out"])
    rounding = "rounded to bfloat16" if is_rounded else "not rounded"
    return "\n".join(
        [
            f"# {name}",
            "",
            f"{load_config(name).description}. `musicvae-generate --config={name}` uses it.",
            "",
            "## Data",
            "",
            "| collection | licence | credit |",
            "|---|---|---|",
            *(f"| {key['folder']} | {key['licence']} | {key['credit']} |" for key in used),
            "",
            f"Split by file ({held_out} by its own table, the others 80/10/10 by a hash of the "
            f"name); trained on the training parts, chosen by the validation part of {held_out}, "
            "and measured once on its test part.",
            "",
            "## Training",
            "",
            f"`scripts/train_shipped.py {name}`: {recipe['num_steps']:,} steps with "
            f"`--hparams={recipe['hparams']} --seed={recipe['seed']} "
            f"--precision={recipe['precision']}`, {hours:.1f} hours on two cores shared with "
            f"other work. The weights are those of step {step:,}, {rounding}. What departs from "
            "the named configuration:",
            "",
            *(f"- {departure}" for departure in recipe["departures"]),
            "",
            f"On the validation part of {held_out}, by step:",
            "",
            *curve_table(evaluations),
            "",
            f"## Held-out figures: test part of {held_out}, {int(figures['examples']):,} examples",
            "",
            *figures_table(figures),
            "",
            "## What it is good and bad at",
            "",
            f"Good: {recipe['good_at']}.",
            "",
            f"Bad: {recipe['bad_at']}.",
            "",
            "## File",
            "",
            f"`{archive.name}`, {archive.stat().st_size:,} bytes, SHA-256 "
            f"`{hashlib.sha256(archive.read_bytes()).hexdigest()}`",
            "",
        ]
    )


def curve_table(evaluations: list[Mapping[str, Any]]) -> list[str]:
    """Returns the rows of a table of the loss and accuracy at each evaluation."""
    tags = [
        tag
        for tag in ("loss", "losses/kl_bits", *passes(evaluations[0]["scalars"]))
        if tag in evaluations[0]["scalars"]
    ]
    rows = [f"| step | {' | '.join(map(words, tags))} |", f"|---|{'---|' * len(tags)}"]
    for entry in evaluations:
        values = " | ".join(f"{entry['scalars'][tag]:.4g}" for tag in tags)
        rows.append(f"| {entry['step']:,} | {values} |")
    return rows


def figures_table(figures: Mapping[str, float]) -> list[str]:
    """Returns the rows of a table of every figure, teacher-forced beside sampled."""
    tags = [
        tag.removeprefix("teacher_forced/")
        for tag in figures
        if tag.startswith("teacher_forced/") and "/segment/" not in tag
    ]
    rows = ["| figure | teacher-forced | sampled |", "|---|---|---|"]
    for tag in tags:
        forced, own = figures[f"teacher_forced/{tag}"], figures[f"sampled/{tag}"]
        rows.append(f"| {words(tag)} | {forced:.4g} | {own:.4g} |")
    return rows


def passes(scalars: Mapping[str, float]) -> list[str]:
    """Returns the tags of the metrics, teacher-forced and sampled."""
    return [tag for tag in scalars if "/metrics/" in tag and "/segment/" not in tag]


def words(tag: str) -> str:
    """Returns a TensorBoard tag as words."""
    return tag.replace("losses/", "").replace("metrics/", "").replace("_", " ").replace("/", ", ")
