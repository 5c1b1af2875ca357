"""Which pitches rows have, and the major key that they fit best.

Axes: N windows, T time step, D columns of a step, P pitch labels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from musicvae.converters import Converter
from musicvae.converters.voices import FIRST_PITCH
from musicvae.generate.piece_rows import Rows, part_columns

Array = npt.NDArray[np.float64]

_MAJOR = (0, 2, 4, 5, 7, 9, 11)
# Labels begin at A0, MIDI pitch 21, whose pitch class is 9.
_LOWEST = 21


def pitch_counts(converter: Converter, rows: Rows) -> Array:
    """Returns how often each pitch begins in the pitched parts, `[N, P]`, of `[N, T, D]`."""
    found: Array | None = None
    for part in converter.pitched_parts:
        onsets = rows[..., part_columns(converter)[part]][..., FIRST_PITCH:].sum(axis=1)
        found = onsets.astype(np.float64) if found is None else found + onsets
    assert found is not None, "drums have no pitches"
    return found


def by_class(counts: Array) -> Array:
    """Returns counts of pitches, `[N, P]`, by pitch class, `[N, 12]`."""
    classes = (np.arange(counts.shape[1]) + _LOWEST) % 12
    return np.stack([counts[:, classes == k].sum(axis=1) for k in range(12)], axis=1)


def in_best_key(classes: Array) -> npt.NDArray[np.bool_]:
    """Returns the pitch classes of the major key that fits best, bool `[N, 12]`."""
    keys = np.zeros((12, 12), bool)
    for tonic in range(12):
        keys[tonic, [(tonic + step) % 12 for step in _MAJOR]] = True
    best: npt.NDArray[np.bool_] = keys[(classes @ keys.T).argmax(axis=1)]
    return best


def mean_pitch(counts: Array) -> Array:
    """Returns the mean MIDI pitch of counts `[N, P]`; NaN without a note."""
    pitches = np.arange(counts.shape[1]) + _LOWEST
    with np.errstate(invalid="ignore"):
        mean: Array = counts @ pitches / counts.sum(axis=1)
    return mean
