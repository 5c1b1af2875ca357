"""What a reader corrected in a file that is not quite as its format asks.

No correction passes in silence: each says what was skipped, or what was taken for what. Equal
corrections of one file are counted, not repeated.
"""

from __future__ import annotations

from typing import NamedTuple

_SENTENCES: dict[str, tuple[str, str]] = {
    "zero_length_notes": (
        "a note of length 0 lasts one tick",
        "{count} notes of length 0 last one tick",
    ),
    "open_notes": (
        "a note that is never switched off lasts to the next of its pitch or to its track's end",
        "{count} notes that are never switched off last to the next of their pitch or to their "
        "track's end",
    ),
    "early_change": (
        "{first} a few ticks after the start counts from the start",
        "{first} a few ticks after the start, and {more} more changes, count from the start",
    ),
    "foreign_chunk": (
        "a chunk that is no track was skipped: {first}",
        "{count} chunks that are no tracks were skipped; the first is {first}",
    ),
    "track_count": ("{first}", "{first}"),
    "cut_track": (
        "{first}; what stands before was read",
        "{first}; what stands before was read, as in {more} more tracks",
    ),
    "no_chunk": (
        "{first} that belong to no chunk were skipped",
        "{first} that belong to no chunk were skipped, and more in {more} other places",
    ),
    "bad_key": (
        "{first} was left out",
        "{first} was left out, and {more} more key signatures",
    ),
    "bad_tempo": (
        "a tempo of 0 microseconds a quarter was left out",
        "{count} tempos of 0 microseconds a quarter were left out",
    ),
    "bad_time_signature": (
        "{first} was left out",
        "{first} was left out, and {more} more time signatures",
    ),
    "bad_event": (
        "an event was skipped: {first}",
        "{count} events were skipped; the first: {first}",
    ),
    "grace_notes": (
        "a grace note was left out: there is no time before it, or no note after it",
        "{count} grace notes were left out: there is no time before them, or no note after them",
    ),
    "unknown_drum": (
        "a drum of no known MIDI key (midi-unpitched) was left out",
        "{count} drums of no known MIDI key (midi-unpitched) were left out",
    ),
    "abc_change": (
        "a change of tempo or time signature inside the tune was left out: {first}",
        "{count} changes of tempo or time signature inside the tune were left out; the first: "
        "{first}",
    ),
    "drum_track": ("{first}", "{first}"),
    "bad_note": ("a note was left out: {first}", "{count} notes were left out; the first: {first}"),
}


class Correction(NamedTuple):
    """One kind of correction of a file.

    Attributes:
      code: a stable code by which files are counted: "open_notes".
      detail: a sentence that says what was done.
    """

    code: str
    detail: str


class Corrections:
    """Collects the corrections of one file, a sentence for each kind and, of drums, each track."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], tuple[int, str]] = {}

    def add(self, code: str, first: str = "", *, count: int = 1) -> None:
        """Counts a correction.

        Args:
          code: one of the known kinds.
          first: what it was about; only the first one of a kind is written out.
          count: how many there were.
        """
        key = (code, first if code == "drum_track" else "")
        before, text = self._found.get(key, (0, first))
        self._found[key] = (before + count, text)

    def found(self) -> tuple[Correction, ...]:
        """Returns the corrections, in the order in which the first of each kind was made."""
        return tuple(
            Correction(
                code,
                _SENTENCES[code][count > 1].format(
                    count=f"{count:,}", more=f"{count - 1:,}", first=first
                ),
            )
            for (code, _), (count, first) in self._found.items()
        )
