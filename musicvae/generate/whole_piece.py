"""A whole piece as the windows that a model reads, every bar in its place, rests included.

The piece is laid on the grid (bar_lines.py) and cut into windows that follow each other from its
first bar on; where there are models of several lengths, into the longest that fit (window_plan.py).
What a window lacks is silence, and so is a window without a note, which no model is asked about. A
note that is held into a window is held on (held_notes.py).
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from musicvae.converters import Converter, Example, Rejection
from musicvae.errors import NoExamplesError
from musicvae.generate.adaptations import (
    Adaptation,
    as_one_instrument,
    basses_on_a_piano,
    on_a_piano,
    within_an_hour,
)
from musicvae.generate.bar_lines import EARLY_BEATS, SLOT_BEATS, BarLines
from musicvae.generate.grid_pieces import GRID_QPM, on_grid
from musicvae.generate.held_notes import WindowNotes, notes_of_windows
from musicvae.generate.input_windows import notes_about_tracks, padded, sound_of, stages
from musicvae.generate.window_plan import PlannedWindow, longest_plan, steady_plan
from musicvae.lazy_note_seq import NoteSequence
from musicvae.sequences import describe_rejections

_NAMED_BARS = 8


class Tile(NamedTuple):
    """A window of a whole piece.

    Attributes:
      slot: the slot that it begins with.
      example: its tensors.
      velocity: mean MIDI velocity of its notes.
      program: MIDI program of its melody, or None where it has none or several.
      bars: its length in slots.
      held: pitches that the piece holds into it from before, and does not strike with it.
    """

    slot: int
    example: Example
    velocity: int
    program: int | None
    bars: int
    held: frozenset[int] = frozenset()


@dataclasses.dataclass(frozen=True)
class WholePiece:
    """A piece cut into windows.

    Attributes:
      lines: its bar lines.
      tiles: its windows with notes, in order.
      notes: what was done to it, in sentences for the user.
    """

    lines: BarLines
    tiles: tuple[Tile, ...]
    notes: tuple[str, ...]


def read_whole(
    sequence: NoteSequence,
    converter: Converter,
    *,
    name: str,
    adaptations: Sequence[Adaptation] = (),
    lengths: Collection[int] = (),
    resting: Collection[int] = (),
) -> WholePiece:
    """Cuts a whole piece into windows that follow each other.

    Args:
      sequence: the piece, not changed.
      converter: the model's; not of grooves, which `read_performance` cuts.
      name: what to call the piece in messages.
      adaptations: what may be tried before the others.
      lengths: bars of windows, the longest of which that fit are taken; the converter's by default.
      resting: instruments that stand for parts that the piece lacks, of which nothing is said.

    Returns:
      Its windows. Of several melodies the one with notes in the most bars is taken.

    Raises:
      NoExamplesError: the piece gives none; the message says why.
    """
    notes: tuple[str, ...] = ()
    first_hour = within_an_hour(sequence)
    if first_hour is not None:
        sequence, notes = first_hour.sequence, tuple(filter(None, [first_hour.notes]))
    lines = BarLines.of(sequence)
    if lines.other_time_signatures:
        names = " and ".join(lines.other_time_signatures)
        notes = (*notes, f"its bars of {names} were read as bars of 4/4, and are kept")
    programs_read = converter.programs
    grid = on_grid(as_one_instrument(sequence, programs_read), lines, GRID_QPM)
    programs = [note.program for note in grid.notes]
    reader = converter.lenient()
    rejections: tuple[Rejection, ...] = ()
    for adapted, added, _ in stages(grid, [*adaptations, on_a_piano, basses_on_a_piano]):
        shortest = reader.with_bars(1) or reader
        found = shortest.extract_compact(adapted, pitch_map="inference")
        rejections = found.rejections
        if not found.origins:
            continue
        by_tracks = collections.Counter(origin.tracks for origin in found.origins)
        tracks, _ = by_tracks.most_common(1)[0]
        if converter.spec.num_segments:
            tracks = tuple({note.instrument for note in adapted.notes})
        tiles, left_out = _tiles(adapted, programs, reader, tracks, lines, lengths)
        if tiles:
            told = [each for each in rejections if each.track not in resting]
            notes = (*notes, *added, *notes_about_tracks(sequence, told, tracks), *left_out)
            if len(by_tracks) > 1 and not converter.spec.num_segments:
                what = "melodies that of track" if len(tracks) == 1 else "trios that of tracks"
                named = ", ".join(map(str, tracks))
                notes = (*notes, f"of its {len(by_tracks)} {what} {named} was read")
            return WholePiece(lines, tuple(tiles), notes)
    reasons = describe_rejections(rejections, sequence)
    raise NoExamplesError(f"'{name}' has nothing that this model can read: {reasons}")


def _tiles(
    grid: NoteSequence,
    programs: Sequence[int],
    reader: Converter,
    tracks: Sequence[int],
    lines: BarLines,
    lengths: Collection[int],
) -> tuple[list[Tile], tuple[str, ...]]:
    """Cuts a piece on the grid into windows; says which bars could not be read."""
    early = 0.0 if reader.spec.num_segments else EARLY_BEATS
    notes, events = list(grid.notes), _Events(grid)
    num_slots = lines.slot_at(lines.end).number

    def notes_in(plan: Sequence[PlannedWindow]) -> dict[int, WindowNotes]:
        by_pitch = bool(reader.spec.num_segments)
        slots = [window.slot for window in plan]
        return notes_of_windows(
            notes, set(tracks), slots, early, num_slots=num_slots, by_pitch=by_pitch
        )

    plan = steady_plan(num_slots, reader.bars)
    if len(lengths) > 1:
        plan = longest_plan(notes_in(steady_plan(num_slots, 1)).keys(), lengths)
    bars_of = dict(plan)
    readers = {bars: reader.with_bars(bars) or reader for bars in bars_of.values()}
    tiles, silent, rejections = [], [], list[Rejection]()
    for slot, window in sorted(notes_in(plan).items()):
        bars = bars_of[slot]
        indices = sorted([*window.struck, *window.held])
        own = [notes[k] for k in indices]
        tile = _excerpt(grid, own, events, slot, bars)
        example, rejected = _read_tile(tile, readers[bars], tracks)
        if example is None:
            if window.struck:
                silent.append(lines.slot_numbered(slot).bar)
                rejections += rejected
            continue
        velocity, program = sound_of(
            [(note, programs[k]) for note, k in zip(own, indices, strict=True)]
        )
        held = frozenset(notes[k].pitch for k in window.held)
        tiles.append(Tile(slot, example, velocity, program, bars, held))
    if not silent:
        return tiles, ()
    named = ", ".join(map(str, silent[:_NAMED_BARS])) + (
        ", ..." if len(silent) > _NAMED_BARS else ""
    )
    reasons = describe_rejections(rejections, grid)
    what, are = ("window at bar", "is") if len(silent) == 1 else ("windows at bars", "are")
    return tiles, (f"the {what} {named} could not be read and {are} silent: {reasons}",)


class _Events:
    """The chords, keys and pedal moves of a piece on the grid, asked for from left to right."""

    def __init__(self, grid: NoteSequence) -> None:
        self._kinds = {
            "text_annotations": _Held(grid.text_annotations),
            "key_signatures": _Held(grid.key_signatures),
            "control_changes": _Held(grid.control_changes),
        }

    def copy_into(self, tile: NoteSequence, start: float, end: float) -> None:
        """Copies what holds or begins in a stretch, in seconds from its start."""
        for name, held in self._kinds.items():
            kept = getattr(tile, name)
            for event in held.within(start, end):
                copied = kept.add()
                copied.CopyFrom(event)
                copied.time = max(event.time - start, 0.0)


class _Held:
    """Events of one kind; the last of each instrument holds until the next."""

    def __init__(self, events: Iterable[Any]) -> None:
        self._events = sorted(events, key=lambda event: event.time)
        self._next = 0
        self._holding: dict[int, Any] = {}

    def within(self, start: float, end: float) -> Iterator[Any]:
        """Yields what holds at `start`, which never goes back, and what comes before `end`."""
        while self._next < len(self._events) and self._events[self._next].time <= start:
            event = self._events[self._next]
            self._holding[getattr(event, "instrument", 0)] = event
            self._next += 1
        yield from self._holding.values()
        for event in itertools.islice(self._events, self._next, None):
            if not event.time < end:
                return
            yield event


def _excerpt(
    grid: NoteSequence, notes: Sequence[Any], events: _Events, slot: int, bars: int
) -> NoteSequence:
    """Returns a window of a piece on the grid, from its own second 0 on."""
    start, length = slot * SLOT_BEATS, bars * SLOT_BEATS
    tile = NoteSequence(total_time=length, ticks_per_quarter=grid.ticks_per_quarter)
    tile.tempos.extend(grid.tempos)
    tile.time_signatures.extend(grid.time_signatures)
    for note in notes:
        copy = tile.notes.add()
        copy.CopyFrom(note)
        copy.start_time = max(note.start_time - start, 0.0)
        copy.end_time = min(max(note.end_time - start, copy.start_time), length)
    events.copy_into(tile, start, start + length)
    return tile


def _read_tile(
    tile: NoteSequence, reader: Converter, tracks: Sequence[int]
) -> tuple[Example | None, tuple[Rejection, ...]]:
    """Reads a window, and fills it up with silence before and after what it has."""
    reader.let_all_play(tile, tuple(tracks))
    found = None
    for count in range(reader.bars, 0, -1):
        shorter = reader.with_bars(count) or reader
        found = shorter.extract_compact(tile, pitch_map="inference")
        if found.origins:
            lead = found.origins[0].bar - 1
            first = {name: array[:1] for name, array in found.arrays.items()}
            return padded(reader, first, lead)[0], ()
    assert found is not None
    return None, found.rejections
