"""Early stopping: an end to training that no longer helps on music it has not seen."""

from __future__ import annotations

import math


class Patience:
    """Counts evaluations without improvement.

    Attributes:
      best: the lowest loss so far; infinite before the first.
      without_improvement: evaluations since then.
    """

    def __init__(self, limit: int) -> None:
        """Starts to count.

        Args:
          limit: evaluations without improvement that are too many; 0 for no limit.
        """
        self._limit = limit
        self.best = math.inf
        self.without_improvement = 0

    def is_over(self, loss: float) -> bool:
        """Takes note of an evaluation; returns whether it is one too many.

        Args:
          loss: the evaluation loss.
        """
        if loss < self.best:
            self.best, self.without_improvement = loss, 0
        else:
            self.without_improvement += 1
        return 0 < self._limit <= self.without_improvement
