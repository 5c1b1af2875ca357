"""An outcome to look at and to listen to, beside its MIDI files.

For files `stem-000-of-005.mid` and so on: a roll `stem-000-of-005.png` for each, one contact sheet
`stem-contact.png`, a map of latent positions `stem-map.png`; `stem-000-of-005.wav` for each; and a
page with everything, `stem.html`. Notes are also written as MusicXML, ABC or rows of a CSV file.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterator, Sequence

import numpy as np

from musicvae.audio.wav import find_soundfont, write_wav
from musicvae.errors import InputError
from musicvae.files import atomic_file
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.formats.note_rows import note_sequence_to_csv
from musicvae.formats.score_writing import (
    check_music21,
    check_symusic,
    note_sequence_to_abc,
    note_sequence_to_musicxml,
)
from musicvae.generate.results import Result, Sample
from musicvae.instruments import voices_of
from musicvae.plot.contact_sheet import contact_sheet
from musicvae.plot.drawing import Drawing, framed
from musicvae.plot.latent_map import latent_map
from musicvae.plot.page import PlayerPiece, write_page
from musicvae.plot.piano_roll import piano_roll
from musicvae.plot.picture import PICTURE_SUFFIXES, check_matplotlib, save_picture
from musicvae.plot.rows import rows_of
from musicvae.registry import did_you_mean

NOTE_FORMATS = ("musicxml", "abc", "csv")
_NUMBER = re.compile(r"-\d+-of-\d+$")
_MIN_MAPPED = 3
_MAX_NAMED = 40


@dataclasses.dataclass(frozen=True)
class Presentation:
    """What is wanted beside MIDI files.

    Attributes:
      pictures: piano rolls, contact sheets and maps.
      picture_format: "png", "svg" or "pdf".
      audio: WAV files.
      soundfont: for FluidSynth; None for one that is found, or the built-in sound.
      page: a web page.
      formats: files of notes beside MIDI, of NOTE_FORMATS.
    """

    pictures: bool = False
    picture_format: str = "png"
    audio: bool = False
    soundfont: str | None = None
    page: bool = False
    formats: tuple[str, ...] = ()

    def check(self) -> None:
        """Checks, before hours of work, that what is wanted can be made.

        Raises:
          InputError: the format is unknown, or the soundfont is missing.
          MissingExtraError: matplotlib, music21 or symusic is missing.
        """
        for name in self.formats:
            if name not in NOTE_FORMATS:
                raise InputError(
                    f"unknown format '{name}'{did_you_mean(name, NOTE_FORMATS)} Known: "
                    f"{', '.join(NOTE_FORMATS)}"
                )
        if "musicxml" in self.formats:
            check_music21()
        if "abc" in self.formats:
            check_symusic()
        if f".{self.picture_format}" not in PICTURE_SUFFIXES:
            known = ", ".join(suffix[1:] for suffix in PICTURE_SUFFIXES)
            raise InputError(f"unknown picture format '{self.picture_format}'; known: {known}")
        if self.pictures and self.picture_format != "svg":
            check_matplotlib()
        if self.audio:
            find_soundfont(self.soundfont)


def shown_by(paths: Sequence[str], wanted: Presentation) -> list[str]:
    """Returns the files of single results that `present` writes, in order.

    They come after the pictures of all results together: where the last one is, all are.

    Args:
      paths: the MIDI file of each result.
      wanted: what is written.
    """
    stems = [os.path.splitext(path)[0] for path in paths]
    pictures = [f"{stem}.{wanted.picture_format}" for stem in stems] if wanted.pictures else []
    audio = [f"{stem}.wav" for stem in stems] if wanted.audio else []
    notes = [f"{stem}.{name}" for name in wanted.formats for stem in stems]
    return [*pictures, *notes, *audio, *([f"{_common_stem(paths)}.html"] if wanted.page else [])]


def present(
    result: Result,
    paths: Sequence[str],
    wanted: Presentation,
    *,
    title: str,
    subtitle: str = "",
) -> Iterator[str]:
    """Writes pictures, scores, audio and a page of results.

    Args:
      result: the results.
      paths: the MIDI file of each.
      wanted: what to write.
      title: what the results are.
      subtitle: how they were made.

    Yields:
      The path of each file, once it is there.

    Raises:
      InputError: a file cannot be written.
      MissingExtraError: matplotlib, music21 or symusic is missing.
    """
    stem = _common_stem(paths)
    samples = result.samples
    sequences = [sample.sequence for sample in samples]
    overview = list(_overview(result, title)) if wanted.pictures or wanted.page else []
    if wanted.pictures:
        for what, drawing in overview:
            picture = f"{stem}-{what}.{wanted.picture_format}"
            save_picture(framed(drawing), picture)
            yield picture
        rows, voices = rows_of(sequences), voices_of(sequences)
        for sample, path in zip(samples, paths, strict=True):
            picture = f"{os.path.splitext(path)[0]}.{wanted.picture_format}"
            name = sample.caption if len(samples) > 1 else title
            roll = piano_roll(sample.sequence, title=name, rows=rows, voices=voices)
            save_picture(framed(roll.drawing), picture)
            yield picture
    for name in wanted.formats:
        for sample, path in zip(samples, paths, strict=True):
            yield _write_notes(sample, os.path.splitext(path)[0], name)
    if wanted.audio:
        for sample, path in zip(samples, paths, strict=True):
            audio = f"{os.path.splitext(path)[0]}.wav"
            write_wav(sample.sequence, audio, soundfont=wanted.soundfont)
            yield audio
    if wanted.page:
        page = f"{stem}.html"
        pieces = [_piece(sample, path) for sample, path in zip(samples, paths, strict=True)]
        drawings = [drawing for _, drawing in overview]
        write_page(page, pieces, title=title, subtitle=subtitle, pictures=drawings)
        yield page


def _write_notes(sample: Sample, stem: str, name: str) -> str:
    """Writes one result in one of NOTE_FORMATS; returns its path."""
    title = sample.caption or os.path.basename(stem)
    if name == "csv":
        content = note_sequence_to_csv(sample.sequence)
    elif name == "abc":
        content = note_sequence_to_abc(sample.sequence, title)
    else:
        content = note_sequence_to_musicxml(sample.sequence, title)
    path = f"{stem}.{name}"
    with atomic_file(path, survives_power_loss=False) as file:
        file.write(content)
    return path


def _common_stem(paths: Sequence[str]) -> str:
    return _NUMBER.sub("", os.path.splitext(paths[0])[0])


def _overview(result: Result, title: str) -> Iterator[tuple[str, Drawing]]:
    """Yields the pictures of all results together, with what they are."""
    samples = result.samples
    if len(samples) > 1:
        sequences = [sample.sequence for sample in samples]
        captions = [sample.caption for sample in samples]
        yield "contact", contact_sheet(sequences, captions, title=title, columns=result.columns)
    positions = [sample.z for sample in samples if sample.z is not None]
    if len(positions) >= _MIN_MAPPED and len(positions) == len(samples):
        names = [sample.caption if len(samples) <= _MAX_NAMED else "" for sample in samples]
        is_path = result.order == "path"
        yield "map", latent_map(np.stack(positions), names, path=is_path)


def _piece(sample: Sample, path: str) -> PlayerPiece:
    return PlayerPiece(
        sequence=sample.sequence,
        title=sample.caption,
        midi=note_sequence_to_midi(sample.sequence),
        file_name=os.path.basename(path),
    )
