"""What a step's distribution is drawn with, in the operations of every file format.

Noise comes in from outside, so that one file serves every runtime and repeats itself: standard
Gumbel noise for each class of a category, uniform noise in 0..1 for each hit. A step is drawn as

    category  argmax(logits + temperature * gumbel)
    hit       logit + temperature * (log u - log(1 - u)) > 0

Axes: N examples, D columns of a step, P parameters, Q columns of noise.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from musicvae.export.operations import Operations, Value

_SMALLEST = 1.2e-38


class Draw(abc.ABC):
    """How one step is drawn of its parameters.

    Attributes:
      depth: D.
      noise_depth: Q.
      noise: what the noise is: "gumbel" or "uniform".
    """

    depth: int
    noise_depth: int
    noise: str

    @abc.abstractmethod
    def draw(self, op: Operations, parameters: Value, noise: Value, temperature: Value) -> Value:
        """Draws a step.

        Args:
          op: the graph.
          parameters: float32 `[N, P]`.
          noise: float32 `[N, Q]`.
          temperature: float32 scalar.

        Returns:
          int32 `[N, K]` labels of K categories, or float32 `[N, D]`.
        """

    @abc.abstractmethod
    def feed(self, op: Operations, drawn: Value, rows: Sequence[Value]) -> Value:
        """Returns what a drawn step gives to the lowest layer, float32 `[N, E]`.

        Args:
          op: the graph.
          drawn: as `draw` gives it.
          rows: the weights of a step's columns, as `weights` made them.
        """

    @abc.abstractmethod
    def weights(self, op: Operations, rows: Any) -> list[Value]:
        """Returns the weights `[D, E]` of a step's columns as `feed` takes them."""


class Categories(Draw):
    """One class of each of several categories, side by side."""

    noise = "gumbel"

    def __init__(self, depths: Sequence[int]) -> None:
        """Makes the distribution.

        Args:
          depths: classes of each category.
        """
        self.depths = tuple(depths)
        self.depth = self.noise_depth = sum(depths)

    def draw(self, op: Operations, parameters: Value, noise: Value, temperature: Value) -> Value:
        """Takes the class with the largest noisy logit of each of K categories.

        Args:
          op: the graph.
          parameters: float32 `[N, D]`, logits.
          noise: float32 `[N, D]`, standard Gumbel.
          temperature: float32 scalar, at least 0.

        Returns:
          int32 `[N, K]`.
        """
        noisy = op.add(parameters, op.multiply(noise, temperature))
        parts = [noisy] if len(self.depths) == 1 else op.split(noisy, self.depths, 1)
        return op.stack([op.argmax(part) for part in parts], 1)

    def feed(self, op: Operations, drawn: Value, rows: Sequence[Value]) -> Value:
        """Looks up the row of each category's class and adds them up.

        Args:
          op: the graph.
          drawn: int32 `[N, K]`.
          rows: K matrices, of `weights`.

        Returns:
          float32 `[N, E]`.
        """
        fed = None
        for k, own in enumerate(rows):
            label = op.gather(drawn, op.constant(np.array(k, np.int32)), 1)
            row = op.gather(own, label)
            fed = row if fed is None else op.add(fed, row)
        return fed

    def weights(self, op: Operations, rows: Any) -> list[Value]:
        """Returns the rows of each of K categories, of `[D, E]`."""
        parts = np.split(rows, np.cumsum(self.depths)[:-1])
        return [op.weight(part) for part in parts]


class _Multiplied(Draw):
    """A step of numbers, which is multiplied by the rows of its columns."""

    noise = "uniform"

    def feed(self, op: Operations, drawn: Value, rows: Sequence[Value]) -> Value:
        """Multiplies a step.

        Args:
          op: the graph.
          drawn: float32 `[N, D]`.
          rows: one matrix `[D, E]`.

        Returns:
          float32 `[N, E]`.
        """
        return op.matmul(drawn, rows[0])

    def weights(self, op: Operations, rows: Any) -> list[Value]:
        """Returns all rows `[D, E]` together."""
        return [op.weight(rows)]


class GrooveStep(_Multiplied):
    """Hits with their velocities and offsets."""

    def __init__(self, depth: int) -> None:
        """Makes the distribution.

        Args:
          depth: D, three times the number of drums.
        """
        self.depth, self.noise_depth = depth, depth // 3

    def draw(self, op: Operations, parameters: Value, noise: Value, temperature: Value) -> Value:
        """Chooses the hits; velocities and offsets are the expected ones.

        Args:
          op: the graph.
          parameters: float32 `[N, D]`, before the sigmoid or tanh.
          noise: float32 `[N, D / 3]`, uniform in 0..1.
          temperature: float32 scalar, at least 0.

        Returns:
          float32 `[N, D]`: hits 0 or 1, velocities 0 to 1, offsets -1 to 1.
        """
        hits, velocities, offsets = op.split(parameters, [self.noise_depth] * 3, 1)
        hits = _hits(op, hits, noise, temperature)
        return op.concat([hits, op.sigmoid(velocities), op.tanh(offsets)], 1)


class RollStep(_Multiplied):
    """On-off classes, drawn one after the other (NADE)."""

    def __init__(self, weights: Mapping[str, Any], scope: str) -> None:
        """Makes the distribution.

        Args:
          weights: arrays by name.
          scope: the names of the shared weights before `/w_enc` and `/w_dec_t`.
        """
        self._w_enc, self._w_dec_t = weights[f"{scope}/w_enc"], weights[f"{scope}/w_dec_t"]
        self.depth, _, self._hidden = self._w_enc.shape
        self.noise_depth = self.depth

    def draw(self, op: Operations, parameters: Value, noise: Value, temperature: Value) -> Value:
        """Chooses one class after the other.

        Args:
          op: the graph.
          parameters: float32 `[N, H + D]`, biases of H hidden units and D classes.
          noise: float32 `[N, D]`, uniform in 0..1.
          temperature: float32 scalar, at least 0.

        Returns:
          float32 `[N, D]`, 0 or 1.
        """
        a, b_dec = op.split(parameters, [self._hidden, self.depth], 1)
        w_enc, w_dec_t = op.weight(self._w_enc), op.weight(self._w_dec_t)

        def choose(i: Value, carried: list[Value]) -> tuple[list[Value], list[Value]]:
            (a,) = carried
            product = op.matmul(op.sigmoid(a), op.gather(w_dec_t, i))
            logit = op.add(op.reshape(op.gather(b_dec, i, 1), [-1, 1]), product)
            own = op.reshape(op.gather(noise, i, 1), [-1, 1])
            value = _hits(op, logit, own, temperature)
            return [op.add(a, op.multiply(value, op.gather(w_enc, i)))], [value]

        _, (values,) = op.loop(op.number(self.depth), [a], choose)
        return op.reshape(op.transpose(values, (1, 0, 2)), [-1, self.depth])


def _hits(op: Operations, logits: Value, uniform: Value, temperature: Value) -> Value:
    """Returns 1 where something is hit, float32."""
    one, least = (op.constant(np.array(x, np.float32)) for x in (1.0, _SMALLEST))
    yes = op.log(op.maximum(uniform, least))
    no = op.log(op.maximum(op.subtract(one, uniform), least))
    noise = op.multiply(op.subtract(yes, no), temperature)
    return op.to_float(op.is_positive(op.add(logits, noise)))
