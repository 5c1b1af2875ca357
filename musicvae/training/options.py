"""What a training is told beside its configuration."""

from __future__ import annotations

import dataclasses
import math
from typing import Literal

from musicvae.errors import InputError

_MAX_TEACHER_RATIO = 100.0


@dataclasses.dataclass(frozen=True)
class TrainingOptions:
    """Settings of one run; the model and its hyperparameters are in the configuration.

    Attributes:
      num_steps: the step at which training ends.
      seed: what first weights, the order of examples and all noise depend on.
      precision: what products are computed in: "float32", "bfloat16", or "auto" for bfloat16 where
        the device has instructions for it, float32 elsewhere. Weights are float32 in each case.
      compile: whether XLA compiles the steps: "on", "off", or "auto" for the faster on a GPU and
        "off" elsewhere.
      accumulate_steps: rounds that a batch is worked on in, to need less memory.
      checkpoint_segments: segments of a hierarchical decoder that are run at a time and again for
        their gradient, to need less memory; 0 keeps what all of them computed.
      warm_start: a checkpoint whose weights training starts from, or None.
      teacher: a checkpoint whose decoder makes up examples to learn from beside the music, or None.
      teacher_ratio: so many of them for each example of music.
      teacher_min_temperature: they are drawn at temperatures between this and 1.
      checkpoint_minutes: minutes between two checkpoints.
      checkpoints_to_keep: how many recent ones stay; 0 for all.
      keep_checkpoint_every_n_hours: hours between checkpoints that are never removed; infinite for
        none.
      eval_every_steps: steps between two evaluations, where there is something to evaluate on.
      early_stopping: evaluations without improvement after which training ends; 0 for never.
      summary_steps: steps between two TensorBoard summaries.
      progress_seconds: seconds between two lines of progress.
    """

    num_steps: int = 200_000
    seed: int = 0
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    compile: Literal["auto", "on", "off"] = "auto"
    accumulate_steps: int = 1
    checkpoint_segments: int = 0
    warm_start: str | None = None
    teacher: str | None = None
    teacher_ratio: float = 1.0
    teacher_min_temperature: float = 1.0
    checkpoint_minutes: float = 10.0
    checkpoints_to_keep: int = 5
    keep_checkpoint_every_n_hours: float = math.inf
    eval_every_steps: int = 1000
    early_stopping: int = 0
    summary_steps: int = 100
    progress_seconds: float = 10.0

    def __post_init__(self) -> None:
        for name in ("num_steps", "accumulate_steps", "eval_every_steps", "summary_steps"):
            if getattr(self, name) < 1:
                raise InputError(f"--{name}={getattr(self, name)} must be at least 1")
        for name in ("seed", "checkpoint_segments", "checkpoint_minutes", "early_stopping"):
            if not getattr(self, name) >= 0:
                raise InputError(f"--{name}={getattr(self, name)} must be at least 0")
        if not 0.0 < self.teacher_ratio <= _MAX_TEACHER_RATIO:
            raise InputError(
                f"--teacher_ratio={self.teacher_ratio:g} must be over 0 and at most "
                f"{_MAX_TEACHER_RATIO:g}"
            )
        if not 0.0 <= self.teacher_min_temperature <= 1.0:
            raise InputError(
                f"--teacher_min_temperature={self.teacher_min_temperature:g} must be between 0 and "
                "1; examples are drawn at temperatures from there to 1"
            )
