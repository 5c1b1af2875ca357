"""Weights for writing: turned round where large, divided where small, with the same music."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from tiny_models import tiny_config

from musicvae.converters import build_converter
from musicvae.models import MusicVAE, lstm_layer, lstm_stack
from musicvae.models.lstm_layer import Layer, divided
from musicvae.models.lstm_stack import LSTMStack
from musicvae.models.variables import Divided, Transposed, Variables, product


def test_a_turned_matrix_gives_the_same_product():
    generator = np.random.default_rng(1)
    x, kernel = (generator.normal(size=shape).astype(np.float32) for shape in ((3, 5), (5, 7)))
    transposed = product(tf.constant(x), Transposed(tf.constant(kernel.T)), tf.float32)
    np.testing.assert_allclose(transposed, x @ kernel, rtol=1e-5, atol=1e-6)


def test_a_divided_layer_gives_the_same_products_in_blocks_of_the_size(monkeypatch):
    monkeypatch.setattr(lstm_layer, "_BLOCK_BYTES", 4 * 6 * 6)
    weights = Layer(Variables(0, None, tf.float32), "layer", 3, 6).weights(tf.float32)
    cut = divided(weights)
    assert [block.shape for block in cut.recurrent.blocks] == [[6, 6]] * 4
    assert [block.shape for block in cut.inputs.blocks] == [[3, 12]] * 2
    x = tf.random.stateless_normal([2, 6], [1, 2])
    for depth, whole, blocks in (
        (6, weights.recurrent, cut.recurrent),
        (3, weights.inputs, cut.inputs),
    ):
        expected = product(x[:, :depth], whole, tf.float32)
        found = product(x[:, :depth], blocks, tf.float32)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("frozen", [True, False])
def test_small_layers_are_divided_where_weights_never_change(monkeypatch, frozen):
    monkeypatch.setattr(lstm_stack, "DIVIDED_UNITS", 5)
    stack = LSTMStack(Variables(0, None, tf.float32, frozen=frozen), "stack", 3, [5, 6])
    first, second = (stack.sampling_weights(tf.float32, may_copy=False) for _ in range(2))
    assert [isinstance(layer.recurrent, Divided) for layer in first] == [frozen, False]
    if frozen:
        assert first[0].recurrent is second[0].recurrent


@pytest.mark.parametrize(("may_copy", "expected"), [(True, [False, True]), (False, [False, False])])
def test_large_layers_are_turned_where_memory_may_be_spent(monkeypatch, may_copy, expected):
    monkeypatch.setattr(lstm_stack, "TRANSPOSED_UNITS", 6)
    stack = LSTMStack(Variables(0, None, tf.float32), "stack", 3, [5, 6])
    weights = stack.sampling_weights(tf.float32, may_copy=may_copy)
    assert [isinstance(layer.recurrent, Transposed) for layer in weights] == expected
    assert [isinstance(layer.inputs, Transposed) for layer in weights] == expected


@pytest.mark.parametrize("frozen", [True, False])
def test_weights_that_never_change_are_turned_once_for_all(monkeypatch, frozen):
    monkeypatch.setattr(lstm_stack, "TRANSPOSED_UNITS", 6)
    variables = Variables(0, None, tf.float32, frozen=frozen)
    stack = LSTMStack(variables, "stack", 3, [5, 6])
    first, second = (stack.sampling_weights(tf.float32, may_copy=True) for _ in range(2))
    assert (first[1].recurrent.columns is second[1].recurrent.columns) == frozen
    assert not isinstance(second[0].recurrent, Transposed)


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize(
    ("name", "hparams"),
    [
        ("cat-mel_2bar_small", ""),
        ("cat-mel_2bar_small", "residual_decoder=true"),
        ("groovae_2bar_hits_control_tfds", ""),
        ("hierdec-mel_16bar", ""),
        ("hierdec-trio_16bar", ""),
    ],
)
def test_models_write_the_same_with_turned_or_divided_weights(monkeypatch, name, hparams, frozen):
    monkeypatch.setattr(lstm_layer, "_BLOCK_BYTES", 64)
    config = tiny_config(name).override(hparams)
    spec = build_converter(config.converter).spec
    length = config.hparams.max_seq_len
    controls = tf.ones([length, spec.control_depth]) if spec.control_depth else None
    z = tf.random.stateless_normal([2, config.hparams.z_size], [1, 2])
    drawn = []
    for turned, small in ((1024, 0), (1, 0), (1024, 512)):
        monkeypatch.setattr(lstm_stack, "TRANSPOSED_UNITS", turned)
        monkeypatch.setattr(lstm_stack, "DIVIDED_UNITS", small)
        model = MusicVAE(config, spec, seed=7, frozen=frozen)
        drawn.append(
            model.decode(z, length, temperature=0.5, controls=controls, seed=[3, 4]).outputs
        )
    for music in drawn[1:]:
        np.testing.assert_allclose(music, drawn[0], atol=1e-5)
