from __future__ import annotations

import numpy as np
import pytest

from musicvae.evaluation.groove_errors import FIGURES, GrooveErrors, baseline_grooves, groove_errors


def performance(hits, velocities, offsets):
    """A performance of two drums, a row for each step."""
    return np.concatenate([np.array(a, float) for a in (hits, velocities, offsets)], axis=-1)


TARGET = performance([[1, 0], [1, 1]], [[1.0, 0], [0.5, 0.25]], [[0.5, 0], [-0.5, 0]])


def test_a_perfect_prediction_has_no_errors():
    found = groove_errors(TARGET, TARGET).figures()
    assert found == {
        "hits_precision": 1.0,
        "hits_recall": 1.0,
        "hits_f1": 1.0,
        "velocity_mae": 0.0,
        "velocity_mse": 0.0,
        "timing_mae": 0.0,
        "timing_mse": 0.0,
    }
    assert tuple(found) == FIGURES


def test_errors_are_those_at_the_targets_hits():
    # One hit of three is found, one more is wrong; the velocity and offset there do not count.
    predicted = performance([[1, 1], [0, 0]], [[0.5, 1.0], [0.5, 0.5]], [[0, 1.0], [0.5, 0]])
    found = groove_errors(predicted, TARGET).figures()
    assert found["hits_precision"] == 1 / 2
    assert found["hits_recall"] == 1 / 3
    assert found["hits_f1"] == pytest.approx(2 / 5)
    # Velocities are off by 0.5, 0 and 0.25, offsets by 0.5, 1 and 0: half of that in steps.
    assert found["velocity_mae"] == pytest.approx(127 * 0.25)
    assert found["velocity_mse"] == pytest.approx((0.25 + 0.0625) / 3)
    assert found["timing_mae"] == pytest.approx((0.25 + 0.5) / 3)
    assert found["timing_mse"] == pytest.approx((0.0625 + 0.25) / 3)


def test_errors_of_two_examples_add_up():
    predicted = performance([[1, 1], [0, 0]], [[0.5, 1.0], [0.5, 0.5]], [[0, 1.0], [0.5, 0]])
    both = groove_errors(np.stack([predicted, TARGET]), np.stack([TARGET, TARGET]))
    assert both == groove_errors(predicted, TARGET) + groove_errors(TARGET, TARGET)


def test_ratios_of_nothing_are_0():
    assert set(GrooveErrors().figures().values()) == {0.0}


def test_what_is_usual_is_the_mean_over_hits_and_what_most_examples_hit():
    silent = np.zeros_like(TARGET)
    once = performance([[1, 0], [0, 0]], [[0.2, 0], [0, 0]], [[0.1, 0], [0, 0]])
    baseline = baseline_grooves([np.stack([TARGET, once]), silent[None]])
    # The first drum's first step is hit in two of three, all else in one or none.
    hits = [[1, 0], [0, 0]]
    everywhere = (1.0 + 0.5 + 0.25 + 0.2) / 4, (0.5 - 0.5 + 0 + 0.1) / 4
    expected = performance(hits, np.full((2, 2), everywhere[0]), np.full((2, 2), everywhere[1]))
    np.testing.assert_allclose(baseline["mean"], expected)
    of_drums = [(1.0 + 0.5 + 0.2) / 3, 0.25], [(0.5 - 0.5 + 0.1) / 3, 0.0]
    expected = performance(hits, [of_drums[0]] * 2, [of_drums[1]] * 2)
    np.testing.assert_allclose(baseline["mean of each drum"], expected)


def test_music_without_hits_has_a_mean_of_0():
    baseline = baseline_grooves([np.zeros((2, 4, 6))])
    assert not baseline["mean"].any()
