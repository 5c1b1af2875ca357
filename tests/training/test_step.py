"""Tests of one training step, whole and in rounds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pytest
import tensorflow as tf

from musicvae.config import Config
from musicvae.converters import build_converter
from musicvae.data.batches import TrainingBatches
from musicvae.data.example_set import ExampleSet
from musicvae.data.pipeline import training_dataset
from musicvae.models import Batch, MusicVAE
from musicvae.models.random_numbers import fold
from musicvae.training.devices import TrainingDevices
from musicvae.training.step import TrainStep

SEED = tf.constant([1, 2], tf.int32)


def _batch(config: Config, examples: ExampleSet) -> Batch:
    batches = TrainingBatches(examples, build_converter(config.converter), 8)
    return Batch(*next(iter(training_dataset(batches, 0, 1))))


def _stepper(config: Config, devices: TrainingDevices, rounds: int = 1) -> TrainStep:
    with devices.strategy.scope():
        model = MusicVAE(config, build_converter(config.converter).spec, seed=3)
    return TrainStep(model, 8, devices, rounds)


def _numbers(scalars: Mapping[str, tf.Tensor]) -> dict[str, float]:
    return {tag: float(value) for tag, value in scalars.items()}


def _weights(step: TrainStep) -> dict[str, np.ndarray]:
    return {name: v.numpy() for name, v in step.model.named_variables.items()}


def test_a_step_with_given_noise_is_that_of_the_noise_that_it_draws(
    tiny: Config, devices: TrainingDevices, beats: ExampleSet
) -> None:
    batch = _batch(tiny, beats)
    ours = _stepper(tiny, devices)
    model = MusicVAE(tiny, build_converter(tiny.converter).spec, seed=3)
    plain = TrainStep(model, 8)
    eps = tf.random.stateless_normal([8, 4], fold(SEED, 0))
    expected = _numbers(plain(batch, SEED, eps=eps))
    found = _numbers(ours(batch, SEED))
    for tag in ("loss", "losses/r_loss", "losses/kl_bits", "learning_rate", "global_norm"):
        assert found[tag] == pytest.approx(expected[tag], rel=1e-5), tag
    for name, value in _weights(ours).items():
        np.testing.assert_allclose(value, model.named_variables[name], rtol=1e-5, atol=1e-7)
    assert int(ours.global_step) == 1


@pytest.mark.slow
def test_a_step_compiled_on_a_chosen_device_is_the_same(
    tiny: Config, devices: TrainingDevices, beats: ExampleSet
) -> None:
    batch = _batch(tiny, beats)
    plain, compiled = _stepper(tiny, devices), _stepper(tiny, devices)
    compiled.compiled = True
    for number in range(2):
        seed = tf.constant([1, number], tf.int32)
        assert _numbers(compiled(batch, seed)) == pytest.approx(
            _numbers(plain(batch, seed)), rel=1e-5, abs=1e-6
        )


@pytest.mark.parametrize("rounds", [2, 4])
def test_rounds_of_accumulation_add_up_to_the_whole_batch(
    tiny: Config, devices: TrainingDevices, beats: ExampleSet, rounds: int
) -> None:
    batch = _batch(tiny, beats)
    whole, parts = _stepper(tiny, devices), _stepper(tiny, devices, rounds)
    for _ in range(3):
        expected, found = _numbers(whole(batch, SEED)), _numbers(parts(batch, SEED))
        for tag, value in expected.items():
            assert found[tag] == pytest.approx(value, rel=1e-4), tag
    # Adam divides by a gradient's own size, so that a rounding error of a tiny one is enlarged.
    for name, value in _weights(whole).items():
        np.testing.assert_allclose(_weights(parts)[name], value, rtol=1e-3, atol=2e-4)


def test_tags_are_magentas(tiny: Config, devices: TrainingDevices, beats: ExampleSet) -> None:
    tags = {
        "loss",
        "losses/r_loss",
        "losses/kl_loss",
        "losses/kl_bits",
        "losses/kl_beta",
        "learning_rate",
        "global_norm",
        "stop",
    }
    batch = _batch(tiny, beats)
    assert set(_stepper(tiny, devices)(batch, SEED)) == tags
    sampled = dataclasses.replace(tiny, hparams=tiny.hparams.replace(sampling_rate=0.5))
    found = _stepper(sampled, devices)(batch, SEED)
    assert set(found) == {*tags, "sampling_probability"}


def test_checkpoints_have_weights_and_adams_moments(tiny: Config, devices: TrainingDevices) -> None:
    names = set(_stepper(tiny, devices).checkpointed)
    weight = "decoder/output_projection/kernel"
    assert {weight, f"{weight}/Adam", f"{weight}/Adam_1", "beta1_power", "beta2_power"} <= names


def test_a_wish_to_stop_comes_back(
    tiny: Config, devices: TrainingDevices, beats: ExampleSet
) -> None:
    step, batch = _stepper(tiny, devices), _batch(tiny, beats)
    assert float(step(batch, SEED)["stop"]) == 0
    assert float(step(batch, SEED, stop=True)["stop"]) > 0


def test_a_step_that_is_not_finite_leaves_weights_and_moments(
    tiny: Config, devices: TrainingDevices, beats: ExampleSet
) -> None:
    step, batch = _stepper(tiny, devices, 2), _batch(tiny, beats)
    before = {name: variable.numpy() for name, variable in step.checkpointed.items()}
    eps = tf.fill([8, 4], np.float32("nan"))
    assert np.isnan(float(step(batch, SEED, eps=eps)["loss"]))
    for name, variable in step.checkpointed.items():
        np.testing.assert_array_equal(before[name], variable, name)
    assert int(step.global_step) == 1
