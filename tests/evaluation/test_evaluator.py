"""Tests of evaluation: what is measured, and what becomes of it."""

from __future__ import annotations

import dataclasses
import json
import math
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from small_music import write_drums, write_melodies

from musicvae.checkpoints import open_checkpoint
from musicvae.checkpoints.locate import latest_in
from musicvae.config import Config, load_config
from musicvae.converters import build_converter
from musicvae.data.batches import EvaluationBatches
from musicvae.data.example_set import ExampleSet
from musicvae.data.examples import extract_examples
from musicvae.data.records import TFRecordSource
from musicvae.errors import DataError
from musicvae.evaluation.evaluator import Evaluator, figure_label, load_weights, table
from musicvae.evaluation.log import Evaluation, EvaluationLog
from musicvae.models import Batch, MusicVAE

SIZES = {"z_size": 4, "enc_rnn_size": (6,), "dec_rnn_size": (7, 5)}


def _config(name: str, **hparams: object) -> Config:
    config = load_config(name)
    sizes = {**SIZES, "dec_rnn_size": SIZES["dec_rnn_size"][: len(config.hparams.dec_rnn_size)]}
    return dataclasses.replace(config, hparams=config.hparams.replace(**{**sizes, **hparams}))


def _examples(config: Config, folder: pathlib.Path) -> ExampleSet:
    write = write_melodies if config.converter.type == "melody" else write_drums
    path = write(folder / "music.tfrecord", pieces=5, bars=4)
    return extract_examples(config.converter, TFRecordSource((str(path),)))


def _evaluator(config: Config, folder: pathlib.Path, size: int) -> tuple[MusicVAE, Evaluator]:
    converter = build_converter(config.converter)
    model = MusicVAE(config, converter.spec, seed=1)
    return model, Evaluator(model, EvaluationBatches(_examples(config, folder), converter, size))


def test_losses_and_metrics_are_those_of_the_whole_set(tmp_path: pathlib.Path) -> None:
    config = _config("cat-mel_2bar_small", free_bits=0.0)
    model, evaluator = _evaluator(config, tmp_path, 4)
    found = evaluator.evaluate(7)
    converter = build_converter(config.converter)
    whole = Batch(*converter.expand(_examples(config, tmp_path).arrays))
    whole = whole._replace(controls=None)
    # z = mu in both, for the noise of a batch depends on its number.
    model.named_variables["encoder/sigma/bias"].assign(tf.fill([4], -30.0))
    model.named_variables["encoder/sigma/kernel"].assign(tf.zeros([12, 4]))
    found = evaluator.evaluate(7)
    expected = model.loss(whole, 7, training=False, sampling_probability=0.0)
    assert found.examples == len(whole.lengths) == 15
    assert found.step == 7
    forced = {tag: value for tag, value in found.scalars.items() if "teacher" in tag}
    for tag, value in {**expected.scalars(), **expected.metrics}.items():
        if tag == "sampling_probability":
            continue
        assert forced[f"teacher_forced/{tag}"] == pytest.approx(float(value), rel=1e-4), tag


def test_fault_12_evaluation_gives_teacher_forced_and_sampled_accuracy(
    tmp_path: pathlib.Path,
) -> None:
    _, evaluator = _evaluator(_config("cat-mel_2bar_small"), tmp_path, 8)
    scalars = evaluator.evaluate(1).scalars
    for mode in ("teacher_forced", "sampled"):
        assert 0.0 <= scalars[f"{mode}/metrics/accuracy"] <= 1.0
        assert scalars[f"{mode}/losses/r_loss"] > 0.0
    assert scalars["teacher_forced/losses/r_loss"] != scalars["sampled/losses/r_loss"]


@pytest.mark.parametrize(
    ("schedule", "rate", "mode"),
    [("constant", 0.0, "teacher_forced"), ("inverse_sigmoid", 1000.0, "sampled")],
)
def test_magentas_tags_are_of_the_way_the_model_is_trained(
    tmp_path: pathlib.Path, schedule: str, rate: float, mode: str
) -> None:
    config = _config("cat-mel_2bar_small", sampling_schedule=schedule, sampling_rate=rate)
    _, evaluator = _evaluator(config, tmp_path, 8)
    scalars = evaluator.evaluate(1).scalars
    for tag in ("loss", "losses/r_loss", "losses/kl_loss", "losses/kl_bits", "metrics/accuracy"):
        assert scalars[tag] == scalars[f"{mode}/{tag}"]


def test_grooves_have_hits_velocities_and_offsets(tmp_path: pathlib.Path) -> None:
    config = _config("groovae_2bar_humanize")
    _, evaluator = _evaluator(config, tmp_path, 8)
    found = evaluator.evaluate(1)
    tags = {f"metrics/{part}_loss" for part in ("hits", "velocities", "offsets")}
    tags |= {f"metrics/{name}" for name in ("hits_f1", "velocity_mae", "timing_mae")}
    assert tags <= set(found.scalars)
    text = table(found, config)
    for label in ("hits loss", "velocities loss", "offsets loss", "teacher-forced", "sampled"):
        assert label in text


def test_evaluating_twice_gives_the_same(tmp_path: pathlib.Path) -> None:
    _, evaluator = _evaluator(_config("groovae_2bar_humanize"), tmp_path, 4)
    first, second = evaluator.evaluate(3).scalars, evaluator.evaluate(3).scalars
    for tag, value in first.items():
        assert second[tag] == pytest.approx(value, rel=1e-6), tag


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("losses/kl_bits", "kl bits"),
        ("teacher_forced/metrics/accuracy", "teacher forced, accuracy"),
        ("sampled/metrics/accuracy/output_1", "sampled, accuracy, bass"),
    ],
)
def test_a_figures_tag_is_told_in_words(tag: str, words: str) -> None:
    assert figure_label(tag, load_config("hierdec-trio_16bar")) == words


def test_tables_name_the_parts_of_a_trio() -> None:
    scalars = {f"{mode}/loss": 1.0 for mode in ("teacher_forced", "sampled")}
    for part in range(3):
        for mode in ("teacher_forced", "sampled"):
            scalars[f"{mode}/metrics/accuracy/output_{part}"] = 0.5 + part / 10
            scalars[f"{mode}/segment/000/metrics/accuracy/output_{part}"] = 0.1
    text = table(Evaluation(1200, 34, scalars), load_config("hierdec-trio_16bar"))
    assert text.startswith("step 1,200, 34 examples\n")
    assert "accuracy, melody             0.5             0.5" in text
    assert "accuracy, bass" in text and "accuracy, drums" in text
    assert "segment" not in text


def _result(step: int, loss: float) -> Evaluation:
    return Evaluation(step, 10, {"loss": loss})


def _model() -> MusicVAE:
    config = _config("groovae_2bar_humanize")
    return MusicVAE(config, build_converter(config.converter).spec, seed=1)


def test_the_best_weights_are_kept(tmp_path: pathlib.Path) -> None:
    model = _model()
    log = EvaluationLog(tmp_path, "data")
    bias = model.named_variables["encoder/mu/bias"]
    marks = {}
    for step, loss in ((10, 5.0), (20, 4.0), (30, 4.5), (40, math.nan)):
        bias.assign(tf.fill([4], float(step)))
        marks[step] = log.add(_result(step, loss), model)
    assert marks == {10: True, 20: True, 30: False, 40: False}
    with open_checkpoint(tmp_path / "best") as best:
        assert best.step == 20
        np.testing.assert_array_equal(best.read("encoder/mu/bias"), np.full(4, 20.0))
        assert set(best.weights) == set(model.named_variables)
    assert len(list((tmp_path / "best").glob("*.index"))) == 1
    fresh = _model()
    assert load_weights(fresh, str(tmp_path / "best")) == 20


def test_weights_are_compared_at_the_beta_that_training_ends_with(tmp_path: pathlib.Path) -> None:
    config = _config("groovae_2bar_humanize", beta_rate=0.999, max_beta=0.3, free_bits=0.0)
    _, evaluator = _evaluator(config, tmp_path, 8)
    early, late = evaluator.evaluate(1), evaluator.evaluate(3000)
    assert late.scalars["loss"] > early.scalars["loss"] + 1e-3
    found = late.scalars["losses/r_loss"] + 0.3 * late.scalars["losses/kl_loss"]
    assert early.loss == pytest.approx(late.loss, rel=1e-6) == pytest.approx(found, rel=1e-6)


def test_results_are_kept_as_json_and_go_on_the_next_time(tmp_path: pathlib.Path) -> None:
    model = _model()
    EvaluationLog(tmp_path, "data").add(_result(10, 5.0), model)
    again = EvaluationLog(tmp_path, "data")
    assert again.best_loss == 5.0
    assert not again.add(_result(20, 6.0), model)
    entries = json.loads((tmp_path / "evaluations.json").read_text())
    assert [(e["step"], e["scalars"]["loss"], e["best"]) for e in entries] == [
        (10, 5.0, True),
        (20, 6.0, False),
    ]
    assert again.losses_until(20) == [5.0, 6.0]
    assert again.losses_until(19) == [5.0]
    assert EvaluationLog(tmp_path, "other data").best_loss == math.inf


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[{",
        "[" * 9999,
        "{}",
        "[1]",
        '[{"step": "1"}]',
        '[{"step": 1, "scalars": {"loss": "x"}}]',
        f'[{{"step": 1, "scalars": {{"loss": {10**400}}}}}]',
    ],
)
def test_damaged_results_are_named_in_a_line_that_says_what_to_do(
    tmp_path: pathlib.Path, text: str
) -> None:
    (tmp_path / "evaluations.json").write_text(text)
    with pytest.raises(
        DataError, match=r"evaluations\.json.*damaged.*move the file away"
    ) as caught:
        EvaluationLog(tmp_path, "data")
    assert "\n" not in str(caught.value)


def test_losses_that_are_written_as_whole_numbers_are_numbers_as_all_others(
    tmp_path: pathlib.Path,
) -> None:
    row = '{"step": 1, "data": "data", "scalars": {"loss": 2, "loss_at_max_beta": 3}}'
    (tmp_path / "evaluations.json").write_text(f"[{row}]")
    best = EvaluationLog(tmp_path, "data").best_loss
    assert (type(best), best) == (float, 3.0)


def test_a_step_that_was_evaluated_again_after_a_kill_counts_once(tmp_path: pathlib.Path) -> None:
    model = _model()
    for steps in ((10, 20), (20, 30)):
        log = EvaluationLog(tmp_path, "data")
        for step in steps:
            log.add(_result(step, 5.0 - step / 100), model)
    path = tmp_path / "evaluations.json"
    entries = json.loads(path.read_text())
    assert [(entry["step"], entry["best"]) for entry in entries] == [
        (10, True),
        (20, True),
        (30, True),
    ]
    # Killed after step 30, it goes on from step 10: 20 is again the best so far, and 30 stays best.
    again = EvaluationLog(tmp_path, "data")
    assert again.add(_result(20, 4.8), model)
    assert latest_in(str(tmp_path / "best")) == str(tmp_path / "best" / "model.ckpt-30")
    # As earlier versions left it.
    path.write_text(json.dumps([entries[0], entries[1], entries[1], entries[2]]))
    assert EvaluationLog(tmp_path, "data").losses_until(30) == [4.9, 4.8, 4.7]
