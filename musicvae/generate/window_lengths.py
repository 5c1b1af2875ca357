"""Converters with other windows than a model's, and short windows filled up with silence.

Axes: N windows, T time step.
"""

from __future__ import annotations

import dataclasses
from typing import Any, cast

import numpy as np

from musicvae.converters import Converter, Example
from musicvae.converters.base import Array, Compact

_LENGTH_OPTIONS = ("slice_bars", "split_bars")
_HELD_LABELS = ("labels", "melody", "bass")
_LASTING_LABELS = ("chords", "keys")
_NOTE_OFF, _FIRST_PITCH = 1, 2


def window_bars(converter: Converter) -> int:
    """Returns the bars of a converter's windows."""
    option = _length_option(converter)
    return int(getattr(converter.config, option)) if option else 1


def with_window_bars(converter: Converter, bars: int) -> Converter | None:
    """Returns a converter with shorter windows, or None where they cannot be shorter."""
    option = _length_option(converter)
    if option is None or bars >= window_bars(converter):
        return None
    return with_options(converter, **{option: bars})


def with_options(converter: Converter, **options: Any) -> Converter:
    """Returns a converter with other options; those that its configuration lacks do not count."""
    known = {field.name for field in dataclasses.fields(converter.config)}
    config = dataclasses.replace(
        converter.config, **{name: value for name, value in options.items() if name in known}
    )
    return cast(Converter, dataclasses.replace(cast(Any, converter), config=config))


def filled_up(converter: Converter, arrays: Compact, lead_bars: int = 0) -> tuple[Example, ...]:
    """Fills windows up with silence to a converter's length.

    Args:
      converter: the converter; what has windows of one length alone is as it is.
      arrays: compact arrays `[N, T, ...]` of windows that may be shorter.
      lead_bars: bars of silence that go before them.

    Returns:
      N examples.
    """
    if _length_option(converter) is None:
        return tuple(map(Example, *converter.expand(arrays)))
    steps = converter.num_steps
    lead = lead_bars * (steps // window_bars(converter))
    longer = {name: _fill(name, array, lead, steps) for name, array in arrays.items()}
    return tuple(map(Example, *converter.expand(longer)))


def _fill(name: str, array: Array, lead: int, num_steps: int) -> Array:
    """Lengthens compact arrays: notes end, chords and keys go on."""
    missing = num_steps - lead - array.shape[1]
    if name in _LASTING_LABELS:
        first = np.repeat(array[:, :1], lead, axis=1)
        return np.concatenate([first, array, np.repeat(array[:, -1:], missing, axis=1)], axis=1)
    rest = array.shape[2:]
    before = np.zeros((len(array), lead, *rest), array.dtype)
    after = np.zeros((len(array), missing, *rest), array.dtype)
    if name in _HELD_LABELS and missing:
        # A label of 0 lets a note go on; the last one that is not 0 says whether one sounds.
        steps = np.where(array > 0, np.arange(array.shape[1]), -1).max(axis=1)
        last = np.take_along_axis(array, np.maximum(steps, 0)[:, None], axis=1)[:, 0]
        after[:, 0] = np.where(last >= _FIRST_PITCH, _NOTE_OFF, 0)
    return np.concatenate([before, array, after], axis=1)


def _length_option(converter: Converter) -> str | None:
    return next((name for name in _LENGTH_OPTIONS if hasattr(converter.config, name)), None)
