"""What is in a piece of music, track by track, and why it gives examples or none.

Tracks are a NoteSequence's instruments, under their own numbers. Bars are counted from 1 through
all changes of tempo and time signature.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from musicvae.converters import Converter, PitchMap, Rejection
from musicvae.converters.examples import Array
from musicvae.converters.notes import Score, read_score
from musicvae.converters.sections import Section, split_sections
from musicvae.lazy_note_seq import NoteSequence
from musicvae.sequences import channels_of, program_changes

_BAR_TOLERANCE = 1e-6


@dataclasses.dataclass(frozen=True)
class Change:
    """A tempo or time signature from a bar on.

    Attributes:
      bar: the bar, from 1.
      seconds: when it is.
      value: "4/4" or "120".
    """

    bar: int
    seconds: float
    value: str


@dataclasses.dataclass(frozen=True)
class Track:
    """One instrument of a piece.

    Attributes:
      number: the instrument's number.
      name: its name, where it has one.
      programs: its MIDI programs, 0..127.
      channel: its MIDI channel, 1..16; None where it is not known.
      program_changes: where its program changes; the first is that of its first note. Empty where
        it never does.
      is_drum: whether it is percussion.
      num_notes: its notes.
      bars: the bars in which notes begin, from 1.
      pitches: its lowest and highest pitch.
      num_examples: examples that it has a part in.
    """

    number: int
    name: str
    programs: tuple[int, ...]
    is_drum: bool
    num_notes: int
    bars: tuple[int, ...]
    pitches: tuple[int, int]
    num_examples: int = 0
    channel: int | None = None
    program_changes: tuple[Change, ...] = ()


@dataclasses.dataclass(frozen=True)
class Inspection:
    """What is in a piece.

    Attributes:
      name: its file name or id.
      seconds: its length.
      num_bars: bars.
      time_signatures: time signatures; the first is at bar 1.
      tempos: tempos in quarter notes a minute; the first is at bar 1.
      tracks: its instruments, by number.
      num_chord_symbols: chord symbols.
      num_examples: examples, or None where no converter was given.
      rejections: why there are no more.
    """

    name: str
    seconds: float
    num_bars: int
    time_signatures: tuple[Change, ...]
    tempos: tuple[Change, ...]
    tracks: tuple[Track, ...]
    num_chord_symbols: int
    num_examples: int | None = None
    rejections: tuple[Rejection, ...] = ()

    @property
    def num_notes(self) -> int:
        """Notes in all tracks."""
        return sum(track.num_notes for track in self.tracks)


def inspect_sequence(
    sequence: NoteSequence, converter: Converter | None = None, *, pitch_map: PitchMap = "training"
) -> Inspection:
    """Looks into a NoteSequence.

    Args:
      sequence: the piece; seconds, not quantized.
      converter: a configuration's converter, to count examples; None looks at the music only.
      pitch_map: the drum pitches that it reads; see `Converter.extract`.
    """
    score, _ = read_score(sequence)
    sections, _ = split_sections(score)
    examples: Counter[int] = Counter()
    num_examples: int | None = None
    rejections: tuple[Rejection, ...] = ()
    if converter is not None:
        found = converter.extract_compact(sequence, pitch_map=pitch_map)
        num_examples, rejections = len(found.origins), found.rejections
        for origin in found.origins:
            examples.update(set(origin.tracks))
    return Inspection(
        name=sequence.filename or sequence.id,
        seconds=score.total_seconds,
        num_bars=_num_bars(score, sections),
        time_signatures=tuple(
            _changes(sections, [section.time_signature.name for section in sections])
        ),
        tempos=tuple(_changes(sections, [f"{section.qpm:.6g}" for section in sections])),
        tracks=tuple(_tracks(sequence, score, sections, examples)),
        num_chord_symbols=len(score.chords),
        num_examples=num_examples,
        rejections=rejections,
    )


def _changes(sections: Sequence[Section], values: Sequence[str]) -> Iterator[Change]:
    """Yields the values that differ from those of the section before."""
    before = None
    for section, value in zip(sections, values, strict=True):
        if value != before:
            yield Change(section.first_bar, section.start_seconds, value)
        before = value


def _tracks(
    sequence: NoteSequence, score: Score, sections: Sequence[Section], examples: Counter[int]
) -> Iterator[Track]:
    names = {info.instrument: info.name.strip() for info in sequence.instrument_infos}
    bars = _bars_at(score.notes.start, sections)
    channels = channels_of(sequence)
    programs = program_changes(sequence)
    for number in np.unique(score.notes.instrument):
        own = score.notes.instrument == number
        notes = score.notes.select(own)
        yield Track(
            number=int(number),
            name=names.get(int(number), ""),
            programs=tuple(np.unique(notes.program).tolist()),
            is_drum=bool(notes.is_drum.any()),
            num_notes=len(notes),
            bars=tuple(np.unique(bars[own]).tolist()),
            pitches=(int(notes.pitch.min()), int(notes.pitch.max())),
            num_examples=examples[int(number)],
            channel=channels.get(int(number)),
            program_changes=tuple(
                Change(_bar_at(seconds, sections), seconds, str(program))
                for seconds, program in programs.get(int(number), ())
            ),
        )


def _bar_at(seconds: float, sections: Sequence[Section]) -> int:
    return int(_bars_at(np.array([seconds]), sections)[0])


def _bars_at(times: Array, sections: Sequence[Section]) -> Array:
    """Returns the bar that each time, in seconds, is in: int64 `[N]`."""
    starts = [section.start_seconds for section in sections]
    within = np.maximum(np.searchsorted(starts, times, side="right") - 1, 0)
    seconds = np.array([_bar_seconds(section) for section in sections])[within]
    first = np.array([section.first_bar for section in sections])[within]
    passed = np.maximum(times - np.array(starts)[within], 0.0) / seconds
    bars: Array = first + np.floor(passed + _BAR_TOLERANCE).astype(np.int64)
    return bars


def _num_bars(score: Score, sections: Sequence[Section]) -> int:
    """Returns how many bars a piece has; the last may be cut short."""
    last = sections[-1]
    passed = (score.total_seconds - last.start_seconds) / _bar_seconds(last)
    return last.first_bar - 1 + math.ceil(passed - _BAR_TOLERANCE)


def _bar_seconds(section: Section) -> float:
    seconds = section.time_signature.quarters * 60.0 / section.qpm if section.qpm > 0 else 0.0
    return seconds if seconds > 0 else float("inf")
