"""Which of two paths a training takes: TensorFlow's operations one by one, or compiled by XLA.

A loop of small operations starves a GPU, so that the compiled path can be several times as fast
there; on a processor it is slower. A training on a GPU takes its first steps on both, goes on with
the faster and says so. No step is taken for the measurement alone: both paths give the same.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import tensorflow as tf
from absl import logging

from musicvae.errors import InputError
from musicvae.training.step import TrainStep

CompileChoice: TypeAlias = Literal["auto", "on", "off"]

# The first step of a path is traced, or compiled, and does not count.
_STEPS = 4


class FasterPath:
    """Takes training steps on the one path or the other."""

    def __init__(
        self,
        step: TrainStep,
        choice: CompileChoice,
        device: str,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Decides what can be decided before the first step.

        Args:
          step: takes a step; its `compiled` is set here.
          choice: "on" or "off", or "auto" to measure on a GPU and not to compile elsewhere.
          device: where steps run, a name with "GPU:1" or "CPU:0" in it.
          clock: gives the time in seconds.

        Raises:
          InputError: XLA is asked for and steps cannot be compiled.
        """
        if choice == "on" and not step.can_compile:
            raise InputError(
                "--compile=on: a step on several devices cannot be compiled; give one --device, or "
                "leave --compile out"
            )
        self._step, self._clock = step, clock
        step.compiled = choice == "on"
        self._undecided = choice == "auto" and step.can_compile and "GPU" in device.upper()
        self._seconds: dict[bool, list[float]] = {False: [], True: []}

    def __call__(self, batch: Any, seed: Any, stop: bool) -> Mapping[str, Any]:
        """Takes a step, as TrainStep; measures it while nothing is decided."""
        if not self._undecided:
            return self._step(batch, seed, stop)
        start = self._clock()
        try:
            results = self._step(batch, seed, stop)
            float(results["loss"])
        except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError) as error:
            if not self._step.compiled:
                raise
            # What cannot be compiled has changed nothing yet.
            self._decide(compiled=False, reason=f"XLA cannot compile it ({_first_line(error)})")
            return self._step(batch, seed, stop)
        self._seconds[self._step.compiled].append(self._clock() - start)
        if len(self._seconds[False]) == _STEPS:
            self._step.compiled = True
        if len(self._seconds[True]) == _STEPS:
            without, compiled = (
                statistics.median(self._seconds[path][1:]) for path in (False, True)
            )
            text = f"{without:.3f} s without XLA, {compiled:.3f} s with it"
            self._decide(compiled=compiled < without, reason=text)
        return results

    def _decide(self, *, compiled: bool, reason: str) -> None:
        self._undecided, self._step.compiled = False, compiled
        logging.info(
            "a step: %s; going on %s XLA (--compile=%s does so from the start)",
            reason,
            "with" if compiled else "without",
            "on" if compiled else "off",
        )


def _first_line(error: tf.errors.OpError) -> str:
    return str(error.message).strip().partition("\n")[0][:200]
