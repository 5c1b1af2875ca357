"""Scores to NoteSequences: MusicXML, plain or zipped, and ABC tunebooks.

note_seq's own readers read plain scores, music21 those with ties, repeats and the like
(score_features.py); here the files are opened, bounded and split, and whatever the readers raise
becomes a reason. Each tune of a tunebook is a sequence of its own, and one that
cannot be read costs only itself.

Magenta's converter hands ABC's parser bytes, which it cannot take, so no ABC file ever came through
there.
"""

from __future__ import annotations

import dataclasses
import io
import math
import zipfile
from xml.etree import ElementTree

from musicvae.formats.abc_text import text_for_music21
from musicvae.formats.bounds import (
    FileBounds,
    MusicFileError,
    check_length,
    reasons_for,
    sentence_of,
)
from musicvae.formats.corrections import Correction, Corrections
from musicvae.formats.drum_scores import give_drums_pitches
from musicvae.formats.music21_scores import read_with_music21
from musicvae.formats.score_features import (
    abc_features,
    check_abc_numbers,
    check_musicxml_numbers,
    musicxml_features,
)
from musicvae.lazy_note_seq import NoteSequence, note_seq

MUSICXML_TYPE = "application/vnd.recordare.musicxml+xml"

_CONTAINER = "META-INF/container.xml"
_PROLOG_BYTES = 65_536


@dataclasses.dataclass(frozen=True)
class Tune:
    """One tune of a tunebook.

    Attributes:
      number: its reference number, from the `X:` field; 0 without one.
      sequence: its notes, or None where it cannot be read.
      error: why not.
      corrections: what was left out of it.
    """

    number: int
    sequence: NoteSequence | None
    error: MusicFileError | None = None
    corrections: tuple[Correction, ...] = ()


def musicxml_to_note_sequence(
    data: bytes, bounds: FileBounds | None = None, corrections: Corrections | None = None
) -> NoteSequence:
    """Reads a MusicXML score.

    Args:
      data: the bytes of a .xml, .musicxml or .mxl file.
      bounds: limits for what a zipped score unpacks to.
      corrections: told of what is left out.

    Returns:
      Its notes by part, chord symbols, tempos, time signatures and keys; times in seconds.

    Raises:
      MusicFileError: it cannot be read.
    """
    bounds = bounds or FileBounds()
    if data.startswith(b"PK"):
        data = _unzipped_score(data, bounds)
    root = _parse_xml(data)
    if root.tag == "score-timewise":
        raise MusicFileError("timewise_musicxml", "it is ordered by measures; save it as partwise")
    if root.tag != "score-partwise":
        raise MusicFileError("not_musicxml", f"its root is <{str(root.tag)[:40]}>, not a score")
    corrections = Corrections() if corrections is None else corrections
    drums = give_drums_pitches(root, corrections)
    features = musicxml_features(root)
    if features:
        check_musicxml_numbers(root)
        text = ElementTree.tostring(root, encoding="unicode")
        sequence = read_with_music21(text, "musicxml", features, corrections, drum_parts=drums)
        _check_notes(sequence)
        return sequence
    reader = note_seq.musicxml_reader
    parser = note_seq.musicxml_parser
    try:
        sequence = reader.musicxml_to_sequence_proto(_document(parser.MusicXMLDocument, root))
    except parser.MusicXMLParseError as error:
        raise MusicFileError(_code("musicxml", error), sentence_of(error)) from error
    except (MemoryError, MusicFileError):
        raise
    except Exception as error:
        raise MusicFileError("bad_musicxml", f"note_seq: {sentence_of(error)}") from error
    numbers = {k for k, part in enumerate(root.findall("part")) if part.get("id") in drums}
    for note in sequence.notes:
        if note.part in numbers:
            note.is_drum, note.program = True, 0
    _check_notes(sequence)
    return sequence


def _document(base: type, root: ElementTree.Element) -> object:
    """Returns note_seq's document of a score that is parsed already."""

    class ParsedScore(base):  # type: ignore[misc]
        """A document whose root is given instead of a file name."""

        @staticmethod
        def _get_score(_: object) -> ElementTree.Element:
            return root

    return ParsedScore("")


def _parse_xml(data: bytes) -> ElementTree.Element:
    prolog = data[:_PROLOG_BYTES].replace(b"\0", b"")
    if b"<!ENTITY" in prolog:
        raise MusicFileError("xml_entities", "it declares XML entities, which scores do not need")
    try:
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise MusicFileError("bad_xml", sentence_of(error)) from error


def _unzipped_score(data: bytes, bounds: FileBounds) -> bytes:
    """Returns the score in a .mxl archive, whose container file names it."""
    with (
        reasons_for("bad_zip", "its archive is damaged"),
        zipfile.ZipFile(io.BytesIO(data)) as archive,
    ):
        container = _parse_xml(_unzip(archive, _CONTAINER, bounds))
        names = [
            name
            for file in container.iter()
            if str(file.tag).rpartition("}")[2] == "rootfile"
            and file.get("media-type", MUSICXML_TYPE) == MUSICXML_TYPE
            and (name := file.get("full-path"))
        ]
        if len(names) != 1:
            raise MusicFileError("bad_zip", f"its container names {len(names)} scores, not one")
        return _unzip(archive, names[0], bounds)


def _unzip(archive: zipfile.ZipFile, name: str, bounds: FileBounds) -> bytes:
    try:
        member = archive.open(name)
    except KeyError:
        raise MusicFileError("bad_zip", f"there is no '{name}' in the archive") from None
    with member:
        content = member.read(bounds.max_bytes + 1)
    if len(content) > bounds.max_bytes:
        raise MusicFileError(
            "too_large", f"'{name}' unpacks to over {bounds.max_bytes >> 20} MiB, the limit"
        )
    return content


def abc_to_tunes(data: bytes) -> list[Tune]:
    """Reads an ABC tunebook.

    Args:
      data: the file's bytes, UTF-8 or Latin-1.

    Returns:
      Its tunes in order, each with its notes or the reason why it has none.

    Raises:
      MusicFileError: there is no tune in it.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    blocks = _blocks(text)
    header = blocks.pop(0) if len(blocks) > 1 and not _has_field(blocks[0], "X:") else []
    tunes = [block for block in blocks if _has_field(block, "X:") or _has_field(block, "K:")]
    if not tunes:
        raise MusicFileError("not_abc", "there is no tune in it: no line begins with 'X:' or 'K:'")
    return [_read_tune(header, block) for block in tunes]


def _blocks(text: str) -> list[list[str]]:
    """Splits a text at its empty lines."""
    blocks: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip():
            blocks[-1].append(line.strip())
        elif blocks[-1]:
            blocks.append([])
    return blocks if blocks[-1] else blocks[:-1]


def _has_field(block: list[str], field: str) -> bool:
    return any(line.startswith(field) for line in block)


def _read_tune(header: list[str], block: list[str]) -> Tune:
    number_text = next((line[2:].strip() for line in block if line.startswith("X:")), "")
    number = int(number_text) if number_text.isdecimal() and len(number_text) < 10 else 0
    parser = note_seq.abc_parser
    features = abc_features(header + block)
    try:
        if features:
            check_abc_numbers(header + block)
            lines = [*header, *block]
            if not _has_field(lines, "L:") and not _has_field(lines, "M:"):
                lines.insert(0, "L:1/8")  # the standard's default, which music21 lacks
            corrections = Corrections()
            tune = text_for_music21(lines, corrections)
            sequence = read_with_music21(
                tune.text, "abc", features, corrections, tied_chords=tune.tied_chords
            )
            sequence.reference_number = number
            _check_notes(sequence)
            return Tune(number, sequence, corrections=corrections.found())
        tunes, errors = parser.parse_abc_tunebook("\n".join(header + block))
        if errors:
            raise errors[0]
        sequence = next(iter(tunes.values()))
        _check_notes(sequence)
    except MusicFileError as error:
        return Tune(number, None, error)
    except parser.ABCParseError as error:
        return Tune(number, None, MusicFileError(_code("abc", error), sentence_of(error)))
    except MemoryError:
        raise
    except Exception as error:
        detail = f"note_seq: {type(error).__name__}: {sentence_of(error)}"
        return Tune(number, None, MusicFileError("bad_abc", detail))
    return Tune(number, sequence)


def _check_notes(sequence: NoteSequence) -> None:
    """Checks what a score may say and MIDI could not: times without end, pitches out of range."""
    times = [time for note in sequence.notes for time in (note.start_time, note.end_time)]
    times += [change.time for change in sequence.tempos] + [sequence.total_time]
    if not all(math.isfinite(time) and time >= 0 for time in times):
        raise MusicFileError("bad_time", "an event is before the start or never")
    if not all(math.isfinite(tempo.qpm) and tempo.qpm > 0 for tempo in sequence.tempos):
        raise MusicFileError("bad_tempo", "a tempo is not above 0")
    check_length(max(times))
    for note in sequence.notes:
        if not 0 <= note.pitch <= 127:
            raise MusicFileError("bad_pitch", f"pitch {note.pitch} is not in 0..127")
        if not 0 <= note.velocity <= 127:
            raise MusicFileError("bad_velocity", f"velocity {note.velocity} is not in 0..127")


def _code(kind: str, error: Exception) -> str:
    """Returns a reason in snake case: a MultiVoiceError in abc becomes abc_multi_voice."""
    name = type(error).__name__.removesuffix("Error").removesuffix("Parse")
    if name.lower() == kind:
        return f"bad_{kind}"
    return kind + "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
