"""What every decoder promises, one from outside the package included."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from models.conftest import tiny

from musicvae.components import Component, Options
from musicvae.config import Config, ExampleSpec
from musicvae.errors import ConfigError
from musicvae.models import Batch, MusicVAE
from musicvae.models.decoders import DECODERS
from musicvae.training.step import TrainStep

SIZE, STEPS, DEPTH, CONTROLS = 3, 8, 6, 2
OWN = "own_components.rhythm:SmoothDecoder"
CATEGORICAL = Component("categorical")
CASES: dict[str, Component] = {
    "categorical": CATEGORICAL,
    "multi_out_categorical": Component("multi_out_categorical", Options({"output_depths": [4, 2]})),
    "nade": Component("nade"),
    "groove": Component("groove"),
    "split": Component("split", Options({"output_depths": [4, 2]}), CATEGORICAL),
    "hierarchical": Component(
        "hierarchical",
        Options({"level_lengths": [2, 4], "disable_autoregression": True}),
        CATEGORICAL,
    ),
    "control_preprocessing": Component("control_preprocessing", core=CATEGORICAL),
    OWN: Component(OWN),
}


def model_of(
    component: Component, *, end_token: int | None = None, compiled: bool = False, **hparams: Any
) -> tuple[MusicVAE, Batch]:
    """Returns a tiny model with a decoder, and a batch that it can be trained on."""
    generator = np.random.default_rng(0)
    has_controls = component.type == "control_preprocessing"
    config: Config = dataclasses.replace(
        tiny(
            "cat-mel_2bar_small",
            max_seq_len=STEPS,
            nade_num_hidden=3,
            control_preprocessing_rnn_size=(3,),
            **hparams,
        ),
        decoder=component,
    )
    spec = ExampleSpec(
        input_depth=DEPTH,
        output_depth=DEPTH,
        control_depth=CONTROLS if has_controls else 0,
        end_token=end_token,
    )
    parts = [4, 2] if "output_depths" in component.options else [DEPTH]
    rows = [
        np.eye(depth, dtype=np.float32)[generator.integers(0, depth, (SIZE, STEPS))]
        for depth in parts
    ]
    music = np.concatenate(rows, -1)
    controls = generator.random((SIZE, STEPS, CONTROLS), np.float32) if has_controls else None
    lengths = np.array([STEPS, STEPS, STEPS - 3], np.int32)
    model = MusicVAE(config, spec, seed=1, compiled=compiled)
    return model, Batch(music, music, controls, lengths)


@pytest.fixture(scope="module", params=CASES.values(), ids=CASES)
def case(request: pytest.FixtureRequest) -> tuple[MusicVAE, Batch]:
    return model_of(request.param)


def test_all_registered_decoders_are_here() -> None:
    assert {*CASES} == {*DECODERS.names(), OWN}


def test_a_loss_for_each_example_reaches_every_weight(case: tuple[MusicVAE, Batch]) -> None:
    model, batch = case
    variables = list(model.named_variables.values())
    with tf.GradientTape() as tape:
        losses = model.loss(batch, 0, training=True, seed=[1, 2])
    assert losses.r_loss.shape == [SIZE]
    assert np.isfinite(losses.r_loss).all()
    assert losses.outputs.shape[:2] == [SIZE, STEPS]
    assert not losses.metrics
    gradients = tape.gradient(losses.loss, variables)
    missing = [v for v, g in zip(model.named_variables, gradients, strict=True) if g is None]
    assert not missing


def test_steps_past_an_end_count_for_nothing(case: tuple[MusicVAE, Batch]) -> None:
    model, batch = case
    other = np.array(batch.outputs)
    other[2, STEPS - 1] = np.roll(other[2, STEPS - 1], 1)
    changed = batch._replace(outputs=other)
    one, two = (model.loss(b, 0, training=False, seed=[1, 2]).r_loss for b in (batch, changed))
    np.testing.assert_array_equal(one, two)


def test_evaluation_measures(case: tuple[MusicVAE, Batch]) -> None:
    model, batch = case
    assert model.loss(batch, 0, training=False, seed=[1, 2]).metrics


def test_a_seed_decides_what_is_sampled(case: tuple[MusicVAE, Batch]) -> None:
    model, batch = case
    z = np.random.default_rng(1).normal(size=(SIZE, 4)).astype(np.float32)

    def sample(seed: list[int], temperature: float) -> Any:
        decoded = model.decode(
            z, STEPS, temperature=temperature, controls=batch.controls, seed=seed
        )
        assert decoded.outputs.shape == [SIZE, STEPS, DEPTH]
        assert decoded.outputs.dtype == tf.float32
        assert decoded.lengths.numpy().tolist() == [STEPS] * SIZE
        return decoded.outputs.numpy()

    np.testing.assert_array_equal(sample([1, 2], 1.0), sample([1, 2], 1.0))
    np.testing.assert_array_equal(sample([1, 2], 0.0), sample([3, 4], 0.0))
    assert not np.array_equal(sample([1, 2], 5.0), sample([3, 4], 5.0))


def test_an_example_is_decoded_as_it_is_alone(case: tuple[MusicVAE, Batch]) -> None:
    model, batch = case
    z = np.random.default_rng(2).normal(size=(SIZE, 4)).astype(np.float32)

    def cold(rows: slice) -> Any:
        controls = None if batch.controls is None else batch.controls[rows]
        return model.decode(z[rows], STEPS, temperature=0.0, controls=controls, seed=[0, 0]).outputs

    np.testing.assert_allclose(cold(slice(1, 2)), cold(slice(None))[1:2], atol=1e-5)


@pytest.mark.parametrize("end_token", [None, 1])
@pytest.mark.parametrize("name", CASES)
def test_parts_together_are_what_is_decoded_whole(name: str, end_token: int | None) -> None:
    model, _ = model_of(CASES[name], end_token=end_token)
    length = STEPS if name == "hierarchical" else 32
    generator = np.random.default_rng(3)
    z = generator.normal(size=(SIZE, 4)).astype(np.float32)
    controls = generator.random((SIZE, length, CONTROLS), np.float32)
    options: dict[str, Any] = {
        "controls": controls if model.spec.control_depth else None,
        "seed": [5, 6],
    }
    whole = model.decode(z, length, **options)
    parts = list(model.decode_parts(z, length, **options))
    assert len(parts) == 2
    # A groove's velocities are sums, whose order depends on the graph.
    together = np.concatenate([part.outputs for part in parts], 1)
    np.testing.assert_allclose(together, whole.outputs, atol=1e-6)
    lengths = np.sum([part.lengths for part in parts], 0)
    expected = np.array(whole.lengths)
    np.testing.assert_array_equal(lengths, expected.sum(1) if expected.ndim == 2 else expected)


def test_a_part_is_there_before_the_next_one_is_begun() -> None:
    model, _ = model_of(CATEGORICAL)
    parts = model.decode_parts(np.zeros([1, 4], np.float32), 1 << 20, seed=[5, 6])
    assert next(parts).outputs.shape == [1, 16, DEPTH]


COMPILED = [
    pytest.param(name, marks=[] if name == "categorical" else pytest.mark.slow) for name in CASES
]


@pytest.mark.parametrize("name", COMPILED)
def test_sampling_compiled_by_xla_gives_the_same(name: str) -> None:
    z = np.random.default_rng(1).normal(size=(SIZE, 4)).astype(np.float32)

    def sample(*, compiled: bool) -> Any:
        model, batch = model_of(CASES[name], end_token=1, compiled=compiled)
        return model.decode(z, STEPS, controls=batch.controls, seed=[1, 2])

    ours, compiled = sample(compiled=False), sample(compiled=True)
    np.testing.assert_allclose(compiled.outputs, ours.outputs, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(compiled.lengths, ours.lengths)


@pytest.mark.parametrize("name", COMPILED)
def test_training_steps_compiled_by_xla_give_the_same(name: str) -> None:
    hparams = {"dropout_keep_prob": 0.8, "sampling_schedule": "constant", "sampling_rate": 0.5}

    def train(*, compiled: bool) -> tuple[dict[str, float], dict[str, Any]]:
        model, batch = model_of(CASES[name], **hparams)
        step = TrainStep(model, SIZE, compiled=compiled)
        for number in range(2):
            scalars = step(Batch(*map(_tensor, batch)), tf.constant([1, number]))
        weights = {key: variable.numpy() for key, variable in model.named_variables.items()}
        return {tag: float(value) for tag, value in scalars.items()}, weights

    (ours, weights), (found, compiled) = train(compiled=False), train(compiled=True)
    assert found == pytest.approx(ours, rel=1e-5, abs=1e-6)
    # Adam divides by a gradient's own size, so that a rounding error of a tiny one is enlarged.
    for key, value in weights.items():
        np.testing.assert_allclose(compiled[key], value, rtol=1e-5, atol=1e-5, err_msg=key)


def _tensor(part: Any) -> Any:
    return None if part is None else tf.constant(part)


def test_each_steps_loss_sums_to_the_examples(case: tuple[MusicVAE, Batch]) -> None:
    model, batch = case
    losses = model.loss(batch, 0, training=False, seed=[1, 2], sampling_probability=0.0)
    steps = model.decoder.step_losses(losses.outputs, tf.constant(batch.outputs))
    assert steps.shape[:2] == [SIZE, STEPS]
    mask = np.arange(STEPS) < np.array(batch.lengths)[:, np.newaxis]
    np.testing.assert_allclose(
        (steps.numpy().sum(-1) * mask).sum(1), losses.r_loss, rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize(
    "outer",
    [
        Component("hierarchical", Options({"level_lengths": [2, 4]}), CASES["hierarchical"]),
        Component(
            "hierarchical",
            Options({"level_lengths": [2, 4]}),
            Component("control_preprocessing", core=CASES["hierarchical"]),
        ),
        Component("split", Options({"output_depths": [4, 2]}), CASES["hierarchical"]),
    ],
    ids=["in a hierarchy", "behind controls in a hierarchy", "split"],
)
def test_a_hierarchy_inside_another_decoder_is_refused_when_it_is_built(outer: Component) -> None:
    with pytest.raises(
        ConfigError, match=r"cannot be the core|cannot be sampled beside|needs controls"
    ):
        model_of(outer)
