"""The files that `musicvae-generate` writes: their names, and writing them whole or not at all."""

from __future__ import annotations

import datetime
import os
import secrets
from collections.abc import Iterable, Iterator
from typing import Any

from musicvae.errors import InputError
from musicvae.files import atomic_file, check_writable, release, reserve
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.names import path_component

_END_OF_TRACK = b"\xff\x2f\x00"
_ENDINGS = {
    ".svg": b"</svg>",
    ".html": b"</html>",
    ".png": b"IEND\xaeB`\x82",
    ".pdf": b"%%EOF",
}


class OutputFolder:
    """A folder of results, named `<config>_<what>_<date>_<time>-000-of-005.mid`."""

    def __init__(self, folder: str) -> None:
        """Checks the folder, before hours of work.

        Args:
          folder: where to write; made where it is missing.

        Raises:
          InputError: it cannot be written.
        """
        self.path = folder
        self._now = datetime.datetime.now()
        check_writable(os.path.join(folder, "output.mid"))

    def names(self, config: str, what: str, count: int) -> list[str]:
        """Returns paths of files that no other process writes.

        The first one is made, empty, so that another process takes the name of a later second; it
        goes again where nothing is written to it.

        Args:
          config: the configuration's name, which may come from a stranger's run folder.
          what: the mode, or what else they are.
          count: how many.

        Raises:
          InputError: the folder cannot be written.
        """
        while True:
            stem = path_component(f"{config}_{what}") + f"_{self._now:%Y-%m-%d_%H%M%S}"
            names = [
                os.path.join(self.path, f"{stem}-{number:03d}-of-{count:03d}.mid")
                for number in range(count)
            ]
            if not self._used(stem) and reserve(names[:1]):
                # Pictures and pages of all results share the stem, whatever their number.
                if self._used(stem) == {os.path.basename(names[0])}:
                    return names
                release(names[:1])
            self._now += datetime.timedelta(seconds=1 + secrets.randbelow(3))

    def _used(self, stem: str) -> set[str]:
        """Returns the files whose names begin so."""
        return {entry.name for entry in os.scandir(self.path) if entry.name.startswith(stem)}

    def write(self, names: Iterable[str], sequences: Iterable[Any]) -> Iterator[str]:
        """Writes NoteSequences as MIDI files, as they come.

        Args:
          names: paths.
          sequences: as many NoteSequences.

        Yields:
          Each path, once its file is there.

        Raises:
          InputError: a file cannot be written.
        """
        names = list(names)
        try:
            for name, sequence in zip(names, sequences, strict=True):
                try:
                    with atomic_file(name) as file:
                        file.write(note_sequence_to_midi(sequence))
                except OSError as error:
                    raise InputError(f"cannot write '{name}': {error.strerror}") from error
                yield name
        finally:
            release(names)


def is_finished(path: str) -> bool:
    """Says whether a result is there and whole; a power loss may leave one empty or cut off.

    Args:
      path: a result: MIDI, SVG, HTML, PNG, PDF or WAV.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return False
    ending = _ENDINGS.get(os.path.splitext(path)[1].lower())
    if ending is not None:
        return data.rstrip().endswith(ending)
    if data.startswith(b"RIFF"):
        return int.from_bytes(data[4:8], "little") == len(data) - 8
    position = 0
    while data[position : position + 4] in (b"MThd", b"MTrk"):
        position += 8 + int.from_bytes(data[position + 4 : position + 8], "big")
    return position == len(data) > 0 and data.endswith(_END_OF_TRACK)
