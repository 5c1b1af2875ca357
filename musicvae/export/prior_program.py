"""A learned prior in the operations of every file format: noise becomes z.

The way from noise to a code is that of `FlowNetwork.code`, with no attribute asked for. What the
angle of a step adds to each block is known beforehand, and stands in a table.

Axes: B batch, K informative directions, H units, Z columns of z, S steps of the way.
"""

from __future__ import annotations

import math

import numpy as np

from musicvae.export.operations import Operations, Value
from musicvae.prior.latent_prior import DEFAULT_STEPS, LatentPrior
from musicvae.prior.network import EPSILON, time_features


class PriorProgram:
    """A model's learned prior."""

    def __init__(
        self, prior: LatentPrior, operations: Operations, steps: int = DEFAULT_STEPS
    ) -> None:
        """Prepares the program.

        Args:
          prior: the prior.
          operations: the graph that it is built in.
          steps: S, at least 1; each asks the network twice.
        """
        self._prior = prior
        self._op = operations
        self._steps = steps

    def draw(self, noise: Value) -> Value:
        """Follows the prior's velocity from noise to latent vectors.

        Args:
          noise: float32 `[B, Z]`, standard normal.

        Returns:
          z, float32 `[B, Z]`.
        """
        op, axes = self._op, self._prior.axes
        directions = self._prior.network.size.directions
        rest = self._prior.z_size - directions
        whitened = [noise, None] if not rest else op.split(noise, [directions, rest], 1)
        half = math.pi / 4 / self._steps
        starts, middles = self._tables(half)

        def step(t: Value, state: list[Value]) -> tuple[list[Value], list[Value]]:
            (x,) = state
            first = self._velocity(x, starts, t)
            middle = op.subtract(
                self._scaled(x, math.cos(half)), self._scaled(first, math.sin(half))
            )
            second = self._velocity(middle, middles, t)
            return [op.subtract(x, self._scaled(second, 2 * half))], []

        begun = self._scaled(whitened[0], self._prior.spread)
        (code,), _ = op.loop(op.number(self._steps), [begun], step)
        rows = code if not rest else op.concat([code, whitened[1]], 1)
        return op.add(op.matmul(rows, op.weight(axes.basis)), op.constant(axes.mean))

    def _tables(self, half: float) -> tuple[list[Value], list[Value]]:
        """Returns what the angles at starts and middles of steps add to each block, `[S, H]`."""
        network = self._prior.network
        starts = math.pi / 2 - 2 * half * np.arange(self._steps)
        found: list[list[Value]] = []
        for angles in (starts, starts - half):
            features = np.concatenate([time_features(angle) for angle in angles.tolist()])
            found.append(
                [
                    self._op.constant(features @ network.weights[f"block_{k}/time"])
                    for k in range(network.size.blocks)
                ]
            )
        return found[0], found[1]

    def _velocity(self, x: Value, tables: list[Value], t: Value) -> Value:
        """Returns the velocity at step t, times the prior's sharpness, float32 `[B, K]`."""
        op, weights = self._op, self._prior.network.weights
        hidden = op.matmul(x, op.weight(weights["in"]))
        for k, table in enumerate(tables):
            inner = op.matmul(self._normalized(hidden), op.weight(weights[f"block_{k}/first"]))
            inner = op.add(inner, op.gather(table, t))
            inner = op.multiply(inner, op.sigmoid(inner))
            hidden = op.add(hidden, op.matmul(inner, op.weight(weights[f"block_{k}/second"])))
        velocity = op.matmul(self._normalized(hidden), op.weight(weights["out"]))
        return self._scaled(velocity, self._prior.sharpness)

    def _normalized(self, hidden: Value) -> Value:
        op, units = self._op, self._prior.network.size.units
        mean = op.constant(np.full((units, 1), 1 / units, np.float32))
        mean_square = op.matmul(op.multiply(hidden, hidden), mean)
        shifted = op.add(mean_square, op.constant(np.array(EPSILON, np.float32)))
        return op.multiply(hidden, op.reciprocal_root(shifted))

    def _scaled(self, x: Value, factor: float) -> Value:
        return self._op.multiply(x, self._op.constant(np.array(factor, np.float32)))
