"""What the hardware allows: its rates, and the time of the products that a piece of work needs.

Two floors stand under a time. The first is the operations over the rate of one big product; no
arrangement of the work gets below it. The second runs the work's own products, each alone at its
own size: what is left above it is everything that is no product, and what products cost each other.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from musicvae.config import Config
from musicvae.converters import build_converter

Clock = Callable[[], float]

# So many operations, and no more than so many products, are timed together.
_TOGETHER, _MOST = 2e9, 16


class Product(NamedTuple):
    """A product of matrices, `[rows, depth]` times `[depth, units]`.

    Attributes:
      rows: of the left one.
      depth: what is summed over.
      units: columns of the right one.
      count: how often the work needs it.
    """

    rows: int
    depth: int
    units: int
    count: int = 1

    @property
    def operations(self) -> float:
        """Floating-point operations of all of them."""
        return 2.0 * self.rows * self.depth * self.units * self.count


def random_batch(config: Config, size: int) -> Any:
    """Returns a batch of random one-hot rows, which cost what music costs."""
    from musicvae.models import Batch

    spec, steps = build_converter(config.converter).spec, config.hparams.max_seq_len
    generator = np.random.default_rng(0)

    def rows(depth: int) -> Any:
        return tf.one_hot(generator.integers(0, depth, (size, steps)), depth) if depth else None

    outputs = rows(spec.output_depth)
    inputs = outputs if spec.input_depth == spec.output_depth else rows(spec.input_depth)
    shape = [size, spec.num_segments] if spec.num_segments else [size]
    lengths = tf.fill(shape, steps // (spec.num_segments or 1))
    return Batch(inputs, outputs, rows(spec.control_depth), lengths)


def training_products(config: Config, batch: int) -> list[Product]:
    """Returns the products that a training step needs, encoder and decoder.

    Every product once forwards and twice backwards, except that a one-hot input is a look-up, that
    z is multiplied once and not at every step, and that data needs no gradient.

    Args:
      config: the model.
      batch: examples in a step.
    """
    hparams, spec = config.hparams, build_converter(config.converter).spec
    steps = hparams.max_seq_len
    core = config.decoder
    while core.core is not None:
        core = core.core
    draws_classes = core.type not in ("groove", "nade")
    # The product of a one-hot row is a look-up.
    depth = 0 if draws_classes and spec.input_depth == spec.output_depth else spec.input_depth
    found: list[Product] = []
    levels = config.encoder.options.get("level_lengths", (steps,))
    for level, length in enumerate(levels):
        examples = batch * steps // math.prod(levels[: level + 1])
        for k, units in enumerate(hparams.enc_rnn_size):
            first = level == 0 and k == 0
            found += 2 * _layer(examples, length, depth, units, first=first)
            depth = 2 * units
    parts: tuple[int, ...] = (spec.output_depth,)
    decoder, examples = config.decoder, batch
    if decoder.type == "hierarchical":
        *conductors, _ = decoder.options["level_lengths"]
        for level, length in enumerate(conductors):
            found += _decoder(hparams.dec_rnn_size, batch * math.prod(conductors[:level]), length)
        examples = batch * math.prod(conductors)
        decoder = decoder.core or decoder
    if decoder.type == "split":
        parts = decoder.options["output_depths"]
    dense = 0 if draws_classes else spec.output_depth
    for part in parts:
        outputs = part + (hparams.nade_num_hidden if decoder.type == "nade" else 0)
        length = batch * steps // examples
        found += _decoder(hparams.dec_rnn_size, examples, length, dense=dense, outputs=outputs)
    return found


def _layer(batch: int, steps: int, depth: int, units: int, *, first: bool) -> list[Product]:
    """Returns the products of an LSTM layer; `first` where the input is data, without gradient."""
    rows, gates = batch * steps, 4 * units
    found = [
        Product(batch, units, gates, steps),
        Product(batch, gates, units, steps),
        Product(units, rows, gates),
    ]
    if depth:
        found += [Product(rows, depth, gates), Product(depth, rows, gates)]
        found += [] if first else [Product(rows, gates, depth)]
    return found


def _decoder(
    sizes: tuple[int, ...], batch: int, steps: int, *, dense: int = 0, outputs: int = 0
) -> list[Product]:
    """Returns the products of a stack of layers with a dense layer on top."""
    found: list[Product] = []
    depth = dense
    for k, units in enumerate(sizes):
        found += _layer(batch, steps, depth, units, first=k == 0)
        depth = units
    rows = batch * steps
    if outputs:
        found += [Product(rows, depth, outputs), Product(depth, rows, outputs)]
        found.append(Product(rows, outputs, depth))
    return found


def operations(products: Iterable[Product]) -> float:
    """Returns the floating-point operations of some products."""
    return sum(product.operations for product in products)


def seconds_of(
    products: Iterable[Product], precision: str, clock: Clock = time.perf_counter
) -> float:
    """Measures each product alone, at its own size, and returns the seconds of all of them.

    Args:
      products: with how often each is needed.
      precision: of the operands.
      clock: gives the time in seconds.
    """
    counts: dict[Product, int] = {}
    for product in products:
        shape = product._replace(count=1)
        counts[shape] = counts.get(shape, 0) + product.count
    return sum(count * _seconds(shape, precision, clock) for shape, count in counts.items())


def matmul_rate(precision: str, clock: Clock = time.perf_counter) -> float:
    """Returns the operations a second of a product of 2048 x 2048 matrices."""
    product = Product(2048, 2048, 2048)
    return product.operations / _seconds(product, precision, clock)


def memory_rate() -> float:
    """Returns the bytes a second at which all cores together read 512 MiB."""
    values = tf.zeros([2**27])
    read = tf.function(lambda: tf.reduce_sum(values), autograph=False)
    read()
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        float(read())
        seconds.append(time.perf_counter() - start)
    return 4.0 * 2**27 / min(seconds)


def _seconds(product: Product, precision: str, clock: Clock) -> float:
    """Returns the seconds of one product, the least of five measurements of several in a row."""
    repeats = int(min(_MOST, max(4.0, _TOGETHER / product.operations)))
    left = [
        tf.cast(tf.random.normal([product.rows, product.depth]), precision)
        for _ in range(repeats if product.operations < _TOGETHER else 1)
    ]
    right = tf.cast(tf.random.normal([product.depth, product.units]), precision)

    def multiply() -> Any:
        # Used in the sum, so that none is left out, and one after the other.
        total = tf.zeros([], right.dtype)
        for k in range(repeats):
            with tf.control_dependencies([total]):
                total += tf.matmul(left[k % len(left)], right)[0, 0]
        return total

    run = tf.function(multiply, autograph=False)
    float(run())
    seconds = []
    for _ in range(5):
        start = clock()
        float(run())
        seconds.append(clock() - start)
    return min(seconds) / repeats
