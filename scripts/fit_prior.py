"""Fits the learned prior of a model that ships, puts it beside its archive, and measures it.

Usage:
  python scripts/fit_prior.py NAME --work_dir DIR [--prior FILE] [--part validation|test]

WORK_DIR/data holds the TFRecords that scripts/train_shipped.py converted. The prior is fitted to
the training parts of the collections that the recipe holds out, so that its draws are of the kind
that the card measures; FILE takes one that was fitted before. A table `prior` of the recipe changes
options of the fit: those of `FitOptions`, and `max_examples`. A collection's `groups`
says what in a file's name is its group, such as a style; groups of too few pieces are left out.

checkpoints/NAME.prior.npz is written, and the section "Prior" of NAME.md, with samples of N(0, I)
and of the learned prior beside each other on the test parts. `--part=validation` prints the figures
on the validation parts and writes nothing into the card: options are chosen there.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import math
import pathlib
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from shipped_model import examples_of
from train_shipped import CHECKOUT

SAMPLES = 512
# 512 samples of cat-drums_2bar_small beside the validation part, whose drummers repeat 0.58 of the
# steps a bar later: at sharpness 3 and a spread of 1, 0.9 and 0.8 their 5-grams cost 1.15, 1.09 and
# 1.05 of the drummers', and 0.51, 0.54 and 0.56 of the steps were equal a bar before; onsets in a
# bar overlapped by 0.87, 0.86 and 0.85. At 2.5 and 0.8: 1.07, 0.54, 0.86, and an AUC of z of 0.54.
DEFAULTS = {"sharpness": 2.5, "spread": 0.8, "temperature": 0.5, "max_examples": 20_000}
KNOWN = 5000
SECTION = "## Prior"
NEXT_SECTION = "## What it is good and bad at"


def fit(
    name: str, recipe: Mapping[str, Any], datasets: Mapping[str, Any], data: pathlib.Path
) -> Any:
    """Returns a prior fitted to the training parts of what a model is measured on.

    Args:
      name: the configuration.
      recipe: its table of recipes.toml.
      datasets: the tables of the collections.
      data: the folder of the TFRecords.
    """
    from musicvae.cli.progress import ProgressLine
    from musicvae.config import load_config
    from musicvae.data.example_set import join_sets
    from musicvae.generate import TrainedModel
    from musicvae.prior.fitting import FitOptions, fit_prior
    from musicvae.prior.posteriors import posteriors_of

    model = TrainedModel(name, 128, archive_of(name), seed=0)
    sets = examples_of(load_config(name), data, recipe["held_out"], "train")
    labels = [
        label
        for collection, examples in sets.items()
        for label in labels_of(
            data / f"{collection}-train.tfrecord", datasets[collection], examples
        )
    ]
    groups, numbers = numbered(labels)
    options = {**DEFAULTS, **recipe.get("prior", {})}
    line = ProgressLine()
    posteriors = posteriors_of(
        model,
        join_sets(list(sets.values())),
        groups=numbers if groups else None,
        most=options.pop("max_examples"),
        progress=lambda done, total: line.show_count(done, total, "examples encoded"),
    )
    found = fit_prior(
        posteriors,
        name,
        model.step,
        FitOptions(**options),
        groups=groups,
        progress=lambda done, total: line.show_count(done, total, "training steps"),
    )
    line.close()
    print(
        f"error on held-out pieces {found.loss:.4f} at step {found.step:,}, that of a Gaussian "
        f"{found.gaussian_loss:.4f}"
    )
    return found.prior


def labels_of(path: pathlib.Path, table: Mapping[str, Any], examples: Any) -> list[str | None]:
    """Returns the group of every example, by the name of the file that it is from.

    Args:
      path: the TFRecords.
      table: the collection's, whose `groups`, if it has them, are `pattern`, a regular expression
        with a group `group`, and `least`, the fewest pieces that make a group.
      examples: an ExampleSet of them.
    """
    from musicvae.formats.tfrecord import read_note_sequences

    if "groups" not in table:
        return [None] * len(examples)
    pattern = re.compile(table["groups"]["pattern"])
    matches = [pattern.search(sequence.filename) for sequence in read_note_sequences(path)]
    names = [match and match["group"] for match in matches]
    used = sorted(set(examples.sources.tolist()))
    pieces = collections.Counter(names[source] for source in used)
    least = table["groups"]["least"]
    return [
        name if pieces[name] >= least else None
        for name in (names[source] for source in examples.sources.tolist())
    ]


def numbered(labels: list[str | None]) -> tuple[list[str], Any]:
    """Returns the names of groups, and the number of each label, int64 `[N]`, -1 for None."""
    import numpy as np

    groups = sorted({label for label in labels if label})
    numbers = {label: k for k, label in enumerate(groups)}
    return groups, np.array([numbers.get(label or "", -1) for label in labels], np.int64)


def archive_of(name: str) -> pathlib.Path:
    """Returns the archive of a model that ships."""
    return CHECKOUT / "checkpoints" / f"{name}.tar.gz"


def put_beside(archive: pathlib.Path, prior: Any) -> None:
    """Puts a prior beside an archive, from where it is drawn from.

    A prior within the archive would make a new version of all its weights each time.

    Args:
      archive: a shipped model's.
      prior: the prior.
    """
    from musicvae.prior import prior_path, save_prior

    save_prior(prior_path(archive), prior)


def measure(
    name: str,
    recipe: Mapping[str, Any],
    data: pathlib.Path,
    part: str,
    most: int | None,
    learned: Any,
) -> tuple[Any, Any]:
    """Returns the sample study and the realism of N(0, I) and of the learned prior.

    Args:
      name: the configuration.
      recipe: its table of recipes.toml.
      data: the folder of the TFRecords.
      part: the part that samples are compared with: "test", or "validation" to choose by.
      most: of more held-out examples as many are drawn.
      learned: the learned prior.
    """
    from musicvae.cli.progress import ProgressLine
    from musicvae.config import load_config
    from musicvae.data.example_set import join_sets
    from musicvae.evaluation.realism import measure_realism
    from musicvae.evaluation.sample_study import study_samples
    from musicvae.evaluation.step_labels import drawn_set
    from musicvae.generate import TrainedModel

    config = load_config(name)
    held_out, known = (
        join_sets(list(examples_of(config, data, recipe["held_out"], each).values()))
        for each in (part, "train")
    )
    held_out, known = drawn_set(held_out, most, 0), drawn_set(known, KNOWN, 0)
    line = ProgressLine()
    found = []
    for prior in ("standard", learned):
        model = TrainedModel(name, 128, archive_of(name), seed=0, prior=prior)

        def report(what: str, done: int, total: int) -> None:
            line.show_count(done, total, what)

        study = study_samples(model, held_out, known, count=SAMPLES, progress=report)
        realism = measure_realism(
            *(model, study.outputs, held_out, known), compare_training=not found, progress=report
        )
        found.append((study, realism))
    line.close()
    return found[0], found[1]


def introduction(name: str, recipe: Mapping[str, Any], prior: Any) -> list[str]:
    """Returns what the card says of the prior before its figures.

    Args:
      name: the configuration.
      recipe: its table of recipes.toml.
      prior: the learned prior.
    """
    asked = ", ".join(f"`{attribute}`" for attribute in prior.scale.names)
    groups = ""
    if prior.scale.groups:
        named = ", ".join(f"`{group}`" for group in prior.scale.groups)
        groups = f" It knows the groups {named}: `--attribute=group={prior.scale.groups[0]}`."
    return [
        SECTION,
        "",
        f"New music is drawn from a learned prior, fitted to {prior.examples:,} codes of the "
        f"training parts of {' and '.join(recipe['held_out'])} along "
        f"{prior.network.size.directions} of {prior.z_size} directions of latent space "
        f"(`scripts/fit_prior.py {name}`), with a sharpness of {prior.sharpness:g} "
        f"and a spread of {prior.spread:g}, and decoded at a temperature of {prior.temperature:g}; "
        f"`--prior=standard` draws from N(0, I). It can be asked for {asked}, as in "
        f"`--attribute=note_density=high`.{groups}",
        "",
    ]


def figures(standard: Any, learned: Any, *, part: str) -> list[str]:
    """Returns the figures of the card's section on the prior.

    Args:
      standard: sample study and realism of N(0, I).
      learned: the same of the learned prior.
      part: the part that they are compared with.
    """
    from musicvae.evaluation.report import copies
    from musicvae.plot.table import Table

    (study, realism), (other_study, other_realism) = standard, learned
    held = study.held_out
    rows: list[tuple[str, ...]] = []

    def row(figure: str, one: float | None, other: float | None, theirs: float | None) -> None:
        values = (one, other, theirs)
        if any(value is not None and math.isfinite(value) for value in values):
            rows.append((figure, *("" if v is None else f"{v:.3g}" for v in values)))

    row(
        "told from held-out music, accuracy (0.5 is perfect)",
        *(realism.accuracy, other_realism.accuracy, realism.training_accuracy),
    )
    row(
        "z told from codes of held-out music, AUC (0.5 is perfect)",
        *(realism.code_auc, other_realism.code_auc, realism.training_code_auc),
    )
    row("5-gram cost over that of held-out music", realism.cost, other_realism.cost, 1.0)
    row(
        "share of steps equal a bar before",
        *(part.repetition.steps for part in (study.samples, other_study.samples, held)),
    )
    row(
        "onsets in a bar, mean",
        *(float(p.onsets_per_bar.mean()) for p in (study.samples, other_study.samples, held)),
    )
    row("share of empty ones", study.empty, other_study.empty, None)
    row(
        "share with a note over two bars",
        *(realism.long_notes, other_realism.long_notes, realism.held_out_long_notes),
    )
    for one, other in zip(study.comparisons, other_study.comparisons, strict=True):
        row(f"overlap: {one.title[0].lower()}{one.title[1:]}", one.overlap, other.overlap, None)
    novelties = study.novelty, other_study.novelty
    if all(novelties):
        row("share of exact copies", *(copies(n)[0] for n in novelties), copies(novelties[0])[1])
        medians = [float(sorted(n.samples)[len(n.samples) // 2]) for n in novelties]
        theirs = sorted(novelties[0].held_out)
        row("distance to the nearest training example, median", *medians, theirs[len(theirs) // 2])
    table = Table(
        "Prior", ("figure", "N(0, I)", "learned prior", "held-out or training music"), tuple(rows)
    )
    return [
        f"{study.count} samples of each, of N(0, I) at temperature {study.temperature:g} and of "
        f"the learned prior at {other_study.temperature:g}, beside the {part} part; {KNOWN:,} "
        "training examples for the 5-grams, the copies and the first two rows of the last column, "
        "which say what "
        "real music of the training parts gets.",
        "",
        table.markdown(),
        "",
    ]


def write_section(card: pathlib.Path, lines: list[str]) -> None:
    """Writes the section into a card.

    Args:
      card: the model's.
      lines: the section.
    """
    text = card.read_text(encoding="utf-8")
    text = re.sub(rf"{SECTION}\n.*?(?={NEXT_SECTION})", "", text, flags=re.DOTALL)
    text = text.replace(NEXT_SECTION, "\n".join([*lines, NEXT_SECTION]))
    card.write_text(text, encoding="utf-8")


def main() -> None:
    """Parses the command line, fits, puts the prior beside the archive, and measures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("name", help="the model, a table of scripts/recipes.toml")
    parser.add_argument("--work_dir", required=True, type=pathlib.Path)
    parser.add_argument("--prior", type=pathlib.Path, help="a prior that was fitted before")
    parser.add_argument("--part", default="test", choices=("test", "validation"))
    parser.add_argument("--max_held_out", default=2000, type=int, help="held-out examples")
    arguments = parser.parse_args()
    recipes = tomllib.loads((CHECKOUT / "scripts" / "recipes.toml").read_text(encoding="utf-8"))
    name, data = arguments.name, arguments.work_dir / "data"
    recipe = recipes["models"][name]
    from musicvae.prior import load_prior, save_prior
    from musicvae.tensorflow_start import start_tensorflow

    start_tensorflow()
    if arguments.prior is None:
        prior = fit(name, recipe, recipes["datasets"], data)
        fitted = arguments.work_dir / name / "prior.npz"
        fitted.parent.mkdir(parents=True, exist_ok=True)
        save_prior(fitted, prior)
    else:
        options = {**DEFAULTS, **recipe.get("prior", {})}
        prior = load_prior(arguments.prior)
        prior = dataclasses.replace(
            prior,
            sharpness=options["sharpness"],
            spread=options["spread"],
            temperature=options["temperature"],
        )
    if arguments.part == "test":
        put_beside(archive_of(name), prior)
    found = measure(name, recipe, data, arguments.part, arguments.max_held_out, prior)
    lines = introduction(name, recipe, prior) + figures(*found, part=arguments.part)
    if arguments.part == "test":
        write_section(archive_of(name).with_suffix("").with_suffix(".md"), lines)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
