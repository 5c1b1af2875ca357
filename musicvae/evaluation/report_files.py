"""A model's report as files: figures as JSON, one web page, its pictures.

FOLDER/evaluation.json     all figures
FOLDER/report.html         tables, pictures and some samples to listen to, in one file
FOLDER/<picture>.svg       samples, novelty, interpolation: those that there are
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from musicvae.evaluation.model_report import ModelReport
from musicvae.evaluation.report import report_json, report_pictures, report_tables
from musicvae.files import atomic_file
from musicvae.plot.drawing import framed
from musicvae.plot.page import PlayerPiece, write_page
from musicvae.plot.picture import save_picture

FIGURES_FILE, PAGE_FILE = "evaluation.json", "report.html"

_PLAYED = 12


def write_report(report: ModelReport, folder: str | os.PathLike[str]) -> list[Path]:
    """Writes a report; files that are there are replaced, each as a whole.

    Args:
      report: what was found.
      folder: where to write; it must be there.

    Returns:
      The files: the figures, the page and the pictures.

    Raises:
      InputError: a file cannot be written.
    """
    folder = Path(folder)
    pictures = {name: framed(drawing) for name, drawing in report_pictures(report).items()}
    for name, drawing in pictures.items():
        save_picture(drawing, folder / f"{name}.svg")
    samples = () if report.samples is None else report.samples.pieces
    write_page(
        folder / PAGE_FILE,
        [PlayerPiece(piece, f"Sample {k + 1}") for k, piece in enumerate(samples[:_PLAYED])],
        title=f"{report.config}: evaluation",
        subtitle=f"Step {report.step:,} of {os.path.basename(report.checkpoint)}, on "
        f"{len(report.held_out.examples):,} examples of {report.held_out.pieces:,} pieces in "
        f"{report.held_out.name}; seed {report.seed}.",
        pictures=list(pictures.values()),
        tables=report_tables(report),
    )
    with atomic_file(folder / FIGURES_FILE) as file:
        file.write((json.dumps(report_json(report), indent=1) + "\n").encode())
    return [
        *(folder / name for name in (FIGURES_FILE, PAGE_FILE)),
        *(folder / f"{name}.svg" for name in pictures),
    ]
