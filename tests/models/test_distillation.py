"""Tests of learning from a teacher."""

from __future__ import annotations

import math
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from small_music import write_melodies
from tiny_models import tiny_config, write_run

from musicvae.checkpoints import RunFolder
from musicvae.config import Config
from musicvae.converters import build_converter
from musicvae.data.examples import extract_examples
from musicvae.data.records import TFRecordSource
from musicvae.errors import ConfigError, InputError
from musicvae.models import Batch, MusicVAE
from musicvae.models.distillation import Distillation
from musicvae.training.devices import choose_training_devices
from musicvae.training.options import TrainingOptions
from musicvae.training.step import TrainStep
from musicvae.training.trainer import Trainer

STEPS, CLASSES = 32, 90


@pytest.fixture(scope="module")
def config() -> Config:
    return tiny_config("cat-mel_2bar_small").override(
        "sampling_schedule=constant,sampling_rate=0.0,max_beta=0.0,learning_rate=0.01"
    )


@pytest.fixture(scope="module")
def teacher(config: Config) -> MusicVAE:
    """A teacher that plays a small scale much more often than anything else."""
    model = MusicVAE(config, build_converter(config.converter).spec, seed=3)
    bias = np.full(CLASSES, -4.0, np.float32)
    bias[[0, 1, 40, 42, 44]] = 2.0
    model.named_variables["decoder/output_projection/bias"].assign(bias)
    return model


@pytest.fixture(scope="module")
def music() -> Batch:
    labels = np.random.default_rng(1).integers(0, CLASSES, [6, STEPS])
    steps = tf.one_hot(labels, CLASSES)
    return Batch(steps, steps, None, tf.fill([6], STEPS))


def student(config: Config) -> MusicVAE:
    return MusicVAE(config, build_converter(config.converter).spec, seed=9)


def test_a_teacher_draws_examples_by_its_own_distribution(teacher: MusicVAE) -> None:
    batch, probabilities = Distillation(teacher).draw(200, STEPS, [1, 2])
    assert batch.outputs.shape == probabilities.shape == (200, STEPS, CLASSES)
    np.testing.assert_allclose(np.sum(probabilities, -1), 1.0, rtol=1e-5)
    drawn, expected = np.mean(batch.outputs, (0, 1)), np.mean(probabilities, (0, 1))
    np.testing.assert_allclose(drawn[[0, 1, 40, 42, 44]], expected[[0, 1, 40, 42, 44]], atol=0.02)


def test_lower_temperatures_draw_likelier_events_and_leave_the_targets_as_they_are(
    teacher: MusicVAE,
) -> None:
    likely = []
    for low in (1.0, 0.0):
        objective = Distillation(teacher, min_temperature=low)
        drawn, targets = zip(*(objective.draw(50, STEPS, [1, k]) for k in range(8)), strict=True)
        events = [batch.outputs for batch in drawn]
        likely.append(float(np.mean(np.sum(np.multiply(targets, events), -1))))
        assert np.max(targets) < 0.9
    assert likely[1] > likely[0] + 0.005


def test_drawn_examples_cost_the_cross_entropy_to_the_teacher_and_music_what_it_did(
    config: Config, teacher: MusicVAE, music: Batch
) -> None:
    model = student(config)
    eps = tf.random.stateless_normal([6, 8], [5, 6])
    own = model.loss(music, 0, training=True, eps=eps, seed=[7, 8])
    model.named_variables["decoder/output_projection/kernel"].assign(tf.zeros([12, CLASSES]))
    plain = Distillation(teacher, ratio=0.5)(model, music, tf.constant(0), eps=eps, seed=[7, 8])
    assert plain.r_loss.shape == (9,)
    np.testing.assert_allclose(plain.r_loss[6:], STEPS * math.log(CLASSES), rtol=1e-5)
    model = student(config)
    again = Distillation(teacher, ratio=0.5)(model, music, tf.constant(0), eps=eps, seed=[7, 8])
    np.testing.assert_allclose(again.r_loss[:6], own.r_loss, rtol=1e-5)
    np.testing.assert_allclose(again.loss, np.mean(again.r_loss), rtol=1e-6)


def test_a_student_comes_near_the_distribution_of_its_teacher(
    config: Config, teacher: MusicVAE, music: Batch
) -> None:
    model = student(config)
    objective = Distillation(teacher, ratio=4.0)
    train = TrainStep(model, len(music.inputs), objective=objective)
    batch, probabilities = objective.draw(100, STEPS, [11, 12])
    entropy = -np.sum(probabilities * np.log(probabilities), -1).sum(1).mean()

    def distance() -> float:
        outputs = model.loss(batch, 0, training=False, seed=[1, 1]).outputs
        found = tf.nn.softmax_cross_entropy_with_logits(probabilities, outputs)
        return float(np.sum(found, 1).mean() - entropy)

    before = distance()
    for step in range(60):
        train(music, tf.constant([1, step]))
    assert distance() < 0.3 * before


def test_models_whose_steps_are_not_one_class_cannot_be_taught() -> None:
    config = tiny_config("groovae_2bar_humanize")
    model = MusicVAE(config, build_converter(config.converter).spec, seed=0)
    with pytest.raises(ConfigError, match="cannot be taught by another model"):
        Distillation(model)


@pytest.mark.parametrize(
    "option",
    [{"teacher_ratio": 0.0}, {"teacher_ratio": 1000.0}, {"teacher_min_temperature": 1.5}],
)
def test_options_of_a_teacher_are_checked(option: dict[str, float]) -> None:
    with pytest.raises(InputError, match=f"--{next(iter(option))}="):
        TrainingOptions(**option)


def test_training_takes_a_teacher_of_any_size_from_its_checkpoint(
    config: Config, tmp_path: pathlib.Path
) -> None:
    write_run(tmp_path / "teacher", "cat-mel_2bar_small")
    bigger = config.override("z_size=5,enc_rnn_size=[7],dec_rnn_size=[6,9],batch_size=4")
    path = write_melodies(tmp_path / "music.tfrecord")
    options = TrainingOptions(num_steps=3, teacher=str(tmp_path / "teacher"))
    trainer = Trainer(
        bigger,
        build_converter(bigger.converter),
        choose_training_devices("CPU"),
        RunFolder(tmp_path / "run"),
        options,
    )
    examples = extract_examples(bigger.converter, TFRecordSource((str(path),)))
    assert trainer.train(trainer.batches(examples)).step == 3
