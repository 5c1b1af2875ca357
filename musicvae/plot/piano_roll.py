"""Piano rolls: time to the right, pitch upwards, drums on rows with their names.

A row is a semitone, or one piece of the drum kit; C is labelled with its octave, middle C being C4.
Colour says who plays, its strength how loud. The tall lines are bars, the fine ones beats.
"""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Callable, Sequence

from musicvae.general_midi import drum_name
from musicvae.instruments import PlotVoice, sound_notes, voice_of, voices_of
from musicvae.lazy_note_seq import NoteSequence
from musicvae.plot.colours import colours_of, shade
from musicvae.plot.drawing import (
    FAINT_INK,
    INK,
    PANEL,
    RULE,
    STRONG_RULE,
    Box,
    Drawing,
    Label,
    Shape,
    horizontal,
    moved,
    text_width,
    vertical,
)
from musicvae.plot.rows import FULL, RollStyle, Rows, label_margin, rows_of
from musicvae.plot.timeline import Timeline, timeline_of

MAX_BARS = 64
BARS_PER_LINE = 16
WIDTH = 900.0

_BLACK_KEYS = frozenset((1, 3, 6, 8, 10))
_BLACK_KEY_ROW = "#ebedf2"
_ROW_RULE = "#ffffff"
_CHORD_SYMBOL = 1
_GAP = 8.0
_TITLE_HEIGHT = 27.0
_LINE_GAP = 16.0
_NUMBERS_HEIGHT = 15.0

_XAt = Callable[[float], float]


@dataclasses.dataclass(frozen=True)
class RollLine:
    """Where on a drawing a stretch of time is: what a player needs to point at it.

    Attributes:
      start_seconds: time at the left edge.
      end_seconds: time at the right edge.
      left: pixels.
      right: pixels.
      top: pixels.
      bottom: pixels.
    """

    start_seconds: float
    end_seconds: float
    left: float
    right: float
    top: float
    bottom: float


@dataclasses.dataclass(frozen=True)
class Roll:
    """A piano roll and where time runs on it.

    Attributes:
      drawing: the picture.
      lines: from top to bottom; one but for long pieces.
    """

    drawing: Drawing
    lines: tuple[RollLine, ...]


def piano_roll(
    sequence: NoteSequence,
    *,
    title: str = "",
    width: float = WIDTH,
    rows: Rows | None = None,
    style: RollStyle = FULL,
    voices: Sequence[PlotVoice] | None = None,
    max_bars: int = MAX_BARS,
    bars_per_line: int = BARS_PER_LINE,
) -> Roll:
    """Draws a NoteSequence.

    Args:
      sequence: notes in seconds.
      title: what stands above the roll; nothing where it is empty.
      width: pixels.
      rows: what the rows stand for; the piece's own range by default.
      style: sizes.
      voices: all voices of the pictures that this one belongs to, for equal colours.
      max_bars: longer pieces are cut there, and the picture says so.
      bars_per_line: after how many bars the roll goes on below.

    Returns:
      The roll.
    """
    rows = rows or rows_of([sequence])
    timeline = timeline_of(sequence, max_bars=max_bars)
    own_voices = voices_of([sequence])
    colours = colours_of(tuple(voices) if voices is not None else own_voices)
    shapes: list[Shape] = []
    lines: list[RollLine] = []
    y = 0.0
    if title:
        shapes += _heading(title, _facts(timeline), own_voices, colours, width)
        y += _TITLE_HEIGHT
    left = label_margin(rows, style)
    is_long = timeline.num_bars > bars_per_line
    for first in range(0, timeline.num_bars, bars_per_line):
        last = min(first + bars_per_line, timeline.num_bars)
        # A last line that is not full is as much shorter.
        right = left + (width - left) * (last - first) / bars_per_line if is_long else width
        drawn, height = _line(sequence, timeline, (first, last), rows, style, colours, right)
        shapes += moved(drawn, 0.0, y)
        top = y + (_NUMBERS_HEIGHT if style.numbers else 0.0)
        span = (timeline.bars[first], timeline.bars[last])
        lines.append(RollLine(*span, left, right, top, y + height))
        y += height + _LINE_GAP
    drawing = Drawing(
        width=width,
        height=y - _LINE_GAP,
        shapes=tuple(shapes),
        title=title or "Piano roll",
        description=describe(sequence, timeline),
    )
    return Roll(drawing, tuple(lines))


def describe(sequence: NoteSequence, timeline: Timeline | None = None) -> str:
    """Returns a piece in a sentence, for who cannot see its picture.

    Args:
      sequence: notes in seconds.
      timeline: its bars, where known already.
    """
    timeline = timeline or timeline_of(sequence)
    notes = sound_notes(sequence)
    bars = timeline.num_bars + timeline.left_out
    parts = [_plural(bars, "bar"), f"{_tempo(timeline)} quarters a minute"]
    names = [voice.name for voice in voices_of([sequence])]
    if not notes:
        return f"{', '.join(parts)}, no notes."
    return f"{', '.join(parts)}, {_plural(len(notes), 'note')} by {', '.join(names)}."


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _facts(timeline: Timeline) -> str:
    if timeline.left_out:
        total = timeline.num_bars + timeline.left_out
        return f"the first {timeline.num_bars} of {total} bars · {_tempo(timeline)} qpm"
    return f"{_plural(timeline.num_bars, 'bar')} · {_tempo(timeline)} qpm"


def _tempo(timeline: Timeline) -> str:
    """Returns the tempo, or where it changes the slowest and the fastest."""
    slowest, fastest = (f"{qpm:.4g}" for qpm in timeline.qpm_range)
    return slowest if slowest == fastest else f"{slowest} to {fastest}"


def _heading(
    title: str, facts: str, voices: Sequence[PlotVoice], colours: dict[PlotVoice, str], width: float
) -> list[Shape]:
    """Draws the title, what there is to know, and who plays where that is not plain."""
    shapes: list[Shape] = [
        Label(0.0, 14.0, title, size=14.0, bold=True),
        Label(width, 14.0, facts, size=11.0, colour=FAINT_INK, anchor="end"),
    ]
    if len(voices) < 2:
        return shapes
    room = width - text_width(title, 15.0) - text_width(facts, 11.0) - 40
    entries: list[tuple[PlotVoice, float]] = [
        (voice, text_width(voice.name, 11.0) + 28) for voice in voices
    ]
    while sum(length for _, length in entries) > room and entries:
        entries.pop()
    x = width - text_width(facts, 11.0) - 18 - sum(length for _, length in entries)
    for voice, length in entries:
        shapes.append(Box(x, 5.0, 10.0, 10.0, colours[voice], radius=3.0))
        shapes.append(Label(x + 15, 14.0, voice.name, size=11.0, colour=FAINT_INK))
        x += length
    return shapes


def _line(
    sequence: NoteSequence,
    timeline: Timeline,
    bars: tuple[int, int],
    rows: Rows,
    style: RollStyle,
    colours: dict[PlotVoice, str],
    width: float,
) -> tuple[list[Shape], float]:
    """Draws the bars from `bars[0]` up to `bars[1]`; returns the shapes and their height."""
    start, end = timeline.bars[bars[0]], timeline.bars[bars[1]]
    left = label_margin(rows, style)
    scale = (width - left) / max(end - start, 1e-9)

    def x_at(seconds: float) -> float:
        return left + (seconds - start) * scale

    shapes: list[Shape] = []
    y = 0.0
    if style.numbers:
        y = _NUMBERS_HEIGHT
        shapes += _bar_numbers(timeline, bars, x_at)
        shapes += _chords(sequence, (start, end), x_at)
    tops: dict[tuple[bool, int], tuple[float, float]] = {}
    panels: list[tuple[float, float]] = []
    if rows.pitches:
        low, high = rows.pitches
        height = min(max(style.pitched / (high - low + 1), style.row_range[0]), style.row_range[1])
        for pitch in range(low, high + 1):
            tops[False, pitch] = (y + (high - pitch) * height, height)
        shapes += _pitched_panel(tops, (low, high), left, width, style)
        panels.append((y, y + (high - low + 1) * height))
        y = panels[-1][1] + _GAP
    if rows.drums:
        for k, pitch in enumerate(reversed(rows.drums)):
            tops[True, pitch] = (y + k * style.drum_row, style.drum_row)
        shapes += _drum_panel(tops, rows.drums, left, width, style)
        panels.append((y, y + len(rows.drums) * style.drum_row))
        y = panels[-1][1] + _GAP
    for top, bottom in panels:
        shapes += _grid(timeline, bars, x_at, top, bottom)
    shapes += _notes(sequence, (start, end), timeline.step_seconds * scale, tops, colours, x_at)
    return shapes, y - _GAP


def _bar_numbers(timeline: Timeline, bars: tuple[int, int], x_at: _XAt) -> list[Shape]:
    if timeline.num_bars < 2:
        return []
    return [
        Label(x_at(timeline.bars[k]) + 4, 10.0, str(k + 1), size=9.5, colour=FAINT_INK)
        for k in range(*bars)
    ]


def _chords(sequence: NoteSequence, span: tuple[float, float], x_at: _XAt) -> list[Shape]:
    return [
        Label(x_at(chord.time) + 18, 10.5, chord.text, size=11.0, colour=INK, bold=True)
        for chord in sequence.text_annotations
        if chord.annotation_type == _CHORD_SYMBOL and span[0] <= chord.time < span[1] - 1e-6
    ]


def _pitched_panel(
    tops: dict[tuple[bool, int], tuple[float, float]],
    pitches: tuple[int, int],
    left: float,
    width: float,
    style: RollStyle,
) -> list[Shape]:
    low, high = pitches
    top = tops[False, high][0]
    height = tops[False, low][1]
    shapes: list[Shape] = [
        Box(left, top, width - left, (high - low + 1) * height, PANEL, radius=4.0)
    ]
    for pitch in range(low, high + 1):
        y = tops[False, pitch][0]
        if pitch % 12 in _BLACK_KEYS:
            shapes.append(Box(left, y, width - left, height, _BLACK_KEY_ROW))
    for pitch in range(low, high + 1):
        y = tops[False, pitch][0]
        if pitch % 12 == 0:
            shapes.append(horizontal(y + height, left, width, STRONG_RULE, 0.6))
            if style.label:
                name = f"C{pitch // 12 - 1}"
                baseline = y + height / 2 + style.label * 0.36
                shapes.append(Label(left - 7, baseline, name, style.label, FAINT_INK, anchor="end"))
    return shapes


def _drum_panel(
    tops: dict[tuple[bool, int], tuple[float, float]],
    drums: tuple[int, ...],
    left: float,
    width: float,
    style: RollStyle,
) -> list[Shape]:
    top, height = tops[True, drums[-1]]
    shapes: list[Shape] = [Box(left, top, width - left, len(drums) * height, PANEL, radius=4.0)]
    for pitch in drums:
        y = tops[True, pitch][0]
        if pitch != drums[-1]:
            shapes.append(horizontal(y, left, width, _ROW_RULE, 1.5))
        if style.label:
            baseline = y + height / 2 + style.label * 0.36
            name = drum_name(pitch)
            shapes.append(Label(left - 7, baseline, name, style.label, FAINT_INK, anchor="end"))
    return shapes


def _grid(
    timeline: Timeline, bars: tuple[int, int], x_at: _XAt, top: float, bottom: float
) -> list[Shape]:
    first, last = timeline.bars[bars[0]], timeline.bars[bars[1]]
    beats = timeline.beats
    within = beats[bisect.bisect_left(beats, first) : bisect.bisect_left(beats, last)]
    shapes: list[Shape] = []
    if within and x_at(within[0]) - x_at(first) >= 8:
        shapes += [vertical(x_at(beat), top, bottom, RULE, 1.0) for beat in within]
    bar_lines = timeline.bars[bars[0] + 1 : bars[1]]
    shapes += [vertical(x_at(seconds), top, bottom, STRONG_RULE, 1.2) for seconds in bar_lines]
    return shapes


def _notes(
    sequence: NoteSequence,
    span: tuple[float, float],
    step_width: float,
    tops: dict[tuple[bool, int], tuple[float, float]],
    colours: dict[PlotVoice, str],
    x_at: _XAt,
) -> list[Shape]:
    """Draws the notes that sound within `span`; drums last as long as the eye needs."""
    start, end = span
    right = x_at(end)
    shapes: list[Shape] = []
    next_hit: dict[int, float] = {}
    for note in reversed(sound_notes(sequence)):
        row = tops.get((note.is_drum, note.pitch))
        sounds_at = note.start_time if note.is_drum else note.end_time
        begins_before = note.start_time < start - 1e-9
        if row is None or note.start_time >= end - 1e-9 or (begins_before and sounds_at <= start):
            continue
        top, height = row
        x = x_at(max(note.start_time, start))
        if note.is_drum:
            length = min(max(step_width - 2.0, 2.0), height * 1.15)
            length = min(length, next_hit.get(note.pitch, right) - x - 1.0)
            next_hit[note.pitch] = x
        else:
            length = min(x_at(note.end_time), right) - x - 1.0
        length = max(min(length, right - x), 1.5)
        inset = min(1.0, height * 0.12)
        fill = shade(colours.get(voice_of(note), INK), note.velocity)
        radius = min(2.5, length / 3)
        shapes.append(Box(x + 0.5, top + inset, length, height - 2 * inset, fill, radius))
    shapes.reverse()
    return shapes
