"""What a training can be told from Python, as keywords: `musicvae.train(..., early_stopping=3)`."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from musicvae.registry import check_keywords
from musicvae.training.options import TrainingOptions
from musicvae.training.run_spec import RunSpec


class TrainingKeywords(TypedDict, total=False):
    """Keywords of `musicvae.train`; those left out have the defaults of `musicvae-train`.

    Attributes:
      seed: random seed.
      eval_examples: TFRecords to evaluate on while training.
      eval_num_batches: evaluate on so many batches; all by default.
      eval_every_steps: steps between two evaluations.
      early_stopping: evaluations without a lower loss after which training ends; 0 for never.
      warm_start: a checkpoint, a run folder or the name of a bundled model whose weights a new
        training starts from.
      precision: what products are computed in; by default what the device is faster in.
      compile: whether XLA compiles the steps; by default what is faster on a GPU, else not.
      augment: random changes of training, as text.
      accumulate_steps: micro-batches over which gradients are accumulated, to save memory.
      checkpoint_segments: gradient checkpointing: segments to recompute at a time.
      checkpoint_minutes: minutes between two checkpoints.
      checkpoints_to_keep: how many recent checkpoints stay; 0 for all.
      device: "CPU", "GPU:1", or several with commas.
      num_workers: processes that look for examples; 0 for one a core.
      cache_dir: a folder to keep examples in for the next time.
    """

    seed: int
    eval_examples: str | os.PathLike[str]
    eval_num_batches: int
    eval_every_steps: int
    early_stopping: int
    warm_start: str
    precision: Literal["auto", "float32", "bfloat16"]
    compile: Literal["auto", "on", "off"]
    augment: str
    accumulate_steps: int
    checkpoint_segments: int
    checkpoint_minutes: float
    checkpoints_to_keep: int
    device: str
    num_workers: int
    cache_dir: str


_OPTIONS = {field.name for field in dataclasses.fields(TrainingOptions)} - {"seed"}


def run_spec(keywords: Mapping[str, Any], **given: Any) -> RunSpec:
    """Puts a training together.

    Args:
      keywords: those of `TrainingKeywords`, and num_steps.
      **given: further attributes of the RunSpec.

    Raises:
      TypeError: a keyword is unknown; the message names the nearest one.
      InputError: a value is out of range.
    """
    check_keywords(keywords, [*TrainingKeywords.__annotations__, "num_steps"])
    values = dict(keywords)
    values.pop("device", None)
    options = {name: values.pop(name) for name in [*values] if name in _OPTIONS}
    examples = values.pop("eval_examples", None)
    return RunSpec(
        eval_examples_path=None if examples is None else os.fspath(examples),
        num_workers=values.pop("num_workers", 0) or None,
        options=TrainingOptions(**options),
        **values,
        **given,
    )
