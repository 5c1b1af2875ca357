"""Tests of the lines that people see while a training runs."""

from __future__ import annotations

import pytest

from musicvae.training.progress import TrainingProgress, duration, loss_line

SCALARS = {
    "loss": 45.3,
    "losses/r_loss": 41.2,
    "losses/kl_loss": 20.5,
    "losses/kl_bits": 77.6,
    "losses/kl_beta": 0.2,
}


class _Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_line_has_speed_loss_parts_and_time_left() -> None:
    clock = _Clock()
    progress = TrainingProgress(1000, 512, interval_seconds=10.0, clock=clock)
    progress.due(1)
    clock.now += 20.0
    assert progress.due(41)
    line = progress.line(41, SCALARS)
    assert "step 41/1,000" in line
    assert "loss 45.3 = reconstruction 41.2 + 0.2 * KL 20.5 (z holds 77.6 bits" in line
    assert "2.00 steps/s, 1,024 examples/s" in line
    assert line.endswith("8 min 0 s left")


def test_lines_come_every_ten_seconds_and_at_the_end() -> None:
    clock = _Clock()
    progress = TrainingProgress(10, 8, interval_seconds=10.0, clock=clock)
    shown = []
    for step in range(1, 11):
        if progress.due(step):
            shown.append(step)
            progress.line(step, SCALARS)
        clock.now += 4.0
    assert shown == [1, 4, 7, 10]


def test_speed_is_of_the_present_not_of_the_whole_run() -> None:
    clock = _Clock()
    progress = TrainingProgress(10**6, 8, interval_seconds=10.0, clock=clock)
    for step in range(1000):
        progress.due(step)
        clock.now += 1.0 if step < 500 else 0.1
    assert progress.steps_per_second(999) == pytest.approx(10.0, rel=0.05)


def test_there_is_no_speed_before_the_second_step() -> None:
    progress = TrainingProgress(10, 8)
    progress.due(1)
    assert progress.steps_per_second(1) is None
    assert "steps/s" not in progress.line(1, SCALARS)


def test_time_spent_on_evaluation_does_not_count_as_slow_training() -> None:
    clock = _Clock()
    progress = TrainingProgress(100, 8, interval_seconds=4.0, clock=clock)
    progress.due(1)
    clock.now += 1000.0
    progress.restart()
    progress.due(2)
    clock.now += 1.0
    assert progress.steps_per_second(4) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.6, "1 min 0 s"),
        (250, "4 min 10 s"),
        (3600, "1 h 0 min"),
        (183_600, "2 d 3 h"),
    ],
)
def test_durations_have_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_loss_is_shown_as_a_sum_with_what_z_holds() -> None:
    total = "loss 45.3 = reconstruction 41.2 + 0.2 * KL 20.5"
    assert loss_line(SCALARS) == f"{total} (z holds 77.6 bits)"
    assert loss_line(SCALARS, 48.0) == f"{total} (z holds 77.6 bits, 48 cost nothing)"


def test_a_line_says_which_bits_cost_nothing() -> None:
    progress = TrainingProgress(10, 8, free_bits=48.0)
    progress.due(1)
    assert "48 cost nothing)" in progress.line(1, SCALARS)
