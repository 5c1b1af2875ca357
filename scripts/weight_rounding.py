"""Rounding a model's weights as far as its validation figures allow; they compress better."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

# Bits of the mantissa behind the point, the fewest first: bfloat16 has 7.
PRECISIONS = (5, 6, 7)
TOLERANCE = 0.002
_COMPARED = "metrics/"
_ERRORS = ("loss", "mae")
_FLOAT32_MANTISSA = 23


def round_weights(
    variables: Mapping[str, Any], evaluate: Callable[[], Mapping[str, float]]
) -> int | None:
    """Rounds variables to the fewest bits with which no figure becomes worse.

    Worse by more than 0.002 of the figure, or by more than 0.002 where it is under 1, counts.

    Args:
      variables: float32 variables by name, which get the rounded values.
      evaluate: returns the validation figures of the variables' present values, by tag; those of
        the metrics are looked at.

    Returns:
      The bits of the mantissa that are left, or None where the variables are as they were.
    """
    exact = evaluate()
    full = {key: variable.numpy() for key, variable in variables.items()}
    for bits in PRECISIONS:
        for key, variable in variables.items():
            variable.assign(rounded(full[key], bits))
        found = evaluate()
        if not any(is_worse(key, found[key], exact[key]) for key in exact if _COMPARED in key):
            return bits
    for key, variable in variables.items():
        variable.assign(full[key])
    return None


def rounded(values: np.ndarray, bits: int) -> np.ndarray:
    """Returns float32 values of the same shape, with `bits` bits behind the mantissa's point."""
    dropped = _FLOAT32_MANTISSA - bits
    words = np.ascontiguousarray(values, np.float32).view(np.uint32).astype(np.uint64)
    words = (words + (1 << (dropped - 1))) >> dropped << dropped
    return words.astype(np.uint32).view(np.float32).reshape(values.shape)


def is_worse(tag: str, found: float, exact: float) -> bool:
    """Whether a figure has become worse by more than the tolerance.

    Args:
      tag: the figure's tag: of losses and errors less is better, of all others more.
      found: its value now.
      exact: its value before.
    """
    is_error = any(word in tag.rpartition("metrics/")[2] for word in _ERRORS)
    lost = found - exact if is_error else exact - found
    return lost > TOLERANCE * max(1.0, abs(exact))


def in_words(bits: int | None) -> str:
    """Returns what `round_weights` did, for a card."""
    if bits is None:
        return "not rounded"
    if bits == PRECISIONS[-1]:
        return "rounded to bfloat16"
    return f"rounded to bfloat16, of whose 7 bits of mantissa {bits} are used"
