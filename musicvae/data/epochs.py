"""In which order training sees the examples: an endless stream of shuffled epochs.

Position p of the stream lies in epoch p // E, with E examples an epoch. Every epoch draws anew
which examples of each piece it takes (more or fewer of those with a weight) and shuffles all of
them together. The stream is a function of the seed and the position alone, so that a run that goes
on later, or is split among machines, sees what one undisturbed run would have seen.
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
      examples_by_weight: how many of them have each weight.
    """

    def __init__(
        self,
        sources: Array,
        seed: int,
        max_per_source: int | None = None,
        weights: Array | None = None,
    ) -> None:
        """Plans the epochs.

        Args:
          sources: int64 `[N]`, ascending: the piece that each example is of.
          seed: at least 0.
          max_per_source: examples that an epoch takes of one piece at most; None for all.
          weights: float64 `[N]`, over 0 and the same for all examples of a piece: how often an
            epoch takes the examples of this weight, as a multiple of how often it would without.
            With a weight of 2.5 it takes them twice, each time another choice of each piece, and
            half of them, chosen at random, once more. None for 1 each.
        """
        self._seed = seed
        self._groups: list[_Group] = []
        if weights is None or np.all(weights == 1.0):
            self._groups.append(_Group(None, sources, max_per_source, 1.0))
        else:
            for weight in np.unique(weights):
                chosen = np.flatnonzero(weights == weight)
                self._groups.append(_Group(chosen, sources[chosen], max_per_source, float(weight)))
        self.examples_by_weight = {group.weight: group.size for group in self._groups}
        self.examples_per_epoch = max(1, sum(group.size for group in self._groups))
        self._lock = threading.Lock()
        self._kept_epoch = functools.lru_cache(maxsize=_KEPT_EPOCHS)(self._draw)

    def epoch(self, number: int) -> Array:
        """Returns the examples of one epoch, in order.

        Args:
          number: from 0.

        Returns:
          int64 `[E]`; without weights over 1 each index at most once.
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
        if len(self._groups) == 1 and self._groups[0].is_plain:
            return self._groups[0].once(generator)
        drawn = np.concatenate([group.draw(generator) for group in self._groups])
        if not len(drawn):
            # Weights so small that not one example is taken of any group.
            drawn = self._groups[-1].once(generator)[:1]
        return generator.permutation(drawn)


class _Group:
    """The examples that have one weight.

    Attributes:
      weight: as given.
      size: how many of them an epoch takes.
      is_plain: whether these are all examples, with a weight of 1.
    """

    def __init__(
        self, indices: Array | None, sources: Array, max_per_source: int | None, weight: float
    ) -> None:
        """Counts what an epoch takes.

        Args:
          indices: int64 `[G]`, which examples they are; None for all.
          sources: int64 `[G]`, ascending: their pieces.
          max_per_source: examples that one draw takes of one piece at most; None for all.
          weight: over 0.
        """
        self._indices, self._sources = indices, sources
        counts = np.unique(sources, return_counts=True)[1]
        if max_per_source is not None and len(counts) and np.max(counts) > max_per_source:
            self._max_per_source: int | None = max_per_source
            whole = int(np.minimum(counts, max_per_source).sum())
        else:
            self._max_per_source = None
            whole = len(sources)
        self.weight = weight
        self._times, rest = divmod(weight, 1.0)
        self._rest = round(rest * whole)
        self.size = int(self._times) * whole + self._rest
        self.is_plain = indices is None

    def draw(self, generator: np.random.Generator) -> Array:
        """Returns an epoch's examples of the group, `[size]`."""
        parts = [self.once(generator) for _ in range(int(self._times))]
        if self._rest:
            parts.append(self.once(generator)[: self._rest])
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    def once(self, generator: np.random.Generator) -> Array:
        """Draws the group once: all of it, or so many of each piece, in random order."""
        drawn = self._once(generator)
        return drawn if self._indices is None else self._indices[drawn]

    def _once(self, generator: np.random.Generator) -> Array:
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
