"""A folder of MIDI, MusicXML and ABC files as a source of examples, without converting it first."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator
from typing import Any

from musicvae.data.bounded_reading import read_bounded_files
from musicvae.data.music_files import find_music_files
from musicvae.data.records import Record
from musicvae.formats.bounds import MusicFileError


@dataclasses.dataclass(frozen=True)
class MusicFolder:
    """The music files of a folder, in the order of their names.

    Attributes:
      folder: the folder.
      recursive: whether its subfolders count too.
      on_skip: called with the name of each file that cannot be read, and why.
      drum_channels: MIDI channels 1 to 16 that are drums besides channel 10 and those that say so.
    """

    folder: str
    recursive: bool = False
    on_skip: Callable[[str, str], None] | None = None
    drum_channels: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The folder as given."""
        return self.folder

    def check(self) -> None:
        """Looks whether there are music files.

        Raises:
          InputError: it is no folder, or has none.
        """
        find_music_files(self.folder, recursive=self.recursive)

    def fingerprint(self) -> Any:
        """Name, size and time of change of each file."""
        found = find_music_files(self.folder, recursive=self.recursive)
        files = [[file.name, file.size, file.modified] for file in found]
        return [os.path.abspath(self.folder), list(self.drum_channels), *files]

    def records(self) -> Iterator[Record]:
        """Yields the NoteSequences of all files that can be read.

        Raises:
          InputError: it is no folder, or has no music files.
        """
        number = 0
        files = find_music_files(self.folder, recursive=self.recursive)
        names = [file.name for file in files]
        for name, found in read_bounded_files(self.folder, names, drum_channels=self.drum_channels):
            if isinstance(found, MusicFileError):
                if self.on_skip is not None:
                    self.on_skip(name, found.detail)
                continue
            for sequence in found.sequences:
                yield Record(sequence.SerializeToString(), self.folder, number)
                number += 1
