"""A model's variables: Magenta's checkpoint names, its first values, and dense layers on top.

Every variable is made by `Variables.create`, which is what fills `MusicVAE.named_variables`. First
values are drawn from a stateless generator that is seeded by (seed, name), so that they depend
neither on the order of creation nor on the other variables.

Axes: B batch, T time step, D depth.
"""

from __future__ import annotations

import math
import secrets
import zlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

Tensor = Any
Initializer = Callable[[Sequence[int], Tensor], Tensor]
InitialValues = Callable[[str, tuple[int, ...]], Any]


def glorot_uniform(shape: Sequence[int], seed: Tensor) -> Tensor:
    """Draws uniformly from ±sqrt(6 / (fan in + fan out)).

    Args:
      shape: `[fan_in, fan_out]`.
      seed: int32 `[2]`.

    Source: Glorot and Bengio 2010, equation 16.
    """
    limit = math.sqrt(6.0 / max(1, sum(shape)))
    return tf.random.stateless_uniform(shape, seed, -limit, limit)


def narrow_normal(shape: Sequence[int], seed: Tensor) -> Tensor:
    """Draws from N(0, 0.001²), for the layers around z.

    Args:
      shape: any.
      seed: int32 `[2]`.
    """
    return tf.random.stateless_normal(shape, seed, stddev=0.001)


def zeros(shape: Sequence[int], seed: Tensor) -> Tensor:
    """Returns zeros, for biases.

    Args:
      shape: any.
      seed: not used.
    """
    del seed
    return tf.zeros(shape)


class Variables:
    """Makes trainable variables and keeps them by name; float32, unless kernels are to be smaller.

    Attributes:
      by_name: the variables so far, in order of creation.
      frozen: whether their values never change, so that what is made of them can be kept.
    """

    def __init__(
        self,
        seed: int | None,
        initial_values: InitialValues | None = None,
        kernel_dtype: tf.DType = tf.float32,
        *,
        frozen: bool = False,
    ) -> None:
        """Makes an empty set.

        Args:
          seed: what the first values depend on; None draws a new one.
          initial_values: gives the first value of (name, shape) instead of the initializers.
          kernel_dtype: what matrices are kept in; a model that trains needs float32.
          frozen: whether their values never change.
        """
        self.frozen = frozen
        self._kernel_dtype = kernel_dtype
        self._seed = secrets.randbits(31) if seed is None else seed
        self._initial_values = initial_values
        self.by_name: dict[str, tf.Variable] = {}

    def create(self, name: str, shape: Sequence[int], initializer: Initializer) -> tf.Variable:
        """Makes a variable.

        Args:
          name: its name in a checkpoint.
          shape: its dimensions.
          initializer: draws the first value of (shape, seed).

        Returns:
          The variable, `shape`.
        """
        assert name not in self.by_name, f"variable '{name}' exists already"
        if self._initial_values is None:
            seed = [self._seed & 0x7FFFFFFF, zlib.crc32(name.encode()) & 0x7FFFFFFF]
            value = initializer(shape, tf.constant(seed, tf.int32))
        else:
            value = self._initial_values(name, tuple(shape))
        dtype = self._kernel_dtype if len(shape) == 2 else tf.float32
        self.by_name[name] = tf.Variable(tf.cast(value, dtype), name=name)
        return self.by_name[name]


class VariableShapes(Variables):
    """Notes the shapes of a model's variables and makes none of them."""

    def __init__(self) -> None:
        """Makes an empty set."""
        super().__init__(seed=0)
        self.shapes: dict[str, tuple[int, ...]] = {}

    def create(self, name: str, shape: Sequence[int], initializer: Initializer) -> tf.Variable:
        """Notes a variable; returns None."""
        del initializer
        self.shapes[name] = tuple(shape)


class Dense:
    """A dense layer, x · kernel + bias."""

    def __init__(
        self, variables: Variables, scope: str, depth: int, units: int, initializer: Initializer
    ) -> None:
        """Makes the layer's variables.

        Args:
          variables: where they are made.
          scope: their names before `/kernel` and `/bias`.
          depth: columns of the input.
          units: columns of the output.
          initializer: for the kernel; biases start at 0.
        """
        self.kernel = variables.create(f"{scope}/kernel", [depth, units], initializer)
        self.bias = variables.create(f"{scope}/bias", [units], zeros)

    def __call__(self, x: Tensor, dtype: tf.DType = tf.float32) -> Tensor:
        """Applies the layer.

        Args:
          x: `[..., depth]`.
          dtype: what the product is computed in.

        Returns:
          float32 `[..., units]`.
        """
        return plus_bias(product(x, self.kernel, dtype), self.bias)


@tf.custom_gradient  # type: ignore[untyped-decorator]
def plus_bias(x: Tensor, bias: Tensor) -> Any:
    """Adds a bias to rows, with a gradient that takes no time.

    Args:
      x: float32 `[..., units]`.
      bias: float32 `[units]`.

    Returns:
      float32 `[..., units]`.
    """
    return x + bias, lambda upstream: (upstream, sum_of_rows(upstream))


def sum_of_rows(x: Tensor) -> Tensor:
    """Adds up all rows, as a product: many times faster than `tf.reduce_sum` of so many.

    Args:
      x: float32 `[..., units]`.

    Returns:
      float32 `[units]`.
    """
    rows = tf.reshape(x, [-1, x.shape[-1]])
    return tf.matmul(tf.ones([1, tf.shape(rows)[0]]), rows)[0]


class Transposed(NamedTuple):
    """A matrix kept the other way round, `[units, depth]`.

    Products of few rows read it up to twice as fast on a CPU, where the kernel is large or of
    half-size numbers.
    """

    columns: Tensor

    @property
    def dtype(self) -> tf.DType:
        """What it is kept in."""
        return self.columns.dtype


class Divided(NamedTuple):
    """A matrix kept as blocks of columns, `[depth, units / blocks]` each.

    A product of few rows with one block is small enough for TensorFlow to leave it to one thread.
    Of the whole matrix it would be given to several, who wait for each other longer than they work.
    """

    blocks: tuple[Tensor, ...]

    @property
    def dtype(self) -> tf.DType:
        """What it is kept in."""
        return self.blocks[0].dtype


def product(x: Tensor, kernel: Tensor | Transposed | Divided, dtype: tf.DType) -> Tensor:
    """Multiplies a batch of rows by a matrix.

    Args:
      x: `[..., depth]`; `[N, depth]` for a turned or divided matrix.
      kernel: `[depth, units]`.
      dtype: float32, or bfloat16 or float16 for operands of half the size.

    Returns:
      float32 `[..., units]`.
    """
    if isinstance(kernel, Transposed):
        columns = tf.cast(kernel.columns, dtype)
        if dtype == tf.float32:
            # Of rank 3 and on the left, because a product of rank 2 copies the matrix first.
            return tf.transpose(tf.matmul(columns[None], x[None], transpose_b=True)[0])
        return tf.cast(tf.matmul(tf.cast(x, dtype), columns, transpose_b=True), tf.float32)
    if isinstance(kernel, Divided):
        return tf.concat([product(x, block, dtype) for block in kernel.blocks], -1)
    depth, units = kernel.shape
    if x.shape.rank == 2 and depth:
        return tf.cast(tf.matmul(tf.cast(x, dtype), tf.cast(kernel, dtype)), tf.float32)
    shape = tf.concat([tf.shape(x)[:-1], [units]], 0)
    if not depth:
        return tf.zeros(shape)
    rows = tf.reshape(tf.cast(x, dtype), [-1, depth])
    return tf.reshape(tf.cast(tf.matmul(rows, tf.cast(kernel, dtype)), tf.float32), shape)
