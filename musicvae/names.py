"""Names that come from outside: as they are shown, and as parts of the paths that are written.

A configuration's name, a track's name and a file's name are whatever a stranger made them: "../x",
an escape sequence that clears the screen, bytes that are no UTF-8, a thousand letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

MAX_COMPONENT_BYTES = 100

_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\ud800-\udfff]')
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
# Controls, surrogates and what turns the direction of text round; tabs and line ends stay.
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    r"""Returns a text in which whatever a terminal would obey is shown: \x1b for an escape.

    Args:
      text: any text; tabs and line ends stay as they are.
    """
    return _HIDDEN.sub(lambda match: ascii(match[0])[1:-1], text)


def printable_line(text: str) -> str:
    r"""Returns a text as `printable` does, in one line: \n for the end of a line, \t for a tab.

    Args:
      text: any text.
    """
    return printable(re.sub(r"[\t\n]", lambda match: ascii(match[0])[1:-1], text))


def path_component(name: str) -> str:
    """Returns a name as one part of a path: no separator, no "..", nothing hidden, not too long.

    Args:
      name: any text.

    Returns:
      The same name where it is harmless already; never empty.
    """
    safe = _UNSAFE.sub("_", name).strip(" .") or "_"
    if name.startswith("."):
        safe = f"_{safe}"
    if _DEVICES.fullmatch(safe):
        safe = f"_{safe}"
    return safe.encode("utf-8")[:MAX_COMPONENT_BYTES].decode("utf-8", "ignore")


def distinct(short: Sequence[str], long: Sequence[str]) -> list[str]:
    """Chooses a name for each of several things, no two alike, whatever the letters' case.

    Args:
      short: the name that each would have by itself.
      long: what each is called where another one's name would be the same.

    Returns:
      The names, in order; the same lists give the same names.
    """
    keys = [_key(name) for name in short]
    counts: dict[str, int] = {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
    reserved = {_key(name) for name in long}
    chosen: list[str] = []
    taken: set[str] = set()
    for key, own, full in zip(keys, short, long, strict=True):
        name = own if counts[key] == 1 and (key not in reserved or own == full) else full
        number = 2
        candidate = name
        while _key(candidate) in taken:
            candidate = f"{name}~{number}"
            number += 1
        taken.add(_key(candidate))
        chosen.append(candidate)
    return chosen


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
