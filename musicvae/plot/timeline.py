"""Where the bars and beats of a NoteSequence lie, in seconds.

A file's tempos and time signatures are not trusted: what no musician could mean counts as 120
quarters a minute and 4/4, and the number of bars is bounded.
"""

from __future__ import annotations

import bisect
import dataclasses
import math
from collections.abc import Callable

from musicvae.grid import DEFAULT_QPM
from musicvae.lazy_note_seq import NoteSequence

MAX_BARS = 10_000

_QPM_RANGE = (5.0, 1000.0)
_DENOMINATORS = (1, 2, 4, 8, 16, 32, 64)
_MAX_NUMERATOR = 64
# A drummer's last hit may lie before its beat or ring on after the bar, by this part of a quarter.
_OVERHANG_QUARTERS = 0.25


@dataclasses.dataclass(frozen=True)
class Timeline:
    """A piece's bars and beats.

    Attributes:
      bars: seconds where each bar starts, in order, and where the last one ends: one bar or more.
      beats: seconds of the beats between bar lines.
      qpm: quarters a minute at the start.
      qpm_range: the slowest and the fastest tempo.
      numerator: of the first time signature.
      denominator: of the first time signature.
      left_out: how many bars follow that are not in `bars`.
    """

    bars: tuple[float, ...]
    beats: tuple[float, ...]
    qpm: float
    qpm_range: tuple[float, float]
    numerator: int
    denominator: int
    left_out: int = 0

    @property
    def num_bars(self) -> int:
        """How many bars there are."""
        return len(self.bars) - 1

    @property
    def end_seconds(self) -> float:
        """Where the last bar ends."""
        return self.bars[-1]

    @property
    def step_seconds(self) -> float:
        """How long a sixteenth is at the start."""
        return 15.0 / self.qpm


def timeline_of(sequence: NoteSequence, *, max_bars: int = MAX_BARS) -> Timeline:
    """Returns the bars of a sequence, from 0 to the bar in which it ends.

    Args:
      sequence: notes in seconds.
      max_bars: the most bars to return; `left_out` counts the rest, up to `MAX_BARS`.

    Returns:
      Its bars, one at least.
    """
    tempo_seconds, tempo_quarters, tempos = _tempo_segments(sequence)

    def to_seconds(quarters: float) -> float:
        k = max(bisect.bisect_right(tempo_quarters, quarters) - 1, 0)
        return tempo_seconds[k] + (quarters - tempo_quarters[k]) * 60.0 / tempos[k]

    def to_quarters(seconds: float) -> float:
        k = max(bisect.bisect_right(tempo_seconds, seconds) - 1, 0)
        return tempo_quarters[k] + (seconds - tempo_seconds[k]) * tempos[k] / 60.0

    time_signatures = [
        (to_quarters(seconds), numerator, denominator)
        for seconds, numerator, denominator in _time_signatures(sequence)
    ]
    end_quarters = _end_quarters(sequence, to_quarters)
    bars, beats = [0.0], []
    position, time_signature, total = 0.0, 0, 0
    while total < MAX_BARS and (total == 0 or position < end_quarters - 1e-6):
        while (
            time_signature + 1 < len(time_signatures)
            and time_signatures[time_signature + 1][0] <= position + 1e-6
        ):
            time_signature += 1
        _, numerator, denominator = time_signatures[time_signature]
        end = position + numerator * 4.0 / denominator
        if time_signature + 1 < len(time_signatures):
            end = min(end, time_signatures[time_signature + 1][0])
        if total < max_bars:
            beats += [
                to_seconds(position + k * 4.0 / denominator)
                for k in range(1, numerator)
                if position + k * 4.0 / denominator < end - 1e-6
            ]
            bars.append(to_seconds(end))
        position = end
        total += 1
    return Timeline(
        bars=tuple(bars),
        beats=tuple(beats),
        qpm=tempos[0],
        qpm_range=(min(tempos), max(tempos)),
        numerator=time_signatures[0][1],
        denominator=time_signatures[0][2],
        left_out=total - (len(bars) - 1),
    )


def _tempo_segments(sequence: NoteSequence) -> tuple[list[float], list[float], list[float]]:
    """Returns where each tempo begins, in seconds and in quarters, and the tempos."""
    seconds, quarters, tempos = [0.0], [0.0], [DEFAULT_QPM]
    for tempo in sorted(sequence.tempos, key=lambda tempo: tempo.time):
        if not (_QPM_RANGE[0] <= tempo.qpm <= _QPM_RANGE[1] and 0 <= tempo.time < math.inf):
            continue
        passed = tempo.time - seconds[-1]
        if passed <= 0:
            tempos[-1] = tempo.qpm
            continue
        quarters.append(quarters[-1] + passed * tempos[-1] / 60.0)
        seconds.append(tempo.time)
        tempos.append(tempo.qpm)
    return seconds, quarters, tempos


def _time_signatures(sequence: NoteSequence) -> list[tuple[float, int, int]]:
    """Returns the time signatures as (seconds, numerator, denominator); the first is at 0."""
    time_signatures = [(0.0, 4, 4)]
    for signature in sorted(sequence.time_signatures, key=lambda signature: signature.time):
        if not (
            0 <= signature.time < math.inf
            and 1 <= signature.numerator <= _MAX_NUMERATOR
            and signature.denominator in _DENOMINATORS
        ):
            continue
        entry = (signature.time, signature.numerator, signature.denominator)
        if signature.time <= time_signatures[-1][0]:
            time_signatures[-1] = (time_signatures[-1][0], *entry[1:])
        else:
            time_signatures.append(entry)
    return time_signatures


def _end_quarters(sequence: NoteSequence, to_quarters: Callable[[float], float]) -> float:
    onsets = [note.start_time for note in sequence.notes if math.isfinite(note.start_time)]
    ends = [note.end_time for note in sequence.notes if math.isfinite(note.end_time)]
    if math.isfinite(sequence.total_time):
        ends.append(sequence.total_time)
    last_onset = to_quarters(max(onsets, default=0.0)) + 1e-3
    last_end = to_quarters(max(ends, default=0.0)) - _OVERHANG_QUARTERS
    return max(last_onset, last_end, 0.0)
