"""TensorFlow graphs out of the operations that models are made of, for SavedModel and TFLite.

Only operations that TFLite has built in are used, so that its files need no TensorFlow beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from musicvae.export.operations import Operations, Read, Step, Value

_FORGET_BIAS = np.array([0.0, 0.0, 1.0, 0.0], np.float32)


class TensorFlowOperations(Operations):
    """A graph that is traced by `tf.function`."""

    def __init__(self, *, half: bool = False) -> None:
        """Prepares the operations.

        Args:
          half: keep matrices as float16 in the graph; they are widened where they are used.
        """
        self._half = half

    def weight(self, array: npt.NDArray[Any]) -> Value:
        """Returns a weight, float32 in the graph whatever it is stored in."""
        if not (self._half and array.ndim > 1):
            return tf.constant(array, tf.float32)
        limit = float(np.finfo(np.float16).max)
        return tf.cast(tf.constant(np.clip(array, -limit, limit).astype(np.float16)), tf.float32)

    def constant(self, array: npt.NDArray[Any]) -> Value:
        """Returns a constant of the array's own type."""
        return tf.constant(array)

    def matmul(self, a: Value, b: Value) -> Value:
        """Returns a product of float32 `[..., I]` with a matrix `[I, O]`."""
        return tf.matmul(a, b) if a.shape.rank == b.shape.rank else tf.tensordot(a, b, 1)

    def add(self, a: Value, b: Value) -> Value:
        """Returns a sum, broadcast."""
        return a + b

    def subtract(self, a: Value, b: Value) -> Value:
        """Returns a difference, broadcast."""
        return a - b

    def multiply(self, a: Value, b: Value) -> Value:
        """Returns an elementwise product, broadcast."""
        return a * b

    def maximum(self, a: Value, b: Value) -> Value:
        """Returns the larger one, elementwise."""
        return tf.maximum(a, b)

    def sigmoid(self, x: Value) -> Value:
        """Returns 1 / (1 + exp(-x))."""
        return tf.sigmoid(x)

    def tanh(self, x: Value) -> Value:
        """Returns the hyperbolic tangent."""
        return tf.tanh(x)

    def softplus(self, x: Value) -> Value:
        """Returns log(1 + exp(x)), written out, since TFLite has no softplus."""
        return tf.maximum(x, 0.0) + tf.math.log(1.0 + tf.exp(-tf.abs(x)))

    def log(self, x: Value) -> Value:
        """Returns the natural logarithm."""
        return tf.math.log(x)

    def reciprocal_root(self, x: Value) -> Value:
        """Returns 1 / sqrt(x)."""
        return tf.math.rsqrt(x)

    def is_positive(self, x: Value) -> Value:
        """Returns bool, whether x > 0."""
        return x > 0.0

    def equal(self, a: Value, b: Value) -> Value:
        """Returns bool, whether two integers are equal, broadcast."""
        return tf.equal(a, b)

    def less(self, a: Value, b: Value) -> Value:
        """Returns bool, whether one integer is less than another, broadcast."""
        return tf.less(a, b)

    def both(self, a: Value, b: Value) -> Value:
        """Returns bool, whether both are true."""
        return tf.logical_and(a, b)

    def where(self, condition: Value, yes: Value, no: Value) -> Value:
        """Chooses elementwise, broadcast."""
        return tf.where(condition, yes, no)

    def to_float(self, x: Value) -> Value:
        """Returns float32."""
        return tf.cast(x, tf.float32)

    def argmax(self, x: Value) -> Value:
        """Returns the first of the largest columns, int32 `[...]` of `[..., D]`."""
        return tf.argmax(x, -1, output_type=tf.int32)

    def concat(self, parts: Sequence[Value], axis: int) -> Value:
        """Joins values; the axis is not negative."""
        return parts[0] if len(parts) == 1 else tf.concat(list(parts), axis)

    def split(self, x: Value, sizes: Sequence[int], axis: int) -> list[Value]:
        """Cuts a value; the axis is not negative."""
        return list(tf.split(x, list(sizes), axis))

    def stack(self, parts: Sequence[Value], axis: int) -> Value:
        """Joins values along a new axis."""
        return tf.stack(list(parts), axis)

    def gather(self, x: Value, index: Value, axis: int = 0) -> Value:
        """Takes x at an integer index of any shape, along an axis."""
        return tf.gather(x, index, axis=axis)

    def transpose(self, x: Value, order: Sequence[int]) -> Value:
        """Reorders axes."""
        return tf.transpose(x, list(order))

    def reshape(self, x: Value, shape: Sequence[int]) -> Value:
        """Reshapes; one size may be -1, what is left."""
        return tf.reshape(x, list(shape))

    def size(self, x: Value, axis: int) -> Value:
        """Returns one of x's sizes, an int32 scalar that `loop` and `filled` take."""
        return tf.shape(x)[axis]

    def number(self, value: int) -> Value:
        """Returns the number itself, so that shapes stay known."""
        return value

    def filled(self, rows: Value, columns: int | None, value: float) -> Value:
        """Returns float32 `[rows, columns]` of one value; int32 `[rows]` where columns is None."""
        if columns is None:
            return tf.fill([rows], tf.constant(int(value)))
        return tf.fill([rows, columns], tf.constant(value, tf.float32))

    def as_count(self, number: Value) -> Value:
        """Returns a number that `size` or `loop` gave as an int32 scalar."""
        return tf.convert_to_tensor(number, tf.int32)

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
        units = kernel.shape[1] // 4
        inputs, recurrent = self.weight(kernel[:-units]), self.weight(kernel[-units:])
        shifted = self.weight(bias + np.repeat(_FORGET_BIAS, units))
        if backwards:
            x = tf.reverse_sequence(x, lengths, seq_axis=0, batch_axis=1)
        entered = self.matmul(x, inputs) + shifted

        def step(t: Value, loop_state: list[Value]) -> tuple[list[Value], list[Value]]:
            c, h = loop_state
            i, g, f, o = tf.split(tf.gather(entered, t) + tf.matmul(h, recurrent), 4, -1)
            new_c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
            new_h = tf.sigmoid(o) * tf.tanh(new_c)
            within = tf.reshape(t < lengths, [-1, 1])
            after = [tf.where(within, new_c, c), tf.where(within, new_h, h)]
            return after, [new_h] if with_steps else []

        zeros = self.filled(tf.shape(x)[1], units, 0.0)
        (_, last), kept = self.loop(tf.shape(x)[0], [zeros, zeros], step)
        steps = kept[0] if with_steps else None
        if with_steps and backwards:
            steps = tf.reverse_sequence(steps, lengths, seq_axis=0, batch_axis=1)
        return Read(steps, last)

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
        shapes = _kept_shapes(loop_state, step)
        arrays = [self._empty(count, dtype, shape, loop_state[0]) for dtype, shape in shapes]

        def body(t: Value, loop_state: list[Value], arrays: list[Any]) -> Any:
            after, kept = step(t, loop_state)
            for old, new in zip(loop_state, after, strict=True):
                new.set_shape(old.shape)
            pairs = zip(arrays, kept, strict=True)
            return t + 1, after, [self._with(array, t, value) for array, value in pairs]

        _, after, arrays = tf.while_loop(
            lambda t, *_: t < count,
            body,
            (tf.constant(0), list(loop_state), arrays),
            parallel_iterations=1,
        )
        return list(after), [self._finished(array) for array in arrays]

    def _empty(self, count: Value, dtype: Any, shape: Any, like: Value) -> Any:
        """Returns what a loop keeps values of a shape in; unknown sizes are those of a batch."""
        del like
        return tf.TensorArray(dtype, count, element_shape=shape)

    def _with(self, array: Any, t: Value, value: Value) -> Any:
        return array.write(t, value)

    def _finished(self, array: Any) -> Value:
        return array.stack()


class TFLiteOperations(TensorFlowOperations):
    """The same for TFLite, whose lists need a fixed batch: loops keep values in a tensor."""

    def _empty(self, count: Value, dtype: Any, shape: Any, like: Value) -> Any:
        sizes = [tf.shape(like)[0] if size is None else size for size in shape]
        empty = tf.fill([count, *sizes], tf.zeros([], dtype))
        return tf.ensure_shape(empty, [count if isinstance(count, int) else None, *shape])

    def _with(self, array: Any, t: Value, value: Value) -> Any:
        numbers = tf.range(tf.shape(array)[0])
        here = tf.reshape(tf.equal(numbers, t), [-1, *[1] * value.shape.rank])
        return tf.where(here, value[None], array)

    def _finished(self, array: Any) -> Value:
        return array


def _kept_shapes(loop_state: Sequence[Value], step: Step) -> list[tuple[Any, Any]]:
    """Finds dtype and shape of what a step keeps, in a graph that is thrown away."""
    shapes: list[tuple[Any, Any]] = []

    def probe() -> None:
        _, kept = step(tf.constant(0), list(loop_state))
        shapes.extend((value.dtype, value.shape) for value in kept)

    tf.function(probe, autograph=False).get_concrete_function()
    return shapes
