"""The encoder in the operations of every file format: a sequence becomes mu and sigma.

Axes: B batch, T time step, D columns of a step, C controls, Z columns of z, S segments.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from musicvae.components import Component
from musicvae.errors import InputError
from musicvae.export.operations import Operations, Read, Value
from musicvae.export.source import ExportSource, Weights

_DIRECTIONS = ("fw", "bw")


class EncoderProgram:
    """A model's encoder."""

    def __init__(self, source: ExportSource, operations: Operations) -> None:
        """Prepares the program.

        Args:
          source: the model, with its encoder.
          operations: the graph that it is built in.
        """
        self._config = source.config
        self._weights = source.weights
        self._op = operations
        self._segments = source.spec.num_segments

    def encode(self, inputs: Value, lengths: Value, controls: Value = None) -> tuple[Value, Value]:
        """Reads sequences.

        Args:
          inputs: float32 `[B, T, D]`.
          lengths: int32 `[B]`, or `[B, S]` where segments have lengths of their own.
          controls: float32 `[B, T, C]`, or None for a model without.

        Returns:
          mu and sigma, float32 `[B, Z]` each.
        """
        op = self._op
        x = inputs if controls is None else op.concat([inputs, controls], 2)
        depth = self._depth
        encoder = self._config.encoder
        if encoder.type == "hierarchical_lstm":
            vector = self._encode_levels(x, lengths, depth, encoder)
        else:
            vector = self._encode_flat(x, lengths, encoder, "encoder")
        return self._dense(vector, "encoder/mu"), op.softplus(self._dense(vector, "encoder/sigma"))

    @property
    def _depth(self) -> int:
        """Columns of a step with its control."""
        name = next(n for n in self._weights if n.startswith("encoder/"))
        kernel = self._weights[name]
        if "input_projection_wrapper" in name:
            return int(kernel.shape[0])
        return int(kernel.shape[0] - kernel.shape[1] // 4)

    def _encode_levels(self, x: Value, lengths: Value, depth: int, encoder: Component) -> Value:
        """Reads segments, then the sequence of their vectors, level by level."""
        op = self._op
        core = encoder.core or Component("bidirectional_lstm")
        level_lengths = encoder.options["level_lengths"]
        rows = self._segment_lengths(lengths, math.prod(level_lengths[1:]), level_lengths[0])
        for k, size in enumerate(level_lengths):
            x = op.reshape(x, [-1, size, depth])
            if k:
                rows = op.filled(op.size(x, 0), None, size)
            x = self._encode_flat(x, rows, core, f"encoder/hierarchical_level_{k}")
            sizes = self._config.hparams.enc_rnn_size
            depth = sizes[-1] * (2 if core.type == "bidirectional_lstm" else 1)
        return x

    def _segment_lengths(self, lengths: Value, segments: int, size: int) -> Value:
        """Returns the length of each segment, int32 `[B * S]`."""
        op = self._op
        if self._segments:
            return op.reshape(lengths, [-1])
        starts = op.constant(size * np.arange(segments, dtype=np.int32)[None])
        left = op.subtract(op.reshape(lengths, [-1, 1]), starts)
        zero = op.constant(np.zeros((1, 1), np.int32))
        full = op.constant(np.full((1, 1), size, np.int32))
        left = op.where(op.less(left, full), left, full)
        return op.reshape(op.where(op.less(left, zero), zero, left), [-1])

    def _encode_flat(self, x: Value, lengths: Value, encoder: Component, scope: str) -> Value:
        """Reads `[B, T, D]` with one stack of layers; float32 `[B, E]`."""
        x = self._op.transpose(x, (1, 0, 2))
        sizes, residual = self._config.hparams.enc_rnn_size, self._config.hparams.residual_encoder
        layers = Layers(self._weights, self._op)
        if encoder.type == "bidirectional_lstm":
            return layers.bidirectional(x, lengths, scope, len(sizes), residual=residual).last
        if encoder.type == "lstm":
            return layers.forwards(x, lengths, f"{scope}/multi_rnn_cell", sizes, residual=residual)
        raise InputError(f"an encoder of type '{encoder.type}' cannot be exported")

    def _dense(self, x: Value, scope: str) -> Value:
        return dense(self._op, x, self._weights, scope)


class BothWays(NamedTuple):
    """What bidirectional layers give.

    Attributes:
      steps: float32 `[T, B, 2H]`; None where it was not asked for.
      last: float32 `[B, 2H]`, what each direction gives after the whole sequence.
    """

    steps: Value
    last: Value


class Layers:
    """Layers that read a whole sequence."""

    def __init__(self, weights: Weights, operations: Operations) -> None:
        """Prepares the layers.

        Args:
          weights: arrays by name.
          operations: the graph that they are built in.
        """
        self._weights = weights
        self._op = operations

    def bidirectional(
        self,
        x: Value,
        lengths: Value,
        scope: str,
        num_layers: int,
        *,
        residual: bool,
        with_steps: bool = False,
    ) -> BothWays:
        """Reads `[T, B, D]` forwards and backwards, layer upon layer."""
        op = self._op
        for k in range(num_layers):
            wanted = with_steps or k + 1 < num_layers
            steps, last = [], []
            for direction in _DIRECTIONS:
                name = f"{scope}/cell_{k}/bidirectional_rnn/{direction}/multi_rnn_cell/cell_0"
                backwards = direction == "bw"
                read, below = self._read(x, lengths, name, residual, backwards, wanted)
                last.append(read.last)
                if wanted:
                    steps.append(read.steps if below is None else op.add(read.steps, below))
            x = op.concat(steps, 2) if wanted else None
        return BothWays(x, op.concat(last, 1))

    def forwards(
        self, x: Value, lengths: Value, scope: str, sizes: Sequence[int], *, residual: bool
    ) -> Value:
        """Reads `[T, B, D]` forwards; returns the last layer's output at the end, `[B, H]`."""
        op = self._op
        last: Value = None
        for k in range(len(sizes)):
            wanted = k + 1 < len(sizes) or residual
            read, below = self._read(x, lengths, f"{scope}/cell_{k}", residual, False, wanted)
            last = read.last
            if residual and below is None:
                below = x
            x = read.steps if below is None else op.add(read.steps, below)
        return self._at_end(x, lengths) if residual else last

    def _read(
        self, x: Value, lengths: Value, scope: str, residual: bool, backwards: bool, steps: bool
    ) -> tuple[Read, Value]:
        """Reads with one layer; returns also what a residual layer adds, where it projects."""
        weights, below = self._weights, None
        projection = f"{scope}/input_projection_wrapper"
        if residual and f"{projection}/kernel" in weights:
            x = below = dense(self._op, x, weights, projection)
            scope = projection
        kernel, bias = (weights[f"{scope}/lstm_cell/{part}"] for part in ("kernel", "bias"))
        read = self._op.read(x, lengths, kernel, bias, backwards=backwards, with_steps=steps)
        return read, below

    def _at_end(self, x: Value, lengths: Value) -> Value:
        """Returns what stands at each sequence's last step of `[T, B, H]`; zeros without one."""
        op = self._op

        def step(t: Value, carried: list[Value]) -> tuple[list[Value], list[Value]]:
            within = op.reshape(op.less(op.as_count(t), lengths), [-1, 1])
            return [op.where(within, op.gather(x, t), carried[0])], []

        nothing = op.multiply(op.gather(x, op.number(0)), op.constant(np.zeros((), np.float32)))
        carried, _ = op.loop(op.size(x, 0), [nothing], step)
        return carried[0]


def dense(op: Operations, x: Value, weights: Weights, scope: str) -> Value:
    """Returns x · kernel + bias."""
    kernel, bias = weights[f"{scope}/kernel"], weights[f"{scope}/bias"]
    return op.add(op.matmul(x, op.weight(kernel)), op.weight(bias))
