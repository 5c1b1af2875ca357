"""How much memory a training needs, before it starts.

Weights, their gradients and Adam's two moments are exact. What the forward pass keeps for the
gradient is estimated from the variables: every LSTM layer keeps, for each example and step, its
projected input and four gates, its cell and its output; the top of a decoder keeps its logits and
their gradient, and NADE its hidden units at each drum. The graph of the step, and what TensorFlow
allocates to run it, is a constant.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from typing import Any

from musicvae.components import Component
from musicvae.config import Config, ExampleSpec

_BYTES = 4
_COPIES_OF_WEIGHTS = 4
_KEPT_PER_UNIT = 10
_LOGIT_COPIES = 4
_NADE_COPIES = 2
# Measured with a model of 8 units: what its step adds to a process that has TensorFlow loaded.
_GRAPH_BYTES = 80 << 20
_LSTM_BIAS = re.compile(r".*lstm_cell/bias")
_LEVEL = re.compile(r"hierarchical_level_(\d+)")
_CORE = "core_decoder"
_NADE_WEIGHTS = "nade/w_enc"
_GATES = 4


@dataclasses.dataclass(frozen=True)
class Memory:
    """Bytes that a training needs.

    Attributes:
      variables: weights, gradients and moments.
      activations: what one round of one replica's part of a batch keeps.
      graph: the compiled step.
    """

    variables: int
    activations: int
    graph: int = _GRAPH_BYTES

    @property
    def total(self) -> int:
        """All of it, beside TensorFlow itself."""
        return self.variables + self.activations + self.graph

    def __str__(self) -> str:
        return (
            f"about {readable(self.total)} beside TensorFlow itself: {readable(self.variables)} "
            f"for weights, gradients and Adam, {readable(self.activations)} for a batch, "
            f"{readable(self.graph)} for the step's graph"
        )


def expected_memory(
    config: Config,
    spec: ExampleSpec,
    shapes: Mapping[str, tuple[int, ...]],
    examples: int,
    checkpoint_segments: int = 0,
) -> Memory:
    """Estimates the memory of training.

    Args:
      config: the configuration.
      spec: the shape of its examples.
      shapes: of the model's variables by name.
      examples: how many are worked on at a time.
      checkpoint_segments: of a hierarchical decoder, how many are worked on at a time; 0 for all.
    """
    weights = sum(math.prod(shape) for shape in shapes.values())
    steps = config.hparams.max_seq_len
    share = 1.0
    if checkpoint_segments:
        *conductors, _ = config.decoder.options["level_lengths"]
        share = checkpoint_segments / math.prod(conductors)
    per_example = share * _LOGIT_COPIES * steps * spec.output_depth
    for name, shape in shapes.items():
        if name.endswith(_NADE_WEIGHTS):
            per_example += share * _NADE_COPIES * steps * math.prod(shape)
        if _LSTM_BIAS.fullmatch(name):
            units = shape[0] // _GATES
            kept = _KEPT_PER_UNIT * units * _steps_of(name, config, steps)
            per_example += kept * (share if name.startswith(_CORE) else 1.0)
    return Memory(_COPIES_OF_WEIGHTS * _BYTES * weights, int(_BYTES * per_example * examples))


def readable(size: int) -> str:
    """Returns a number of bytes for people: "1.3 GB"."""
    return f"{size / 2**30:.1f} GB" if size >= 2**30 else f"{max(1, size >> 20)} MB"


def _steps_of(name: str, config: Config, steps: int) -> int:
    """Returns how many steps a layer takes for one example: a conductor takes one a segment."""
    level = _LEVEL.search(name)
    if level is None:
        return steps
    number = int(level[1])
    component: Component = config.encoder if name.startswith("encoder") else config.decoder
    lengths: Any = component.options.get("level_lengths", (steps,))
    if component is config.encoder:
        return int(math.prod(lengths[number:]))
    return int(math.prod(lengths[: number + 1]))
