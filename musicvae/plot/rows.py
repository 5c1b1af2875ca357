"""What the rows of a piano roll stand for, and how large they are drawn."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from musicvae.general_midi import DRUM_PITCHES, drum_name, drum_rank
from musicvae.instruments import sound_notes
from musicvae.lazy_note_seq import NoteSequence
from musicvae.plot.drawing import text_width

_MIN_SEMITONES = 15


@dataclasses.dataclass(frozen=True)
class Rows:
    """What the rows of a roll stand for; shared by rolls that are to be compared.

    Attributes:
      pitches: lowest and highest pitch of the melodic part, or None where there is none.
      drums: percussion keys from the bottom row to the top one.
    """

    pitches: tuple[int, int] | None
    drums: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class RollStyle:
    """Sizes, in pixels.

    Attributes:
      drum_row: height of a drum row.
      pitched: height that the melodic rows share.
      row_range: lowest and highest height of one semitone.
      label: size of row names; 0 leaves them and their margin out.
      numbers: whether bars are numbered and chords written above.
      margin: least width of the margin that holds row names, so that rolls below each other align.
    """

    drum_row: float = 16.0
    pitched: float = 150.0
    row_range: tuple[float, float] = (3.0, 9.0)
    label: float = 10.5
    numbers: bool = True
    margin: float = 0.0


FULL = RollStyle()
SMALL = RollStyle(drum_row=10.0, pitched=84.0, row_range=(1.6, 6.0), label=8.0, numbers=False)


def rows_of(sequences: Sequence[NoteSequence]) -> Rows:
    """Returns rows that hold every note of some pieces.

    A kit that only uses the nine pieces of MusicVAE's drum models shows all nine.

    Args:
      sequences: the pieces that are shown side by side.
    """
    melodic: set[int] = set()
    drums: set[int] = set()
    for sequence in sequences:
        for note in sound_notes(sequence):
            (drums if note.is_drum else melodic).add(note.pitch)
    pitches = None
    if melodic or not drums:
        low, high = min(melodic, default=60) - 1, max(melodic, default=72) + 1
        missing = max(_MIN_SEMITONES - (high - low + 1), 0)
        low -= missing // 2
        high += missing - missing // 2
        pitches = (max(low, 0), min(high, 127))
    shown = set(DRUM_PITCHES) if drums and drums <= set(DRUM_PITCHES) else drums
    return Rows(pitches=pitches, drums=tuple(sorted(shown, key=drum_rank)))


def label_margin(rows: Rows, style: RollStyle) -> float:
    """Returns how many pixels the names of the rows take, to the left of the roll."""
    if not style.label:
        return 0.0
    names = [drum_name(pitch) for pitch in rows.drums] + ["C4"]
    return max(max(text_width(name, style.label) for name in names) + 12, style.margin)
