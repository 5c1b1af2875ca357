"""What a decoder's distributions do between two steps."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from musicvae.models.decoders.categorical_output import Categorical, MultiCategorical
from musicvae.models.decoders.groove_output import Groove

OUTPUTS = (Categorical(6), MultiCategorical((4, 2)), Groove(6))


def _drawn(output):
    noise = 0.5 * output.noise([5], tf.constant([1, 2]))
    parameters = tf.random.stateless_normal([5, output.parameters], [3, 4])
    return output.draw(parameters, noise)


@pytest.mark.parametrize("output", OUTPUTS, ids=lambda output: type(output).__name__)
def test_what_a_step_feeds_is_its_product_with_the_rows(output):
    drawn = _drawn(output)
    rows = tf.random.stateless_normal([6, 3], [5, 6])
    expected = output.steps(drawn) @ rows
    np.testing.assert_allclose(output.feed(drawn, rows), expected, atol=1e-6)


@pytest.mark.parametrize("output", OUTPUTS, ids=lambda output: type(output).__name__)
def test_given_values_stand_and_the_others_stay_as_drawn(output):
    drawn = _drawn(output)
    steps = output.steps(drawn).numpy()
    fixed = np.full([5, 6], np.nan, np.float32)
    fixed[2] = np.roll(steps[2], 1)
    if isinstance(output, MultiCategorical):
        fixed[2] = [0, 0, 0, 1, 1, 0]
    expected = np.where(np.isnan(fixed), steps, fixed)
    np.testing.assert_array_equal(output.steps(output.with_fixed(drawn, fixed)), expected)


@pytest.mark.parametrize("output", OUTPUTS, ids=lambda output: type(output).__name__)
def test_the_label_of_a_step_is_its_first_largest_column(output):
    drawn = _drawn(output)
    np.testing.assert_array_equal(output.label(drawn), np.argmax(output.steps(drawn), -1))


@pytest.mark.parametrize("output", OUTPUTS, ids=lambda output: type(output).__name__)
def test_the_noise_of_an_example_does_not_depend_on_those_after_it(output):
    seed = tf.constant([1, 2])
    two, five = output.noise([2, 7], seed), output.noise([5, 7], seed)
    np.testing.assert_allclose(two, five[:2], rtol=1e-5)  # logarithms differ in the last bit
