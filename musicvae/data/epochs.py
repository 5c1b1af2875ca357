"""In which order training sees the examples: an endless stream of shuffled epochs.

Position p of the stream lies in epoch p // E, with E examples an epoch. Every epoch draws anew
which examples of each piece it takes and shuffles all of them together. The stream is a function
of the seed and the position alone, so that a run that goes on later, or is split among machines,
sees what one undisturbed run would have seen.
"""

from __future__ import annotations

import functools
import threading

import numpy as np

from musicvae.data.example_set import Array

_KEPT_EPOCHS = 3


class EpochOrder:
    """The order of N examples in every epoch.

    Attributes:
      examples_per_epoch: how many examples an epoch takes.
    """

    def __init__(self, sources: Array, seed: int, max_per_source: int | None = None) -> None:
        """Plans the epochs.

        Args:
          sources: int64 `[N]`, ascending: the piece that each example is of.
          seed: at least 0.
          max_per_source: examples that an epoch takes of one piece at most; None for all.
        """
        self._seed = seed
        self._sources = sources
        counts = np.unique(sources, return_counts=True)[1]
        self._max_per_source = max_per_source
        if max_per_source is None or not len(counts) or counts.max() <= max_per_source:
            self._max_per_source = None
            self.examples_per_epoch = len(sources)
        else:
            self.examples_per_epoch = int(np.minimum(counts, max_per_source).sum())
        self._lock = threading.Lock()
        self._kept_epoch = functools.lru_cache(maxsize=_KEPT_EPOCHS)(self._draw)

    def epoch(self, number: int) -> Array:
        """Returns the examples of one epoch, in order.

        Args:
          number: from 0.

        Returns:
          int64 `[E]`, each index at most once.
        """
        with self._lock:
            return self._kept_epoch(number)

    def at(self, start: int, count: int) -> Array:
        """Returns the examples at `count` positions of the stream, whatever epochs they are in.

        Args:
          start: the first position.
          count: how many positions.

        Returns:
          int64 `[count]`.
        """
        size = self.examples_per_epoch
        parts = []
        while count > 0:
            number, begin = divmod(start, size)
            part = self.epoch(number)[begin : begin + count]
            parts.append(part)
            start += len(part)
            count -= len(part)
        return np.concatenate(parts)

    def _draw(self, number: int) -> Array:
        generator = np.random.default_rng([self._seed, number])
        order = generator.permutation(len(self._sources))
        if self._max_per_source is None:
            return order
        # In random order within each piece, the first few of each piece are a random choice.
        by_piece = order[np.argsort(self._sources[order], kind="stable")]
        pieces = self._sources[by_piece]
        is_first = np.concatenate([[True], pieces[1:] != pieces[:-1]])
        first = np.flatnonzero(is_first)
        rank = np.arange(len(pieces)) - np.repeat(first, np.diff([*first, len(pieces)]))
        return generator.permutation(by_piece[rank < self._max_per_source])
