"""The few operations that a model is made of, which every file format has under names of its own.

`encoder_program` and `decoder_program` are written with these, once for all formats. Sequences are
time-major inside, [T, B, D].
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy.typing as npt

# A value of the graph that is being built: a tensor, or the name of one.
Value = Any
Step = Callable[[Value, list[Value]], tuple[list[Value], list[Value]]]


class Read(NamedTuple):
    """What one LSTM layer gives for a sequence, read in one direction.

    Attributes:
      steps: float32 `[T, B, H]`, what it gives at each step, in the sequence's order; None where
        it was not asked for.
      last: float32 `[B, H]`, what it gives after the whole sequence; zeros where a length is 0.
    """

    steps: Value
    last: Value


class Operations(abc.ABC):
    """A graph that is being built."""

    @abc.abstractmethod
    def weight(self, array: npt.NDArray[Any]) -> Value:
        """Returns a weight, float32 in the graph whatever it is stored in."""

    @abc.abstractmethod
    def constant(self, array: npt.NDArray[Any]) -> Value:
        """Returns a constant of the array's own type."""

    @abc.abstractmethod
    def matmul(self, a: Value, b: Value) -> Value:
        """Returns a product of float32 `[..., I]` with a matrix `[I, O]`."""

    @abc.abstractmethod
    def add(self, a: Value, b: Value) -> Value:
        """Returns a sum, broadcast."""

    @abc.abstractmethod
    def subtract(self, a: Value, b: Value) -> Value:
        """Returns a difference, broadcast."""

    @abc.abstractmethod
    def multiply(self, a: Value, b: Value) -> Value:
        """Returns an elementwise product, broadcast."""

    @abc.abstractmethod
    def maximum(self, a: Value, b: Value) -> Value:
        """Returns the larger one, elementwise."""

    @abc.abstractmethod
    def sigmoid(self, x: Value) -> Value:
        """Returns 1 / (1 + exp(-x))."""

    @abc.abstractmethod
    def tanh(self, x: Value) -> Value:
        """Returns the hyperbolic tangent."""

    @abc.abstractmethod
    def softplus(self, x: Value) -> Value:
        """Returns log(1 + exp(x))."""

    @abc.abstractmethod
    def log(self, x: Value) -> Value:
        """Returns the natural logarithm."""

    @abc.abstractmethod
    def reciprocal_root(self, x: Value) -> Value:
        """Returns 1 / sqrt(x)."""

    @abc.abstractmethod
    def is_positive(self, x: Value) -> Value:
        """Returns bool, whether x > 0."""

    @abc.abstractmethod
    def equal(self, a: Value, b: Value) -> Value:
        """Returns bool, whether two integers are equal, broadcast."""

    @abc.abstractmethod
    def less(self, a: Value, b: Value) -> Value:
        """Returns bool, whether one integer is less than another, broadcast."""

    @abc.abstractmethod
    def both(self, a: Value, b: Value) -> Value:
        """Returns bool, whether both are true."""

    @abc.abstractmethod
    def where(self, condition: Value, yes: Value, no: Value) -> Value:
        """Chooses elementwise, broadcast."""

    @abc.abstractmethod
    def to_float(self, x: Value) -> Value:
        """Returns float32."""

    @abc.abstractmethod
    def argmax(self, x: Value) -> Value:
        """Returns the first of the largest columns, int32 `[...]` of `[..., D]`."""

    @abc.abstractmethod
    def concat(self, parts: Sequence[Value], axis: int) -> Value:
        """Joins values; the axis is not negative."""

    @abc.abstractmethod
    def split(self, x: Value, sizes: Sequence[int], axis: int) -> list[Value]:
        """Cuts a value; the axis is not negative."""

    @abc.abstractmethod
    def stack(self, parts: Sequence[Value], axis: int) -> Value:
        """Joins values along a new axis."""

    @abc.abstractmethod
    def gather(self, x: Value, index: Value, axis: int = 0) -> Value:
        """Takes x at an integer index of any shape, along an axis."""

    @abc.abstractmethod
    def transpose(self, x: Value, order: Sequence[int]) -> Value:
        """Reorders axes."""

    @abc.abstractmethod
    def reshape(self, x: Value, shape: Sequence[int]) -> Value:
        """Reshapes; one size may be -1, what is left."""

    @abc.abstractmethod
    def size(self, x: Value, axis: int) -> Value:
        """Returns one of x's sizes, an integer scalar that `loop` and `filled` take."""

    @abc.abstractmethod
    def number(self, value: int) -> Value:
        """Returns a number as `size` gives it."""

    @abc.abstractmethod
    def filled(self, rows: Value, columns: int | None, value: float) -> Value:
        """Returns float32 `[rows, columns]` of one value; int32 `[rows]` where columns is None."""

    @abc.abstractmethod
    def as_count(self, number: Value) -> Value:
        """Returns a number that `size` or `loop` gave as an int32 scalar."""

    @abc.abstractmethod
    def read(
        self,
        x: Value,
        lengths: Value,
        kernel: npt.NDArray[Any],
        bias: npt.NDArray[Any],
        *,
        backwards: bool,
        with_steps: bool,
    ) -> Read:
        """Runs an LSTM layer over sequences from a state of zeros.

        Args:
          x: float32 `[T, B, I]`.
          lengths: int32 `[B]`.
          kernel: float32 `[I + H, 4H]`, gates in the order i, c~, f, o.
          bias: float32 `[4H]`, without the 1 that is added to f.
          backwards: whether it begins at each sequence's end.
          with_steps: whether what it gives at each step is wanted.
        """

    @abc.abstractmethod
    def loop(
        self, count: Value, loop_state: Sequence[Value], step: Step
    ) -> tuple[list[Value], list[Value]]:
        """Repeats a step.

        Args:
          count: how often, at least once; as `size` gives it.
          loop_state: what the first step is given.
          step: called once to build the loop's body, with the step's number and what is loop_state;
            returns what the next step is given, of the same shapes, and what is kept of this one.

        Returns:
          What the last step gave to the next one, and what was kept, stacked along a new first
          axis.
        """
