"""The notes of a part as music21 holds it: all voices, ties joined, grace notes given time.

music21's own `stripTies` joins a tie to another voice's note, and no tie of one note of a chord.
Offsets and lengths are in quarters.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

# A grace note lasts a little over a 32nd before its main note, so that on a grid of sixteenths it
# has the step before, and the main note its own; a drum's is a flam, in the step of its stroke.
_GRACE_QUARTERS = 9 / 64
_FLAM_QUARTERS = 1 / 16
_TINY = 1e-4


@dataclasses.dataclass
class ScoreNote:
    """A note of a part.

    Attributes:
      pitch: MIDI pitch.
      start: offset from the part's start; that of its main note for a grace note at first.
      length: 0 for a grace note at first.
      is_tied: whether it is held on into the next note of its pitch.
      voice: its voice's name; empty in a bar of one voice.
      chord: number of the note or chord that it was written in.
    """

    pitch: int
    start: float
    length: float
    is_tied: bool
    voice: str
    chord: int

    @property
    def end(self) -> float:
        """Where it ends."""
        return self.start + self.length


def part_notes(part: Any, *, is_drum: bool, lead: float = 0.0) -> tuple[list[ScoreNote], int]:
    """Returns the notes of a part.

    Args:
      part: a music21 part as it is played.
      is_drum: whether its grace notes are flams.
      lead: how much time there is before its start, for grace notes.

    Returns:
      Its notes by time, and how many grace notes have no place: there is no time before them, or
      no note after them.
    """
    by_voice: dict[str, list[ScoreNote]] = {}
    for chord, (offset, voice, element) in enumerate(elements(part)):
        length = float(element.duration.quarterLength)
        for pitch, is_tied in _pitches(element):
            note = ScoreNote(pitch, offset, length, is_tied, voice, chord)
            by_voice.setdefault(voice, []).append(note)
    found, num_lost = [], 0
    for own in by_voice.values():
        own.sort(key=lambda note: (note.start, note.length > 0))
        kept, lost = _with_time_for_grace_notes(
            own, _FLAM_QUARTERS if is_drum else _GRACE_QUARTERS, lead
        )
        found += kept
        num_lost += lost
    return _with_ties_joined(found), num_lost


def elements(part: Any) -> Iterator[tuple[float, str, Any]]:
    """Yields the notes and chords of a part, and its chord symbols: offset, voice, element."""
    for measure in list(part.getElementsByClass("Measure")) or [part]:
        start = 0.0 if measure is part else float(measure.offset)
        for voice in measure.voices:
            for element in voice.notes:
                yield start + float(voice.offset) + float(element.offset), str(voice.id), element
        for element in measure.notes:
            yield start + float(element.offset), "", element


def _pitches(element: Any) -> Iterator[tuple[int, bool]]:
    """Yields MIDI pitch of each note of an element, and whether a tie begins at it."""
    if "ChordSymbol" in element.classes:
        return
    for note in getattr(element, "notes", [element]):
        for pitch in getattr(note, "pitches", ()):
            yield int(pitch.midi), note.tie is not None and note.tie.type in ("start", "continue")


def _with_time_for_grace_notes(
    notes: Sequence[ScoreNote], quarters: float, lead: float
) -> tuple[list[ScoreNote], int]:
    """Puts the grace notes of a voice before their main notes; the note before makes room."""
    kept: list[ScoreNote] = []
    waiting: list[ScoreNote] = []
    num_lost = 0
    for note in notes:
        if note.length <= 0:
            waiting.append(note)
            continue
        if waiting:
            before = kept[-1].start if kept else -lead
            chords = [list(each) for _, each in itertools.groupby(waiting, lambda n: n.chord)]
            lasting = min(quarters, (note.start - before) / 2 / len(chords))
            start = note.start - lasting * len(chords)
            if lasting > _TINY:
                for each in reversed(kept):
                    if each.start < before:
                        break
                    each.length = min(each.length, start - each.start)
                for k, chord in enumerate(chords):
                    for grace in chord:
                        grace.start, grace.length = start + k * lasting, lasting
                        kept.append(grace)
            else:
                num_lost += len(waiting)
            waiting = []
        kept.append(note)
    return kept, num_lost + len(waiting)


def _with_ties_joined(notes: Sequence[ScoreNote]) -> list[ScoreNote]:
    """Makes one note of those that ties join; one of the same voice is preferred."""
    held: dict[tuple[int, float], list[ScoreNote]] = {}
    joined = []
    for note in sorted(notes, key=lambda each: (each.start, each.pitch)):
        before = held.get((note.pitch, round(note.start, 3)))
        if before:
            first = next((each for each in before if each.voice == note.voice), before[0])
            before.remove(first)
            first.length = note.end - first.start
        else:
            first = note
            joined.append(note)
        if note.is_tied:
            held.setdefault((note.pitch, round(note.end, 3)), []).append(first)
    return joined
