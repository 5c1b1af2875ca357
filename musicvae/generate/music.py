"""What a piece of music can become: a file, a PrettyMIDI object, a NoteSequence.

    piece = as_piece("song.mid")
    piece.to_pretty_midi().get_tempo_changes()
    piece.write("copy.mid")

Everything that takes music takes a path, a NoteSequence, a PrettyMIDI object or one of these.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from absl import logging

from musicvae.errors import InputError
from musicvae.lazy_note_seq import NoteSequence

if TYPE_CHECKING:
    import pretty_midi

    from musicvae.generate.results import Piece

MusicLike: TypeAlias = Union[
    str, "os.PathLike[str]", "Music", NoteSequence, "pretty_midi.PrettyMIDI"
]


class Music:
    """Notes, and what they can become.

    Attributes:
      sequence: a NoteSequence, times in seconds.
    """

    sequence: NoteSequence

    @property
    def title(self) -> str:
        """What to call it."""
        return "music"

    def to_note_sequence(self) -> NoteSequence:
        """Returns a NoteSequence of its own, times in seconds.

        Examples:
          >>> import musicvae as mv
          >>> beat = mv.load("cat-drums_2bar_small").sample(1, seed=1)[0]
          >>> len(beat.to_note_sequence().notes) == len(beat.sequence.notes)
          True
        """
        copy = NoteSequence()
        copy.CopyFrom(self.sequence)
        return copy

    def to_midi(self) -> bytes:
        """Returns a Standard MIDI file of format 1, at 480 ticks a quarter.

        Examples:
          >>> import musicvae as mv
          >>> beat = mv.load("cat-drums_2bar_small").sample(1, seed=1)[0]
          >>> beat.to_midi()[:4]
          b'MThd'
        """
        from musicvae.formats.midi_writing import note_sequence_to_midi

        return note_sequence_to_midi(self.sequence)

    def to_pretty_midi(self) -> pretty_midi.PrettyMIDI:
        """Returns the piece as a PrettyMIDI object.

        Examples:
          >>> import musicvae as mv
          >>> beat = mv.load("cat-drums_2bar_small").sample(1, seed=1)[0]
          >>> beat.to_pretty_midi().instruments[0].is_drum
          True
        """
        import pretty_midi

        return pretty_midi.PrettyMIDI(io.BytesIO(self.to_midi()))

    def write(self, path: str | os.PathLike[str]) -> None:
        """Writes a MIDI file; see `musicvae.write` for other formats.

        Args:
          path: the file, which is replaced if it exists.

        Raises:
          InputError: it cannot be written.

        Examples:
          >>> import musicvae as mv
          >>> beat = mv.load("cat-drums_2bar_small").sample(1, seed=1)[0]
          >>> beat.write("beats/one.mid")
          >>> mv.read("beats/one.mid").title
          'one.mid'
        """
        write_music(self, path)

    def _repr_html_(self) -> str:
        from musicvae.generate.notebook_view import view

        return view([self], self.title)

    def __repr__(self) -> str:
        sequence = self.sequence
        qpm = sequence.tempos[0].qpm if sequence.tempos else 120.0
        return (
            f"<{type(self).__name__} '{self.title}': {len(sequence.notes)} notes in "
            f"{sequence.total_time:.1f} s at {qpm:.4g} qpm>"
        )


def as_piece(music: MusicLike, name: str | None = None) -> Piece:
    """Takes music of any kind.

    Args:
      music: the path of a music file, a NoteSequence, a PrettyMIDI object, or a piece or sample.
      name: what to call it; None for the file's name, or "music".

    Returns:
      The piece. A NoteSequence is not copied and must not be changed afterwards.

    Raises:
      InputError: the file cannot be read or holds several tunes, or this is no music.
    """
    from musicvae.generate.results import Piece

    if isinstance(music, Piece):
        return music
    if isinstance(music, Music):
        return Piece(music.sequence, name or music.title)
    if isinstance(music, NoteSequence):
        return Piece(music, name or music.filename or "music")
    if isinstance(music, str | os.PathLike):
        return read_piece(os.fspath(music), name)
    if hasattr(music, "instruments") and hasattr(music, "write"):
        return _from_pretty_midi(music, name)
    raise InputError(
        f"{type(music).__name__} is not music; give a path, a NoteSequence, a PrettyMIDI object or "
        "what musicvae.read returns"
    )


def write_music(music: MusicLike, path: str | os.PathLike[str]) -> None:
    """Writes a file of the format that its name asks for.

    Args:
      music: what to write.
      path: a name that ends in .mid, .midi, .wav, .musicxml, .xml or .abc; the file is replaced if
        it exists, and its folder is created if missing.

    Raises:
      InputError: the format is unknown, or the file cannot be written.
      MissingExtraError: MusicXML needs music21, ABC needs symusic.
    """
    piece = as_piece(music)
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    if suffix == ".wav":
        from musicvae.audio.wav import write_wav

        write_wav(piece.sequence, os.fspath(path))
        return
    if suffix not in _CONTENTS:
        known = f"{', '.join(_CONTENTS)} or .wav"
        raise InputError(f"{os.fspath(path)}: unknown format; end the name in {known}")
    from musicvae.files import atomic_file

    content = _CONTENTS[suffix](piece)
    try:
        os.makedirs(os.path.dirname(os.fspath(path)) or ".", exist_ok=True)
        with atomic_file(path) as file:
            file.write(content)
    except OSError as error:
        raise InputError(f"{os.fspath(path)}: cannot be written ({error.strerror})") from error


def _midi(piece: Piece) -> bytes:
    return piece.to_midi()


def _musicxml(piece: Piece) -> bytes:
    from musicvae.formats.score_writing import note_sequence_to_musicxml

    return note_sequence_to_musicxml(piece.sequence, piece.title)


def _abc(piece: Piece) -> bytes:
    from musicvae.formats.score_writing import note_sequence_to_abc

    return note_sequence_to_abc(piece.sequence, piece.title)


_CONTENTS: dict[str, Callable[[Piece], bytes]] = {
    ".mid": _midi,
    ".midi": _midi,
    ".musicxml": _musicxml,
    ".xml": _musicxml,
    ".abc": _abc,
}


def read_piece(
    path: str, name: str | None = None, *, subject: str = "", drum_channels: Collection[int] = ()
) -> Piece:
    """Reads a music file that holds one piece; what is corrected in it is logged.

    Args:
      path: the file.
      name: what to call the piece; None for the file's name.
      subject: what names the file, for messages: "--input=a.mid"; the path where empty.
      drum_channels: MIDI channels 1 to 16 that are drums besides channel 10.

    Raises:
      InputError: it cannot be read, or holds several pieces.
    """
    from musicvae.data.bounded_reading import read_bounded_file
    from musicvae.formats.bounds import MusicFileError
    from musicvae.generate.results import Piece

    subject, path = subject or path, os.path.expanduser(path)
    try:
        found = read_bounded_file(path, with_silence=True, drum_channels=drum_channels)
    except MusicFileError as error:
        raise InputError(f"{subject}: {error.detail}") from error
    if len(found.sequences) != 1:
        raise InputError(f"{subject}: it has {len(found.sequences)} tunes; give a file with one")
    for _, detail in found.corrections:
        logging.info("%s: %s", os.path.basename(path), detail)
    return Piece(found.sequences[0], name or os.path.basename(path))


def _from_pretty_midi(music: Any, name: str | None) -> Piece:
    from musicvae.formats.midi import midi_to_note_sequence
    from musicvae.generate.results import Piece

    data = io.BytesIO()
    music.write(data)
    return Piece(midi_to_note_sequence(data.getvalue(), with_silence=True), name or "music")
