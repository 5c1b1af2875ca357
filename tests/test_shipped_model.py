"""Tests of the script that packs a trained run as a shipped model and writes its card."""

from __future__ import annotations

import hashlib
import importlib.util
import pathlib
import tarfile

import pytest
from small_music import write_drums
from tiny_models import write_run

from musicvae.checkpoints import RunFolder
from musicvae.data.tfrecord import write_note_sequences
from musicvae.evaluation import Evaluation, EvaluationLog
from musicvae.inference import TrainedModel
from musicvae.lazy_note_seq import NoteSequence

NAME = "groovae_2bar_humanize"
SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "scripts" / "shipped_model.py"
DATASETS = {
    "alpha": {"folder": "alpha_v1", "licence": "MIT", "credit": "A", "split_csv": "info.csv"},
    "beta": {"folder": "beta_v2", "licence": "CC-BY-4.0", "credit": "B"},
    "gamma": {"folder": "gamma_v3", "licence": "CC0", "credit": "C"},
}
RECIPE = {
    "train": ["alpha", "beta", "gamma"],
    "held_out": ["alpha"],
    "start": "beta_model",
    "stages": [
        {"hparams": "batch_size=4", "num_steps": 20},
        {"hparams": "batch_size=8", "num_steps": 20, "seed": 2},
    ],
    "departures": ["batch_size 4: a test"],
    "good_at": "nothing",
    "bad_at": "everything",
}


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("shipped_model", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.SAMPLES = 32
    return module


@pytest.fixture(scope="module")
def packed(script, tmp_path_factory):
    """The folder of a packed model of random weights, and the run folder of its last stage."""
    work = tmp_path_factory.mktemp("work")
    (work / "data").mkdir()
    for part, pieces in (("train", 3), ("validation", 2), ("test", 4)):
        write_drums(work / "data" / f"alpha-{part}.tfrecord", pieces)
    write_drums(work / "data" / "beta-train.tfrecord", 5, bars=2)
    write_note_sequences(work / "data" / "gamma-train.tfrecord", [NoteSequence()])
    runs = [work / "stage_1", work / "stage_2"]
    for number, run in enumerate(runs, 1):
        write_run(run, NAME)
        model = TrainedModel(NAME, 4, run).network
        log = EvaluationLog(RunFolder(run).evaluation(), "data")
        for step, loss in ((10, 5.0 / number), (20, 4.0 / number)):
            scalars = {"loss": loss, "losses/kl_bits": 3.0}
            for mode in ("teacher_forced", "sampled"):
                scalars |= {f"{mode}/metrics/hits_f1": 0.9, f"{mode}/metrics/hits_loss": 0.1}
            log.add(Evaluation(step, 10, scalars), model)
    (work / "out").mkdir()
    script.package(NAME, RECIPE, DATASETS, runs=runs, data=work / "data", folder=work / "out")
    return work / "out", runs[-1]


def test_the_archive_holds_the_best_weights_and_loads(packed):
    folder, _ = packed
    model = TrainedModel(NAME, 4, folder / f"{NAME}.tar.gz")
    assert model.step == 20
    with tarfile.open(folder / f"{NAME}.tar.gz") as archive:
        assert all("Adam" not in name for name in archive.getnames())
    assert len(model.sample(n=2)) == 2


def test_the_card_tells_data_training_and_file(packed):
    folder, _ = packed
    card = (folder / f"{NAME}.md").read_text()
    # Four bars are two windows, two bars one; the empty collection gave nothing.
    assert "| alpha_v1 | MIT | A | 3 | 6 |" in card
    assert "| beta_v2 | CC-BY-4.0 | B | 5 | 5 |" in card
    assert "| gamma_v3 | CC0 | C | 0 | 0 |" in card
    assert "(alpha by its own table, the others 80/10/10 by a hash of the name)" in card
    assert "- batch_size 4: a test" in card
    assert "| step | loss | kl bits | teacher forced, hits f1 | sampled, hits f1 |" in card
    assert "1. from the weights of beta_model: `--hparams=batch_size=4 --num_steps=20`; " in card
    assert "2. from the best weights of the stage before: `--hparams=batch_size=8" in card
    first, second = card.split("Stage 2 on the validation part of alpha")
    assert "| 20 | 4 | 3 | 0.9 | 0.9 |" in first
    assert "| 20 | 2 | 3 | 0.9 | 0.9 |" in second
    assert hashlib.sha256((folder / f"{NAME}.tar.gz").read_bytes()).hexdigest() in card


def test_the_card_has_all_figures_on_the_test_part(packed):
    card = (packed[0] / f"{NAME}.md").read_text()
    assert "8 examples of the test part of alpha." in card
    for figure in ("hits, F1", "velocity, mean absolute error", "timing, mean absolute error"):
        [line] = [line for line in card.splitlines() if line.startswith(f"| {figure}")][:1]
        # Teacher-forced, sampled, hits given, the mean, the mean of each drum, the input as it is.
        assert len([cell for cell in line.split("|") if cell.strip()]) == 7
    for figure in ("share of empty ones", "share of broken ones", "share of exact copies"):
        assert f"| {figure} |" in card
    assert "nearest of 11 training examples" in card


def test_a_full_report_is_left_in_the_run_folder(packed):
    names = {path.name for path in (packed[1] / "report").iterdir()}
    assert names == {"evaluation.json", "report.html", "samples.svg", "novelty.svg"}


@pytest.mark.parametrize(
    ("train", "words"),
    [
        (["alpha"], "Split by file (alpha by its own table)"),
        (["beta", "gamma"], "Split by file, 80/10/10 by a hash of the name"),
    ],
)
def test_the_split_is_told_as_it_was(script, train, words):
    assert script.split_in_words({"train": train, "held_out": train}, DATASETS) == words
