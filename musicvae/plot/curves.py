"""Curves over a common axis: one panel for each quantity, one colour for each method."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

from musicvae.plot.drawing import (
    FAINT_INK,
    INK,
    PANEL,
    RULE,
    Box,
    Dot,
    Drawing,
    Label,
    Line,
    Shape,
    horizontal,
    text_width,
)
from musicvae.plot.piano_roll import WIDTH

COLOURS = ("#4a5bdc", "#e2853d", "#0c9488", "#b4509e", "#64748b")

_PANEL_HEIGHT = 230.0
_PANEL_GAP = 56.0
_LEFT = 52.0
_TITLE_HEIGHT = 30.0
_BOTTOM = 40.0
_TICKS = 4


@dataclasses.dataclass(frozen=True)
class Curve:
    """One line.

    Attributes:
      name: what the legend calls it; the same name has the same colour in all panels.
      points: (x, y), finite, in order of x.
    """

    name: str
    points: tuple[tuple[float, float], ...]


@dataclasses.dataclass(frozen=True)
class Panel:
    """One quantity.

    Attributes:
      title: what it is, with its unit.
      curves: its lines; none may be empty.
    """

    title: str
    curves: tuple[Curve, ...]


def curve_chart(
    panels: Sequence[Panel], *, title: str, x_title: str, width: float = WIDTH
) -> Drawing:
    """Draws panels side by side.

    Args:
      panels: one or more.
      title: what stands above.
      x_title: what the horizontal axes are, with their unit.
      width: pixels.

    Returns:
      The drawing. Vertical axes begin at 0 where all values are positive.
    """
    names = list(dict.fromkeys(curve.name for panel in panels for curve in panel.curves))
    colours = colours_of(names)
    shapes: list[Shape] = [
        Label(0.0, 14.0, title, size=14.0, bold=True),
        *legend(colours, width),
    ]
    panel_width = (width + _PANEL_GAP - _LEFT) / len(panels) - _PANEL_GAP
    for k, panel in enumerate(panels):
        left = _LEFT + k * (panel_width + _PANEL_GAP)
        shapes += _panel(panel, colours, left, panel_width, x_title)
    return Drawing(
        width=width,
        height=_TITLE_HEIGHT + 24 + _PANEL_HEIGHT + _BOTTOM,
        shapes=tuple(shapes),
        title=title,
        description=" ".join(f"{panel.title}: {_in_words(panel)}." for panel in panels),
    )


def colours_of(names: Sequence[str]) -> dict[str, str]:
    """Returns a colour for each name."""
    return {name: COLOURS[k % len(COLOURS)] for k, name in enumerate(names)}


def legend(colours: Mapping[str, str], width: float) -> list[Shape]:
    """Returns a line that says which name has which colour, at the right of the title.

    Args:
      colours: by name.
      width: of the drawing.
    """
    shapes: list[Shape] = []
    x = width - sum(text_width(name, 11.0) + 30 for name in colours)
    for name, colour in colours.items():
        shapes.append(Box(x, 4.0, 11.0, 11.0, colour, radius=3.0))
        shapes.append(Label(x + 16, 14.0, name, 11.0, FAINT_INK))
        x += text_width(name, 11.0) + 30
    return shapes


def _panel(
    panel: Panel, colours: dict[str, str], left: float, width: float, x_title: str
) -> list[Shape]:
    top = _TITLE_HEIGHT + 24
    bottom = top + _PANEL_HEIGHT
    xs = [x for curve in panel.curves for x, _ in curve.points]
    ys = [y for curve in panel.curves for _, y in curve.points]
    low, high, step = _axis(min(ys), max(ys))
    x_low, x_high = min(xs), max(max(xs), min(xs) + 1e-12)

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            left + 10 + (width - 20) * (x - x_low) / (x_high - x_low),
            bottom - _PANEL_HEIGHT * (y - low) / (high - low),
        )

    shapes: list[Shape] = [
        Label(left, top - 10, panel.title, 11.0, INK, bold=True),
        Box(left, top, width, _PANEL_HEIGHT, PANEL, radius=4.0),
    ]
    for k in range(round((high - low) / step) + 1):
        value = low + k * step
        _, y = place(x_low, value)
        if top + 1 < y < bottom - 1:
            shapes.append(horizontal(y, left, left + width, RULE))
        shapes.append(Label(left - 7, y + 4, f"{value:.4g}", 10.0, FAINT_INK, anchor="end"))
    for k in range(_TICKS + 1):
        value = x_low + (x_high - x_low) * k / _TICKS
        x, _ = place(value, low)
        shapes.append(Label(x, bottom + 16, f"{value:.3g}", 10.0, FAINT_INK, anchor="middle"))
    shapes.append(Label(left + width / 2, bottom + 33, x_title, 10.5, FAINT_INK, anchor="middle"))
    for curve in panel.curves:
        points = tuple(place(x, y) for x, y in curve.points)
        if len(points) > 1:
            shapes.append(Line(points, colours[curve.name], 2.2))
    for curve in panel.curves:
        for point in curve.points:
            x, y = place(*point)
            shapes += [Dot(x, y, 4.2, PANEL), Dot(x, y, 3.2, colours[curve.name])]
    return shapes


def _axis(low: float, high: float) -> tuple[float, float, float]:
    """Returns round bounds around the values and a round distance between marks."""
    if low >= 0:
        low = 0.0
    span = max(high - low, abs(high) * 1e-6, 1e-12)
    unit = 10.0 ** math.floor(math.log10(span / _TICKS))
    step = next(unit * k for k in (1, 2, 2.5, 5, 10) if unit * k * _TICKS >= span)
    start = math.floor(low / step) * step
    end = math.ceil(high / step - 1e-9) * step
    return start, max(end, start + step), step


def _in_words(panel: Panel) -> str:
    return ", ".join(
        f"{curve.name} from {curve.points[0][1]:.3g} to {curve.points[-1][1]:.3g}"
        for curve in panel.curves
    )
