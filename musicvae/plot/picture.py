"""Drawings as files: SVG by itself, PNG and PDF by matplotlib (the extra `plot`).

The same drawing gives the same bytes with the same version of matplotlib.
"""

from __future__ import annotations

import html
import io
import math
import os
import zlib
from pathlib import Path
from typing import Any

from musicvae.errors import InputError, MissingExtraError
from musicvae.files import atomic_file
from musicvae.names import printable
from musicvae.plot.drawing import PAPER, Box, Dot, Drawing, Label, Line, Shape

PICTURE_SUFFIXES = (".png", ".svg", ".pdf")
MAX_PIXELS = 60_000_000

_FONTS = "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif"
_UNITS_PER_INCH = 100
_POINTS_PER_UNIT = 72 / _UNITS_PER_INCH
# The part of a quarter circle's radius that a Bezier curve's handles stand off the corner.
_CORNER = 1 - 0.5523
# Runs of plain colours are what these pictures are made of.
_OPTIONS: dict[str, dict[str, Any]] = {
    "png": {"metadata": {"Software": None}, "pil_kwargs": {"compress_type": zlib.Z_RLE}},
    "pdf": {"metadata": {"CreationDate": None}},
}


def save_picture(drawing: Drawing, path: str | os.PathLike[str], *, scale: float = 2.0) -> None:
    """Writes a drawing, in the form that the file's name ends with; an old file is replaced.

    Args:
      drawing: what to write.
      path: ends with .png, .svg or .pdf.
      scale: dots of a PNG for each pixel of the drawing; 2 looks sharp on fine screens.

    Raises:
      InputError: another ending, or the file cannot be written.
      MissingExtraError: matplotlib is not there, and the file is no SVG.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in PICTURE_SUFFIXES:
        raise InputError(
            f"cannot write a picture as '{path}'; its name must end with one of "
            f"{', '.join(PICTURE_SUFFIXES)}"
        )
    if suffix == ".svg":
        data = (printable(drawing_to_svg(drawing)) + "\n").encode("utf-8")
    else:
        data = _drawing_to_matplotlib(drawing, suffix[1:], scale)
    with atomic_file(path) as file:
        file.write(data)


def check_matplotlib() -> None:
    """Checks that PNG and PDF pictures can be written.

    Raises:
      MissingExtraError: they cannot.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("drawing PNG and PDF pictures", "matplotlib", "plot") from error


def drawing_to_svg(drawing: Drawing) -> str:
    """Returns a drawing as an `<svg>` element that scales to the width it is given.

    Args:
      drawing: what to write.
    """
    width, height = _number(drawing.width), _number(drawing.height)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" font-family="{html.escape(_FONTS)}">'
    ]
    if drawing.title:
        lines.append(f"<title>{html.escape(_printable(drawing.title))}</title>")
    if drawing.description:
        lines.append(f"<desc>{html.escape(_printable(drawing.description))}</desc>")
    lines += [_shape_to_svg(shape) for shape in drawing.shapes]
    lines.append("</svg>")
    return "\n".join(lines)


def _shape_to_svg(shape: Shape) -> str:
    if isinstance(shape, Box):
        corner = f' rx="{_number(_radius(shape))}"' if shape.radius else ""
        return (
            f'<rect x="{_number(shape.x)}" y="{_number(shape.y)}" width="{_number(shape.width)}" '
            f'height="{_number(shape.height)}"{corner} fill="{shape.fill}"/>'
        )
    if isinstance(shape, Dot):
        return (
            f'<circle cx="{_number(shape.x)}" cy="{_number(shape.y)}" '
            f'r="{_number(shape.radius)}" fill="{shape.fill}"/>'
        )
    if isinstance(shape, Line):
        points = " ".join(f"{_number(x)},{_number(y)}" for x, y in shape.points)
        return (
            f'<polyline points="{points}" fill="none" stroke="{shape.colour}" '
            f'stroke-width="{_number(shape.width)}"/>'
        )
    anchor = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
    weight = ' font-weight="600"' if shape.bold else ""
    return (
        f'<text x="{_number(shape.x)}" y="{_number(shape.y)}" font-size="{_number(shape.size)}" '
        f'fill="{shape.colour}"{anchor}{weight}>{html.escape(_printable(shape.text))}</text>'
    )


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _radius(box: Box) -> float:
    return min(box.radius, box.width / 2, box.height / 2)


def _printable(text: str) -> str:
    """Returns the text without what XML cannot hold: a title may be a stranger's file name."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def _drawing_to_matplotlib(drawing: Drawing, form: str, scale: float) -> bytes:
    check_matplotlib()
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.transforms import Affine2D

    pixels = drawing.width * drawing.height
    scale = min(scale, math.sqrt(MAX_PIXELS / pixels))
    settings = {"font.family": "DejaVu Sans", "pdf.fonttype": 42, "path.simplify": False}
    with matplotlib.rc_context(settings):
        inches = (drawing.width / _UNITS_PER_INCH, drawing.height / _UNITS_PER_INCH)
        figure = Figure(figsize=inches, facecolor=PAPER)
        FigureCanvasAgg(figure)
        place = Affine2D().scale(1 / drawing.width, -1 / drawing.height).translate(0, 1)
        for order, run in enumerate(_runs(drawing.shapes)):
            for artist in _artists(run):
                artist.set(transform=place + figure.transSubfigure, zorder=order + 1)
                figure.add_artist(artist)
        buffer = io.BytesIO()
        figure.savefig(buffer, format=form, dpi=_UNITS_PER_INCH * scale, **_OPTIONS[form])
    return buffer.getvalue()


def _runs(shapes: tuple[Shape, ...]) -> list[list[Shape]]:
    """Returns the shapes as runs of one kind each, which matplotlib draws in one go."""
    runs: list[list[Shape]] = []
    for shape in shapes:
        if runs and type(runs[-1][0]) is type(shape):
            runs[-1].append(shape)
        else:
            runs.append([shape])
    return runs


def _artists(run: list[Shape]) -> list[Any]:
    """Returns what matplotlib draws for shapes of one kind."""
    from matplotlib.collections import LineCollection, PatchCollection
    from matplotlib.patches import Circle, PathPatch

    kind = run[0]
    if isinstance(kind, Box):
        boxes = [shape for shape in run if isinstance(shape, Box)]
        outlines = [PathPatch(_box_path(box)) for box in boxes]
        return [PatchCollection(outlines, facecolor=[box.fill for box in boxes], linewidth=0)]
    if isinstance(kind, Dot):
        dots = [shape for shape in run if isinstance(shape, Dot)]
        circles = [Circle((dot.x, dot.y), dot.radius) for dot in dots]
        return [PatchCollection(circles, facecolor=[dot.fill for dot in dots], linewidth=0)]
    if isinstance(kind, Line):
        lines = [shape for shape in run if isinstance(shape, Line)]
        points, colours = [line.points for line in lines], [line.colour for line in lines]
        widths = [line.width * _POINTS_PER_UNIT for line in lines]
        return [LineCollection(points, colors=colours, linewidths=widths)]
    return [_text(shape) for shape in run if isinstance(shape, Label)]


def _text(label: Label) -> Any:
    from matplotlib.text import Text

    anchors = {"start": "left", "middle": "center", "end": "right"}
    return Text(
        label.x,
        label.y,
        _printable(label.text),
        fontsize=label.size * _POINTS_PER_UNIT,
        color=label.colour,
        ha=anchors[label.anchor],
        va="baseline",
        weight="bold" if label.bold else "normal",
        parse_math=False,
    )


def _box_path(box: Box) -> Any:
    from matplotlib.path import Path as Outline

    left, top, right, bottom = box.x, box.y, box.x + box.width, box.y + box.height
    r = _radius(box)
    if r <= 0:
        corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
        return Outline(corners, closed=True)
    k = r * _CORNER
    vertices = [
        (left + r, top),
        *((right - r, top), (right - k, top), (right, top + k), (right, top + r)),
        *((right, bottom - r), (right, bottom - k), (right - k, bottom), (right - r, bottom)),
        *((left + r, bottom), (left + k, bottom), (left, bottom - k), (left, bottom - r)),
        *((left, top + r), (left, top + k), (left + k, top), (left + r, top)),
    ]
    curve = [Outline.LINETO] + [Outline.CURVE4] * 3
    return Outline(vertices, [Outline.MOVETO, *curve * 4])
