"""What a model's card says of stages whose run folders are not here any more.

The weights that ship are trained further at another time, on another machine; how they came about
stands in the card that ships with them, and goes over to the card of those that replace them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_CURVE = re.compile(r"^Stage (\d+) on .*, by step:$")


class EarlierStages(NamedTuple):
    """The first stages of a card.

    Attributes:
      lines: a line a stage: its flags, and the hours that it took.
      curves: the lines of its curves' tables, each with its heading.
    """

    lines: list[str]
    curves: list[str]


def earlier_stages(card: str, count: int) -> EarlierStages:
    """Returns what a card says of its first stages.

    Args:
      card: its Markdown.
      count: how many stages.

    Raises:
      ValueError: it does not have so many.
    """
    text = card.splitlines()
    lines = [line for k in range(1, count + 1) for line in text if line.startswith(f"{k}. from ")]
    curves: list[str] = []
    found = 0
    for start, line in enumerate(text):
        match = _CURVE.match(line)
        if match and int(match[1]) <= count:
            found += 1
            # A heading, an empty line, the rows of the table, an empty line.
            end = text.index("", start + 2)
            curves += text[start : end + 1]
    if len(lines) != count or found != count:
        raise ValueError(
            f"the card describes {len(lines)} and draws {found} of the first {count} stages; "
            "give their run folders"
        )
    return EarlierStages(lines, curves)
