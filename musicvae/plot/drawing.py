"""A picture as a list of shapes, before anything decides how it is written.

Units are pixels of a screen at 100 %; x grows to the right and y downwards from the top left
corner. Colours are "#rrggbb".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Literal

INK = "#1f2733"
FAINT_INK = "#6b7585"
PAPER = "#ffffff"
PANEL = "#f5f6f9"
RULE = "#dfe3ea"
STRONG_RULE = "#b4bcc9"

Anchor = Literal["start", "middle", "end"]


@dataclasses.dataclass(frozen=True)
class Box:
    """A filled rectangle, its corners rounded by `radius`."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    radius: float = 0.0


@dataclasses.dataclass(frozen=True)
class Line:
    """A line through two points or more."""

    points: tuple[tuple[float, float], ...]
    colour: str
    width: float = 1.0


@dataclasses.dataclass(frozen=True)
class Dot:
    """A filled circle."""

    x: float
    y: float
    radius: float
    fill: str


@dataclasses.dataclass(frozen=True)
class Label:
    """A line of text; (x, y) is on its baseline, at its start, middle or end."""

    x: float
    y: float
    text: str
    size: float = 11.0
    colour: str = INK
    anchor: Anchor = "start"
    bold: bool = False


Shape = Box | Line | Dot | Label


@dataclasses.dataclass(frozen=True)
class Drawing:
    """A picture.

    Attributes:
      width: its width in pixels.
      height: its height in pixels.
      shapes: what is on it, from back to front.
      title: what it shows, in a few words, for who cannot see it.
      description: the same in a sentence or two.
    """

    width: float
    height: float
    shapes: tuple[Shape, ...]
    title: str = ""
    description: str = ""


def vertical(x: float, top: float, bottom: float, colour: str, width: float = 1.0) -> Line:
    """Returns a vertical line."""
    return Line(((x, top), (x, bottom)), colour, width)


def horizontal(y: float, left: float, right: float, colour: str, width: float = 1.0) -> Line:
    """Returns a horizontal line."""
    return Line(((left, y), (right, y)), colour, width)


def moved(shapes: Iterable[Shape], dx: float, dy: float) -> list[Shape]:
    """Returns the shapes moved to the right by `dx` and down by `dy` pixels."""
    result: list[Shape] = []
    for shape in shapes:
        if isinstance(shape, Line):
            points = tuple((x + dx, y + dy) for x, y in shape.points)
            result.append(dataclasses.replace(shape, points=points))
        else:
            result.append(dataclasses.replace(shape, x=shape.x + dx, y=shape.y + dy))
    return result


def stacked(drawings: Sequence[Drawing], *, gap: float = 24.0, title: str = "") -> Drawing:
    """Returns one drawing with the given ones below each other.

    Args:
      drawings: at least one.
      gap: pixels between two.
      title: what the whole shows; the first drawing's title by default.
    """
    shapes: list[Shape] = []
    y = 0.0
    for drawing in drawings:
        shapes += moved(drawing.shapes, 0.0, y)
        y += drawing.height + gap
    return Drawing(
        width=max(drawing.width for drawing in drawings),
        height=y - gap,
        shapes=tuple(shapes),
        title=title or drawings[0].title,
        description=" ".join(drawing.description for drawing in drawings if drawing.description),
    )


def framed(drawing: Drawing, margin: float = 18.0) -> Drawing:
    """Returns the drawing with paper of `margin` pixels around it."""
    width, height = drawing.width + 2 * margin, drawing.height + 2 * margin
    paper = Box(0.0, 0.0, width, height, PAPER)
    shapes = (paper, *moved(drawing.shapes, margin, margin))
    return dataclasses.replace(drawing, width=width, height=height, shapes=shapes)


def mixed(colour: str, other: str, share: float) -> str:
    """Returns `colour` mixed with `other`.

    Args:
      colour: "#rrggbb".
      other: "#rrggbb".
      share: how much of `colour`, 0..1.
    """
    parts = []
    for start in (1, 3, 5):
        a, b = int(colour[start : start + 2], 16), int(other[start : start + 2], 16)
        parts.append(round(b + (a - b) * share))
    return "#" + "".join(f"{part:02x}" for part in parts)


def shortened(text: str, size: float, width: float) -> str:
    """Returns a text cut in its middle to what has room.

    Args:
      text: a line.
      size: of the letters, in pixels.
      width: pixels.
    """
    if text_width(text, size) <= width:
        return text
    kept = len(text) - 1
    while kept > 2 and text_width(text[:kept], size) + size > width:
        kept -= 1
    return f"{text[: kept - kept // 2]}…{text[len(text) - kept // 2 :]}"


def text_width(text: str, size: float) -> float:
    """Returns about how many pixels wide a text is in a usual sans serif type of this size."""
    narrow = sum(text.count(letter) for letter in "iljtfrI.,:;'|()[] 1")
    return size * (0.36 * narrow + 0.62 * (len(text) - narrow))
