"""Scores that the plain readers get wrong, read by music21: the extra `scores`.

Pickup bars, ties, repeats and endings, metronome marks, tuplets and several voices, in MusicXML and
ABC. Bar 1 begins on a bar line: a pickup stands at the end of a bar of its own. Grace notes are
short notes before their main note (score_notes.py).
"""

from __future__ import annotations

import bisect
import contextlib
import importlib
import importlib.util
import io
import itertools
from collections.abc import Collection, Sequence
from typing import Any

from musicvae.formats.bounds import MAX_EVENTS, MusicFileError, reasons_for
from musicvae.formats.corrections import Corrections
from musicvae.formats.score_notes import elements, part_notes
from musicvae.grid import DEFAULT_QPM
from musicvae.lazy_note_seq import NoteSequence

_VELOCITY = 64
_TICKS_PER_QUARTER = 220


def read_with_music21(
    text: str,
    kind: str,
    what: str,
    corrections: Corrections,
    *,
    tied_chords: Sequence[Sequence[Sequence[bool]]] = (),
    drum_parts: Collection[str] = (),
) -> NoteSequence:
    """Reads a score.

    Args:
      text: the score.
      kind: "musicxml" or "abc".
      what: what it has that needs this reader, for the message: "repeats".
      corrections: told of what is left out.
      tied_chords: for each part, for each chord, where ties begin that `text` does not show.
      drum_parts: ids of parts that play drums.

    Returns:
      Its notes by part, chord symbols, tempos, time signatures and keys, in seconds; repeats are
      played.

    Raises:
      MusicFileError: it cannot be read, or music21 is missing.
    """
    if importlib.util.find_spec("music21") is None:
        raise MusicFileError(
            "needs_music21", f"it has {what}, which need music21: pip install 'musicvae[scores]'"
        )
    with (
        reasons_for(f"bad_{kind}", "music21 cannot read it"),
        contextlib.redirect_stderr(io.StringIO()),  # its warnings
    ):
        converter = importlib.import_module("music21.converter")
        score = converter.parse(text, format=kind)
        parts = list(getattr(score, "parts", ())) or [score]
        for part, chords in zip(parts, tied_chords, strict=False):
            _tie_chords(part, chords)
        return _sequence(parts, kind, corrections, drum_parts)


def _tie_chords(part: Any, chords: Sequence[Sequence[bool]]) -> None:
    """Lets ties begin at the notes of chords, where the part has the chords that are listed."""
    tie = importlib.import_module("music21.tie")
    found = [
        element
        for _, _, element in elements(part)
        if element.isChord and "ChordSymbol" not in element.classes
    ]
    if [len(chord.notes) for chord in found] == [len(tied) for tied in chords]:
        for chord, tied in zip(found, chords, strict=True):
            for note, is_tied in zip(chord.notes, tied, strict=True):
                if is_tied:
                    note.tie = tie.Tie("start")


def _sequence(
    parts: Sequence[Any], kind: str, corrections: Corrections, drum_parts: Collection[str]
) -> NoteSequence:
    expanded = [_expanded(part) for part in parts]
    shift = _pickup_shift(expanded[0])
    sequence = NoteSequence(ticks_per_quarter=_TICKS_PER_QUARTER)
    info = NoteSequence.SourceInfo
    sequence.source_info.source_type = info.SCORE_BASED
    sequence.source_info.encoding_type = info.MUSIC_XML if kind == "musicxml" else info.ABC
    flat = [part.flatten() for part in expanded]
    clock = _Clock([mark for part in flat for mark in _tempos(part, shift)])
    for beat, qpm in clock.changes:
        sequence.tempos.add(time=clock.seconds(beat), qpm=qpm)
    for signature in flat[0].getElementsByClass("TimeSignature"):
        sequence.time_signatures.add(
            time=clock.seconds(_place(signature.offset, shift)),
            numerator=signature.numerator,
            denominator=signature.denominator,
        )
    for key in flat[0].getElementsByClass("KeySignature"):
        is_minor = getattr(key, "mode", None) == "minor"
        sequence.key_signatures.add(
            time=clock.seconds(_place(key.offset, shift)),
            key=(7 * key.sharps + 9 * is_minor) % 12,
            mode=NoteSequence.KeySignature.MINOR if is_minor else NoteSequence.KeySignature.MAJOR,
        )
    for number, part in enumerate(expanded):
        sequence.part_infos.add(part=number, name=str(part.partName or ""))
        instrument = part.getInstrument(returnDefault=True)
        is_drum = (
            str(part.id).split("-Staff")[0] in drum_parts
            or instrument.midiChannel == 9
            or "UnpitchedPercussion" in instrument.classes
        )
        program = 0 if is_drum else instrument.midiProgram or 0
        _add_chord_symbols(sequence, part, clock, shift)
        notes, num_lost = part_notes(part, is_drum=is_drum, lead=shift)
        if num_lost:
            corrections.add("grace_notes", count=num_lost)
        if len(sequence.notes) + len(notes) > MAX_EVENTS:
            raise MusicFileError("too_many_events", f"it has over {MAX_EVENTS} notes")
        for note in notes:
            sequence.notes.add(
                pitch=note.pitch,
                velocity=_VELOCITY,
                start_time=clock.seconds(note.start + shift),
                end_time=clock.seconds(note.end + shift),
                instrument=number,
                part=number,
                program=program,
                is_drum=is_drum,
            )
    sequence.total_time = max((note.end_time for note in sequence.notes), default=0.0)
    return sequence


def _expanded(part: Any) -> Any:
    """Returns a part as it is played: repeats and endings in full, or as written if they clash."""
    if not part.hasMeasures():
        return part
    repeat = importlib.import_module("music21.repeat")
    try:
        return part.expandRepeats()
    except repeat.ExpanderException:
        return part


def _pickup_shift(part: Any) -> float:
    """Returns the quarters of rest that fill the first bar up before its first note."""
    measures = list(part.getElementsByClass("Measure")[:2])
    if len(measures) < 2 or not measures[0].duration.quarterLength:
        return 0.0
    missing = float(measures[0].barDuration.quarterLength - measures[0].duration.quarterLength)
    # A bar that music21 cut in two, at a change of key inside it, is no pickup.
    is_cut = abs(missing - float(measures[1].duration.quarterLength)) < 1e-6
    return 0.0 if is_cut else max(missing, 0.0)


def _place(offset: Any, shift: float) -> float:
    """Returns where a change is; one at the start holds from the start of the pickup's bar."""
    return float(offset) + shift if offset else 0.0


def _tempos(part: Any, shift: float) -> list[tuple[float, float]]:
    marks = (
        (mark.offset, mark.getQuarterBPM()) for mark in part.getElementsByClass("MetronomeMark")
    )
    return [(_place(offset, shift), float(qpm)) for offset, qpm in marks if qpm]


def _add_chord_symbols(sequence: NoteSequence, part: Any, clock: _Clock, shift: float) -> None:
    for offset, _, element in elements(part):
        if "ChordSymbol" in element.classes:
            sequence.text_annotations.add(
                time=clock.seconds(offset + shift),
                text=element.figure.replace("-", "b"),
                annotation_type=NoteSequence.TextAnnotation.CHORD_SYMBOL,
            )


class _Clock:
    """Converts quarters to seconds.

    Attributes:
      changes: (quarter, qpm) of every tempo, the first at 0.
    """

    def __init__(self, marks: list[tuple[float, float]]) -> None:
        by_place = {0.0: DEFAULT_QPM}
        by_place.update(sorted(reversed(marks), key=lambda mark: mark[0]))
        self.changes = sorted(by_place.items())
        self._places = [place for place, _ in self.changes]
        self._seconds = [0.0]
        for (start, qpm), (end, _) in itertools.pairwise(self.changes):
            self._seconds.append(self._seconds[-1] + (end - start) * 60.0 / qpm)

    def seconds(self, quarter: float) -> float:
        """Returns the time of a place in quarters."""
        k = max(bisect.bisect_right(self._places, quarter) - 1, 0)
        return self._seconds[k] + (quarter - self._places[k]) * 60.0 / self.changes[k][1]
