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

    def velocity(self, x: Array, angle: float, condition: Array | None = None) -> Array:
        """Returns F(x, t, c).

        Args:
          x: float32 `[N, K]`.
          angle: t, 0..pi / 2.
          condition: float32 `[N, C]`; None for none.

        Returns:
          float32 `[N, K]`.
        """
        time = time_features(angle)
        hidden = x @ self.weights["in"]
        for k in range(self.size.blocks):
            inner = _normalized(hidden) @ self.weights[f"block_{k}/first"]
            inner += time @ self.weights[f"block_{k}/time"]
            if condition is not None:
                inner += condition @ self.weights[f"block_{k}/condition"]
            hidden += _silu(inner) @ self.weights[f"block_{k}/second"]
        velocity: Array = _normalized(hidden) @ self.weights["out"]
        return velocity

    def code(
        self,
        noise: Array,
        steps: int,
        condition: Array | None = None,
        guidance: float = 1.0,
        sharpness: float = 1.0,
    ) -> Array:
        """Follows the velocity from noise to a code, by the midpoint method.

        Args:
          noise: float32 `[N, K]`, standard normal.
          steps: how many steps; each asks the network twice.
          condition: float32 `[N, C]`, where a condition is wanted.
          guidance: how far past the condition's own velocity to go: 0 is none of it, 1 its own.
          sharpness: what the velocity is multiplied by; 1 is as the network was fitted.

        Returns:
          float32 `[N, K]`.
        """
        x, scale = noise, np.float32(sharpness)
        angles = np.linspace(math.pi / 2, 0.0, steps + 1)
        for start, end in zip(angles[:-1].tolist(), angles[1:].tolist(), strict=True):
            half = (start - end) / 2
            first = scale * self._guided(x, start, condition, guidance)
            middle = np.float32(math.cos(half)) * x - np.float32(math.sin(half)) * first
            second = scale * self._guided(middle, start - half, condition, guidance)
            x = x - np.float32(2 * half) * second
        return x

    def _guided(self, x: Array, angle: float, condition: Array | None, guidance: float) -> Array:
        if condition is None:
            return self.velocity(x, angle)
        conditional = self.velocity(x, angle, condition)
        if guidance == 1.0:
            return conditional
        free = self.velocity(x, angle)
        return free + np.float32(guidance) * (conditional - free)


def time_features(angle: float) -> Array:
    """Returns e(t), float32 `[1, E]`."""
    turned = np.float32(angle) * _FREQUENCIES
    return np.concatenate([np.ones(1, np.float32), np.cos(turned), np.sin(turned)])[np.newaxis]


def _normalized(hidden: Array) -> Array:
    mean_square = np.mean(np.square(hidden), axis=1, keepdims=True)
    normalized: Array = hidden / np.sqrt(mean_square + np.float32(EPSILON))
    return normalized


def _silu(x: Array) -> Array:
    # exp of a large number is inf and the quotient 0, which is right.
    with np.errstate(over="ignore"):
        return np.asarray(x / (1.0 + np.exp(-x)), np.float32)
