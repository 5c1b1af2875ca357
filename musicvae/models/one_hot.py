"""Products of data with a kernel, as look-ups where every row of the data is one-hot.

A melody's event or a combination of drums enters a model as a row with a single 1, and such a row
times a kernel is a row of the kernel: looking it up costs next to nothing, and the kernel's
gradient is a sum of rows by label. Whether the rows are one-hot is seen from the values, so that
anything else is multiplied as usual.

Axes: N rows, D columns of a row, E columns of the kernel.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from musicvae.models.compilation import is_for_xla
from musicvae.models.variables import plus_bias, product, sum_of_rows

Tensor = Any

# Below this, a product costs no more than the look-up.
_NARROW = 128


class OneHotLabels(NamedTuple):
    """Rows as what is 1 in them.

    Attributes:
      label: int32 `[N]`, the column of the 1; D for a row of zeros.
      exact: bool scalar, whether all rows are one-hot or zeros.
    """

    label: Tensor
    exact: Tensor


def one_hot_labels(rows: Tensor) -> OneHotLabels:
    """Reads the label of each row.

    Args:
      rows: float32 `[N, D]`.
    """
    label = tf.argmax(rows, -1, output_type=tf.int32)
    highest = tf.gather(rows, label, batch_dims=1)
    # A norm equal to the highest value leaves nothing for the other columns. XLA has no such
    # operation; the square of 0 or 1 is itself.
    if is_for_xla():
        norm = tf.reduce_sum(tf.square(rows), -1)
    else:
        norm = tf.math.reduce_euclidean_norm(rows, -1)
    alone = norm == highest
    exact = tf.reduce_all(alone & ((highest == 1.0) | (highest == 0.0)))
    return OneHotLabels(tf.where(highest > 0.0, label, rows.shape[-1]), exact)


def data_product(x: Tensor, kernel: Tensor, bias: Tensor, dtype: tf.DType) -> Tensor:
    """Multiplies rows by a matrix and adds a bias, and looks up those that are one-hot.

    Args:
      x: float32 `[..., D]`.
      kernel: `[D, E]`.
      bias: float32 `[E]`.
      dtype: what is computed in.

    Returns:
      float32 `[..., E]`.
    """
    depth, units = kernel.shape
    if depth < _NARROW:
        return plus_bias(product(x, kernel, dtype), bias)
    found = _product(tf.reshape(x, [-1, depth]), tf.cast(kernel, dtype), bias)
    return tf.reshape(found, tf.concat([tf.shape(x)[:-1], [units]], 0))


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _product(rows: Tensor, kernel: Tensor, bias: Tensor) -> Any:
    """Multiplies float32 `[N, D]` by a kernel in its dtype and adds a bias; float32 `[N, E]`."""
    depth, dtype = kernel.shape[0], kernel.dtype
    labels = one_hot_labels(rows)

    def one_hot_rows() -> Tensor:
        padded = tf.pad(tf.cast(kernel, tf.float32), [[0, 1], [0, 0]])
        return tf.gather(padded + bias, labels.label)

    def multiply() -> Tensor:
        return product(rows, kernel, dtype) + bias

    def gradient(upstream: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        right = tf.cast(upstream, dtype)

        def add_up() -> tuple[Tensor, Tensor]:
            by_label = _sum_by_label(upstream, labels.label, depth + 1)
            return tf.cast(by_label[:depth], dtype), tf.reduce_sum(by_label, 0)

        def products() -> tuple[Tensor, Tensor]:
            of_kernel = tf.matmul(tf.cast(rows, dtype), right, transpose_a=True)
            return of_kernel, sum_of_rows(upstream)

        of_rows = tf.cast(tf.matmul(right, kernel, transpose_b=True), tf.float32)
        return of_rows, *tf.cond(labels.exact, add_up, products)

    return tf.cond(labels.exact, one_hot_rows, multiply), gradient


def _sum_by_label(rows: Tensor, label: Tensor, count: int) -> Tensor:
    """Returns the sum of the rows `[N, E]` of each label below `count`, `[count, E]`."""
    if is_for_xla():
        return tf.math.unsorted_segment_sum(rows, label, count)
    order = tf.argsort(label)
    return tf.sparse.segment_sum(rows, order, tf.gather(label, order), num_segments=count)
