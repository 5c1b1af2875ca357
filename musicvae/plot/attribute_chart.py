"""Figure 4 of the MusicVAE paper: what adding and subtracting attribute vectors changes.

A row is a vector, a column an attribute. The upper bar is the change when the vector is added, the
lower one when it is subtracted, in percent of the attribute's mean before.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from musicvae.attribute_vectors.changes import AttributeChanges
from musicvae.attribute_vectors.measures import ATTRIBUTES, FloatArray
from musicvae.plot.drawing import (
    FAINT_INK,
    INK,
    PANEL,
    STRONG_RULE,
    Box,
    Drawing,
    Label,
    Shape,
    vertical,
)
from musicvae.plot.piano_roll import WIDTH

_ADDED = "#4a5bdc"
_SUBTRACTED = "#e2853d"
_MARGIN = 150.0
_TOP = 74.0
_ROW = 54.0
_GAP = 8.0
_BAR = 12.0
_NUMBER_ROOM = 46.0


def attribute_chart(
    changes: AttributeChanges, *, title: str = "Attribute vectors", width: float = WIDTH
) -> Drawing:
    """Draws the changes of every attribute.

    Args:
      changes: what to draw.
      title: what stands above.
      width: pixels.

    Returns:
      The drawing.
    """
    titles = _titles(changes)
    added, subtracted = changes.percent(added=True), changes.percent(added=False)
    column = (width - _MARGIN + _GAP) / len(changes.attributes) - _GAP
    reach = _reach(np.concatenate([added, subtracted]))
    half = column / 2 - _NUMBER_ROOM
    shapes: list[Shape] = [
        Label(0.0, 14.0, title, size=14.0, bold=True),
        *_legend(width),
    ]
    for k, name in enumerate(changes.attributes):
        x = _MARGIN + k * (column + _GAP)
        shapes.append(
            Label(x + column / 2, _TOP - 22, titles[name], 11.0, INK, anchor="middle", bold=True)
        )
        before = f"mean {changes.baseline[k]:.3g}"
        shapes.append(Label(x + column / 2, _TOP - 8, before, 10.0, FAINT_INK, anchor="middle"))
    for row, vector in enumerate(changes.vectors):
        y = _TOP + row * (_ROW + _GAP)
        label = titles[vector]
        shapes.append(Label(_MARGIN - 12, y + _ROW / 2 + 4, label, 11.0, INK, "end", bold=True))
        for k in range(len(changes.attributes)):
            x = _MARGIN + k * (column + _GAP)
            shapes.append(Box(x, y, column, _ROW, PANEL, radius=4.0))
            middle = x + column / 2

            def length_of(percent: float) -> float:
                return half * max(min(percent / reach, 1.0), -1.0)

            shapes += _bar(added[row, k], middle, y + _ROW / 2 - _BAR - 3, _ADDED, length_of)
            shapes += _bar(subtracted[row, k], middle, y + _ROW / 2 + 3, _SUBTRACTED, length_of)
            shapes.append(vertical(middle, y + 6, y + _ROW - 6, STRONG_RULE, 1.2))
    return Drawing(
        width=width,
        height=_TOP + len(changes.vectors) * (_ROW + _GAP) - _GAP,
        shapes=tuple(shapes),
        title=title,
        description=" ".join(
            f"Adding {titles[vector]} changes it by {added[row, k]:+.0f} %, subtracting by "
            f"{subtracted[row, k]:+.0f} %."
            for row, vector in enumerate(changes.vectors)
            for k, name in enumerate(changes.attributes)
            if name == vector
        ),
    )


def attribute_table(changes: AttributeChanges) -> str:
    """Returns the changes as text: a Markdown table, `added / subtracted` in percent.

    Args:
      changes: what to show.
    """
    titles = _titles(changes)
    added, subtracted = changes.percent(added=True), changes.percent(added=False)
    head = ["vector", *(titles[name] for name in changes.attributes)]
    lines = [head, ["---"] * len(head), ["(mean before)", *map(_before, changes.baseline)]]
    for row, vector in enumerate(changes.vectors):
        cells = [
            f"{_percent(plus)} / {_percent(minus)}"
            for plus, minus in zip(added[row], subtracted[row], strict=True)
        ]
        lines.append([titles[vector], *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _before(value: float) -> str:
    return f"{value:.3g}"


def _percent(value: float) -> str:
    return f"{value:+.0f} %" if math.isfinite(value) else "?"


def _reach(percents: FloatArray) -> float:
    """Returns the change that fills half a cell: a round number that most changes stay under."""
    known = np.abs(percents[np.isfinite(percents)])
    if not known.size or known.max() == 0:
        return 100.0
    top = float(np.percentile(known, 90))
    top = top or float(known.max())
    unit = 10.0 ** math.floor(math.log10(top))
    return next(unit * step for step in (1, 2, 2.5, 5, 10) if unit * step >= top)


def _legend(width: float) -> list[Shape]:
    return [
        Box(width - 190, 4.0, 11.0, 11.0, _ADDED, radius=3.0),
        Label(width - 174, 14.0, "added", 11.0, FAINT_INK),
        Box(width - 98, 4.0, 11.0, 11.0, _SUBTRACTED, radius=3.0),
        Label(width - 82, 14.0, "subtracted", 11.0, FAINT_INK),
    ]


def _bar(
    percent: float, middle: float, y: float, colour: str, length_of: Callable[[float], float]
) -> list[Shape]:
    if not math.isfinite(percent):
        return [Label(middle + 6, y + _BAR - 2, "?", 10.0, FAINT_INK)]
    length = length_of(percent)
    shapes: list[Shape] = []
    if abs(length) >= 0.5:
        shapes.append(Box(middle + min(length, 0.0), y, abs(length), _BAR, colour, radius=2.0))
    text = _percent(percent)
    if percent >= 0:
        shapes.append(Label(middle + length + 5, y + _BAR - 2, text, 10.0, INK))
    else:
        shapes.append(Label(middle + length - 5, y + _BAR - 2, text, 10.0, INK, anchor="end"))
    return shapes


def _titles(changes: AttributeChanges) -> dict[str, str]:
    """Returns what attributes and vectors are called; groups of people's own by their names."""
    own = {name: name for name in changes.vectors}
    return own | {attribute.name: attribute.title for attribute in ATTRIBUTES}
