"""An ABC tune put so that music21 reads it as it is played.

music21 begins a new part wherever a voice goes on, does not see fields inside a line ("[V:2]",
"[K:G]"), rests of whole bars ("Z4") and ties of chords, and takes a clef for a transposition. Here
a voice's lines are brought together, fields get lines of their own, rests are written out, and ties
of chords are listed.

Source: the ABC music standard 2.1 (abcnotation.com), sections 3.1.6, 4.5, 4.11, 4.20 and 7.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence

from musicvae.formats.bounds import MusicFileError
from musicvae.formats.corrections import Corrections

_FIELD = re.compile(r"([A-Za-z+]):(.*)")
_INLINE = re.compile(r"\[([A-Za-z]):([^\]]*)\]")
_UNSEEN = re.compile(r'"[^"]*"|%.*|![^!\s]+!')
_REST = re.compile(r"[ZX](\d*)")
_NOTES = re.compile(r"[_=^]*[A-Ga-g][,']*[\d/]*(-?)")
_CHORD = re.compile(rf"\[((?:{_NOTES.pattern})+)\][\d/]*(-?)")
_CLEF = re.compile(r"\s*\b(?:clef|middle|stafflines)=\S+|\s+(?:treble|bass|alto|tenor)[-+\d]*\b")
_MAX_BARS_OF_REST = 1000
_OWN_LINES = ("K", "L", "M")


@dataclasses.dataclass(frozen=True)
class ABCText:
    """A tune for music21.

    Attributes:
      text: the tune.
      tied_chords: for each voice, for each chord in it, whether a tie begins at each of its notes.
    """

    text: str
    tied_chords: tuple[tuple[tuple[bool, ...], ...], ...]


def text_for_music21(lines: Sequence[str], corrections: Corrections) -> ABCText:
    """Puts a tune so that music21 reads it as it is played.

    Args:
      lines: of the tune, with the fields of its tunebook's header.
      corrections: told of changes of tempo and time signature inside the tune, which are left out.

    Raises:
      MusicFileError: it overlays voices inside a bar, or rests without end.
    """
    last = next((k for k, line in enumerate(lines) if line.startswith("K:")), len(lines) - 1)
    header = [line for line in lines[: last + 1] if not line.startswith("V:")]
    header = [_CLEF.sub("", line) if line.startswith("K:") else line for line in header]
    fields = {line[0]: line for line in header if line[1:2] == ":"}
    voices = _voices(lines[last + 1 :])
    text, tied = header, []
    changed: dict[str, None] = {}
    for number, (voice, body) in enumerate(voices.items()):
        if len(voices) > 1:
            text.append(f"V:{voice}")
        text += [fields[name] for name in changed if name in fields]
        now = dict(fields)
        chords: list[tuple[bool, ...]] = []
        for line in body:
            field = _FIELD.fullmatch(line)
            if field is None:
                text.append(_with_rests(line, now))
                chords += _tied_chords(line)
                continue
            name = field[1]
            is_new = line.replace(" ", "") != now.get(name, "").replace(" ", "")
            if name in ("M", "Q") and is_new and number == 0:
                corrections.add("abc_change", line[:40])
            if name in _OWN_LINES:
                text.append(_CLEF.sub("", line))
                changed[name] = None
            now[name] = line
        tied.append(tuple(chords))
    return ABCText("\n".join([*text, ""]), tuple(tied))


def _voices(lines: Sequence[str]) -> dict[str, list[str]]:
    """Returns the lines of each voice in which there is music, in order of appearance."""
    found: dict[str, list[str]] = {}
    first: list[str] = []
    own = first
    for line in _split(lines):
        if line.startswith("V:"):
            name = (line[2:].split() or ["1"])[0]
            own = found.setdefault(name, [])
        else:
            own.append(line)
    if first:
        name = next(iter(found), "1")
        found = {name: [*first, *found.pop(name, [])], **found}
    with_music = {
        name: own
        for name, own in found.items()
        if any(_FIELD.fullmatch(line) is None for line in own)
    }
    return with_music or {"1": first}


def _split(lines: Sequence[str]) -> Iterator[str]:
    """Yields lines of music without fields inside, and fields in lines of their own."""
    for line in lines:
        if _FIELD.fullmatch(line):
            yield line
            continue
        if line.startswith("%"):
            continue
        if "&" in _UNSEEN.sub("", line):
            raise MusicFileError(
                "abc_overlay", "it overlays voices inside a bar (&); give each voice a V: field"
            )
        place = 0
        for field in _INLINE.finditer(line):
            if before := line[place : field.start()].strip():
                yield before
            yield f"{field[1]}:{field[2].strip()}"
            place = field.end()
        if rest := line[place:].strip():
            yield rest


def _with_rests(line: str, fields: dict[str, str]) -> str:
    """Writes rests of whole bars out."""
    if not _REST.search(_UNSEEN.sub("", line)):
        return line
    units = bar_quarters(fields.get("M", "")[2:]) / unit_quarters(fields)
    length = f"{units:g}" if units == int(units) else f"{round(units * 16)}/16"

    def written(rest: re.Match[str]) -> str:
        bars = int(rest[1] or 1) if len(rest[1]) < 5 else _MAX_BARS_OF_REST + 1
        if bars > _MAX_BARS_OF_REST:
            raise MusicFileError("bad_abc", f"it rests for {rest[1][:20]} bars")
        return "|".join([f"z{length}"] * bars)

    parts = re.split(rf"({_UNSEEN.pattern})", line)
    return "".join(part if k % 2 else _REST.sub(written, part) for k, part in enumerate(parts))


def _tied_chords(line: str) -> Iterator[tuple[bool, ...]]:
    """Yields each chord of a line: whether a tie begins at each of its notes."""
    for chord in _CHORD.finditer(_UNSEEN.sub("", line)):
        whole = bool(chord[chord.lastindex or 0]) if chord[0].endswith("-") else False
        yield tuple(whole or bool(note[1]) for note in _NOTES.finditer(chord[1]))


def bar_quarters(meter: str) -> float:
    """Returns the length of a bar in quarters; 4 where there is no time signature.

    Args:
      meter: what stands after "M:".
    """
    text = meter.strip()
    match = re.fullmatch(r"(\d{1,3})/(\d{1,3})", {"C": "4/4", "C|": "2/2"}.get(text, text))
    return 4 * int(match[1]) / int(match[2]) if match and int(match[2]) and int(match[1]) else 4.0


def unit_quarters(fields: dict[str, str]) -> float:
    """Returns the length of a note without a number in quarters.

    Args:
      fields: the tune's fields, as "L:1/8" under "L".
    """
    match = re.fullmatch(r"(\d{1,3})/(\d{1,3})", fields.get("L", "")[2:].strip())
    if match and int(match[1]) and int(match[2]):
        return 4 * int(match[1]) / int(match[2])
    return 0.5 if "M" not in fields or bar_quarters(fields["M"][2:]) >= 3 else 0.25
