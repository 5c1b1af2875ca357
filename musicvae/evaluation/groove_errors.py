"""How far drum performances are from each other: hits, velocity, timing.

Velocity and timing are compared at the hits of the performance that is aimed at, whether or not
the other one hits there. Beside a model's errors stand those of always predicting what is most
common in the training music, which is what a model has to beat.

Axes: N examples, T time step, C drums, D = 3C columns of a step: hits, velocities, offsets.

Source: Gillick et al. 2019 (arXiv:1905.06118), section 5.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

MAX_VELOCITY = 127
OFFSETS_PER_STEP = 2.0
STEP_MS = 125.0  # a sixteenth at 120 quarters a minute
FIGURES = (
    "hits_precision",
    "hits_recall",
    "hits_f1",
    "velocity_mae",
    "velocity_mse",
    "timing_mae",
    "timing_mse",
)


@dataclasses.dataclass(frozen=True)
class GrooveErrors:
    """Errors as sums, which add up over examples.

    Attributes:
      found: hits that are in both.
      predicted: hits of the prediction.
      real: hits of the target.
      velocity: sum of absolute errors at the target's hits, of 0..1.
      velocity_squared: sum of their squares.
      timing: sum of absolute errors at the target's hits, in steps.
      timing_squared: sum of their squares.
    """

    found: float = 0.0
    predicted: float = 0.0
    real: float = 0.0
    velocity: float = 0.0
    velocity_squared: float = 0.0
    timing: float = 0.0
    timing_squared: float = 0.0

    def __add__(self, other: GrooveErrors) -> GrooveErrors:
        pairs = zip(dataclasses.astuple(self), dataclasses.astuple(other), strict=True)
        return GrooveErrors(*(a + b for a, b in pairs))

    def figures(self) -> dict[str, float]:
        """Returns the errors by name, those of `FIGURES`; a ratio of nothing is 0.

        `velocity_mae` is in MIDI velocity (0..127), `velocity_mse` in squares of 0..1, `timing_mae`
        in steps, `timing_mse` in their squares.
        """
        return {
            "hits_precision": _ratio(self.found, self.predicted),
            "hits_recall": _ratio(self.found, self.real),
            "hits_f1": _ratio(2 * self.found, self.predicted + self.real),
            "velocity_mae": MAX_VELOCITY * _ratio(self.velocity, self.real),
            "velocity_mse": _ratio(self.velocity_squared, self.real),
            "timing_mae": _ratio(self.timing, self.real),
            "timing_mse": _ratio(self.timing_squared, self.real),
        }


def groove_errors(predictions: npt.ArrayLike, targets: npt.ArrayLike) -> GrooveErrors:
    """Compares performances.

    Args:
      predictions: float `[..., D]`; a drum is hit where its first column is over 0.5.
      targets: float `[..., D]`.
    """
    hits, velocities, offsets = np.split(np.asarray(predictions, np.float64), 3, axis=-1)
    real, loudness, places = np.split(np.asarray(targets, np.float64), 3, axis=-1)
    drawn, wanted = hits > 0.5, real > 0.5
    velocity = np.abs(np.broadcast_to(velocities, loudness.shape) - loudness)[wanted]
    timing = np.abs(np.broadcast_to(offsets, places.shape) - places)[wanted] / OFFSETS_PER_STEP
    return GrooveErrors(
        found=float((drawn & wanted).sum()),
        predicted=float(np.broadcast_to(drawn, wanted.shape).sum()),
        real=float(wanted.sum()),
        velocity=float(velocity.sum()),
        velocity_squared=float((velocity**2).sum()),
        timing=float(timing.sum()),
        timing_squared=float((timing**2).sum()),
    )


def baseline_grooves(performances: Iterable[npt.ArrayLike]) -> dict[str, FloatArray]:
    """Returns the best predictions that are the same for every performance.

    Args:
      performances: float `[N, T, D]` each, at least one.

    Returns:
      Predictions, float64 `[T, D]`, by name: "mean", with the mean velocity and offset of all hits,
      and "mean of each drum", with those of each drum's. The hits of both are those that more than
      half of the examples have at that step.
    """
    examples = 0
    counts = loudness = places = np.zeros(0)
    for part in performances:
        hits, velocities, offsets = np.split(np.asarray(part, np.float64), 3, axis=-1)
        hits = (hits > 0.5).astype(np.float64)
        sums = [hits.sum(0), (hits * velocities).sum(0), (hits * offsets).sum(0)]
        if not examples:
            counts, loudness, places = (np.zeros_like(a) for a in sums)
        counts, loudness, places = (
            a + b for a, b in zip((counts, loudness, places), sums, strict=True)
        )
        examples += len(hits)
    assert examples, "no performance"
    baseline = (counts > 0.5 * examples).astype(np.float64)
    of_drum = np.maximum(counts.sum(0), 1.0)
    overall = [np.full(counts.shape, a.sum() / max(counts.sum(), 1.0)) for a in (loudness, places)]
    each = [np.broadcast_to(a.sum(0) / of_drum, counts.shape) for a in (loudness, places)]
    return {
        "mean": np.concatenate([baseline, *overall], axis=-1),
        "mean of each drum": np.concatenate([baseline, *each], axis=-1),
    }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
