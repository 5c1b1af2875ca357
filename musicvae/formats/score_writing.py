"""NoteSequences as scores: MusicXML by music21, and ABC by symusic (abcMIDI's midi2abc).

A score is on the grid of notation: notes are set to the nearest sixteenth or triplet eighth, and
lose the timing of a performance. Each instrument has a part of its own with the clef that its range
asks for; drums stand on a percussion staff, where a drum lasts until the next one of its beat.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree

from musicvae.errors import MissingExtraError
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.general_midi import drum_name
from musicvae.grid import DEFAULT_QPM
from musicvae.lazy_note_seq import NoteSequence

_CHORD_SYMBOL = 1
_GRIDS = (4, 3)
# Where a drum stands on its staff, and the head of its notes.
_STAFF = {
    35: ("E4", None), 36: ("F4", None), 37: ("C5", "x"), 38: ("C5", None), 40: ("C5", None),
    41: ("A4", None), 42: ("G5", "x"), 43: ("A4", None), 44: ("D4", "x"), 45: ("A4", None),
    46: ("G5", "circle-x"), 47: ("D5", None), 48: ("D5", None), 49: ("A5", "x"), 50: ("E5", None),
    51: ("F5", "x"), 52: ("A5", "x"), 53: ("F5", "diamond"), 55: ("A5", "x"), 57: ("A5", "x"),
    59: ("F5", "x"),
}  # fmt: skip
_ELSEWHERE = ("B4", "triangle")


def note_sequence_to_musicxml(sequence: Any, title: str = "") -> bytes:
    """Writes a NoteSequence as MusicXML.

    Args:
      sequence: times in seconds, not changed.
      title: of the score.

    Raises:
      MissingExtraError: music21 is not installed.
    """
    music21 = check_music21()
    score = music21.stream.Score()
    score.metadata = music21.metadata.Metadata(title=title or "musicvae", composer="")
    qpm = sequence.tempos[0].qpm if sequence.tempos else DEFAULT_QPM
    for k, (is_drum, program, notes) in enumerate(_parts(sequence)):
        part = music21.stream.Part()
        part.insert(0, music21.meter.TimeSignature("4/4"))
        if k == 0:
            part.insert(0, music21.tempo.MetronomeMark(number=qpm))
            _add_chords(music21, part, sequence, qpm)
        if is_drum:
            _fill_drums(music21, part, notes, qpm)
        else:
            _fill_voice(music21, part, notes, qpm, program)
        end = _on_grid(sequence.total_time, qpm)
        silence = end - Fraction(part.highestTime)
        if silence > 0:
            part.append(music21.note.Rest(quarterLength=silence))
        score.insert(0, part)
    exporter = music21.musicxml.m21ToXml.GeneralObjectExporter(score)
    scores = music21.musicxml.m21ToXml.ScoreExporter(exporter.fromGeneralObject(score))
    scores.parse()
    _name_drums(scores.xmlRoot, {n.pitch for n in sequence.notes if n.is_drum})
    content: bytes = scores.asBytes()
    return content


def note_sequence_to_abc(sequence: Any, title: str = "") -> bytes:
    """Writes a NoteSequence as ABC notation.

    Args:
      sequence: times in seconds, not changed.
      title: of the tune.

    Raises:
      MissingExtraError: symusic is not installed.
    """
    symusic = check_symusic()
    quantized = NoteSequence()
    quantized.CopyFrom(sequence)
    qpm = sequence.tempos[0].qpm if sequence.tempos else DEFAULT_QPM
    for note in quantized.notes:
        start, end = _on_grid(note.start_time, qpm), _on_grid(note.end_time, qpm)
        note.start_time = float(start) * 60.0 / qpm
        note.end_time = float(max(end, start + Fraction(1, _GRIDS[0]))) * 60.0 / qpm
    if not quantized.time_signatures:
        quantized.time_signatures.add(numerator=4, denominator=4)
    with tempfile.TemporaryDirectory(prefix="musicvae-") as folder:
        path = os.path.join(folder, "tune.mid")
        with open(path, "wb") as file:
            file.write(note_sequence_to_midi(quantized))
        with _quiet_output():
            text = str(symusic.Score(path).dumps_abc())
    lines = [line for line in text.splitlines() if not re.match(r"%(?!%)|calling ", line)]
    text = "\n".join(f"T: {title or 'musicvae'}" if line[:2] == "T:" else line for line in lines)
    drums = re.compile(r"^(V:\s*\d+)(\n%%MIDI channel 10)", re.MULTILINE)
    return (drums.sub(r"\1 clef=perc\2", text).rstrip() + "\n").encode()


def check_music21() -> Any:
    """Returns music21, or raises MissingExtraError."""
    try:
        import music21
    except ImportError as missing:
        raise MissingExtraError("writing MusicXML", "music21", "scores") from missing
    return music21


def check_symusic() -> Any:
    """Returns symusic, or raises MissingExtraError."""
    try:
        import symusic
    except ImportError as missing:
        raise MissingExtraError("writing ABC", "symusic", "scores") from missing
    return symusic


@contextlib.contextmanager
def _quiet_output() -> Iterator[None]:
    """Drops what symusic's C++ code prints of the program that it calls."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _parts(sequence: Any) -> Iterator[tuple[bool, int, list[Any]]]:
    """Yields whether a part is drums, its program and its notes, drums last."""

    def key(note: Any) -> tuple[bool, int, int]:
        return (note.is_drum, 0, 0) if note.is_drum else (False, note.instrument, note.program)

    ordered = sorted(sequence.notes, key=key)
    for (is_drum, _, program), notes in itertools.groupby(ordered, key):
        yield is_drum, program, list(notes)


def _on_grid(seconds: float, qpm: float) -> Fraction:
    """Returns the nearest quarter of a beat or third of one, in quarters."""
    quarters = seconds * qpm / 60.0
    candidates = [Fraction(round(quarters * grid), grid) for grid in _GRIDS]
    return min(candidates, key=lambda value: abs(float(value) - quarters))


def _fill_voice(music21: Any, part: Any, notes: list[Any], qpm: float, program: int) -> None:
    instrument = music21.instrument.instrumentFromMidiProgram(program)
    part.insert(0, instrument)
    part.partName = instrument.instrumentName
    together: dict[tuple[Fraction, Fraction], set[int]] = {}
    for note in notes:
        start = _on_grid(note.start_time, qpm)
        length = max(_on_grid(note.end_time, qpm) - start, Fraction(1, _GRIDS[0]))
        together.setdefault((start, length), set()).add(note.pitch)
    for (start, length), pitches in sorted(together.items()):
        sounds = [music21.note.Note(pitch) for pitch in sorted(pitches)]
        sound = sounds[0] if len(sounds) == 1 else music21.chord.Chord(sounds)
        sound.quarterLength = length
        part.insert(start, sound)
    part.insert(0, music21.clef.bestClef(part, recurse=True))


def _fill_drums(music21: Any, part: Any, notes: list[Any], qpm: float) -> None:
    part.partName = "Drums"
    part.insert(0, music21.clef.PercussionClef())
    hits: dict[Fraction, set[int]] = {}
    for note in notes:
        hits.setdefault(_on_grid(note.start_time, qpm), set()).add(note.pitch)
    part.insert(0, music21.instrument.UnpitchedPercussion())
    starts = sorted(hits)
    for start, following in itertools.zip_longest(starts, starts[1:]):
        beat = start - start % 1 + 1
        length = (beat if following is None else min(beat, following)) - start
        sounds = []
        for pitch in sorted(hits[start]):
            place, head = _STAFF.get(pitch, _ELSEWHERE)
            sound = music21.note.Unpitched(place)
            sound.notehead = head or "normal"
            sounds.append(sound)
        sound = sounds[0] if len(sounds) == 1 else music21.percussion.PercussionChord(sounds)
        sound.quarterLength = length
        part.insert(start, sound)


def _name_drums(root: ElementTree.Element, pitches: set[int]) -> None:
    """Has each note of a percussion staff say which drum it is; music21 knows one a part.

    Args:
      root: a score-partwise element; changed.
      pitches: the drums in it. Of two in one place of the staff the lower counts.
    """
    drums = {_STAFF.get(pitch, _ELSEWHERE): pitch for pitch in sorted(pitches, reverse=True)}
    listed = {part.get("id"): part for part in root.iter("score-part")}
    for part in root.iter("part"):
        hits = [note for note in part.iter("note") if note.find("unpitched") is not None]
        if not hits:
            continue
        entry, name = listed[part.get("id")], part.get("id")
        for tag in ("score-instrument", "midi-instrument"):
            for old in entry.findall(tag):
                entry.remove(old)
        for pitch in sorted(drums.values()):
            drum = ElementTree.SubElement(entry, "score-instrument", id=f"{name}-I{pitch}")
            ElementTree.SubElement(drum, "instrument-name").text = drum_name(pitch)
        for pitch in sorted(drums.values()):
            drum = ElementTree.SubElement(entry, "midi-instrument", id=f"{name}-I{pitch}")
            for tag, text in (("midi-channel", 10), ("midi-unpitched", pitch + 1)):
                ElementTree.SubElement(drum, tag).text = str(text)
        for note in hits:
            step, octave = (note.findtext(f"unpitched/display-{x}") for x in ("step", "octave"))
            pitch = drums[f"{step}{octave}", note.findtext("notehead")]
            # After the duration and ties, before the voice, says the schema.
            after = max(k for k, part in enumerate(note) if part.tag in ("duration", "tie"))
            for old in note.findall("instrument"):
                note.remove(old)
            note.insert(after + 1, ElementTree.Element("instrument", id=f"{name}-I{pitch}"))


def _add_chords(music21: Any, part: Any, sequence: Any, qpm: float) -> None:
    """Writes chord symbols that music21 can read over a part."""
    for annotation in sequence.text_annotations:
        if annotation.annotation_type != _CHORD_SYMBOL or annotation.text == "N.C.":
            continue
        try:
            symbol = music21.harmony.ChordSymbol(annotation.text.replace("b", "-", 1))
        except (ValueError, music21.exceptions21.Music21Exception):
            continue
        symbol.writeAsChord = False
        part.insert(_on_grid(annotation.time, qpm), symbol)
