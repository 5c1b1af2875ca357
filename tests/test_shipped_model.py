"""Tests of the script that packs a trained run as a shipped model and writes its card."""

from __future__ import annotations

import hashlib
import pathlib
import tarfile

import numpy as np
import pytest
from small_music import write_drums, write_melodies
from tiny_models import write_run

from musicvae.checkpoints import RunFolder, open_checkpoint
from musicvae.data.examples import load_examples
from musicvae.data.records import TFRecordSource
from musicvae.evaluation.log import Evaluation, EvaluationLog
from musicvae.evaluation.model_report import EvalConfig, Music, measure_model
from musicvae.evaluation.reconstruction import Reconstruction
from musicvae.formats.tfrecord import write_note_sequences
from musicvae.generate import TrainedModel
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
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SCRIPT.parent))
        import shipped_model

        patch.setattr(shipped_model, "SAMPLES", 32)
        yield shipped_model


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


@pytest.fixture
def comparison(script):
    """The script that sets a model beside another one."""
    import model_comparison

    return model_comparison


@pytest.fixture
def write_first_weights(script):
    """What puts first weights together."""
    from first_weights import write_first_weights

    return write_first_weights


def test_a_card_sets_accuracies_beside_those_of_another_model(comparison, tmp_path):
    write_melodies(tmp_path / "melodies.tfrecord", 3, bars=16)
    runs = {name: tmp_path / name for name in ("hierdec-mel_16bar", "flat-mel_16bar")}
    for name, run in runs.items():
        write_run(run, name)
        log = EvaluationLog(RunFolder(run).evaluation(), "data")
        log.add(Evaluation(5, 3, {"loss": 1.0}), TrainedModel(name, 4, run).network)
    model = TrainedModel("hierdec-mel_16bar", 4, runs["hierdec-mel_16bar"])
    source = TFRecordSource((str(tmp_path / "melodies.tfrecord"),))
    held_out = Music("melodies", load_examples(model.config.converter, source))
    report = measure_model(model, held_out, eval_config=EvalConfig(samples=0))
    lines = comparison.comparison_section(report, "flat-mel_16bar", runs["flat-mel_16bar"])
    assert lines[0] == "## Beside flat-mel_16bar"
    assert (
        f"step 5 of the last stage, and measured on the same {report.reconstruction.examples}"
        in lines[2]
    )
    own = report.reconstruction
    cells = {
        line.split("|")[1].strip(): line.split("|")[2:4] for line in lines if line.startswith("| ")
    }
    assert [name.strip() for name in cells["figure"]] == ["hierdec-mel_16bar", "flat-mel_16bar"]
    assert float(cells["accuracy, sampled"][0]) == pytest.approx(own.sampled["accuracy"], abs=1e-4)
    forced, sampled, lost = (
        [float(cell) for cell in cells[f"accuracy, {what}"]]
        for what in ("teacher-forced", "sampled", "lost by sampling")
    )
    for k in range(2):
        assert lost[k] == pytest.approx(forced[k] - sampled[k], abs=2e-4)


def test_a_trio_has_rows_for_each_part(comparison):
    figures = {f"accuracy/output_{k}": 0.5 + k / 10 for k in range(3)} | {"kl_bits": 7.0}
    rows = comparison.accuracy_rows(Reconstruction(1, figures, figures, {}))
    assert rows["accuracy, bass, teacher-forced"] == pytest.approx(0.6)
    assert rows["accuracy, drums, lost by sampling"] == 0.0
    assert rows["KL divergence, bits"] == 7.0


def test_figures_that_one_of_two_models_lacks_have_no_row(comparison):
    figures = {"accuracy/output_0": 0.5, "kl_bits": 7.0}
    flat = Reconstruction(1, figures, figures, {})
    split = Reconstruction(1, figures | {"accuracy": 0.75}, figures | {"accuracy": 0.25}, {})
    assert comparison.shared_rows(split, flat) == [
        "| accuracy, melody, teacher-forced | 0.5 | 0.5 |",
        "| accuracy, melody, sampled | 0.5 | 0.5 |",
        "| accuracy, melody, lost by sampling | 0 | 0 |",
        "| KL divergence, bits | 7 | 7 |",
    ]


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ({}, "1. from random weights: "),
        ({"start": "alpha"}, "1. from the weights of alpha: "),
        (
            {"start_parts": [{"model": "alpha", "here": "core/"}, {"model": "beta", "here": "b/"}]},
            "1. from random weights, those of alpha in `core/`, those of beta in `b/`: ",
        ),
    ],
)
def test_the_card_says_what_the_first_stage_starts_from(script, tmp_path, recipe, words):
    [line] = script.stages_in_words(recipe | {"stages": [{"seed": 1}]}, [tmp_path / "stage_1"])
    assert line == f"{words}`--seed=1`; 0.0 hours"


def test_parts_of_a_model_start_with_the_weights_of_a_shipped_one(write_first_weights, tmp_path):
    shipped = SCRIPT.parents[1] / "checkpoints"
    parts = [{"model": "cat-mel_2bar_small", "here": "core_decoder/", "there": ""}]
    factors = {"core_decoder/decoder/output_projection/bias": 3.0}
    prefix = write_first_weights("hierdec-mel_16bar_small", "", parts, factors, shipped, tmp_path)
    with (
        open_checkpoint(prefix) as written,
        open_checkpoint(shipped / "cat-mel_2bar_small.tar.gz") as donor,
    ):
        core = "decoder/output_projection/kernel"
        np.testing.assert_array_equal(written.read(f"core_decoder/{core}"), donor.read(core))
        bias = "decoder/output_projection/bias"
        np.testing.assert_allclose(written.read(f"core_decoder/{bias}"), 3.0 * donor.read(bias))
        conductor = written.read("decoder/hierarchical_level_0/cell_1/lstm_cell/kernel")
        own = donor.read("decoder/multi_rnn_cell/cell_1/lstm_cell/kernel")
        assert conductor.shape == own.shape
        assert np.abs(conductor - own).max() > 0.01


def test_a_longer_axis_takes_the_blocks_that_the_recipe_names(write_first_weights, tmp_path):
    shipped = SCRIPT.parents[1] / "checkpoints"
    part = {
        "model": "cat-mel_2bar_small",
        "here": "decoder/",
        "there": "decoder/",
        "rows": [[0, 0, 90], [90, 692, 512]],
        "columns": [[0, 0, 90]],
    }
    prefix = write_first_weights("flat-trio_16bar_small", "", [part], {}, shipped, tmp_path)
    with (
        open_checkpoint(prefix) as written,
        open_checkpoint(shipped / "cat-mel_2bar_small.tar.gz") as donor,
    ):
        kernel = "decoder/multi_rnn_cell/cell_0/lstm_cell/kernel"
        mine, its = written.read(kernel), donor.read(kernel)
        np.testing.assert_array_equal(mine[:90], its[:90])
        np.testing.assert_array_equal(mine[692:], its[90:])
        assert 0 < np.abs(mine[90:692]).max() < 0.2
        for name in ("kernel", "bias"):
            mine, its = (c.read(f"decoder/output_projection/{name}") for c in (written, donor))
            np.testing.assert_array_equal(mine[..., :90], its)
            assert mine.shape[-1] == 692
        whole = "decoder/z_to_initial_state/kernel"
        np.testing.assert_array_equal(written.read(whole), donor.read(whole))


def test_stages_of_the_replaced_weights_are_told_from_their_card(script, packed) -> None:
    from earlier_stages import earlier_stages

    folder, _ = packed
    card = (folder / f"{NAME}.md").read_text(encoding="utf-8")
    found = earlier_stages(card, 1)
    [line] = found.lines
    assert line.startswith("1. from the weights of beta_model: `--hparams=batch_size=4 ")
    assert found.curves[0].startswith("Stage 1 on the validation part of alpha")
    assert found.curves[2].startswith("| step | loss |") and found.curves[-1] == ""
    assert not any(curve.startswith("Stage 2") for curve in found.curves)
    assert earlier_stages(card, 0) == ([], [])
    with pytest.raises(ValueError, match="give their run folders"):
        earlier_stages(card, 3)


def test_the_card_credits_the_teacher_of_the_stages_that_had_one(script) -> None:
    recipe = {"stages": [{}, {"teacher": "t"}, {"teacher": "t"}]}
    teachers = {"t": {"credit": "Someone's model", "licence": "Apache-2.0"}}
    [line, _] = script.teachers_in_words(recipe, [1, 2, 3], teachers)
    assert "In stage 2 and 3" in line and "Someone's model" in line and "Apache-2.0" in line
    assert script.teachers_in_words(recipe, [1], teachers) == []


def test_the_card_says_what_is_split_by_song(script) -> None:
    datasets = {**DATASETS, "delta": {"split_by": "x"}}
    recipe = {"train": ["alpha", "beta", "delta"], "held_out": ["alpha"]}
    assert script.split_in_words(recipe, datasets) == (
        "Split by file (alpha by its own table, delta by song or library as a whole, the others "
        "80/10/10 by a hash of the name)"
    )
