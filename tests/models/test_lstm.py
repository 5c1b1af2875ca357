"""The recurrence against its equations, differentiated by TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from musicvae.models import lstm
from musicvae.models.lstm import State, TraceArrays

T, B, H = 5, 3, 4


def _arguments():
    generator = np.random.default_rng(1)
    shapes = [(T, B, 4 * H), (H, 4 * H), (B, H), (B, H)]
    return [tf.constant(generator.normal(size=shape).astype(np.float32)) for shape in shapes]


def _by_the_equations(projected, kernel, c, h):
    outputs, cells = [], []
    for t in range(T):
        i, g, f, o = tf.split(projected[t] + tf.matmul(h, kernel), 4, -1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        h = tf.sigmoid(o) * tf.tanh(c)
        outputs.append(h)
        cells.append(c)
    return tf.stack(outputs), tf.stack(cells)


def _recurrence(projected, kernel, c, h):
    return lstm.recurrence(projected, kernel, State(c, h), with_cells=True)


def _replayed(projected, kernel, c, h):
    """A pass that steps through the cell by itself, then replays what it kept."""
    arrays, state = TraceArrays.start(T, c), State(c, h)
    for t in range(T):
        state, gates = lstm.cell(projected[t] + tf.matmul(state.h, kernel), state.c)
        arrays = arrays.write(t, state, gates)
    trace = arrays.finish()
    return lstm.replay(projected + 100.0, kernel, State(c, h), trace, with_cells=True)


def _with_gradients(function):
    arguments = _arguments()
    weights = np.random.default_rng(2).normal(size=(2, T, B, H)).astype(np.float32)

    @tf.function(autograph=False)
    def run():
        with tf.GradientTape() as tape:
            tape.watch(arguments)
            outputs = tf.stack(function(*arguments))
            loss = tf.reduce_sum(outputs * weights)
        return outputs, tape.gradient(loss, arguments)

    return run()


@pytest.mark.parametrize("function", [_recurrence, _replayed])
def test_outputs_and_gradients_are_those_of_the_equations(function):
    outputs, gradients = _with_gradients(function)
    expected, expected_gradients = _with_gradients(_by_the_equations)
    np.testing.assert_allclose(outputs, expected, atol=1e-6)
    for gradient, expected_gradient in zip(gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(gradient, expected_gradient, atol=1e-5)


def test_cells_that_nobody_asks_for_are_not_given():
    projected, kernel, c, h = _arguments()
    outputs, cells = lstm.recurrence(projected, kernel, State(c, h))
    np.testing.assert_allclose(outputs, _by_the_equations(projected, kernel, c, h)[0], atol=1e-6)
    assert cells is None
