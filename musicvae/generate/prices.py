"""What speaks against a candidate where one of several is chosen, in nats."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FOREIGN_NATS = 3.0
EMPTY_NATS = 8.0
ONSET_NATS = 0.3
_USUAL_ONSETS = 8


def by_note(
    losses: npt.NDArray[np.floating], onsets: npt.NDArray[np.integer], bars: int = 1
) -> npt.NDArray[np.float64]:
    """Returns losses counted by the note: in all, long notes would be the likeliest.

    Args:
      losses: float `[N]`, of whole candidates, in nats.
      onsets: int `[N]`, how many there are in each.
      bars: of how many bars the usual number of onsets is added to them.

    Returns:
      float64 `[N]`, as large as the losses where there are no onsets.
    """
    usual = _USUAL_ONSETS * bars
    return np.asarray(losses * usual / (onsets + usual), np.float64)
