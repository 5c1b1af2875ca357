"""What to tell a person about a piece of music: its tempo, and why it gives no example."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from musicvae.converters import REASONS, Rejection
from musicvae.grid import DEFAULT_QPM
from musicvae.lazy_note_seq import NoteSequence

_NAMED_AT_MOST = 3


def channels_of(sequence: Any) -> dict[int, int]:
    """Returns the MIDI channel, 1 to 16, of each instrument; of a score, none.

    Args:
      sequence: a NoteSequence.
    """
    if sequence.source_info.encoding_type != NoteSequence.SourceInfo.MIDI:
        return {}
    return {number: info.part for number, info in enumerate(sequence.part_infos)}


def program_changes(sequence: Any) -> dict[int, list[tuple[float, int]]]:
    """Returns the programs of each instrument that changes its program.

    Args:
      sequence: a NoteSequence.

    Returns:
      (seconds, program) of the first note and of each one at which the program is another, by
      instrument.
    """
    found: dict[int, list[tuple[float, int]]] = {}
    for note in sorted(sequence.notes, key=lambda note: note.start_time):
        changes = found.setdefault(note.instrument, [])
        if not note.is_drum and (not changes or changes[-1][1] != note.program):
            changes.append((note.start_time, note.program))
    return {number: changes for number, changes in found.items() if len(changes) > 1}


def describe_rejections(rejections: Iterable[Rejection], sequence: Any = None) -> str:
    """Returns the reasons why notes gave no example, in a line.

    Args:
      rejections: what a converter left out; equal reasons are counted, not repeated.
      sequence: the NoteSequence that it was left out of, for its channels.
    """
    channels = channels_of(sequence) if sequence is not None else {}
    by_reason: dict[str, list[Rejection]] = {}
    for rejection in rejections:
        by_reason.setdefault(rejection.reason, []).append(rejection)
    texts = []
    for reason, group in by_reason.items():
        more = f" (and {len(group) - 1} more)" if len(group) > 1 else ""
        text = group[0].detail or REASONS.get(reason, reason)
        texts.append(f"{_where(group[0], channels)}{text}{more}")
        if reason == "no_drums" and channels and not any(note.is_drum for note in sequence.notes):
            texts[-1] += f" ({_melodic_channels(sequence, channels)})"
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
    return float(sequence.tempos[0].qpm) if len(sequence.tempos) else DEFAULT_QPM


def track_name(track: int, channels: Mapping[int, int]) -> str:
    """Returns what to call an instrument: its number, and its MIDI channel where that is known.

    Args:
      track: the instrument's number.
      channels: instrument -> MIDI channel, 1 to 16.
    """
    channel = channels.get(track)
    return f"track {track}" + (f" (channel {channel})" if channel else "")


def _melodic_channels(sequence: Any, channels: Mapping[int, int]) -> str:
    """Says where the notes of a piece without drums are, most of them first."""
    counts = Counter(channels.get(note.instrument, 0) for note in sequence.notes)
    named = [f"{channel}" for channel, _ in counts.most_common(_NAMED_AT_MOST) if channel]
    return f"its notes are on channel {' and '.join(named)}; --drum_channel takes one for drums"


def _where(rejection: Rejection, channels: Mapping[int, int]) -> str:
    places = []
    if rejection.track is not None:
        places.append(track_name(rejection.track, channels))
    if rejection.bar is not None:
        places.append(f"bar {rejection.bar}")
    return f"{', '.join(places)}: " if places else ""
