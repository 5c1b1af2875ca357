"""A residual network that says which way a noisy code moves, in numpy.

A code x of unit variance and noise n of unit variance are mixed on a circle: x_t = cos(t) x +
sin(t) n for an angle t from 0 (the code) to pi / 2 (noise). The network F(x_t, t, c) predicts the
velocity cos(t) n - sin(t) x. For a standard normal x it is 0 everywhere: what the network learns is
how codes differ from that. From noise, the code is reached by following the velocity down to t = 0.

A small network smooths what it learns, and its codes lie somewhat between those of music and a
Gaussian's. Its velocity times a sharpness over 1 is guidance away from the Gaussian, the worse
model of the same codes, whose velocity is 0 (Karras et al. 2024, arXiv:2406.02507).

    h = x W_in
    h = h + silu(norm(h) A_k + e(t) T_k + c C_k) B_k       for each block k
    F = norm(h) W_out

norm divides by the root mean square; e(t) are 1 and the cosines and sines of odd multiples of t.

Axes: N rows, K directions of latent space, H units, E time features, C condition features.

Source: flow matching, Lipman et al. 2023 (arXiv:2210.02747), on the trigonometric path of Albergo
and Vanden-Eijnden 2023 (arXiv:2209.15571); guidance, Ho and Salimans 2022 (arXiv:2207.12598).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

NUM_FREQUENCIES = 16
TIME_FEATURES = 1 + 2 * NUM_FREQUENCIES
EPSILON = 1e-6
# Rows of a product, always as many.
_ROWS = 16
_FREQUENCIES = (2 * np.arange(NUM_FREQUENCIES) + 1).astype(np.float32)


@dataclasses.dataclass(frozen=True)
class FlowSize:
    """The sizes of a network.

    Attributes:
      directions: K.
      units: H.
      blocks: how many residual blocks.
      conditions: C.
    """

    directions: int
    units: int
    blocks: int
    conditions: int

    def shapes(self) -> dict[str, tuple[int, int]]:
        """Returns the shape of every matrix by name."""
        units = self.units
        shapes = {"in": (self.directions, units), "out": (units, self.directions)}
        for k in range(self.blocks):
            shapes[f"block_{k}/first"] = (units, units)
            shapes[f"block_{k}/second"] = (units, units)
            shapes[f"block_{k}/time"] = (TIME_FEATURES, units)
            if self.conditions:
                shapes[f"block_{k}/condition"] = (self.conditions, units)
        return shapes


@dataclasses.dataclass(frozen=True)
class FlowNetwork:
    """A trained network.

    Attributes:
      size: its sizes.
      weights: float32 matrices by name, of the shapes that `FlowSize.shapes` gives.
    """

    size: FlowSize
    weights: Mapping[str, Array]

    def code(
        self,
        noise: Array,
        steps: int,
        condition: Array | None = None,
        guidance: float = 1.0,
        sharpness: float = 1.0,
        *,
        angle: float = math.pi / 2,
    ) -> Array:
        """Follows the velocity from noise to a code, by the midpoint method.

        Args:
          noise: float32 `[N, K]`, standard normal, or codes that noise was mixed into. A row's code
            does not hang on the others.
          steps: how many steps; each asks the network twice.
          condition: float32 `[N, C]`, where a condition is wanted.
          guidance: how far past the condition's own velocity to go: 0 is none of it, 1 its own.
          sharpness: what the velocity is multiplied by; 1 is as the network was fitted.
          angle: at which the way begins, over 0; pi / 2 is noise alone.

        Returns:
          float32 `[N, K]`.
        """
        x = in_blocks(noise)
        given = None if condition is None else in_blocks(condition)
        half = angle / 2 / steps
        starts = angle - 2 * half * np.arange(steps)
        way = _Way(self, len(x), np.stack([starts, starts - half], 1).ravel(), given, guidance)
        cosine, sine = math.cos(half), sharpness * math.sin(half)
        for k in range(steps):
            middle = np.float32(cosine) * x - np.float32(sine) * way.velocity(x, 2 * k)
            x = x - np.float32(2 * half * sharpness) * way.velocity(middle, 2 * k + 1)
        code: Array = x.reshape(-1, x.shape[-1])[: len(noise)]
        return code


class _Way:
    """The network at the angles of a way, in arrays that are made once.

    Rows are in blocks of `_ROWS`: the product of two matrices depends on their sizes in the last
    bit, and a code must not depend on how many are found beside it.
    """

    def __init__(
        self,
        network: FlowNetwork,
        blocks: int,
        angles: Array,
        condition: Array | None,
        guidance: float,
    ) -> None:
        """Multiplies what is known beforehand.

        Args:
          network: the network.
          blocks: how many blocks of rows.
          angles: float64 `[A]`, 0..pi / 2.
          condition: float32 `[blocks, _ROWS, C]`, or None.
          guidance: how far past the condition's own velocity to go.
        """
        self._weights, self._count = network.weights, network.size.blocks
        self._guidance = np.float32(guidance)
        features = np.concatenate([time_features(angle) for angle in angles.tolist()])
        known = [features @ self._weights[f"block_{k}/time"] for k in range(self._count)]
        self._time = [np.float32(0.5) * each for each in known]
        self._condition: list[Array] = []
        # Guided rows are asked about twice, beside each other: with the condition and without.
        self._twice = condition is not None and guidance != 1.0
        if condition is not None:
            for k in range(self._count):
                added = np.float32(0.5) * (condition @ self._weights[f"block_{k}/condition"])
                if self._twice:
                    added = np.concatenate([added, np.zeros_like(added)])
                self._condition.append(added)
        shape = (blocks * (1 + self._twice), _ROWS, network.size.units)
        self._hidden, self._normal, self._inner, self._gate = (
            np.empty(shape, np.float32) for _ in range(4)
        )

    def velocity(self, x: Array, angle: int) -> Array:
        """Returns F at an angle of the way.

        Args:
          x: float32 `[blocks, _ROWS, K]`.
          angle: which.

        Returns:
          float32 `[blocks, _ROWS, K]`.
        """
        hidden, inner, gate = self._hidden, self._inner, self._gate
        if self._twice:
            x = np.concatenate([x, x])
        np.matmul(x, self._weights["in"], out=hidden)
        for k in range(self._count):
            # inner is half of what silu is of: silu(2 u) = u + u tanh(u).
            np.matmul(self._normalized(0.5), self._weights[f"block_{k}/first"], out=inner)
            inner += self._time[k][angle]
            if self._condition:
                inner += self._condition[k]
            np.tanh(inner, out=gate)
            gate *= inner
            inner += gate
            np.matmul(inner, self._weights[f"block_{k}/second"], out=gate)
            hidden += gate
        found: Array = np.matmul(self._normalized(1.0), self._weights["out"])
        if not self._twice:
            return found
        conditional, free = np.split(found, 2)
        guided: Array = free + self._guidance * (conditional - free)
        return guided

    def _normalized(self, factor: float) -> Array:
        """Returns the hidden units over their root mean square, times a factor."""
        units = self._hidden.shape[-1]
        mean_square = np.einsum("bru,bru->br", self._hidden, self._hidden) / np.float32(units)
        scale = np.float32(factor) / np.sqrt(mean_square + np.float32(EPSILON))
        np.multiply(self._hidden, scale[..., np.newaxis], out=self._normal)
        return self._normal


def in_blocks(rows: Array) -> Array:
    """Returns rows in blocks of one size, zeros behind the last.

    A product of blocks gives each row the same whatever the others are.

    Args:
      rows: float32 `[N, D]`.

    Returns:
      float32 `[blocks, 16, D]`.
    """
    blocks = -(-len(rows) // _ROWS)
    filled = np.zeros((blocks * _ROWS, rows.shape[1]), np.float32)
    filled[: len(rows)] = rows
    return filled.reshape(blocks, _ROWS, -1)


def time_features(angle: float) -> Array:
    """Returns e(t), float32 `[1, E]`."""
    turned = np.float32(angle) * _FREQUENCIES
    return np.concatenate([np.ones(1, np.float32), np.cos(turned), np.sin(turned)])[np.newaxis]
