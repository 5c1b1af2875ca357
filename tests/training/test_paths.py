"""Tests of choosing between training steps with and without XLA, with a timer of the test's own."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import tensorflow as tf

from musicvae.errors import InputError
from musicvae.training.paths import FasterPath


class FakeStep:
    """Takes steps in so many seconds of a clock of its own, by path."""

    def __init__(self, plain: float, compiled: float, *, can_compile: bool = True) -> None:
        self.compiled = False
        self.can_compile = can_compile
        self.now = 0.0
        self.taken: list[bool] = []
        self._seconds = {False: plain, True: compiled}

    def __call__(self, batch: Any, seed: Any, stop: bool) -> dict[str, float]:
        # The first step of a path is traced or compiled, which takes longer than all others.
        first = self.compiled not in self.taken
        self.taken.append(self.compiled)
        self.now += self._seconds[self.compiled] + (100.0 if first and self.compiled else 0.0)
        return {"loss": float(len(self.taken))}


def take(step: FakeStep, choice: Any, device: str, count: int = 12) -> list[float]:
    path = FasterPath(step, choice, device, clock=lambda: step.now)  # type: ignore[arg-type]
    return [path(None, None, False)["loss"] for _ in range(count)]


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    from absl import logging as absl_logging

    absl_logging.use_absl_handler()
    absl_logging.get_absl_logger().addHandler(caplog.handler)
    caplog.set_level(logging.INFO, logger="absl")
    return caplog


def test_a_gpu_goes_on_with_xla_where_that_is_faster(said: pytest.LogCaptureFixture) -> None:
    step = FakeStep(plain=3.0, compiled=1.0)
    losses = take(step, "auto", "/device:GPU:0")
    assert losses == [float(number) for number in range(1, 13)], "no step is taken twice"
    assert step.taken == [False] * 4 + [True] * 8
    assert "3.000 s without XLA, 1.000 s with it; going on with XLA" in said.text


def test_a_gpu_goes_on_without_xla_where_that_is_faster(said: pytest.LogCaptureFixture) -> None:
    step = FakeStep(plain=1.0, compiled=3.0)
    take(step, "auto", "/device:GPU:0")
    assert step.taken == [False] * 4 + [True] * 4 + [False] * 4
    assert "going on without XLA" in said.text


@pytest.mark.parametrize(
    ("choice", "device", "compiled"),
    [
        ("auto", "CPU:0", False),
        ("off", "GPU:0", False),
        ("on", "CPU:0", True),
        ("on", "GPU:0", True),
    ],
)
def test_nothing_is_measured_on_a_processor_or_where_it_is_told(
    choice: str, device: str, compiled: bool
) -> None:
    step = FakeStep(plain=3.0, compiled=1.0)
    take(step, choice, device)
    assert step.taken == [compiled] * 12


def test_what_xla_cannot_compile_goes_on_without_it(said: pytest.LogCaptureFixture) -> None:
    class Uncompilable(FakeStep):
        def __call__(self, batch: Any, seed: Any, stop: bool) -> dict[str, float]:
            if self.compiled:
                raise tf.errors.InvalidArgumentError(None, None, "unsupported op: Where\nand more")
            return super().__call__(batch, seed, stop)

    step = Uncompilable(plain=3.0, compiled=1.0)
    assert take(step, "auto", "GPU:0") == [float(number) for number in range(1, 13)]
    assert step.taken == [False] * 12
    assert "XLA cannot compile it (unsupported op: Where); going on without XLA" in said.text


def test_an_error_of_the_step_itself_is_not_taken_for_xlas() -> None:
    class Failing(FakeStep):
        def __call__(self, batch: Any, seed: Any, stop: bool) -> dict[str, float]:
            raise tf.errors.InvalidArgumentError(None, None, "shapes differ")

    with pytest.raises(tf.errors.InvalidArgumentError, match="shapes differ"):
        take(Failing(plain=3.0, compiled=1.0), "auto", "GPU:0")


def test_several_devices_are_not_compiled_and_refuse_it_when_asked() -> None:
    step = FakeStep(plain=3.0, compiled=1.0, can_compile=False)
    take(step, "auto", "GPU:0")
    assert step.taken == [False] * 12
    with pytest.raises(InputError, match="--compile=on: a step on several devices"):
        take(FakeStep(plain=3.0, compiled=1.0, can_compile=False), "on", "GPU:0")
