"""What to tell a person about a piece of music: its tempo, and why it gives no example."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from musicvae.converters import REASONS, Rejection

_DEFAULT_QPM = 120.0
_NAMED_AT_MOST = 3


def describe_rejections(rejections: Iterable[Rejection]) -> str:
    """Returns the reasons why notes gave no example, in a line.

    Args:
      rejections: what a converter left out; equal reasons are counted, not repeated.
    """
    by_reason: dict[str, list[Rejection]] = {}
    for rejection in rejections:
        by_reason.setdefault(rejection.reason, []).append(rejection)
    texts = []
    for reason, group in by_reason.items():
        more = f" (and {len(group) - 1} times more)" if len(group) > 1 else ""
        texts.append(f"{_where(group[0])}{group[0].detail or REASONS.get(reason, reason)}{more}")
    rest = len(texts) - _NAMED_AT_MOST
    if rest > 0:
        texts = [*texts[:_NAMED_AT_MOST], f"{rest} more reasons"]
    return "; ".join(texts) or "there are no notes that it could use"


def tempo_at(sequence: Any, seconds: float = 0.0) -> float:
    """Returns a NoteSequence's tempo in quarter notes a minute.

    Args:
      sequence: a NoteSequence.
      seconds: the time at which it is asked for.
    """
    reached = [tempo for tempo in sequence.tempos if tempo.time <= seconds and tempo.qpm > 0]
    if reached:
        return float(max(reached, key=lambda tempo: tempo.time).qpm)
    return float(sequence.tempos[0].qpm) if len(sequence.tempos) else _DEFAULT_QPM


def _where(rejection: Rejection) -> str:
    places = []
    if rejection.track is not None:
        places.append(f"track {rejection.track}")
    if rejection.bar is not None:
        places.append(f"bar {rejection.bar}")
    return f"{', '.join(places)}: " if places else ""
