"""What a score has that note_seq's plain readers get wrong or refuse."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from musicvae.formats.bounds import MusicFileError

_MAX_REPEATS = 16
_XML_FEATURES = {
    "tie": "ties",
    "repeat": "repeats",
    "ending": "endings",
    "metronome": "metronome marks",
    "time-modification": "tuplets",
    "backup": "several voices",
    "grace": "grace notes",
}
# What music21 takes time by: the largest value that music has use for.
_XML_LIMITS = {
    "fifths": 14,
    "beats": 128,
    "beat-type": 1024,
    "octave": 12,
    "alter": 12,
    "chromatic": 127,
    "diatonic": 127,
    "octave-change": 12,
    "divisions": 1_000_000,
    "duration": 100_000_000,
    "actual-notes": 1024,
    "normal-notes": 1024,
    "per-minute": 100_000,
}
_ABC_LIMITS = {"M:": 128, "L:": 4096}
_ABC_LIMIT = 100_000
_ABC_OCTAVES = 12
_NUMBER = re.compile(r"\d+(?:\.\d*)?(?:[eE][+-]?\d+)?")
_ABC_FEATURES = (
    (re.compile(r"\|:|:\||::"), "repeats"),
    (re.compile(r"[|:]\s*\[?[1-9]"), "endings"),
    (re.compile(r"\([2-9]"), "tuplets"),
    (re.compile(r"[zxZX]"), "rests"),
    (re.compile(r"&"), "voice overlays"),
    (re.compile(r"\{"), "grace notes"),
    (re.compile(r"\[[_=^]*[A-Ga-g]"), "chords"),
    (re.compile(r"[A-Ga-g][,'0-9/]*\s*-"), "ties"),
)
_ABC_BAR = re.compile(r"\|")
_ABC_NOTE = re.compile(r"[A-Ga-gzx][,']*(\d*)(/*)(\d*)")
_PICKUP = "a pickup bar"


def musicxml_features(root: ElementTree.Element) -> str:
    """Names what a MusicXML score has that needs a full reader; empty where it has none of it.

    Args:
      root: a partwise score.

    Raises:
      MusicFileError: it plays a passage more often than music does.
    """
    found: dict[str, None] = {}
    for element in root.iter():
        feature = _XML_FEATURES.get(str(element.tag))
        if feature is not None:
            found[feature] = None
        if element.tag == "repeat" and not _is_plausible(element.get("times", "2")):
            times = element.get("times", "")[:20]
            raise MusicFileError("bad_musicxml", f"a repeat is played {times} times")
    measures = root.findall("part/measure")
    if len(measures) > 1 and _is_short(measures[0]):
        found[_PICKUP] = None
    return " and ".join(found)


def check_musicxml_numbers(root: ElementTree.Element) -> None:
    """Checks that no number is beyond music, for reading it would never end.

    Args:
      root: a partwise score.

    Raises:
      MusicFileError: one is.
    """
    for element in root.iter():
        limit = _XML_LIMITS.get(str(element.tag))
        if limit is not None and _largest(element.text or "") > limit:
            shown = (element.text or "").strip()[:20]
            raise MusicFileError("bad_musicxml", f"<{element.tag}> is {shown}, over {limit}")


def check_abc_numbers(lines: Sequence[str]) -> None:
    """Checks that no number or octave is beyond music, for reading it would never end.

    Args:
      lines: of one tune, with the fields of its tunebook's header.

    Raises:
      MusicFileError: one is.
    """
    for line in lines:
        field = line[:2]
        if re.match(r"[A-Za-z+]:|%", line) and field not in ("M:", "L:", "Q:"):
            continue
        inline = re.findall(r"\[([ML]:)([^\]]*)", line)
        for name, text in [(field, line), *inline]:
            limit = _ABC_LIMITS.get(name, _ABC_LIMIT)
            if _largest(text) > limit:
                raise MusicFileError("bad_abc", f"a number in '{line[:40]}' is over {limit}")
        if re.search(rf"['][',]{{{_ABC_OCTAVES}}}|[,][',]{{{_ABC_OCTAVES}}}", line):
            raise MusicFileError("bad_abc", f"a note is over {_ABC_OCTAVES} octaves away")


def _largest(text: str) -> float:
    return max((float(number[:400]) for number in _NUMBER.findall(text)), default=0.0)


def abc_features(lines: Sequence[str]) -> str:
    """Names what an ABC tune has that needs a full reader; empty where it has none of it.

    Args:
      lines: of one tune, with the fields of its tunebook's header.
    """
    music = [line for line in lines if not re.match(r"[A-Za-z+]:|%", line)]
    text = re.sub(r'"[^"]*"|%.*', "", "\n".join(music))
    found = [feature for pattern, feature in _ABC_FEATURES if pattern.search(text)]
    if any(line.startswith("V:") for line in lines) or "[V:" in text:
        found.append("several voices")
    if _abc_pickup(lines, text):
        found.append(_PICKUP)
    return " and ".join(found)


def _is_plausible(times: str) -> bool:
    return times.isdecimal() and len(times) < 4 and int(times) <= _MAX_REPEATS


def _is_short(measure: ElementTree.Element) -> bool:
    """Says whether a first bar is shorter than its time signature."""
    if measure.get("implicit") == "yes" or measure.get("number") == "0":
        return True
    try:
        divisions = float(measure.findtext("attributes/divisions", "1"))
        beats = float(measure.findtext("attributes/time/beats", "4"))
        beat_type = float(measure.findtext("attributes/time/beat-type", "4"))
        lasting = sum(
            float(note.findtext("duration", "0"))
            for note in measure.findall("note")
            if note.find("chord") is None
        )
    except ValueError:
        return False
    return beat_type > 0 and 0 < lasting < beats * divisions * 4 / beat_type


def _abc_pickup(lines: Sequence[str], text: str) -> bool:
    """Says whether the notes before the first bar line are fewer than a bar has."""
    bars = [bar for bar in _ABC_BAR.split(text) if _ABC_NOTE.search(bar)]
    if len(bars) < 2:
        return False
    fields = {line[:2]: line[2:].strip() for line in lines if line[1:2] == ":"}
    bar = _fraction({"C": "4/4", "C|": "2/2"}.get(fields.get("M:", ""), fields.get("M:", "")))
    unit = _fraction(fields.get("L:", "")) or (1 / 8 if bar >= 0.75 else 1 / 16)
    length = 0.0
    for number, slashes, divisor in _ABC_NOTE.findall(bars[0]):
        halves = float(divisor or 2) if slashes else 1.0
        length += unit * float(number or 1) / (halves ** (len(slashes) or 1) or 1.0)
    return 0 < length < bar - 1e-6


def _fraction(text: str) -> float:
    match = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text)
    return int(match[1]) / int(match[2]) if match and int(match[2]) else 0.0
