"""The noise that a model draws when it decodes with a seed, to be given to exported files."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from musicvae.models.decoders.categorical_output import Categorical, MultiCategorical
from musicvae.models.decoders.controls import ControlPreprocessingDecoder
from musicvae.models.decoders.hierarchical import HierarchicalDecoder
from musicvae.models.decoders.split import SplitDecoder
from musicvae.models.random_numbers import fold


def noise_of(network: Any, seed: Any, batch: int, length: int) -> np.ndarray:
    """Returns the noise of `MusicVAE.decode(seed=seed)` as exported files take it.

    Args:
      network: the model.
      seed: int32 `[2]`.
      batch: B.
      length: T.

    Returns:
      float32 `[B, T, Q]`: Gumbel noise for categories, uniform noise for hits.
    """
    return _noise(network.decoder, tf.constant(seed), batch, length)


def _noise(decoder: Any, seed: Any, batch: int, length: int) -> np.ndarray:
    if isinstance(decoder, HierarchicalDecoder):
        segments = decoder._num_segments
        own = length // segments
        parts = [_noise(decoder._core, fold(seed, s), batch, own) for s in range(segments)]
        return np.concatenate(parts, 1)
    if isinstance(decoder, ControlPreprocessingDecoder):
        return _noise(decoder._core, seed, batch, length)
    if isinstance(decoder, SplitDecoder):
        parts = [_noise(d, fold(seed, k), batch, length) for k, d in enumerate(decoder._parts)]
        return np.concatenate(parts, -1)
    output = decoder._output
    drawn = output.noise([batch, length], seed)
    if isinstance(output, Categorical | MultiCategorical):
        return drawn.numpy()
    return tf.random.stateless_uniform(tf.shape(drawn), seed, 1.2e-38).numpy()


class GivenNoise:
    """A generator whose normal numbers are given, with zeros behind them."""

    def __init__(self, noise) -> None:
        self._noise = noise

    def standard_normal(self, shape, dtype):
        columns = np.zeros((shape[0], shape[1] - self._noise.shape[1]), dtype)
        return np.concatenate([self._noise, columns], 1)
