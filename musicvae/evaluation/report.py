"""A model's measures as JSON, as tables and as pictures."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import musicvae
from musicvae.attribute_vectors.measures import ATTRIBUTES
from musicvae.evaluation.interpolation_study import study_chart, study_table
from musicvae.evaluation.model_report import ModelReport, Music
from musicvae.evaluation.realism import Realism
from musicvae.evaluation.reconstruction import AS_IT_IS
from musicvae.evaluation.sample_study import Novelty, SampleStudy
from musicvae.plot.bar_chart import Bars, bar_chart
from musicvae.plot.drawing import Drawing
from musicvae.plot.table import Table

_TITLES = {
    "loss": "loss, nats",
    "r_loss": "reconstruction loss, nats",
    "kl_loss": "KL divergence over the free bits, nats",
    "kl_nats": "KL divergence, nats",
    "kl_bits": "KL divergence, bits",
    "kl_beta": "weight of the KL divergence",
    "f1": "F1",
    "hits_f1": "hits, F1",
    "hits_precision": "hits, precision",
    "hits_recall": "hits, recall",
    "velocity_mae": "velocity, mean absolute error, MIDI velocity",
    "velocity_mse": "velocity, mean squared error, of 0..1",
    "timing_mae": "timing, mean absolute error, sixteenths",
    "timing_mae_ms": "timing, mean absolute error, ms at 120 qpm",
    "timing_mse": "timing, mean squared error, sixteenths squared",
}
_QUANTILES = (("nearest of all", 0.0), ("a tenth is nearer than", 0.1), ("median", 0.5))
_DISTANCE_BINS = 20


def report_tables(report: ModelReport) -> list[Table]:
    """Returns all figures as tables.

    Args:
      report: what was found.
    """
    tables = [reconstruction_table(report)]
    if report.samples is not None:
        tables += [samples_table(report.samples), similarity_table(report.samples)]
        if report.samples.novelty is not None:
            tables.append(novelty_table(report.samples.novelty))
    if report.realism is not None:
        tables.append(realism_table(report.realism))
    if report.interpolation is not None:
        tables.append(study_table(report.interpolation))
    if report.left_out:
        rows = tuple(report.left_out.items())
        tables.append(Table("Not measured", ("measure", "because"), rows))
    return tables


def reconstruction_table(report: ModelReport) -> Table:
    """Returns how well the held-out music is reconstructed, beside the baselines.

    Args:
      report: what was found.
    """
    found = report.reconstruction
    columns = {"teacher-forced": found.teacher_forced, "sampled": found.sampled}
    if found.hits_given:
        columns["hits given"] = found.hits_given
    columns |= {_basis(kind): figures for kind, figures in found.baseline.items()}
    rows = []
    for name in found.teacher_forced:
        cells = [figures.get(name) for figures in columns.values()]
        rows.append((_title(name, report.parts), *("" if c is None else _number(c) for c in cells)))
    basis = "the held-out music" if report.training is None else "the training music"
    hits = "Velocity and timing at the target's hits. " if "hits_f1" in found.sampled else ""
    return Table(
        "Reconstruction",
        ("figure", *columns),
        tuple(rows),
        f"{found.examples:,} examples of {report.held_out.name}. {hits}The baseline comes from "
        f"{basis}.",
    )


def samples_table(study: SampleStudy) -> Table:
    """Returns what samples are like, beside held-out music.

    Args:
      study: what was found.
    """
    ours, theirs = study.samples, study.held_out
    rows = [
        ("share of empty ones", _number(study.empty), ""),
        ("share of broken ones", _number(study.broken), ""),
        ("unique", _number(study.unique), ""),
    ]
    pairs: list[tuple[str, float, float]] = [
        ("onsets in a bar, mean", _mean(ours.onsets_per_bar), _mean(theirs.onsets_per_bar)),
        (
            "onsets in a bar, standard deviation",
            _deviation(ours.onsets_per_bar),
            _deviation(theirs.onsets_per_bar),
        ),
        ("lowest pitch, mean", ours.lowest, theirs.lowest),
        ("highest pitch, mean", ours.highest, theirs.highest),
        ("pitch range, semitones, mean", ours.pitch_range, theirs.pitch_range),
        ("share of bars equal to the one before", ours.repetition.bars, theirs.repetition.bars),
        ("share of steps equal a bar before", ours.repetition.steps, theirs.repetition.steps),
    ]
    if theirs.velocity[1] > 0:
        pairs += [
            ("velocity, mean", ours.velocity[0], theirs.velocity[0]),
            ("velocity, standard deviation", ours.velocity[1], theirs.velocity[1]),
        ]
    for attribute in ATTRIBUTES:
        if attribute.name != "note_density":
            name = f"{attribute.title}: {attribute.description}"
            pairs.append((name, ours.attributes[attribute.name], theirs.attributes[attribute.name]))
    for name, one, other in pairs:
        if math.isfinite(one) or math.isfinite(other):
            rows.append((name, _number(one), _number(other)))
    return Table(
        "Samples",
        ("figure", "samples", "held-out music"),
        tuple(rows),
        f"{study.count:,} samples at temperature {study.temperature:g}, {ours.pieces:,} of them "
        f"with notes, beside {theirs.pieces:,} held-out examples.",
    )


def similarity_table(study: SampleStudy) -> Table:
    """Returns how alike samples and held-out music are.

    Args:
      study: what was found.
    """
    return Table(
        "Similarity of samples and held-out music",
        ("distribution", "Jensen-Shannon divergence, bits", "overlap"),
        tuple(
            (found.title, _number(found.jensen_shannon), _number(found.overlap))
            for found in study.comparisons
        ),
        "0 bits and an overlap of 1 are equal distributions.",
    )


def novelty_table(novelty: Novelty) -> Table:
    """Returns how far samples are from the training music, beside held-out examples.

    Args:
      novelty: what was found.
    """
    rows = [("share of exact copies", *(_number(c) for c in copies(novelty)))]
    both = (novelty.samples, novelty.held_out)
    for name, share in _QUANTILES:
        rows.append((f"distance, {name}", *(_number(float(np.quantile(d, share))) for d in both)))
    rows.append(("distance, mean", *(_number(float(d.mean())) for d in both)))
    low, high = novelty.transpositions
    moved = f", transposed by {low} to {high} semitones where that is nearer" if high > low else ""
    return Table(
        "Distance to the nearest training example",
        ("figure", "samples", "held-out music"),
        tuple(rows),
        f"Share of the steps that differ, from the nearest of {novelty.training_examples:,} "
        f"training examples{moved}. Pieces without notes do not count.",
    )


def realism_table(realism: Realism) -> Table:
    """Returns how real samples are, beside training music.

    Args:
      realism: what was found.
    """
    rows = [
        ("told from held-out music, accuracy", realism.accuracy, realism.training_accuracy),
        ("z told from codes of held-out music, AUC", realism.code_auc, realism.training_code_auc),
        ("5-gram cost over that of held-out music", realism.cost, None),
    ]
    if realism.frechet is not None:
        name = "Fréchet distance of codes from those of held-out music"
        rows.append((name, realism.frechet, realism.training_frechet))
    cells = [(name, _optional(one), _optional(other)) for name, one, other in rows]
    if realism.long_notes is not None and realism.held_out_long_notes is not None:
        theirs = f"held-out music {_number(realism.held_out_long_notes)}"
        name = f"share with a note over two bars ({theirs})"
        cells.append((name, _number(realism.long_notes), ""))
    return Table(
        "Realism",
        ("figure", "samples", "training music"),
        tuple(cells),
        f"Prior: {realism.prior}. Classifiers learn from half of the pieces and are tried on the "
        "others; 0.5 is chance. What they make of training music is how far that is from the "
        "held-out music.",
    )


def copies(novelty: Novelty) -> tuple[float, float]:
    """Returns the shares of samples and of held-out examples that equal a training example.

    Args:
      novelty: what was found.
    """
    return float((novelty.samples == 0).mean()), float((novelty.held_out == 0).mean())


def report_pictures(report: ModelReport) -> dict[str, Drawing]:
    """Returns the pictures by name.

    Args:
      report: what was found.
    """
    pictures = {}
    if report.samples is not None and report.samples.comparisons:
        histograms = [
            Bars(c.title, c.names, {"samples": c.samples, "held-out music": c.held_out})
            for c in report.samples.comparisons
        ]
        title = f"{report.config}: samples and held-out music"
        pictures["samples"] = bar_chart(histograms, title=title)
        if report.samples.novelty is not None:
            title = f"{report.config}: nearest training example"
            pictures["novelty"] = bar_chart([_distances(report.samples.novelty)], title=title)
    if report.interpolation is not None:
        pictures["interpolation"] = study_chart(
            report.interpolation, title=f"{report.config}: interpolation"
        )
    return pictures


def report_json(report: ModelReport) -> dict[str, Any]:
    """Returns all figures as JSON values; what is not a number is null.

    Args:
      report: what was found.
    """
    samples = report.samples
    found: dict[str, Any] = {
        "musicvae": musicvae.__version__,
        "config": report.config,
        "checkpoint": report.checkpoint,
        "step": report.step,
        "seed": report.seed,
        "held_out": _music(report.held_out),
        "training": None if report.training is None else _music(report.training),
        "reconstruction": {
            "examples": report.reconstruction.examples,
            "teacher_forced": dict(report.reconstruction.teacher_forced),
            "sampled": dict(report.reconstruction.sampled),
            "hits_given": dict(report.reconstruction.hits_given),
            "baseline": {name: dict(f) for name, f in report.reconstruction.baseline.items()},
        },
        "samples": None if samples is None else _samples(samples),
        "realism": None if report.realism is None else dataclasses.asdict(report.realism),
        "interpolation": None
        if report.interpolation is None
        else dataclasses.asdict(report.interpolation),
        "left_out": dict(report.left_out),
    }
    return {key: _plain(value) for key, value in found.items()}


def _samples(study: SampleStudy) -> dict[str, Any]:
    found = {
        field.name: getattr(study, field.name)
        for field in dataclasses.fields(study)
        if field.name not in ("pieces", "outputs", "comparisons", "novelty", "samples", "held_out")
    }
    found["with_notes"] = len(study.pieces)
    for name, profile in (("profile", study.samples), ("held_out_profile", study.held_out)):
        found[name] = {
            **dataclasses.asdict(profile),
            "onsets_per_bar": {
                "mean": _mean(profile.onsets_per_bar),
                "standard_deviation": _deviation(profile.onsets_per_bar),
            },
        }
    found["comparisons"] = [dataclasses.asdict(comparison) for comparison in study.comparisons]
    if study.novelty is None:
        return {**found, "novelty": None}
    ours, theirs = copies(study.novelty)
    found["novelty"] = {
        "exact_copies": ours,
        "held_out_exact_copies": theirs,
        **dataclasses.asdict(study.novelty),
    }
    return found


def _music(music: Music) -> dict[str, Any]:
    return {"name": music.name, "examples": len(music.examples), "pieces": music.pieces}


def _distances(novelty: Novelty) -> Bars:
    """Returns both distributions over the number of differing steps, copies by themselves."""
    counts = {
        name: np.rint(distances * novelty.labels).astype(int)
        for name, distances in (("samples", novelty.samples), ("held-out music", novelty.held_out))
    }
    most = max(int(found.max()) for found in counts.values())
    width = max(1, math.ceil(most / _DISTANCE_BINS))
    lows = range(1, most + 1, width)
    edges = [0, *lows, most + width]
    return Bars(
        f"How many of {novelty.labels:,} steps differ from the nearest training example",
        ("copy", *(str(low) if width == 1 else f"{low}-{low + width - 1}" for low in lows)),
        {
            name: (np.histogram(found, edges)[0] / len(found)).tolist()
            for name, found in counts.items()
        },
    )


def _title(name: str, parts: Sequence[str]) -> str:
    head, _, output = name.partition("/output_")
    title = _TITLES.get(head, head.replace("_", " "))
    if output:
        title += f", {parts[int(output)] if parts else f'output {output}'}"
    return title


def _basis(name: str) -> str:
    return name if name == AS_IT_IS else f"predicting the {name}"


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "none"
    return f"{value:.4g}"


def _optional(value: float | None) -> str:
    return "" if value is None else _number(value)


def _mean(values: Any) -> float:
    return float(np.mean(values)) if len(values) else math.nan


def _deviation(values: Any) -> float:
    return float(np.std(values)) if len(values) else math.nan


def _plain(value: Any) -> Any:
    """Returns a value as JSON knows it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
