"""Several piano rolls on one picture: samples beside each other, an interpolation from end to end.

All rolls of a sheet share their rows and colours, so that the eye can compare them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from musicvae.instruments import voices_of
from musicvae.lazy_note_seq import NoteSequence
from musicvae.plot.drawing import FAINT_INK, INK, Drawing, Label, Shape, moved, shortened
from musicvae.plot.piano_roll import WIDTH, describe, piano_roll
from musicvae.plot.rows import SMALL, RollStyle, label_margin, rows_of
from musicvae.plot.timeline import timeline_of

MAX_ROLLS = 100

_COLUMN_GAP = 20.0
_ROW_GAP = 18.0
_CAPTION_HEIGHT = 18.0
_TITLE_HEIGHT = 30.0
_SHORT_BARS = 4


def contact_sheet(
    sequences: Sequence[NoteSequence],
    captions: Sequence[str],
    *,
    title: str = "",
    width: float = WIDTH,
    columns: int | None = None,
    style: RollStyle = SMALL,
) -> Drawing:
    """Draws pieces as small rolls in a grid, row by row.

    Args:
      sequences: one piece or more; those beyond `MAX_ROLLS` are left out, and the picture says so.
      captions: what stands above each roll.
      title: what stands above all; nothing where it is empty.
      width: pixels.
      columns: how many stand side by side; by default one for pieces of more than 4 bars, up to
        three for shorter ones.
      style: sizes of the rolls.

    Returns:
      The drawing.
    """
    assert sequences and len(sequences) == len(captions)
    shown = list(sequences[:MAX_ROLLS])
    rows, voices = rows_of(shown), voices_of(shown)
    bars = max(timeline_of(sequence).num_bars for sequence in shown)
    if columns is None:
        columns = min(len(shown), _most_columns(len(shown))) if bars <= _SHORT_BARS else 1
    margin = label_margin(rows, style)
    roll_width = (width - margin - (columns - 1) * _COLUMN_GAP) / columns
    bare = dataclasses.replace(style, label=0.0)
    shapes: list[Shape] = []
    y = 0.0
    if title:
        note = _left_out(len(sequences))
        shapes.append(Label(0.0, 14.0, title, size=14.0, bold=True))
        shapes.append(Label(width, 14.0, note, size=11.0, colour=FAINT_INK, anchor="end"))
        y += _TITLE_HEIGHT
    for first in range(0, len(shown), columns):
        tallest = 0.0
        for k, sequence in enumerate(shown[first : first + columns]):
            x = margin + k * (roll_width + _COLUMN_GAP)
            roll = piano_roll(
                sequence,
                width=roll_width if k else margin + roll_width,
                rows=rows,
                style=bare if k else style,
                voices=voices,
            ).drawing
            caption = shortened(captions[first + k], 11.0, roll_width)
            shapes.append(Label(x, y + 11.0, caption, size=11.0, colour=INK))
            shapes += moved(roll.shapes, x if k else 0.0, y + _CAPTION_HEIGHT)
            tallest = max(tallest, roll.height)
        y += _CAPTION_HEIGHT + tallest + _ROW_GAP
    return Drawing(
        width=width,
        height=y - _ROW_GAP,
        shapes=tuple(shapes),
        title=title or f"{len(shown)} piano rolls",
        description=" ".join(
            f"{caption}: {describe(sequence)}"
            for caption, sequence in zip(captions, shown, strict=False)
        ),
    )


def _most_columns(count: int) -> int:
    """Returns 2 or 3, whichever leaves less of the last row empty; 3 where they are equal."""
    return min((3, 2), key=lambda columns: math.ceil(count / columns) * columns - count)


def _left_out(count: int) -> str:
    return f"the first {MAX_ROLLS} of {count}" if count > MAX_ROLLS else ""
