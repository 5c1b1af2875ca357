"""How musical a window of a piece is, so that of many the best can be taken.

It is the share of its beats on which a note begins, twice; the number of different notes, of which
eight count at most; and a little for a note on its first step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from musicvae.converters import Converter, Example

MAX_SCORED = 256

_QUARTERS_PER_MINUTE = 60.0  # A second is a quarter.


def window_score(converter: Converter, example: Example) -> float:
    """Returns how musical a window is, as the module's beginning says; 0 for silence.

    Args:
      converter: that the window comes from.
      example: the window.
    """
    piece = converter.to_notes(example.outputs, qpm=_QUARTERS_PER_MINUTE)
    if not piece.notes:
        return 0.0
    quarters = [max(note.start_time, 0.0) for note in piece.notes]
    filled = len({math.floor(quarter + 0.125) for quarter in quarters}) / float(piece.total_time)
    variety = min(len({note.pitch for note in piece.notes}), 8) / 8
    return 2 * filled + variety + (0.25 if min(quarters) < 0.125 else 0.0)


def best_window(
    converter: Converter, examples: Sequence[Example], candidates: Sequence[int]
) -> int:
    """Returns the number of the most musical window, of equals the first.

    Args:
      converter: that the windows come from.
      examples: windows.
      candidates: the numbers of those that may be taken, one or more. Of very many, some that are
        evenly spread are looked at.
    """
    if len(candidates) > MAX_SCORED:
        picked = np.linspace(0, len(candidates) - 1, MAX_SCORED).round().astype(int)
        candidates = [candidates[k] for k in picked]
    return max(candidates, key=lambda k: window_score(converter, examples[k]))
