"""Early stopping: an end to training that no longer helps on music it has not seen."""

from __future__ import annotations

import math
from collections.abc import Iterable


class Patience:
    """Counts evaluations without improvement.

    Attributes:
      best: the lowest loss so far; infinite before the first.
      without_improvement: evaluations since then.
    """

    def __init__(self, limit: int, earlier: Iterable[float] = ()) -> None:
        """Starts to count, or goes on.

        Args:
          limit: evaluations without improvement that are too many; 0 for no limit.
          earlier: the losses of the evaluations so far, in order.
        """
        self._limit = limit
        self.best = math.inf
        self.without_improvement = 0
        for loss in earlier:
            self.is_over(loss)

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
