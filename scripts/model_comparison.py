"""The part of a model card that sets a model's reconstruction beside that of another one.

Source: Roberts et al. 2018 (arXiv:1803.05428), section 6.3 and table 2, where hierarchical decoders
lose less accuracy than flat ones when they are fed their own samples.
"""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Any


def comparison_section(report: Any, other: str, run: pathlib.Path) -> list[str]:
    """Measures another model on the same held-out music, and returns the lines of a section.

    Args:
      report: what was measured of the model itself.
      other: the other's configuration, of the same representation.
      run: its run folder, of which the best weights are taken.

    Raises:
      InputError: the run folder has no best weights yet.
    """
    from musicvae.checkpoints import RunFolder
    from musicvae.evaluation.reconstruction import measure_reconstruction
    from musicvae.generate import TrainedModel

    config = RunFolder(run).resolve(None, "")
    model = TrainedModel(config, 128, run / "eval" / "best", seed=0)
    found = measure_reconstruction(model, report.held_out.examples, seed=report.seed)
    return [
        f"## Beside {other}",
        "",
        f"{config.description}; trained alike, its weights those of step "
        f"{model.step:,} of the last stage, and measured on the same {found.examples:,} examples. "
        "Its latent axes are those that it was trained with.",
        "",
        f"| figure | {report.config} | {other} |",
        "|---|---|---|",
        *shared_rows(report.reconstruction, found),
        "",
    ]


def shared_rows(own: Any, other: Any) -> list[str]:
    """Returns the rows of a table of the figures that two models' `Reconstruction`s both have."""
    mine, its = accuracy_rows(own), accuracy_rows(other)
    return [f"| {name} | {mine[name]:.4g} | {its[name]:.4g} |" for name in mine if name in its]


def accuracy_rows(figures: Any) -> Mapping[str, float]:
    """Returns accuracies, teacher-forced and sampled, what sampling loses, and the size of z.

    Args:
      figures: a `Reconstruction`; of a trio, each part has rows of its own.
    """
    from musicvae.converters.trio import ROLES

    rows: dict[str, float] = {}
    for key in sorted(figures.teacher_forced):
        name, _, part = key.partition("/output_")
        if name == "accuracy":
            what = f"accuracy, {ROLES[int(part)]}" if part else "accuracy"
            rows[f"{what}, teacher-forced"] = figures.teacher_forced[key]
            rows[f"{what}, sampled"] = figures.sampled[key]
            rows[f"{what}, lost by sampling"] = figures.teacher_forced[key] - figures.sampled[key]
    rows["KL divergence, bits"] = figures.teacher_forced["kl_bits"]
    return rows
