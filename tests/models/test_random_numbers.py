"""Tests that random numbers are TensorFlow's, compiled by XLA or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from musicvae.models.compilation import for_xla
from musicvae.models.random_numbers import fold, normal, uniform

SEEDS = [[3, 4], [-412061107, 0], [7, -1]]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("shape", [[3, 7]])
@pytest.mark.parametrize(
    ("draw", "tensorflows"),
    [
        (uniform, tf.random.stateless_uniform),
        (
            lambda *given: uniform(*given, 0.25),
            lambda *given: tf.random.stateless_uniform(*given, 0.25),
        ),
        (normal, tf.random.stateless_normal),
    ],
    ids=["uniform", "uniform from 0.25", "normal"],
)
def test_a_seed_gives_tensorflows_numbers_with_and_without_xla(
    draw: Callable[..., Any], tensorflows: Callable[..., Any], shape: list[int], seed: list[int]
) -> None:
    expected = tensorflows(shape, seed).numpy()
    np.testing.assert_array_equal(draw(shape, seed), expected)

    @tf.function(jit_compile=True, autograph=False)
    def compiled(seed: Any) -> Any:
        with for_xla():
            return draw(shape, seed)

    np.testing.assert_allclose(compiled(tf.constant(seed)), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_seeds_of_parts_are_the_same_with_and_without_xla(seed: list[int]) -> None:
    @tf.function(jit_compile=True, autograph=False)
    def compiled(seed: Any) -> Any:
        with for_xla():
            return fold(fold(seed, 5), 6)

    np.testing.assert_array_equal(compiled(tf.constant(seed)), fold(fold(tf.constant(seed), 5), 6))
