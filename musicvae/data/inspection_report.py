"""Inspections as text: a table of tracks, and what stands in the way of examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType

from musicvae.converters import REASONS, Rejection
from musicvae.data.inspection import Change, Inspection, Track
from musicvae.general_midi import PROGRAM_NAMES
from musicvae.names import printable_line
from musicvae.sequences import track_name

_CHANGES_AT_MOST = 6
_HEADINGS = ("track", "channel", "program", "notes", "bars", "pitches", "examples")


def describe(inspection: Inspection, *, max_rejections: int | None = 3) -> list[str]:
    """Returns an inspection as lines of text.

    Args:
      inspection: what was found.
      max_rejections: of one reason and track, how many to write out; None for all.
    """
    chords = inspection.num_chord_symbols
    lines = [
        f"{inspection.name}: {_duration(inspection.seconds)}, {inspection.num_bars} bars, "
        f"{inspection.num_notes:,} notes" + (f", {chords} chord symbols" if chords else ""),
        f"  time_signature: {_changes(inspection.time_signatures)}",
        f"  tempo: {_changes(inspection.tempos)}",
    ]
    if inspection.tracks:
        lines += _table(inspection.tracks, with_examples=inspection.num_examples is not None)
        lines += [
            f"  track {track.number} changes its program: {_changes(track.program_changes)}"
            for track in inspection.tracks
            if track.program_changes
        ]
    if inspection.num_examples is not None:
        lines.append(f"  examples: {inspection.num_examples}")
    if inspection.rejections:
        lines.append("  left out:")
        channels = {track.number: track.channel or 0 for track in inspection.tracks}
        lines += rejection_report(
            inspection.rejections, max_of_each=max_rejections, channels=channels
        )
    return [printable_line(line) for line in lines]


def summary_line(inspection: Inspection) -> str:
    """Returns an inspection in one line, for long lists.

    Args:
      inspection: what was found.
    """
    name = printable_line(inspection.name)
    text = f"{name}: {inspection.num_bars} bars, {inspection.num_notes:,} notes"
    if inspection.num_examples is None:
        return text
    text += f", {inspection.num_examples} examples"
    if not inspection.num_examples:
        reasons = Counter(rejection.reason for rejection in inspection.rejections)
        text += f" ({', '.join(REASONS[reason] for reason, _ in reasons.most_common(2))})"
    return text


def rejection_report(
    rejections: Iterable[Rejection],
    *,
    max_of_each: int | None = 3,
    channels: Mapping[int, int] = MappingProxyType({}),
) -> list[str]:
    """Returns why notes gave no example: by track and reason, the first few of each written out.

    Args:
      rejections: what a converter left out.
      max_of_each: how many; None for all.
      channels: the MIDI channel, 1 to 16, of each track of which it is known.
    """

    def key(rejection: Rejection) -> tuple[int, str]:
        return -1 if rejection.track is None else rejection.track, rejection.reason

    lines = []
    for (track, _), group in groupby(sorted(rejections, key=key), key):
        by_text: dict[str, list[Rejection]] = {}
        for rejection in group:
            by_text.setdefault(rejection.detail or REASONS[rejection.reason], []).append(rejection)
        texts = list(by_text)
        place = "" if track < 0 else f"{track_name(track, channels)}: "
        lines += [f"    {place}{text}{_where(by_text[text])}" for text in texts[:max_of_each]]
        rest = 0 if max_of_each is None else sum(len(by_text[t]) for t in texts[max_of_each:])
        if rest:
            lines.append(f"    {place}and {rest} more like it (--all shows them)")
    return lines


def count_reasons(reasons: Counter[str]) -> list[str]:
    """Returns lines that say how often each reason came, the most frequent first.

    Args:
      reasons: reason -> how often.
    """
    width = max((len(reason) for reason in reasons), default=0)
    return [
        f"    {count:>9,}  {reason:<{width}}  {REASONS.get(reason, '')}".rstrip()
        for reason, count in reasons.most_common()
    ]


def _where(rejections: Sequence[Rejection]) -> str:
    """Returns where equal rejections are: the first one's place, and how many there are."""
    first = rejections[0]
    places = []
    if first.bar is not None:
        places.append(f"bar {first.bar}")
    if first.seconds is not None:
        places.append(f"{first.seconds:.1f} s")
    text = ", ".join(places)
    if len(rejections) > 1:
        text += f"{' and ' if text else ''}{len(rejections) - 1} more"
    return f" ({text})" if text else ""


def _duration(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f} min {rest:.0f} s" if minutes else f"{rest:.1f} s"


def _changes(changes: Sequence[Change]) -> str:
    texts = [
        change.value + (f" from bar {change.bar}" if index else "")
        for index, change in enumerate(changes)
    ]
    rest = len(texts) - _CHANGES_AT_MOST
    if rest > 0:
        texts = [*texts[:_CHANGES_AT_MOST], f"{rest} more changes"]
    return ", ".join(texts)


def _table(tracks: Sequence[Track], *, with_examples: bool) -> list[str]:
    rows = [_HEADINGS, *map(_row, tracks)]
    if not with_examples:
        rows = [row[:-1] for row in rows]
    if not any(track.channel for track in tracks):
        rows = [(row[0], *row[2:]) for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]

    def cell(row: Sequence[str], column: int) -> str:
        is_text = rows[0][column] in ("program", "bars")
        text, width = row[column], widths[column]
        return text.ljust(width) if is_text else text.rjust(width)

    return ["  " + "  ".join(cell(row, i) for i in range(len(row))).rstrip() for row in rows]


def _row(track: Track) -> tuple[str, ...]:
    if track.is_drum:
        program = "drums"
    elif len(track.programs) == 1 and 0 <= track.programs[0] < len(PROGRAM_NAMES):
        program = f"{track.programs[0]} {PROGRAM_NAMES[track.programs[0]]}"
    else:
        program = f"programs {', '.join(map(str, track.programs))}"
    if track.name:
        program += f" '{printable_line(track.name[:24])}'"
    return (
        str(track.number),
        str(track.channel or ""),
        program,
        f"{track.num_notes:,}",
        _spans(track.bars),
        f"{track.pitches[0]}-{track.pitches[1]}",
        str(track.num_examples),
    )


def _spans(bars: Sequence[int]) -> str:
    """Returns the bars with notes: "1-8, 17-24"; many spans become "1-64 (30 of them)"."""
    spans: list[tuple[int, int]] = []
    for bar in bars:
        if spans and bar == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], bar)
        else:
            spans.append((bar, bar))
    texts = [str(first) if first == last else f"{first}-{last}" for first, last in spans]
    if len(texts) <= 3:
        return ", ".join(texts)
    return f"{bars[0]}-{bars[-1]} ({len(bars)} of them)"
