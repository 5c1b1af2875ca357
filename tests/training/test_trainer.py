"""Tests of the training loop and of every way that it can end."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import pathlib
import signal
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from absl import logging

from musicvae.checkpoints import open_checkpoint
from musicvae.config import Config, load_config
from musicvae.data.example_set import ExampleSet
from musicvae.errors import CheckpointError, CheckpointMismatchError, InputError, TrainingError
from musicvae.formats.tfrecord import read_records
from musicvae.training import trainer as trainer_module
from musicvae.training.trainer import Trainer

Make = Callable[..., Trainer]


def _summaries(folder: pathlib.Path) -> dict[tuple[int, str], float]:
    found = {}
    for path in sorted(folder.glob("events.out.tfevents.*")):
        for record in read_records(path):
            event = tf.compat.v1.Event.FromString(record)
            for value in event.summary.value:
                if value.metadata.plugin_data.plugin_name in ("scalars", ""):
                    number = float(tf.make_ndarray(value.tensor))
                    found[event.step, value.tag] = number
    return found


def _checkpoints(run: pathlib.Path) -> list[str]:
    return sorted(path.stem for path in (run / "train").glob("*.index"))


def test_training_lowers_the_loss_and_saves_the_last_step(
    make_trainer: Make, beats: ExampleSet, tmp_path: pathlib.Path
) -> None:
    trainer = make_trainer(num_steps=30, summary_steps=10)
    outcome = trainer.train(trainer.batches(beats))
    assert outcome.step == 30
    assert outcome.exit_status == 0
    assert _checkpoints(tmp_path / "run") == ["model.ckpt-0", "model.ckpt-30"]
    summaries = _summaries(tmp_path / "run" / "train")
    losses = {step: value for (step, tag), value in summaries.items() if tag == "loss"}
    assert sorted(losses) == [1, 10, 20, 30]
    assert losses[30] < 0.8 * losses[1]
    assert summaries[30, "learning_rate"] == pytest.approx(0.01, rel=0.01)
    assert (30, "global_step/sec") in summaries


def test_the_checkpoint_has_magentas_names_adam_and_the_step(
    make_trainer: Make, beats: ExampleSet, tmp_path: pathlib.Path
) -> None:
    trainer = make_trainer(num_steps=2)
    trainer.train(trainer.batches(beats))
    with open_checkpoint(tmp_path / "run") as checkpoint:
        assert checkpoint.step == 2
        assert checkpoint.read("global_step").dtype == np.int64
        weights = set(trainer.model.named_variables)
        slots = {f"{name}/{slot}" for name in weights for slot in ("Adam", "Adam_1")}
        others = {"global_step", "beta1_power", "beta2_power"}
        assert set(checkpoint.shapes) == weights | slots | others
        assert float(checkpoint.read("beta1_power")) == pytest.approx(0.9**3)


def test_a_resumed_training_is_the_undisturbed_one(make_trainer: Make, beats: ExampleSet) -> None:
    whole = make_trainer(folder="whole", num_steps=8)
    whole.train(whole.batches(beats))
    first = make_trainer(folder="halves", num_steps=5)
    first.train(first.batches(beats))
    second = make_trainer(folder="halves", num_steps=8, seed=0)
    assert second.first_step == 5
    second.train(second.batches(beats))
    for name, value in whole.model.named_variables.items():
        np.testing.assert_allclose(second.model.named_variables[name], value, rtol=1e-5, atol=1e-6)


def test_the_same_seed_trains_the_same_model(make_trainer: Make, beats: ExampleSet) -> None:
    models = []
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        trainer = make_trainer(folder=folder, num_steps=3, seed=seed)
        trainer.train(trainer.batches(beats))
        models.append(trainer.model.named_variables["encoder/mu/kernel"].numpy())
    np.testing.assert_allclose(models[0], models[1], rtol=1e-6)
    assert not np.allclose(models[0], models[2])


@contextlib.contextmanager
def _files_of_at_most(size: int) -> Iterator[None]:
    """Lets no file grow past so many bytes, as on a disk that is full."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_reported_and_leaves_the_older_checkpoint_whole(
    make_trainer: Make, beats: ExampleSet, tmp_path: pathlib.Path
) -> None:
    trainer = make_trainer(num_steps=3)
    trainer.train(trainer.batches(beats))
    before = sorted(path.name for path in (tmp_path / "run" / "train").glob("model*"))
    more = make_trainer(num_steps=5)
    with (
        _files_of_at_most(8_000),
        pytest.raises(CheckpointError, match=r"model\.ckpt-5: cannot write .* older .* untouched"),
    ):
        more.train(more.batches(beats))
    left = sorted(path.name for path in (tmp_path / "run" / "train").iterdir())
    assert [name for name in left if name.startswith("model")] == before
    assert not [name for name in left if "unfinished" in name]
    with open_checkpoint(tmp_path / "run") as checkpoint:
        assert checkpoint.step == 3
        for name in checkpoint.shapes:
            checkpoint.read(name)
    assert make_trainer(num_steps=5).first_step == 3


def _poisoned(trainer: Trainer, beats: ExampleSet, step: int, value: float) -> Any:
    """Batches of which one has this value in its target."""
    batches = trainer.batches(beats)
    plain = batches.batch

    def poisoned(number: int, rows: slice = slice(None)) -> Any:
        batch = plain(number, rows)
        if number == step:
            outputs = batch.outputs.copy()
            outputs[0, 0, 12] = value
            batch = batch._replace(outputs=outputs)
        return batch

    batches.batch = poisoned  # type: ignore[method-assign]
    return batches


def test_fault_11_nan_stops_training_and_keeps_the_last_good_checkpoint(
    make_trainer: Make, beats: ExampleSet, tmp_path: pathlib.Path
) -> None:
    trainer = make_trainer(num_steps=20, checkpoint_minutes=0.0)
    with pytest.raises(TrainingError) as raised:
        trainer.train(_poisoned(trainer, beats, 6, math.nan))
    assert "the loss is not a number at step 7" in str(raised.value)
    assert "model.ckpt-6" in str(raised.value)
    assert _checkpoints(tmp_path / "run")[-1] == "model.ckpt-6"
    with open_checkpoint(tmp_path / "run") as checkpoint:
        assert checkpoint.step == 6
        for name in checkpoint.weights:
            assert np.isfinite(checkpoint.read(name)).all()


def test_fault_11_a_gradient_that_explodes_for_long_stops_training(
    make_trainer: Make,
    beats: ExampleSet,
    tiny: Config,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(trainer_module, "_MOST_ZEROED", 5)
    hparams = tiny.hparams.replace(grad_norm_clip_to_zero=1e-6)
    trainer = make_trainer(dataclasses.replace(tiny, hparams=hparams), num_steps=20)
    before = trainer.model.named_variables["encoder/mu/kernel"].numpy()
    logging.use_absl_handler()
    with pytest.raises(TrainingError, match="5 steps in a row, up to step 5"):
        trainer.train(trainer.batches(beats))
    np.testing.assert_array_equal(before, trainer.model.named_variables["encoder/mu/kernel"])


def test_fault_11_five_checkpoints_are_kept(
    make_trainer: Make, beats: ExampleSet, tmp_path: pathlib.Path
) -> None:
    trainer = make_trainer(num_steps=12, checkpoint_minutes=0.0)
    trainer.train(trainer.batches(beats))
    assert sorted(int(name.split("-")[1]) for name in _checkpoints(tmp_path / "run")) == [
        8,
        9,
        10,
        11,
        12,
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_save_and_end(
    make_trainer: Make, beats: ExampleSet, number: signal.Signals
) -> None:
    trainer = make_trainer(num_steps=1000)
    batches = trainer.batches(beats)
    plain = batches.batch

    def interrupting(step: int, rows: slice = slice(None)) -> Any:
        if step == 12:
            os.kill(os.getpid(), number)
        return plain(step, rows)

    batches.batch = interrupting  # type: ignore[method-assign]
    outcome = trainer.train(batches)
    assert outcome.exit_status == 128 + number
    assert 5 <= outcome.step <= 14
    assert outcome.prefix is not None
    assert outcome.prefix.endswith(f"model.ckpt-{outcome.step}")
    assert make_trainer(num_steps=1000).first_step == outcome.step


def test_early_stopping_ends_training_where_evaluation_gets_no_better(
    make_trainer: Make, beats: ExampleSet
) -> None:
    losses = iter([5.0, 4.0, 4.1, 4.2, 3.0])
    seen = []

    def evaluate(step: int) -> float:
        seen.append(step)
        return next(losses)

    trainer = make_trainer(num_steps=100, eval_every_steps=3, early_stopping=2)
    outcome = trainer.train(trainer.batches(beats), evaluate)
    assert seen == [3, 6, 9, 12]
    assert outcome.step == 12
    assert outcome.exit_status == 0


def test_early_stopping_goes_on_counting_after_a_resume(
    make_trainer: Make, beats: ExampleSet
) -> None:
    trainer = make_trainer(num_steps=100, eval_every_steps=1, early_stopping=3)
    outcome = trainer.train(trainer.batches(beats), lambda step: 4.5, earlier_losses=[4.0, 4.1])
    assert outcome.step == 2


def test_the_last_step_is_evaluated(make_trainer: Make, beats: ExampleSet) -> None:
    seen = []

    def evaluate(step: int) -> float:
        seen.append(step)
        return 1.0

    trainer = make_trainer(num_steps=7, eval_every_steps=5)
    trainer.train(trainer.batches(beats), evaluate)
    assert seen == [5, 7]


def test_a_batch_that_cannot_be_cut_is_an_error(make_trainer: Make) -> None:
    with pytest.raises(InputError, match="batch_size=8 cannot be cut into 3 equal parts"):
        make_trainer(accumulate_steps=3)


def test_a_warm_start_takes_weights_but_not_the_step(
    make_trainer: Make, beats: ExampleSet, tmp_path: pathlib.Path
) -> None:
    donor = make_trainer(folder="donor", num_steps=4)
    donor.train(donor.batches(beats))
    warm = make_trainer(folder="warm", seed=9, warm_start=str(tmp_path / "donor"))
    assert warm.first_step == 0
    for name, value in donor.model.named_variables.items():
        np.testing.assert_array_equal(warm.model.named_variables[name], value)


def test_a_warm_start_takes_what_fits(
    make_trainer: Make, beats: ExampleSet, tmp_path: pathlib.Path, tiny: Config
) -> None:
    donor = make_trainer(folder="donor", num_steps=1)
    donor.train(donor.batches(beats))
    other = dataclasses.replace(tiny, hparams=tiny.hparams.replace(enc_rnn_size=(9,)))
    warm = make_trainer(other, folder="warm", seed=9, warm_start=str(tmp_path / "donor"))
    fresh = make_trainer(other, folder="fresh", seed=9)
    kept, anew = "decoder/output_projection/kernel", "encoder/mu/kernel"
    np.testing.assert_array_equal(
        warm.model.named_variables[kept], donor.model.named_variables[kept]
    )
    np.testing.assert_array_equal(
        warm.model.named_variables[anew], fresh.model.named_variables[anew]
    )
    drums = load_config("cat-drums_2bar_small")
    nothing = drums.hparams.replace(enc_rnn_size=(9,), dec_rnn_size=(3,), z_size=2, batch_size=8)
    with pytest.raises(CheckpointMismatchError, match="none of the checkpoint's variables"):
        make_trainer(
            dataclasses.replace(drums, hparams=nothing),
            folder="none",
            warm_start=str(tmp_path / "donor"),
        )


def test_a_run_folder_of_another_size_is_refused(
    make_trainer: Make, beats: ExampleSet, tiny: Config
) -> None:
    trainer = make_trainer(num_steps=1)
    trainer.train(trainer.batches(beats))
    with pytest.raises(CheckpointMismatchError, match=r"z_size=4"):
        make_trainer(dataclasses.replace(tiny, hparams=tiny.hparams.replace(z_size=3)))


def test_an_interrupted_training_can_end_in_a_thread(make_trainer: Make, beats: ExampleSet) -> None:
    import threading

    trainer = make_trainer(num_steps=2)
    outcomes = []
    thread = threading.Thread(
        target=lambda: outcomes.append(trainer.train(trainer.batches(beats)).step)
    )
    thread.start()
    thread.join()
    assert outcomes == [2]
