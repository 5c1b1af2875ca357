"""Results as one web page: rolls to look at and players to listen with, in a single file.

The page needs no network and no other file: pictures are inline SVG, and sound is made in the
browser from the notes. It asks the browser to refuse anything from outside.
"""

from __future__ import annotations

import base64
import dataclasses
import html
import importlib.resources
import json
import os
from collections.abc import Sequence
from typing import Any

from musicvae.audio.sounds import (
    CHOKES,
    CLANG_HZ,
    CLANG_LOW_HZ,
    DRUM_SOUNDS,
    OTHER_DRUM,
    TIMBRES,
)
from musicvae.audio.synthesizer import SOFT_POWER, pans_of
from musicvae.files import atomic_file
from musicvae.instruments import sound_notes, voice_of, voices_of
from musicvae.lazy_note_seq import NoteSequence
from musicvae.names import printable
from musicvae.plot.drawing import Drawing
from musicvae.plot.piano_roll import Roll, describe, piano_roll
from musicvae.plot.picture import drawing_to_svg
from musicvae.plot.rows import Rows, rows_of
from musicvae.plot.table import Table
from musicvae.plot.timeline import timeline_of

MAX_PIECES = 200
MAX_NOTES = 20_000

_DRUM_VOICE = -1
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


@dataclasses.dataclass(frozen=True)
class PlayerPiece:
    """A result to show.

    Attributes:
      sequence: notes in seconds.
      title: its name.
      note: a line about it; may be empty.
      midi: the MIDI file to offer for download, or None.
      file_name: the name it gets when it is saved.
    """

    sequence: NoteSequence
    title: str
    note: str = ""
    midi: bytes | None = None
    file_name: str = "music.mid"


def write_page(
    path: str | os.PathLike[str],
    pieces: Sequence[PlayerPiece],
    *,
    title: str,
    subtitle: str = "",
    pictures: Sequence[Drawing] = (),
    tables: Sequence[Table] = (),
) -> None:
    """Writes a page; an old file is replaced.

    Args:
      path: the file.
      pieces: what to show, in order; see `page_html`.
      title: the page's title.
      subtitle: a line below it.
      pictures: drawings that stand before the pieces.
      tables: figures that stand before the pictures.

    Raises:
      InputError: the file cannot be written.
    """
    text = page_html(pieces, title=title, subtitle=subtitle, pictures=pictures, tables=tables)
    with atomic_file(path) as file:
        file.write(printable(text).encode("utf-8"))


def page_html(
    pieces: Sequence[PlayerPiece],
    *,
    title: str,
    subtitle: str = "",
    pictures: Sequence[Drawing] = (),
    tables: Sequence[Table] = (),
) -> str:
    """Returns a page with a roll and a player for each piece.

    Rolls share their rows and colours. Of more than `MAX_PIECES` pieces the first are shown, and
    the page says so; a piece's player stops after `MAX_NOTES` notes.

    Args:
      pieces: what to show, in order.
      title: the page's title.
      subtitle: a line below it.
      pictures: drawings that stand before the pieces.
      tables: figures that stand before the pictures.
    """
    shown = list(pieces[:MAX_PIECES])
    if len(pieces) > MAX_PIECES:
        subtitle = f"{subtitle} The first {MAX_PIECES} of {len(pieces)}.".strip()
    sequences = [piece.sequence for piece in shown]
    rows, voices = rows_of(sequences), voices_of(sequences)
    melodic = [voice for voice in voices if not voice.is_drum]
    articles, entries = [], []
    for k, piece in enumerate(shown):
        own = rows_of([piece.sequence])
        shared = Rows(rows.pitches if own.pitches else None, rows.drums if own.drums else ())
        roll = piano_roll(piece.sequence, rows=shared, voices=voices)
        seconds = timeline_of(piece.sequence).end_seconds
        articles.append(_article(k, piece, roll, seconds))
        numbers = {voice: number for number, voice in enumerate(melodic)}
        entries.append(
            {
                "title": piece.title,
                "seconds": round(seconds, 3),
                "lines": _lines(roll),
                "notes": _notes(piece.sequence, numbers),
            }
        )
    figures = [
        f'<figure class="picture">{drawing_to_svg(drawing)}</figure>' for drawing in pictures
    ]
    data = {"pieces": entries, **_sound_tables(sequences), "voices": _voices(melodic)}
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{html.escape(_POLICY)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{html.escape(title)}</title>",
            f"<style>\n{_resource('page.css')}</style>",
            "</head>",
            "<body>",
            f"<header><h1>{html.escape(title)}</h1><p>{html.escape(subtitle)}</p></header>",
            _BAR,
            "<main>",
            *(table.html() for table in tables),
            *figures,
            *articles,
            "</main>",
            f'<script type="application/json" id="data">{_script_safe(data)}</script>',
            f"<script>\n{_resource('page.js')}</script>",
            "</body>",
            "</html>",
            "",
        ]
    )


_BAR = """<div class="bar"><div>
<button id="all" type="button" class="quiet">Play all</button>
<label>Volume <input id="volume" type="range" min="0" max="100" value="80"></label>
<label><input id="loop" type="checkbox"> Repeat</label>
<span id="status" role="status"></span>
</div></div>
<noscript><main><p>The players need JavaScript; the pictures do not.</p></main></noscript>"""


def _article(number: int, piece: PlayerPiece, roll: Roll, seconds: float) -> str:
    name = html.escape(piece.title)
    drawing = dataclasses.replace(roll.drawing, title=f"Piano roll of {piece.title}")
    note = piece.note or describe(piece.sequence)
    link = ""
    if piece.midi is not None:
        encoded = base64.b64encode(piece.midi).decode("ascii")
        link = (
            f'<a href="data:audio/midi;base64,{encoded}" '
            f'download="{html.escape(piece.file_name)}">Save MIDI<span hidden> {name}</span></a>'
        )
    return "\n".join(
        [
            f'<article aria-labelledby="piece-{number}">',
            f'<h2 id="piece-{number}">{name}</h2>',
            f'<p class="note">{html.escape(note)}</p>',
            f'<div class="roll">{drawing_to_svg(drawing)}</div>',
            '<div class="controls">',
            f'<button type="button" aria-label="Play {name}">Play</button>',
            f'<input type="range" min="0" max="{round(seconds * 1000)}" value="0" '
            f'aria-label="Position in {name}">',
            "<output></output>",
            link,
            "</div>",
            "</article>",
        ]
    )


def _lines(roll: Roll) -> list[list[float]]:
    """Returns where time runs on the picture, in parts of its width and height."""
    width, height = roll.drawing.width, roll.drawing.height
    return [
        [
            *(round(line.start_seconds, 3), round(line.end_seconds, 3)),
            *(round(line.left / width, 5), round(line.right / width, 5)),
            *(round(line.top / height, 5), round(line.bottom / height, 5)),
        ]
        for line in roll.lines
    ]


def _notes(sequence: NoteSequence, numbers: dict[Any, int]) -> list[list[int]]:
    return [
        [
            round(note.start_time * 1000),
            max(round((note.end_time - note.start_time) * 1000), 10),
            note.pitch,
            min(max(note.velocity, 1), 127),
            _DRUM_VOICE if note.is_drum else numbers[voice_of(note)],
        ]
        for note in sound_notes(sequence)[:MAX_NOTES]
    ]


def _voices(melodic: Sequence[Any]) -> list[dict[str, float]]:
    pans = pans_of(melodic)
    return [
        {"family": min(max(voice.program, 0), 127) // 8, "pan": round(pans[voice], 3)}
        for voice in melodic
    ]


def _sound_tables(sequences: Sequence[NoteSequence]) -> dict[str, Any]:
    """Returns the synthesizer's tables, of the drums those that are used."""
    drums = {note.pitch for piece in sequences for note in piece.notes if note.is_drum}
    return {
        "softPower": SOFT_POWER,
        "drums": {
            pitch: dataclasses.asdict(DRUM_SOUNDS[pitch])
            for pitch in sorted(drums)
            if pitch in DRUM_SOUNDS
        },
        "otherDrum": dataclasses.asdict(OTHER_DRUM),
        "chokes": sorted(CHOKES),
        "openHats": sorted(set[int]().union(*CHOKES.values())),
        "clang": CLANG_HZ,
        "clangLow": CLANG_LOW_HZ,
        "timbres": [dataclasses.asdict(timbre) for timbre in TIMBRES],
    }


def _script_safe(data: dict[str, Any]) -> str:
    """Returns JSON that no HTML parser takes for the end of the script."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def _resource(name: str) -> str:
    return importlib.resources.files("musicvae.plot").joinpath(name).read_text("utf-8")
