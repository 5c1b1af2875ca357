"""What a person sees of a training that runs: speed, the parts of the loss, the time left."""

from __future__ import annotations

import collections
import time
from collections.abc import Callable, Mapping

_REMEMBERED = 20
_SECONDS_PER = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


class TrainingProgress:
    """Measures speed and writes a line now and then."""

    def __init__(
        self,
        num_steps: int,
        batch_size: int,
        *,
        free_bits: float = 0.0,
        interval_seconds: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Starts to measure at the first update.

        Args:
          num_steps: the step at which training ends.
          batch_size: examples in a step.
          free_bits: bits of the KL divergence that cost nothing.
          interval_seconds: time between two lines.
          clock: the present time in seconds.
        """
        self._num_steps = num_steps
        self._batch_size = batch_size
        self._free_bits = free_bits
        self._interval_seconds = interval_seconds
        self._clock = clock
        self._marks: collections.deque[tuple[float, int]] = collections.deque(maxlen=_REMEMBERED)
        self._last_line = -float("inf")

    def due(self, step: int) -> bool:
        """Takes note of a finished step; returns whether a line is due.

        Args:
          step: how many steps were taken.
        """
        now = self._clock()
        if not self._marks or now - self._marks[-1][0] >= self._interval_seconds / 4:
            self._marks.append((now, step))
        return now - self._last_line >= self._interval_seconds or step == self._num_steps

    def steps_per_second(self, step: int) -> float | None:
        """Returns the present speed, or None at the beginning.

        Args:
          step: how many steps were taken.
        """
        if not self._marks or step == self._marks[0][1]:
            return None
        then, first = self._marks[0]
        return (step - first) / max(self._clock() - then, 1e-9)

    def line(self, step: int, scalars: Mapping[str, float]) -> str:
        """Returns what to show after a step.

        Args:
          step: how many steps were taken.
          scalars: the step's results by TensorBoard tag.
        """
        self._last_line = self._clock()
        parts = [f"step {step:,}/{self._num_steps:,}", loss_line(scalars, self._free_bits)]
        speed = self.steps_per_second(step)
        if speed is not None:
            parts.append(_speed(speed, self._batch_size))
            left = duration((self._num_steps - step) / speed) if speed else "?"
            parts.append(f"{left} left")
        return "  ".join(parts)

    def restart(self) -> None:
        """Forgets the speed so far, after work that was no training."""
        self._marks.clear()


def loss_line(scalars: Mapping[str, float], free_bits: float = 0.0) -> str:
    """Returns the loss as the sum of its parts, and how much the latent vector z holds.

    `loss 45.3 = reconstruction 41.2 + 0.2 * KL 20.5 (z holds 77.6 bits, 48 cost nothing)`: the
    music that the decoder is to give back costs 41.2 nats an example, and what z says about it
    20.5 nats past the bits that cost nothing.

    Args:
      scalars: results by TensorBoard tag.
      free_bits: bits of the KL divergence that cost nothing.
    """
    held = f"z holds {scalars['losses/kl_bits']:.3g} bits"
    if free_bits:
        held += f", {free_bits:g} cost nothing"
    return (
        f"loss {scalars['loss']:.4g} = reconstruction {scalars['losses/r_loss']:.4g} "
        f"+ {scalars['losses/kl_beta']:.3g} * KL {scalars['losses/kl_loss']:.4g} ({held})"
    )


def duration(seconds: float) -> str:
    """Returns a length of time in its two largest units: `2 d 3 h`, `4 min 10 s`.

    Args:
      seconds: at least 0.
    """
    rest = round(seconds)
    parts: list[str] = []
    for unit, length in _SECONDS_PER:
        count, rest = divmod(rest, length)
        if count or parts:
            parts.append(f"{count} {unit}")
        if len(parts) == 2:
            break
    return " ".join(parts) or "0 s"


def _speed(steps_per_second: float, batch_size: int) -> str:
    steps = (
        f"{steps_per_second:.2f} steps/s"
        if steps_per_second < 10
        else f"{steps_per_second:.0f} steps/s"
    )
    return f"{steps}, {steps_per_second * batch_size:,.0f} examples/s"
