"""The files that `musicvae-generate` writes: their names, and writing them whole or not at all."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Iterator
from typing import Any

from musicvae.errors import InputError
from musicvae.files import atomic_file, check_writable
from musicvae.formats.midi_writing import note_sequence_to_midi


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
        """Returns paths of files that are not there yet.

        Args:
          config: the configuration's name.
          what: the mode, or what else they are.
          count: how many.
        """
        while True:
            stem = f"{config}_{what}_{self._now:%Y-%m-%d_%H%M%S}"
            names = [
                os.path.join(self.path, f"{stem}-{number:03d}-of-{count:03d}.mid")
                for number in range(count)
            ]
            if not any(map(os.path.exists, names)):
                return names
            self._now += datetime.timedelta(seconds=1)

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
        for name, sequence in zip(names, sequences, strict=True):
            try:
                with atomic_file(name, survives_power_loss=False) as file:
                    file.write(note_sequence_to_midi(sequence))
            except OSError as error:
                raise InputError(f"cannot write '{name}': {error.strerror}") from error
            yield name
