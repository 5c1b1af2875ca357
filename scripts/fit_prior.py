"""Fits the learned prior of a model that ships, puts it beside its archive, and measures it.

Usage:
  python scripts/fit_prior.py NAME --work_dir DIR [--prior FILE] [--sharpness S] [--no_figures]

WORK_DIR/data holds the TFRecords that scripts/train_shipped.py converted. The prior is fitted to
the training parts of the collections that the recipe holds out, so that its draws are of the kind
that the card measures; FILE takes one that was fitted before. checkpoints/NAME.prior.npz is
written, and the section "Prior" of NAME.md, with samples of N(0, I) and of the learned prior beside
each other on the test parts.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import pathlib
import re
import tomllib
from typing import Any

from shipped_model import examples_of, joined
from train_shipped import CHECKOUT, examples_path, run_command

SAMPLES = 512
# At a sharpness of 1, 1.5, 2 and 3, 5-grams of cat-drums_2bar_small's samples cost 1.16, 1.10, 1.04
# and 0.98 of those of the validation part, and 0.44, 0.46, 0.50 and 0.54 of their steps were equal
# a bar before (the drummers' 0.58); onsets in a bar overlapped by 0.85, 0.89, 0.89 and 0.87.
SHARPNESS = 2.5
KNOWN = 5000
SECTION = "## Prior"
NEXT_SECTION = "## What it is good and bad at"


def fit(
    name: str, recipe: dict[str, Any], data: pathlib.Path, path: pathlib.Path, *flags: str
) -> None:
    """Fits a prior with `musicvae-prior`.

    Args:
      name: the configuration.
      recipe: its table of recipes.toml.
      data: the folder of the TFRecords.
      path: where to write the prior.
      *flags: further flags.
    """
    run_command(
        "prior",
        f"--config={name}",
        f"--examples_path={examples_path(data, recipe['held_out'], 'train')}",
        f"--output_file={path}",
        *flags,
    )


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
    name: str, recipe: dict[str, Any], data: pathlib.Path, archive: pathlib.Path, most: int | None
) -> tuple[Any, Any]:
    """Returns the sample study and the realism of N(0, I) and of the learned prior.

    Args:
      name: the configuration.
      recipe: its table of recipes.toml.
      data: the folder of the TFRecords, whose test parts are read.
      archive: the model's.
      most: of more held-out examples as many are drawn.
    """
    from musicvae.cli.progress import ProgressLine
    from musicvae.config import load_config
    from musicvae.evaluation.realism import measure_realism
    from musicvae.evaluation.sample_study import study_samples
    from musicvae.evaluation.step_labels import drawn_set
    from musicvae.generate import TrainedModel

    config = load_config(name)
    held_out, known = (
        joined(list(examples_of(config, data, recipe["held_out"], part).values()))
        for part in ("test", "train")
    )
    held_out, known = drawn_set(held_out, most, 0), drawn_set(known, KNOWN, 0)
    line = ProgressLine()
    found = []
    for prior in ("standard", "learned"):
        model = TrainedModel(name, 128, archive, seed=0, prior=prior)

        def report(what: str, done: int, total: int) -> None:
            line.show_count(done, total, what)

        study = study_samples(model, held_out, known, count=SAMPLES, progress=report)
        realism = measure_realism(model, study.outputs, held_out, known, progress=report)
        found.append((study, realism))
    line.close()
    return found[0], found[1]


def introduction(name: str, recipe: dict[str, Any], prior: Any) -> list[str]:
    """Returns what the card says of the prior before its figures.

    Args:
      name: the configuration.
      recipe: its table of recipes.toml.
      prior: the learned prior.
    """
    asked = ", ".join(f"`{attribute}`" for attribute in prior.scale.names)
    return [
        SECTION,
        "",
        f"New music is drawn from a learned prior, fitted to {prior.examples:,} codes of the "
        f"training parts of {' and '.join(recipe['held_out'])} along "
        f"{prior.network.size.directions} of {prior.z_size} directions of latent space "
        f"(`scripts/fit_prior.py {name}`), with a sharpness of {prior.sharpness:g}; "
        f"`--prior=standard` draws from N(0, I). It can be asked for {asked}, as in "
        f"`--attribute=note_density=high`.",
        "",
    ]


def figures(standard: Any, learned: Any) -> list[str]:
    """Returns the figures of the card's section on the prior.

    Args:
      standard: sample study and realism of N(0, I).
      learned: the same of the learned prior.
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
        f"{study.count} samples of each at temperature 0.5, beside the test part; {KNOWN:,} "
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
    """Parses the command line, fits, packs and measures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("name", help="the model, a table of scripts/recipes.toml")
    parser.add_argument("--work_dir", required=True, type=pathlib.Path)
    parser.add_argument("--prior", type=pathlib.Path, help="a prior that was fitted before")
    parser.add_argument("--num_steps", default="4000", help="training steps of the fit")
    parser.add_argument("--sharpness", default=SHARPNESS, type=float, help="of the draws")
    parser.add_argument("--max_examples", default="20000", help="examples of the fit")
    parser.add_argument("--max_held_out", default=2000, type=int, help="test examples")
    parser.add_argument("--no_figures", action="store_true", help="leave the figures out")
    arguments = parser.parse_args()
    recipes = tomllib.loads((CHECKOUT / "scripts" / "recipes.toml").read_text(encoding="utf-8"))
    recipe, data = recipes["models"][arguments.name], arguments.work_dir / "data"
    path = arguments.prior
    if path is None:
        path = arguments.work_dir / arguments.name / "prior.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = (
            f"--num_steps={arguments.num_steps}",
            f"--max_examples={arguments.max_examples}",
        )
        fit(arguments.name, recipe, data, path, *flags)
    from musicvae.prior import load_prior
    from musicvae.tensorflow_start import start_tensorflow

    start_tensorflow()
    archive = CHECKOUT / "checkpoints" / f"{arguments.name}.tar.gz"
    prior = dataclasses.replace(load_prior(path), sharpness=arguments.sharpness)
    put_beside(archive, prior)
    lines = introduction(arguments.name, recipe, prior)
    if not arguments.no_figures:
        lines += figures(*measure(arguments.name, recipe, data, archive, arguments.max_held_out))
    write_section(archive.with_name(f"{arguments.name}.md"), lines)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
