"""Clipping and Adam as TensorFlow 1 has them."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from musicvae.hparams import HParams
from musicvae.models.optimizer import AdamOptimizer, clip_gradients


def test_gradients_are_scaled_together_to_the_clipping_norm():
    gradients = [tf.constant([3.0, 0.0]), tf.constant([[4.0]])]
    clipped = clip_gradients(gradients, HParams(grad_clip=1.0))
    assert float(clipped.global_norm) == 5.0
    np.testing.assert_allclose(clipped.gradients[0], [0.6, 0.0], rtol=1e-6)
    np.testing.assert_allclose(clipped.gradients[1], [[0.8]], rtol=1e-6)


def test_small_gradients_are_left_alone():
    clipped = clip_gradients([tf.constant([0.3])], HParams(grad_clip=1.0))
    np.testing.assert_array_equal(clipped.gradients[0], np.float32([0.3]))


def test_each_element_is_clipped_by_value():
    gradients = [tf.constant([3.0, -0.5]), tf.constant([-4.0])]
    clipped = clip_gradients(gradients, HParams(clip_mode="value", grad_clip=1.0))
    np.testing.assert_array_equal(clipped.gradients[0], [1.0, -0.5])
    np.testing.assert_array_equal(clipped.gradients[1], [-1.0])


@pytest.mark.parametrize("mode", ["global_norm", "value"])
def test_a_gradient_that_explodes_counts_as_zero(mode):
    hparams = HParams(clip_mode=mode, grad_norm_clip_to_zero=10.0)
    clipped = clip_gradients([tf.constant([11.0, 0.0])], hparams)
    np.testing.assert_array_equal(clipped.gradients[0], [0.0, 0.0])
    assert float(clipped.global_norm) == 11.0


def test_epsilon_is_outside_the_bias_correction():
    variable = tf.Variable([1.0])
    optimizer = AdamOptimizer({"x": variable})
    gradient, rate = 1e-8, 0.1
    optimizer.apply([tf.constant([gradient])], [variable], tf.constant(rate))
    corrected = rate * np.sqrt(1 - 0.999) / (1 - 0.9)
    moved = corrected * (0.1 * gradient) / (np.sqrt(0.001) * gradient + 1e-8)
    np.testing.assert_allclose(variable, [1.0 - moved], rtol=1e-6)
    assert set(optimizer.named_slots) == {"x/Adam", "x/Adam_1", "beta1_power", "beta2_power"}
    np.testing.assert_allclose(optimizer.named_slots["beta1_power"], 0.81)
    np.testing.assert_allclose(optimizer.named_slots["beta2_power"], 0.998001)
