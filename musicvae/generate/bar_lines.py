"""The bar lines and tempos of a piece, and its bars laid out as a model of 4/4 reads them.

A piece has three times: seconds; beats, quarter notes from its start, whatever the tempo; and grid
beats, which models read. On the grid every bar begins at a multiple of four beats: a bar of 3/4 is
followed by a beat of silence, a bar longer than four quarters is cut into pieces of four, or of
three where it is compound (12/8). A bar of 4/4 is the same in beats and in grid beats.

Every piece of at most four quarters is a slot here. A note up to half a sixteenth before a slot
belongs to it, as an early note.
"""

from __future__ import annotations

import bisect
import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from musicvae.grid import DEFAULT_QPM
from musicvae.lazy_note_seq import NoteSequence

COMMON_TIME = (4, 4)
SLOT_BEATS = 4.0
EARLY_BEATS = 0.125

_TINY = 1e-6
_OPENING_BEATS = EARLY_BEATS - 5e-3
_MAX_SECONDS = 3600.0
_WHOLE_BARS = 1e-2
_TICKS_PER_QUARTER = 220
_LONGEST_BAR = 256.0


class Tempo(NamedTuple):
    """A tempo in quarters a minute, from a beat on."""

    beat: float
    seconds: float
    qpm: float


class Region(NamedTuple):
    """A stretch of one time signature.

    Attributes:
      beat: where it begins.
      numerator: of its time signature.
      denominator: of its time signature.
      first_bar: number of its first bar; the piece's first is 1.
      first_slot: number of its first slot; the piece's first is 0.
      end: beat where it ends; infinite for the last.
    """

    beat: float
    numerator: int
    denominator: int
    first_bar: int
    first_slot: int
    end: float

    @property
    def bar_beats(self) -> float:
        """Length of a bar."""
        return 4.0 * self.numerator / self.denominator

    @property
    def slot_beats(self) -> float:
        """The longest slot: four beats, or three in a compound bar of more than four."""
        is_compound = self.denominator == 8 and self.numerator % 3 == 0
        if self.bar_beats > SLOT_BEATS and is_compound:
            return 3.0
        return min(self.bar_beats, SLOT_BEATS)

    @property
    def slots_per_bar(self) -> int:
        """Slots of a bar that is not cut short."""
        return math.ceil(self.bar_beats / self.slot_beats - _TINY)


class Slot(NamedTuple):
    """A bar, or a piece of one.

    Attributes:
      number: from 0; it begins on the grid at four times that.
      beat: where it begins.
      beats: how long it is, at most four.
      bar: number of its bar; the first is 1.
    """

    number: int
    beat: float
    beats: float
    bar: int


class Stretch(NamedTuple):
    """A stretch of a piece, in beats."""

    start: float
    end: float


@dataclasses.dataclass(frozen=True)
class BarLines:
    """The tempos and time signatures of a piece.

    Attributes:
      tempos: in order; the first is at beat 0.
      regions: stretches of one time signature, in order; the first is at beat 0.
      end: beat of the last bar line: all notes begin before it, and silent bars that the piece ends
        with are counted.
    """

    tempos: tuple[Tempo, ...]
    regions: tuple[Region, ...]
    end: float

    @classmethod
    def of(cls, sequence: NoteSequence) -> BarLines:
        """Finds the bar lines of a piece.

        Args:
          sequence: a piece, not changed. Impossible tempos and time signatures do not count; what
            is past an hour is not looked at.
        """
        tempos = _tempos(sequence)
        lines = cls(tempos, (Region(0.0, 4, 4, 1, 0, math.inf),), 0.0)
        lines = dataclasses.replace(lines, regions=_regions(sequence, lines.beat_at))
        return dataclasses.replace(lines, end=_end(sequence, lines))

    @classmethod
    def steady(cls, numerator: int, denominator: int) -> BarLines:
        """Returns those of endless bars of one time signature, at 60 qpm: a second is a beat."""
        region = Region(0.0, numerator, denominator, 1, 0, math.inf)
        return cls((Tempo(0.0, 0.0, 60.0),), (region,), math.inf)

    @property
    def num_bars(self) -> int:
        """Bars up to the end."""
        return self.slot_at(self.end).bar - 1

    def beat_at(self, seconds: float) -> float:
        """Returns the beat at a time in seconds."""
        k = max(bisect.bisect_right(self.tempos, seconds, key=lambda each: each.seconds) - 1, 0)
        tempo = self.tempos[k]
        return tempo.beat + (seconds - tempo.seconds) * tempo.qpm / 60.0

    def seconds_at(self, beat: float) -> float:
        """Returns the time in seconds of a beat."""
        k = max(bisect.bisect_right(self.tempos, beat, key=lambda each: each.beat) - 1, 0)
        tempo = self.tempos[k]
        return tempo.seconds + (beat - tempo.beat) * 60.0 / tempo.qpm

    def slot_at(self, beat: float) -> Slot:
        """Returns the slot that a beat lies in."""
        region = self.regions[self._region_at(beat)]
        bar = math.floor((beat - region.beat) / region.bar_beats + _TINY)
        within = beat - region.beat - bar * region.bar_beats
        part = min(math.floor(within / region.slot_beats + _TINY), region.slots_per_bar - 1)
        return self._slot(region, max(bar, 0), max(part, 0))

    def slot_numbered(self, number: int) -> Slot:
        """Returns a slot by its number, which is at least 0."""
        k = bisect.bisect_right(self.regions, number, key=lambda each: each.first_slot) - 1
        region = self.regions[k]
        return self._slot(region, *divmod(number - region.first_slot, region.slots_per_bar))

    def slot_of_bar(self, bar: int) -> Slot:
        """Returns the first slot of a bar, whose number is at least 1."""
        k = bisect.bisect_right(self.regions, bar, key=lambda each: each.first_bar) - 1
        region = self.regions[k]
        return self._slot(region, bar - region.first_bar, 0)

    def window_at(self, beat: float, beats: float) -> Stretch:
        """Returns the window that a beat lies in, of those that follow each other from bar lines.

        Args:
          beat: the beat.
          beats: the longest window. It has as many whole bars as fit; a longer bar is cut.
        """
        region = self.regions[self._region_at(beat)]
        length = max(math.floor(beats / region.bar_beats + _TINY), 1) * region.bar_beats
        start = region.beat + math.floor((beat - region.beat) / length + _TINY) * length
        if length > beats:
            start += math.floor((beat - start) / beats + _TINY) * beats
        return self.window_from(start, beats)

    def window_from(self, start: float, beats: float) -> Stretch:
        """Returns the window that begins at a beat; it is as long as those of `window_at`."""
        region = self.regions[self._region_at(start)]
        bars = math.floor(beats / region.bar_beats + _TINY)
        if bars:
            return Stretch(start, min(start + bars * region.bar_beats, region.end))
        bar = math.floor((start - region.beat) / region.bar_beats + _TINY)
        bar_end = region.beat + (bar + 1) * region.bar_beats
        return Stretch(start, min(start + beats, bar_end, region.end))

    def time_signature_of(self, slot: int) -> tuple[int, int]:
        """Returns numerator and denominator of the bar that a slot belongs to, by its number."""
        k = bisect.bisect_right(self.regions, slot, key=lambda each: each.first_slot) - 1
        return self.regions[k].numerator, self.regions[k].denominator

    def grid_at(self, beat: float) -> float:
        """Returns the grid beat of a beat."""
        slot = self.slot_at(beat)
        within = beat - slot.beat
        if slot.beats - within <= EARLY_BEATS + _TINY and slot.beats < SLOT_BEATS:
            return SLOT_BEATS * (slot.number + 1) + within - slot.beats
        return SLOT_BEATS * slot.number + within

    def beat_at_grid(self, grid: float) -> float | None:
        """Returns the beat of a grid beat, or None in the silence that follows a short bar."""
        number = max(math.floor(grid / SLOT_BEATS + _TINY), 0)
        slot, within = self.slot_numbered(number), grid - SLOT_BEATS * number
        if within < slot.beats - _TINY:
            return slot.beat + within
        if SLOT_BEATS - within <= EARLY_BEATS + _TINY:
            return slot.beat + slot.beats + within - SLOT_BEATS
        return None

    def end_at_grid(self, grid: float) -> float:
        """Returns the beat at which a note ends that ends at a grid beat.

        In the silence after a short bar that is the bar line.
        """
        beat = self.beat_at_grid(grid)
        if beat is None:
            slot = self.slot_numbered(math.floor(grid / SLOT_BEATS + _TINY))
            return slot.beat + slot.beats
        return beat

    @property
    def main_tempo(self) -> float:
        """The tempo that holds for the most seconds, in quarters a minute."""
        lasting: dict[float, float] = {}
        ends = [*(tempo.seconds for tempo in self.tempos[1:]), self.seconds_at(self.end)]
        for tempo, end in zip(self.tempos, ends, strict=True):
            lasting[tempo.qpm] = lasting.get(tempo.qpm, 0.0) + end - tempo.seconds
        return max(lasting, key=lambda qpm: lasting[qpm])

    def excerpt(
        self, start: float, end: float, qpm: float | None = None
    ) -> tuple[NoteSequence, Callable[[float], float]]:
        """Makes a piece without notes, with the tempos and time signatures of a part of this one.

        Args:
          start: beat at which it begins.
          end: beat at which it ends.
          qpm: a tempo in place of the piece's own.

        Returns:
          The piece, and what turns a beat of this one into its seconds.
        """
        origin = self.seconds_at(start)

        def seconds(beat: float) -> float:
            if qpm is not None:
                return (beat - start) * 60.0 / qpm
            return self.seconds_at(beat) - origin

        piece = NoteSequence(ticks_per_quarter=_TICKS_PER_QUARTER, total_time=seconds(end))
        if qpm is not None:
            piece.tempos.add(qpm=qpm)
        else:
            for tempo in _within(self.tempos, start, end):
                piece.tempos.add(time=max(seconds(tempo.beat), 0.0), qpm=tempo.qpm)
        for region in _within(self.regions, start, end):
            piece.time_signatures.add(
                time=max(seconds(region.beat), 0.0),
                numerator=region.numerator,
                denominator=region.denominator,
            )
        return piece, seconds

    @property
    def other_time_signatures(self) -> tuple[str, ...]:
        """The time signatures other than 4/4, as "3/4", in order."""
        names = [f"{each.numerator}/{each.denominator}" for each in self.regions]
        return tuple(name for name in dict.fromkeys(names) if name != "4/4")

    def _region_at(self, beat: float) -> int:
        k = bisect.bisect_right(self.regions, beat + _TINY, key=lambda each: each.beat) - 1
        return max(k, 0)

    def _slot(self, region: Region, bar: int, part: int) -> Slot:
        start = region.beat + bar * region.bar_beats
        end = min(start + region.bar_beats, region.end)
        beat = min(start + part * region.slot_beats, end)
        return Slot(
            number=region.first_slot + bar * region.slots_per_bar + part,
            beat=beat,
            beats=min(region.slot_beats, end - beat),
            bar=region.first_bar + bar,
        )


_Change = TypeVar("_Change", Tempo, Region)


def _within(changes: tuple[_Change, ...], start: float, end: float) -> Iterator[_Change]:
    """Yields the changes that hold between two beats."""
    ends = [*(change.beat for change in changes[1:]), math.inf]
    for change, until in zip(changes, ends, strict=True):
        if change.beat < end - _TINY and until > start + _TINY:
            yield change


def _tempos(sequence: NoteSequence) -> tuple[Tempo, ...]:
    """Returns the tempos of a piece that differ from the one before."""
    found = [Tempo(0.0, 0.0, DEFAULT_QPM)]
    for event in sorted(sequence.tempos, key=lambda event: event.time):
        if not (0 < event.qpm < math.inf and 0 <= event.time < math.inf):
            continue
        last = found[-1]
        if event.time <= last.seconds:
            found[-1] = last._replace(qpm=event.qpm)
        elif event.qpm != last.qpm:
            beat = last.beat + (event.time - last.seconds) * last.qpm / 60.0
            found.append(Tempo(beat, event.time, event.qpm))
    return tuple(found)


def _regions(sequence: NoteSequence, beat_at: Callable[[float], float]) -> tuple[Region, ...]:
    """Returns the stretches of one time signature.

    One that begins just after a bar line begins at it.
    """
    found = [Region(0.0, 4, 4, 1, 0, math.inf)]
    for event in sorted(sequence.time_signatures, key=lambda event: event.time):
        if not (_is_possible(event.numerator, event.denominator) and 0 <= event.time < math.inf):
            continue
        last, beat = found[-1], beat_at(event.time)
        bars = (beat - last.beat) / last.bar_beats
        if (bars - math.floor(bars + _TINY)) * last.bar_beats < EARLY_BEATS:
            bars = math.floor(bars + _TINY)
            beat = last.beat + bars * last.bar_beats
        same = (event.numerator, event.denominator) == last[1:3]
        if same and bars == math.floor(bars):
            continue
        whole = math.ceil(bars - _TINY)
        if not whole:
            found.pop()
        else:
            found[-1] = last._replace(end=beat)
        found.append(
            Region(
                beat=beat,
                numerator=event.numerator,
                denominator=event.denominator,
                first_bar=last.first_bar + whole,
                first_slot=last.first_slot + whole * last.slots_per_bar,
                end=math.inf,
            )
        )
    return tuple(found)


def _is_possible(numerator: int, denominator: int) -> bool:
    is_power = denominator > 0 and denominator & (denominator - 1) == 0
    return numerator > 0 and is_power and 4 * numerator <= _LONGEST_BAR * denominator


def _end(sequence: NoteSequence, lines: BarLines) -> float:
    """Returns the beat of the last bar line of a piece."""
    last = 0.0
    for note in sequence.notes:
        if not 0 <= note.start_time < _MAX_SECONDS:
            continue
        # A hit less than half a sixteenth early belongs to the bar that it leads into, and a note
        # that rings on as long does not open another bar.
        reached = lines.beat_at(note.start_time) + _OPENING_BEATS
        if not note.is_drum and math.isfinite(note.end_time):
            end = lines.beat_at(min(note.end_time, _MAX_SECONDS))
            reached = max(reached, end - EARLY_BEATS)
        last = max(last, reached)
    slot = lines.slot_at(last)
    end = lines.slot_of_bar(slot.bar + 1).beat
    if sequence.total_time <= _MAX_SECONDS:
        silent = lines.slot_at(lines.beat_at(sequence.total_time) + _WHOLE_BARS)
        end = max(end, lines.slot_of_bar(silent.bar).beat)
    return end
