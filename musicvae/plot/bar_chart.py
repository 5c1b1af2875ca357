"""Histograms side by side: for each bin one bar of each series, in the series' colour."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from musicvae.plot.curves import colours_of, legend
from musicvae.plot.drawing import (
    FAINT_INK,
    INK,
    PANEL,
    STRONG_RULE,
    Box,
    Drawing,
    Label,
    Shape,
    horizontal,
    text_width,
)
from musicvae.plot.piano_roll import WIDTH

_HEIGHT = 120.0
_LEFT = 44.0
_TOP = 34.0
_TITLE = 26.0
_NAMES = 26.0
_NAME_SIZE = 9.5


@dataclasses.dataclass(frozen=True)
class Bars:
    """One histogram.

    Attributes:
      title: what is counted.
      names: of the bins, at least one.
      series: shares by the name of the series, one for each bin, 0 or more.
    """

    title: str
    names: tuple[str, ...]
    series: Mapping[str, Sequence[float]]


def bar_chart(histograms: Sequence[Bars], *, title: str, width: float = WIDTH) -> Drawing:
    """Draws histograms below each other.

    Args:
      histograms: one or more, with the same series.
      title: what stands above.
      width: pixels.

    Returns:
      The drawing. Each vertical axis ends at the largest share.
    """
    colours = colours_of(list(histograms[0].series))
    shapes: list[Shape] = [
        Label(0.0, 14.0, title, size=14.0, bold=True),
        *legend(colours, width),
    ]
    y = _TOP
    for bars in histograms:
        shapes += _panel(bars, colours, y + _TITLE, width)
        y += _TITLE + _HEIGHT + _NAMES
    return Drawing(
        width=width,
        height=y,
        shapes=tuple(shapes),
        title=title,
        description=" ".join(f"{bars.title}: {_in_words(bars)}." for bars in histograms),
    )


def _panel(bars: Bars, colours: Mapping[str, str], top: float, width: float) -> list[Shape]:
    bottom = top + _HEIGHT
    highest = max(max(values) for values in bars.series.values()) or 1.0
    shapes: list[Shape] = [
        Label(_LEFT, top - 8, bars.title, 11.0, INK, bold=True),
        Box(_LEFT, top, width - _LEFT, _HEIGHT, PANEL, radius=4.0),
        Label(_LEFT - 7, top + 10, f"{highest:.0%}", 10.0, FAINT_INK, anchor="end"),
        Label(_LEFT - 7, bottom, "0", 10.0, FAINT_INK, anchor="end"),
    ]
    room = (width - _LEFT - 16) / len(bars.names)
    bar = min(room * 0.8 / len(bars.series), 26.0)
    for k in range(len(bars.names)):
        middle = _LEFT + 8 + (k + 0.5) * room
        left = middle - bar * len(bars.series) / 2
        for number, (name, values) in enumerate(bars.series.items()):
            height = (_HEIGHT - 8) * values[k] / highest
            if height >= 0.3:
                x = left + number * bar
                shapes.append(
                    Box(x, bottom - height, max(bar - 1, 0.8), height, colours[name], radius=1.5)
                )
    shapes.append(horizontal(bottom, _LEFT, width, STRONG_RULE, 1.2))
    widest = max(text_width(name, _NAME_SIZE) for name in bars.names) + 4
    every = max(1, -(-int(widest) // max(int(room), 1)))
    for k in range(0, len(bars.names), every):
        middle = _LEFT + 8 + (k + 0.5) * room
        shapes.append(
            Label(middle, bottom + 14, bars.names[k], _NAME_SIZE, FAINT_INK, anchor="middle")
        )
    return shapes


def _in_words(bars: Bars) -> str:
    return ", ".join(
        f"{name} most often {bars.names[max(range(len(values)), key=values.__getitem__)]} "
        f"({max(values):.0%})"
        for name, values in bars.series.items()
    )
