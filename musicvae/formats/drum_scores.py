"""Percussion staves of MusicXML, as notes of the pitches that their instruments have in MIDI.

A drum on a staff has a line, not a pitch; `<midi-unpitched>` of its instrument says which key of a
General MIDI kit it is. Neither note_seq nor music21 reads it.

Source: MusicXML 4.0, elements unpitched, instrument and midi-instrument.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree

from musicvae.formats.corrections import Corrections

_SCALE = (("C", 0), ("C", 1), ("D", 0), ("D", 1), ("E", 0), ("F", 0), ("F", 1), ("G", 0), ("G", 1),
          ("A", 0), ("A", 1), ("B", 0))  # fmt: skip


def give_drums_pitches(root: ElementTree.Element, corrections: Corrections) -> frozenset[str]:
    """Turns the drums of a score into notes.

    Args:
      root: a partwise score; changed.
      corrections: told of drums whose key is not said; they are left out.

    Returns:
      The ids of the parts that play drums.
    """
    keys = {
        entry.get("id", ""): _key(entry.findtext("midi-unpitched"))
        for entry in root.iter("midi-instrument")
    }
    listed = {part.get("id"): part for part in root.iter("score-part")}
    drums = set()
    for part in root.findall("part"):
        if next(part.iter("unpitched"), None) is None:
            continue
        drums.add(part.get("id", ""))
        entry = listed.get(part.get("id"))
        own = (
            [] if entry is None else [each.get("id", "") for each in entry.iter("midi-instrument")]
        )
        for measure in part.findall("measure"):
            for chord in _chords(measure):
                _give_pitches(measure, chord, keys, own[0] if len(own) == 1 else "", corrections)
    return frozenset(drums)


def _chords(measure: ElementTree.Element) -> list[list[ElementTree.Element]]:
    """Returns the notes of a bar, those of one chord together."""
    chords: list[list[ElementTree.Element]] = []
    for note in measure.findall("note"):
        if note.find("chord") is None or not chords:
            chords.append([])
        chords[-1].append(note)
    return chords


def _give_pitches(
    measure: ElementTree.Element,
    chord: list[ElementTree.Element],
    keys: Mapping[str, int | None],
    default: str,
    corrections: Corrections,
) -> None:
    kept = []
    for note in chord:
        drum = note.find("unpitched")
        if drum is None:
            kept.append(note)
            continue
        played = note.find("instrument")
        key = keys.get(default if played is None else played.get("id", ""))
        place = list(note).index(drum)
        note.remove(drum)
        if key is None:
            corrections.add("unknown_drum")
            note.insert(place, ElementTree.Element("rest"))
            continue
        pitch = ElementTree.Element("pitch")
        for tag, value in zip(
            ("step", "alter", "octave"), (*_SCALE[key % 12], key // 12 - 1), strict=True
        ):
            ElementTree.SubElement(pitch, tag).text = str(value)
        note.insert(place, pitch)
        kept.append(note)
    # A rest stays where nothing else does, for its time.
    for note in chord:
        if note not in (kept or chord[:1]):
            measure.remove(note)
    for sign in kept[0].findall("chord") if kept and kept[0] is not chord[0] else ():
        kept[0].remove(sign)


def _key(text: str | None) -> int | None:
    """Returns a MIDI pitch from a number that counts from 1."""
    number = int(text) if text is not None and text.strip().isdecimal() and len(text) < 9 else 0
    return number - 1 if 1 <= number <= 128 else None
