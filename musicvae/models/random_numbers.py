"""Random numbers that are the same with and without XLA.

XLA draws the bits that TensorFlow draws, but makes other numbers of them, and reads negative seeds
in another way. Where a graph is for XLA, the seed is scrambled here as TensorFlow does it, and
TensorFlow's numbers are made of the bits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from musicvae.models.compilation import is_for_xla

Tensor = Any

_MANTISSA, _ONE = 0x007FFFFF, 0x3F800000
_SMALLEST_RADIUS = 1e-7
_PHILOX, _ROUNDS = 1, 10
_FACTORS, _KEY_STEPS = (0xD2511F53, 0xCD9E8D57), (0x9E3779B9, 0xBB67AE85)
_SCRAMBLING_KEY = (0x3EC8F720, 0x02461E29)


def uniform(shape: Any, seed: Tensor, low: float = 0.0) -> Tensor:
    """Draws uniformly from `low` up to 1.

    Args:
      shape: of the result.
      seed: int32 `[2]`.
      low: the least number.

    Returns:
      float32 `shape`, of a seed the same everywhere.
    """
    if not is_for_xla():
        return tf.random.stateless_uniform(shape, seed, low)
    return _unit_interval(shape, seed) * (1.0 - low) + low


def normal(shape: Any, seed: Tensor) -> Tensor:
    """Draws from N(0, 1).

    Args:
      shape: of the result.
      seed: int32 `[2]`.

    Returns:
      float32 `shape`, of a seed the same everywhere.

    Source: Box and Muller 1958.
    """
    if not is_for_xla():
        return tf.random.stateless_normal(shape, seed)
    count = tf.reduce_prod(shape)
    pairs = _unit_interval([(count + 1) // 2, 2], seed)
    radius = tf.sqrt(-2.0 * tf.math.log(tf.maximum(pairs[:, 0], _SMALLEST_RADIUS)))
    angle = 2.0 * math.pi * pairs[:, 1]
    drawn = tf.stack([tf.sin(angle) * radius, tf.cos(angle) * radius], 1)
    return tf.reshape(tf.reshape(drawn, [-1])[:count], shape)


def fold(seed: Tensor, number: Any) -> Tensor:
    """Returns another seed, for the part `number` of what `seed` is for.

    Args:
      seed: int32 `[2]`.
      number: int, or int32 scalar.

    Returns:
      int32 `[2]`.
    """
    if not is_for_xla():
        return tf.random.experimental.stateless_fold_in(seed, number)
    return tf.stack([_bits([], seed, tf.int32), tf.convert_to_tensor(number, tf.int32)])


def _unit_interval(shape: Any, seed: Tensor) -> Tensor:
    """Draws from 0 up to 1: the lower bits of a word are the mantissa of a number from 1 to 2."""
    bits = _bits(shape, seed, tf.uint32)
    return tf.bitcast((bits & _MANTISSA) | _ONE, tf.float32) - 1.0


def _bits(shape: Any, seed: Tensor, dtype: tf.DType) -> Tensor:
    """Draws words of 32 bits as TensorFlow does, which scrambles the seed first."""
    words = tf.bitcast(tf.cast(seed, tf.int64), tf.uint64)
    parts = [part for word in tf.unstack(words, 2) for part in (_low(word), _high(word))]
    scrambled = _philox(parts, _SCRAMBLING_KEY)
    low, high = (a | tf.bitwise.left_shift(b, _word(32)) for a, b in (scrambled[:2], scrambled[2:]))
    return tf.raw_ops.StatelessRandomUniformFullIntV2(
        shape=tf.cast(tf.convert_to_tensor(shape, tf.int32), tf.int32),
        key=low[None],
        counter=tf.stack([_word(0), high]),
        alg=_PHILOX,
        dtype=dtype,
    )


def _philox(counter: Sequence[Tensor], key: Sequence[int]) -> list[Tensor]:
    """Returns a block of Philox4x32-10: four words of 32 bits, uint64 scalars.

    Args:
      counter: four words, uint64 scalars.
      key: two words.

    Source: Salmon et al. 2011, section 3.3.
    """
    words, keys = list(counter), list(key)
    for _ in range(_ROUNDS):
        first, second = (words[0] * _word(_FACTORS[0]), words[2] * _word(_FACTORS[1]))
        words = [
            _high(second) ^ words[1] ^ _word(keys[0]),
            _low(second),
            _high(first) ^ words[3] ^ _word(keys[1]),
            _low(first),
        ]
        keys = [(k + more) % 2**32 for k, more in zip(keys, _KEY_STEPS, strict=True)]
    return words


def _low(word: Tensor) -> Tensor:
    return word & _word(2**32 - 1)


def _high(word: Tensor) -> Tensor:
    return tf.bitwise.right_shift(word, _word(32))


def _word(value: int) -> Tensor:
    return tf.constant(value, tf.uint64)
