"""Tests of rounding a model's weights as far as its validation figures allow."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
import tensorflow as tf

SCRIPTS = pathlib.Path(__file__).resolve().parents[1] / "scripts"


@pytest.fixture
def rounding(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import weight_rounding

    return weight_rounding


def test_seven_bits_are_the_nearest_bfloat16(rounding):
    values = np.random.default_rng(0).normal(0, 0.3, (40, 50)).astype(np.float32)
    expected = tf.cast(tf.cast(values, tf.bfloat16), tf.float32).numpy()
    np.testing.assert_array_equal(rounding.rounded(values, 7), expected)


@pytest.mark.parametrize("bits", [5, 6, 7])
def test_the_error_is_at_most_half_a_step(rounding, bits):
    values = np.random.default_rng(1).normal(0, 1, 1000).astype(np.float32)
    found = rounding.rounded(values, bits)
    assert found.dtype == np.float32
    assert np.abs(found / values - 1).max() <= 2.0 ** -(bits + 1)
    assert len(np.unique(found.view(np.uint32) & 0x7FFFFF)) <= 2**bits


def test_zeros_and_the_next_power_of_two(rounding):
    values = np.array([0.0, -0.0, 1.9999, -3.9999], np.float32)
    np.testing.assert_array_equal(rounding.rounded(values, 5), [0.0, -0.0, 2.0, -4.0])


@pytest.mark.parametrize(
    ("tag", "found", "exact", "worse"),
    [
        ("metrics/accuracy", 0.850, 0.853, True),
        ("metrics/accuracy", 0.852, 0.853, False),
        ("metrics/accuracy", 0.9, 0.853, False),
        ("sampled/metrics/hits_loss", 1.044, 1.041, True),
        ("sampled/metrics/hits_loss", 1.03, 1.041, False),
        ("teacher_forced/metrics/velocity_mae", 22.84, 22.83, False),
        ("teacher_forced/metrics/velocity_mae", 22.9, 22.83, True),
    ],
)
def test_what_counts_as_worse(rounding, tag, found, exact, worse):
    assert rounding.is_worse(tag, found, exact) == worse


@pytest.mark.parametrize(
    ("needed", "bits", "words"),
    [
        (5, 5, "rounded to bfloat16, of whose 7 bits of mantissa 5 are used"),
        (7, 7, "rounded to bfloat16"),
        (20, None, "not rounded"),
    ],
)
def test_the_fewest_bits_are_taken_that_do_no_harm(rounding, needed, bits, words):
    values = np.random.default_rng(2).normal(0, 1, 100).astype(np.float32)
    variable = tf.Variable(values)

    def evaluate():
        error = np.abs(variable.numpy() / values - 1).max()
        is_good = error <= 2.0 ** -(needed + 1)
        return {"loss": error, "metrics/accuracy": 0.9 if is_good else 0.8}

    assert rounding.round_weights({"weights": variable}, evaluate) == bits
    assert rounding.in_words(bits) == words
    expected = values if bits is None else rounding.rounded(values, bits)
    np.testing.assert_array_equal(variable.numpy(), expected)
