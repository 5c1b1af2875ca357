"""Schedules at steps where their value is known."""

from __future__ import annotations

import numpy as np
import pytest

from musicvae.hparams import HParams
from musicvae.models import schedules


def test_beta_grows_to_its_maximum():
    hparams = HParams(beta_rate=0.5, max_beta=0.2)
    values = [float(schedules.beta(step, hparams)) for step in (0, 1, 2, 1000)]
    np.testing.assert_allclose(values, [0.0, 0.1, 0.15, 0.2], rtol=1e-6)
    assert float(schedules.beta(1, HParams(beta_rate=0.0, max_beta=0.7))) == pytest.approx(0.7)


def test_the_learning_rate_decays_to_its_minimum():
    hparams = HParams(learning_rate=0.011, min_learning_rate=0.001, decay_rate=0.5)
    values = [float(schedules.learning_rate(step, hparams)) for step in (0, 1, 100)]
    np.testing.assert_allclose(values, [0.011, 0.006, 0.001], rtol=1e-6)


@pytest.mark.parametrize(
    ("schedule", "rate", "step", "expected"),
    [
        ("constant", 0.25, 9, 0.25),
        ("exponential", 0.9, 2, 0.19),
        ("inverse_sigmoid", 1000.0, 0, 1 / 1001),
        ("inverse_sigmoid", 2.0, 4, 1 - 2 / (2 + np.exp(2))),
        ("inverse_sigmoid", 10.0, 10**6, 1.0),
    ],
)
def test_sampling_follows_its_schedule(schedule, rate, step, expected):
    hparams = HParams(sampling_schedule=schedule, sampling_rate=rate)
    probability = float(schedules.sampling_probability(step, hparams))
    assert probability == pytest.approx(expected, rel=1e-4)


def test_only_a_constant_rate_of_zero_never_samples():
    assert not schedules.uses_scheduled_sampling(HParams())
    assert schedules.uses_scheduled_sampling(HParams(sampling_rate=0.1))
    hparams = HParams(sampling_schedule="inverse_sigmoid", sampling_rate=1000.0)
    assert schedules.uses_scheduled_sampling(hparams)
