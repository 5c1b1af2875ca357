"""Look-ups against the products that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from musicvae.models.compilation import for_xla
from musicvae.models.one_hot import data_product, one_hot_labels

N, D, E = 6, 200, 3


def _one_hot():
    return np.eye(D, dtype=np.float32)[[3, 199, 0, 3, 7, 3]]


def _with_zeros():
    rows = _one_hot()
    rows[2] = 0.0
    return rows


def _two_hot():
    rows = _one_hot()
    rows[1, 5] = 1.0
    return rows


def _fractions():
    return np.random.default_rng(0).normal(size=(N, D)).astype(np.float32)


def _cancelling():
    """Rows that sum to their highest value, 1, and are not one-hot."""
    rows = _one_hot()
    rows[4, 10], rows[4, 11] = 0.5, -0.5
    return rows


KINDS = [_one_hot, _with_zeros, _two_hot, _fractions, _cancelling]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("make", KINDS)
def test_results_and_gradients_are_those_of_the_product(make, compiled):
    generator = np.random.default_rng(1)
    rows = tf.constant(make())
    kernel = tf.constant(generator.normal(size=(D, E)).astype(np.float32))
    bias = tf.constant(generator.normal(size=E).astype(np.float32))
    weights = tf.constant(generator.normal(size=(N, E)).astype(np.float32))

    def found(function):
        with tf.GradientTape() as tape, for_xla(compiled):
            tape.watch([rows, kernel, bias])
            result = function()
            loss = tf.reduce_sum(result * weights)
            return [result, *tape.gradient(loss, [rows, kernel, bias])]

    run = tf.function(found, autograph=False, jit_compile=True) if compiled else found
    looked_up = run(lambda: data_product(rows, kernel, bias, tf.float32))
    multiplied = found(lambda: rows @ kernel + bias)
    for ours, expected in zip(looked_up, multiplied, strict=True):
        np.testing.assert_allclose(ours, expected, atol=1e-5)


@pytest.mark.parametrize("make", KINDS)
def test_only_one_hot_rows_and_zeros_are_looked_up(make):
    assert bool(one_hot_labels(tf.constant(make())).exact) == (make in (_one_hot, _with_zeros))
