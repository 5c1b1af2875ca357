"""An n-gram model of sequences of labels, which says how likely a sequence is.

The probability of a label after a history h of up to n - 1 labels is interpolated with that after
the shorter history h' (Witten and Bell's way), down to a uniform choice:

    p(x | h) = (count(h x) + kinds(h) p(x | h')) / (count(h) + kinds(h))

kinds(h) being how many different labels follow h in the music that it was trained on.

Source: Witten and Bell 1991, "The zero-frequency problem".
"""

from __future__ import annotations

import collections
import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int64]


class NGramModel:
    """An n-gram model; `order` 5 looks at four labels before each."""

    def __init__(self, sequences: Iterable[Labels], num_labels: int, *, order: int = 5) -> None:
        """Counts.

        Args:
          sequences: int `[T]` each, labels from 0.
          num_labels: how many labels there are.
          order: length of the longest n-gram, at least 1.
        """
        assert order >= 1
        assert num_labels >= 1
        self._order = order
        self._num_labels = num_labels
        self._following: dict[tuple[int, ...], collections.Counter[int]] = {}
        for sequence in sequences:
            labels = [int(label) for label in sequence]
            for k, label in enumerate(labels):
                for length in range(min(order - 1, k) + 1):
                    history = tuple(labels[k - length : k])
                    self._following.setdefault(history, collections.Counter())[label] += 1
        self._totals = {history: after.total() for history, after in self._following.items()}

    def probability(self, label: int, history: tuple[int, ...]) -> float:
        """Returns the probability of a label after a history, over 0.

        Args:
          label: from 0.
          history: what came before; the last `order - 1` count.
        """
        history = history[len(history) - min(len(history), self._order - 1) :]
        estimate = 1.0 / self._num_labels
        for start in range(len(history), -1, -1):
            after = self._following.get(history[start:])
            if after is None:
                break
            kinds = len(after)
            total = self._totals[history[start:]]
            estimate = (after.get(label, 0) + kinds * estimate) / (total + kinds)
        return estimate

    def cost(self, sequence: Labels) -> float:
        """Returns how unusual a sequence is: -log p, in nats a step.

        Args:
          sequence: int `[T]`, T at least 1.
        """
        labels = tuple(int(label) for label in sequence)
        costs = [
            -math.log(self.probability(label, labels[max(k - self._order + 1, 0) : k]))
            for k, label in enumerate(labels)
        ]
        return sum(costs) / len(costs)


def label_cost(learnt: Sequence[Labels], order: int = 5) -> Callable[[Labels], float]:
    """Returns what gives the cost of a sequence of any labels, after some music.

    Args:
      learnt: int `[T]` each, what the model learns from; at least one.
      order: length of the longest n-gram.
    """
    numbers = {label: k for k, label in enumerate(np.unique(np.concatenate(learnt)).tolist())}

    def numbered(row: Labels) -> Labels:
        # All labels that the other music lacks are one: unknown.
        return np.array([numbers.get(label, len(numbers)) for label in row.tolist()], np.int64)

    grams = NGramModel(map(numbered, learnt), len(numbers) + 1, order=order)
    return lambda row: grams.cost(numbered(row))
