"""Windows filled up with silence before and after.

Axes: N windows, T time step.
"""

from __future__ import annotations

import numpy as np

from musicvae.converters.examples import Array
from musicvae.converters.voices import FIRST_PITCH, NOTE_OFF


def pad_hits(array: Array, num_steps: int, lead: int) -> Array:
    """Fills up steps that stand each for themselves, such as hits.

    Args:
      array: `[N, T, ...]`.
      num_steps: how long they become.
      lead: steps that go before them.
    """
    missing = num_steps - lead - array.shape[1]
    rest = [(0, 0)] * (array.ndim - 2)
    padded: Array = np.pad(array, [(0, 0), (lead, missing), *rest])
    return padded


def pad_voices(labels: Array, num_steps: int, lead: int) -> Array:
    """Fills up labels of voices; a note that sounds at the end is ended.

    Args:
      labels: `[N, T]`.
      num_steps: how long they become.
      lead: steps that go before them.
    """
    padded, end = pad_hits(labels, num_steps, lead), lead + labels.shape[1]
    if end < num_steps:
        # A label of 0 lets a note go on; the last one that is not 0 says whether one sounds.
        steps = np.where(labels > 0, np.arange(labels.shape[1]), -1).max(axis=1)
        last = np.take_along_axis(labels, np.maximum(steps, 0)[:, np.newaxis], axis=1)[:, 0]
        padded[:, end] = np.where(last >= FIRST_PITCH, NOTE_OFF, 0)
    return padded


def pad_lasting(classes: Array, num_steps: int, lead: int) -> Array:
    """Fills up what holds until it changes, such as chords and keys.

    Args:
      classes: `[N, T]`.
      num_steps: how long they become.
      lead: steps that go before them.
    """
    missing = num_steps - lead - classes.shape[1]
    padded: Array = np.pad(classes, [(0, 0), (lead, missing)], mode="edge")
    return padded
