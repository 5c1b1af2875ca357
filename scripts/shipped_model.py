"""Packs a trained run folder as a shipped model: an archive of its weights and a model card.

Weights are float32 variables under Magenta's names, without optimizer slots, rounded to bfloat16
values or fewer bits where no validation figure becomes worse: such weights compress to half their
size.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import pathlib
import tarfile
import tempfile
import types
from collections.abc import Mapping, Sequence
from typing import Any

from musicvae.cli.progress import ProgressLine
from musicvae.tensorflow_start import start_tensorflow

SAMPLES = 512
CODES = 8192
MAIN_METRICS = ("accuracy", "hits_f1", "velocity_mae", "timing_mae", "f1")


def package(
    name: str,
    recipe: Mapping[str, Any],
    datasets: Mapping[str, Any],
    *,
    runs: Sequence[pathlib.Path],
    data: pathlib.Path,
    folder: pathlib.Path,
    compared_run: pathlib.Path | None = None,
    teachers: Mapping[str, Any] | None = None,
) -> None:
    """Writes `folder/NAME.tar.gz` and `folder/NAME.md`, and a full report beside the last run.

    Args:
      name: the configuration.
      recipe: its table of recipes.toml.
      datasets: the tables of the collections.
      runs: the run folders of the last stages, `stage_K` each; the last one's best weights are
        taken. Of stages before them, the card that is replaced tells.
      data: the folder of the TFRecords: validation parts decide whether the weights are rounded,
        test parts are read once, for the card.
      folder: where to write.
      compared_run: the last run folder of the model that the recipe's `compared_with` names, which
        the card sets beside this one.
      teachers: the tables of the teachers.
    """
    start_tensorflow()
    from standard_latent import codes_of, standardize_latent
    from weight_rounding import round_weights

    from musicvae.checkpoints import RunFolder, open_checkpoint, restore, save_checkpoint
    from musicvae.converters import build_converter
    from musicvae.data.batches import EvaluationBatches
    from musicvae.data.example_set import join_sets
    from musicvae.evaluation.evaluator import Evaluator
    from musicvae.evaluation.model_report import EvalConfig, Music, measure_model
    from musicvae.evaluation.report_files import write_report
    from musicvae.evaluation.step_labels import drawn_set
    from musicvae.generate import TrainedModel
    from musicvae.models import MusicVAE
    from musicvae.prior import prior_path

    run = runs[-1]
    config = RunFolder(run).resolve(None, "")
    converter = build_converter(config.converter)
    model = MusicVAE(config, converter.spec, seed=0)
    with open_checkpoint(run / "eval" / "best") as checkpoint:
        restore(model.named_variables, checkpoint)
        step = checkpoint.step
    training = examples_of(config, data, recipe["train"], "train")
    learnt = Music("the training parts", join_sets(list(training.values())))
    if recipe.get("standard_latent"):
        chosen = drawn_set(learnt.examples, CODES, 0)
        standardize_latent(model, codes_of(model, EvaluationBatches(chosen, converter, 256)))
    held_out = recipe["held_out"]
    validation = join_sets(list(examples_of(config, data, held_out, "validation").values()))
    evaluator = Evaluator(model, EvaluationBatches(validation, converter, 256))
    bits = round_weights(model.named_variables, lambda: evaluator.evaluate(step).scalars)
    archive = folder / f"{name}.tar.gz"
    with tempfile.TemporaryDirectory() as scratch:
        prefix = save_checkpoint(scratch, step, model.named_variables)
        write_archive(archive, sorted(pathlib.Path(scratch).glob(f"{pathlib.Path(prefix).name}.*")))
    # A learned prior is of the weights that it was fitted to.
    prior_path(archive).unlink(missing_ok=True)
    line = ProgressLine()
    report = measure_model(
        TrainedModel(config, 128, archive, seed=0),
        Music(
            f"the test part of {' and '.join(held_out)}",
            join_sets(list(examples_of(config, data, held_out, "test").values())),
        ),
        learnt,
        EvalConfig(samples=SAMPLES),
        progress=lambda what, done, total: line.show_count(done, total, what),
    )
    line.close()
    (run / "report").mkdir(exist_ok=True)
    write_report(report, run / "report")
    comparison = []
    if compared_run is not None:
        from model_comparison import comparison_section

        comparison = comparison_section(report, recipe["compared_with"], compared_run)
    card = folder / f"{name}.md"
    before = card.read_text(encoding="utf-8") if card.exists() else ""
    described = model_card(
        name,
        recipe,
        datasets,
        runs,
        bits,
        training,
        report,
        comparison,
        archive,
        before=before,
        teachers=teachers or {},
    )
    card.write_text(described, encoding="utf-8")
    print(f"wrote {archive} ({archive.stat().st_size / 1e6:.1f} MB) and {card}")


def examples_of(config: Any, data: pathlib.Path, names: Sequence[str], part: str) -> dict[str, Any]:
    """Returns the examples that each collection's part has, by its name; those with none left out.

    Args:
      config: the model's configuration.
      data: the folder of the TFRecords.
      names: the collections.
      part: train, validation or test.
    """
    from musicvae.data.examples import load_examples
    from musicvae.data.records import TFRecordSource
    from musicvae.errors import NoExamplesError

    found = {}
    for name in names:
        source = TFRecordSource((str(data / f"{name}-{part}.tfrecord"),))
        try:
            found[name] = load_examples(config.converter, source)
        except NoExamplesError as error:
            print(error)
    return found


def write_archive(path: pathlib.Path, members: list[pathlib.Path]) -> None:
    """Writes a .tar.gz that depends on its members' content alone."""
    with (
        path.open("wb") as file,
        gzip.GzipFile("", "wb", 9, file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for worker in members:
            info = tarfile.TarInfo(worker.name)
            info.size = worker.stat().st_size
            with worker.open("rb") as content:
                archive.addfile(info, content)


def model_card(
    name: str,
    recipe: Mapping[str, Any],
    datasets: Mapping[str, Any],
    runs: Sequence[pathlib.Path],
    bits: int | None,
    training: Mapping[str, Any],
    report: Any,
    comparison: Sequence[str],
    archive: pathlib.Path,
    *,
    before: str = "",
    teachers: Mapping[str, Any] = types.MappingProxyType({}),
) -> str:
    """Returns the card: data and licences, training, held-out figures, strengths and limits."""
    from earlier_stages import earlier_stages
    from weight_rounding import in_words

    from musicvae.config import load_config
    from musicvae.evaluation.report import (
        novelty_table,
        realism_table,
        reconstruction_table,
        samples_table,
        similarity_table,
    )

    numbers = [stage_number(run) for run in runs]
    earlier = earlier_stages(before, numbers[0] - 1)
    curves = [
        json.loads((run / "eval" / "evaluations.json").read_text(encoding="utf-8")) for run in runs
    ]
    held_out = " and ".join(recipe["held_out"])
    samples = report.samples
    tables = [
        reconstruction_table(report),
        samples_table(samples),
        similarity_table(samples),
        *([novelty_table(samples.novelty)] if samples.novelty else []),
        *([realism_table(report.realism)] if report.realism else []),
    ]
    return "\n".join(
        [
            f"# {name}",
            "",
            f"{load_config(name).description}. `musicvae-generate --config={name}` uses it.",
            "",
            "## Data",
            "",
            *data_table(recipe["train"], datasets, training),
            "",
            f"{split_in_words(recipe, datasets)}; trained on the training parts, chosen by the "
            f"validation part of {held_out}, and measured once on its test part.",
            "",
            "## Training",
            "",
            f"`scripts/train_shipped.py {name}` on two cores shared with other work. The weights "
            f"are those of step {report.step:,} of the last stage, {in_words(bits)}.",
            "",
            *earlier.lines,
            *stages_in_words(recipe, runs),
            "",
            *teachers_in_words(recipe, numbers, teachers),
            "What departs from the named configuration:",
            "",
            *(f"- {departure}" for departure in recipe["departures"]),
            "",
            *earlier.curves,
            *(
                line
                for number, evaluations in zip(numbers, curves, strict=True)
                for line in (
                    f"Stage {number} on the validation part of {held_out}, by step:",
                    "",
                    *curve_table(evaluations, name),
                    "",
                )
            ),
            "## Held-out figures",
            "",
            *(
                line
                for table in tables
                for line in (f"{table.title}. {table.note}", "", table.markdown(), "")
            ),
            "Made by `musicvae-evaluate`'s library with seed 0; docs/evaluation.md says what each "
            "figure is.",
            "",
            *comparison,
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


def stage_number(run: pathlib.Path) -> int:
    """Returns the number of the stage that a run folder, `stage_K`, is of."""
    return int(run.name.rpartition("_")[2])


def stages_in_words(recipe: Mapping[str, Any], runs: Sequence[pathlib.Path]) -> list[str]:
    """Returns a line a stage that has a run folder: its flags, and the hours that it took."""
    lines = []
    source = f"the weights of {recipe['start']}" if "start" in recipe else "random weights"
    for part in recipe.get("start_parts", ()):
        source += f", those of {part['model']} in `{part['here']}`"
    for run in runs:
        number = stage_number(run)
        if number > 1:
            source = "the best weights of the stage before"
        stage = recipe["stages"][number - 1]
        flags = " ".join(f"--{flag}={value}" for flag, value in stage.items())
        lines.append(f"{number}. from {source}: `{flags}`; {training_hours(run):.1f} hours")
    return lines


def teachers_in_words(
    recipe: Mapping[str, Any], numbers: Sequence[int], teachers: Mapping[str, Any]
) -> list[str]:
    """Returns a line, and an empty one, for each model that some stages learnt from.

    Args:
      recipe: the model's.
      numbers: the stages, from 1.
      teachers: the tables of the teachers.
    """
    lines = []
    for name, table in teachers.items():
        taught = [k for k in numbers if recipe["stages"][k - 1].get("teacher") == name]
        if taught:
            stages = " and ".join(map(str, taught))
            lines += [
                f"In stage {stages} it learnt as well from melodies that {table['credit']} made "
                f"up, and from that model's probabilities ({table['licence']}). None of its "
                "weights are here.",
                "",
            ]
    return lines


def training_hours(run: pathlib.Path) -> float:
    """Returns how long a run trained, in hours, without the pauses between its sittings.

    Each sitting wrote a file of summaries, named by when it began (Unix time in seconds) and last
    changed when it ended.
    """
    seconds = 0.0
    for summaries in (run / "train").glob("events.out.tfevents.*"):
        seconds += summaries.stat().st_mtime - int(summaries.name.split(".")[3])
    return seconds / 3600


def data_table(
    names: Sequence[str], datasets: Mapping[str, Any], training: Mapping[str, Any]
) -> list[str]:
    """Returns the rows of a table of the collections and of what each gives to train on."""
    rows = ["| collection | licence | credit | pieces used | examples |", "|---|---|---|---|---|"]
    for name in names:
        described = datasets[name]
        examples = training.get(name)
        count = 0 if examples is None else len(examples)
        pieces = 0 if examples is None else len(set(examples.sources.tolist()))
        rows.append(
            f"| {described['folder']} | {described['licence']} | {described['credit']} "
            f"| {pieces:,} | {count:,} |"
        )
    return rows


def split_in_words(recipe: Mapping[str, Any], datasets: Mapping[str, Any]) -> str:
    """Returns how the files are split, for those collections that a recipe names."""
    names = list(dict.fromkeys([*recipe["train"], *recipe["held_out"]]))
    tabled = [name for name in names if datasets[name].get("split_csv")]
    by_song = [name for name in names if datasets[name].get("split_by")]
    hashed = "80/10/10 by a hash of the name"
    if not tabled and not by_song:
        return f"Split by file, {hashed}"
    ways = [f"{' and '.join(tabled)} by its own table"] if tabled else []
    if by_song:
        ways.append(f"{' and '.join(by_song)} by song or library as a whole")
    rest = f", the others {hashed}" if len(tabled) + len(by_song) < len(names) else ""
    return f"Split by file ({', '.join(ways)}{rest})"


def curve_table(evaluations: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    """Returns the rows of a table of the loss and the main figures at each evaluation.

    Args:
      evaluations: what evaluations.json holds.
      name: the configuration.
    """
    from musicvae.config import load_config
    from musicvae.evaluation.evaluator import figure_label

    config = load_config(name)
    last = evaluations[-1]["scalars"]
    tags = [tag for tag in last if tag in ("loss", "losses/kl_bits") or is_main(tag)]
    labels = [figure_label(tag, config) for tag in tags]
    rows = [f"| step | {' | '.join(labels)} |", f"|---|{'---|' * len(tags)}"]
    for entry in evaluations:
        found = entry["scalars"]
        values = " | ".join(f"{found[tag]:.4g}" if tag in found else "" for tag in tags)
        rows.append(f"| {entry['step']:,} | {values} |")
    return rows


def is_main(tag: str) -> bool:
    """Whether a TensorBoard tag is one of the figures that curves show."""
    head, _, metric = tag.partition("/metrics/")
    return head in ("teacher_forced", "sampled") and metric.split("/")[0] in MAIN_METRICS
