"""Music files of every kind in a folder: found in a fixed order, read within bounds.

MIDI (.mid, .midi, .kar, .rmi), MusicXML (.xml, .musicxml, .mxl) and ABC tunebooks (.abc), in any
mix and in any case of letters.
"""

from __future__ import annotations

import dataclasses
import os
import stat
from collections.abc import Collection, Iterator

from musicvae.data.identity import identify
from musicvae.errors import InputError
from musicvae.formats.bounds import FileBounds, MusicFileError, reasons_for
from musicvae.formats.corrections import Correction, Corrections
from musicvae.formats.limits import time_limit
from musicvae.formats.midi import read_midi
from musicvae.formats.scores import abc_to_tunes, musicxml_to_note_sequence
from musicvae.lazy_note_seq import NoteSequence

KINDS = {
    ".mid": "midi",
    ".midi": "midi",
    ".kar": "midi",
    ".rmi": "midi",
    ".xml": "musicxml",
    ".musicxml": "musicxml",
    ".mxl": "musicxml",
    ".abc": "abc",
}


@dataclasses.dataclass(frozen=True)
class MusicFile:
    """What was in a file.

    Attributes:
      sequences: its sequences: one, or one for each tune of a tunebook.
      tune_errors: (reference number, what is wrong) of each tune that could not be read.
      corrections: what was not quite right in it, and how it was read.
    """

    sequences: tuple[NoteSequence, ...]
    tune_errors: tuple[tuple[int, MusicFileError], ...] = ()
    corrections: tuple[Correction, ...] = ()


@dataclasses.dataclass(frozen=True, order=True)
class FoundFile:
    """A music file in a folder.

    Attributes:
      name: its name relative to the folder, with "/".
      size: in bytes.
      modified: time of its last change, in ns.
    """

    name: str
    size: int
    modified: int


def file_kind(name: str) -> str | None:
    """Returns "midi", "musicxml" or "abc" by a name's extension, or None."""
    return KINDS.get(os.path.splitext(name)[1].lower())


def find_music_files(folder: str | os.PathLike[str], *, recursive: bool) -> list[FoundFile]:
    """Lists the music files in a folder.

    Args:
      folder: the folder.
      recursive: whether to look into its subfolders.

    Returns:
      The files, sorted by relative name: the same on every file system.

    Raises:
      InputError: it is no folder, or has no music files.
    """
    folder = os.fspath(folder)
    if not os.path.isdir(folder):
        what = "is a file, not a folder" if os.path.exists(folder) else "does not exist"
        raise InputError(f"--input_dir='{folder}' {what}")
    files = sorted(_scan(folder, recursive))
    if not files:
        kinds = " ".join(KINDS)
        hint = ""
        if not recursive and next(_subfolders(folder), None):
            hint = "; --recursive looks into its subfolders too"
        raise InputError(f"no music file ({kinds}) in '{folder}'{hint}")
    return files


def _scan(folder: str, recursive: bool) -> Iterator[FoundFile]:
    """Yields the files of a folder and its subfolders, each real folder once.

    Links are followed after all that is there without them, in order of name, so that a file has
    its real name where it has one.
    """
    folders, links = [(folder, "")], list[tuple[str, str]]()
    visited: set[tuple[int, int]] = set()
    while folders or links:
        path, prefix = folders.pop() if folders else _pop_first(links)
        try:
            info = os.stat(path)
            here = (info.st_dev, info.st_ino)
            # Some file systems number nothing.
            if here in visited and info.st_ino:
                continue
            visited.add(here)
            entries = list(os.scandir(path))
        except OSError as error:
            if prefix:
                continue
            raise InputError(f"cannot read '{path}': {error.strerror}") from error
        for entry in entries:
            name = prefix + entry.name
            try:
                if entry.is_dir():
                    if recursive:
                        (links if entry.is_symlink() else folders).append((entry.path, f"{name}/"))
                elif file_kind(name):
                    info = entry.stat()
                    yield FoundFile(name, info.st_size, info.st_mtime_ns)
            except OSError:
                if file_kind(name):
                    yield FoundFile(name, 0, 0)


def _pop_first(links: list[tuple[str, str]]) -> tuple[str, str]:
    links.sort(reverse=True)
    return links.pop()


def _subfolders(folder: str) -> Iterator[str]:
    return (entry.path for entry in os.scandir(folder) if entry.is_dir())


def read_bounded(path: str | os.PathLike[str], max_bytes: int) -> bytes:
    """Reads a file that is not too large.

    Args:
      path: the file.
      max_bytes: the limit.

    Raises:
      MusicFileError: it cannot be read, is no regular file, or is over the limit.
    """
    try:
        info = os.stat(path)
        if not stat.S_ISREG(info.st_mode):
            raise MusicFileError("not_a_file", "it is a folder, pipe or device")
        if info.st_size > max_bytes:
            raise MusicFileError(
                "too_large", f"it has {info.st_size} bytes; the limit is {max_bytes}"
            )
        with open(path, "rb") as file:
            return file.read(info.st_size)
    except OSError as error:
        raise MusicFileError("unreadable", error.strerror or str(error)) from error


def read_music_file(
    path: str | os.PathLike[str],
    *,
    collection: str = "",
    name: str | None = None,
    bounds: FileBounds | None = None,
    with_silence: bool = False,
    drum_channels: Collection[int] = (),
) -> MusicFile:
    """Reads a music file of any kind.

    Args:
      path: the file; its extension tells its kind.
      collection: the collection that its sequences belong to.
      name: its name in the collection; that of the path by default.
      bounds: limits.
      with_silence: whether a piece lasts until its MIDI file ends, and not only until its last note
        does.
      drum_channels: MIDI channels 1 to 16 that are drums besides channel 10 and those that say so.

    Returns:
      Its sequences, with id, file name and collection.

    Raises:
      MusicFileError: it cannot be read; of a tunebook, nothing can be. Whatever the readers of
        other libraries raise comes as this.
    """
    bounds = bounds or FileBounds()
    name = name if name is not None else os.path.basename(path)
    kind = file_kind(name)
    if kind is None:
        raise MusicFileError("unknown_kind", f"'{name}' is none of {' '.join(KINDS)}")
    data = read_bounded(path, bounds.max_bytes)
    corrections: tuple[Correction, ...] = ()
    with (
        time_limit(bounds.max_read_seconds),
        reasons_for("reader_failed", "its reader failed"),
    ):
        if kind == "abc":
            return _read_tunebook(data, collection, name)
        if kind == "midi":
            sequence, corrections = read_midi(
                data, with_silence=with_silence, drum_channels=drum_channels
            )
        else:
            told = Corrections()
            sequence = musicxml_to_note_sequence(data, bounds, told)
            corrections = told.found()
        identify(sequence, kind, collection, name)
    return MusicFile((sequence,), corrections=corrections)


def _read_tunebook(data: bytes, collection: str, name: str) -> MusicFile:
    tunes = abc_to_tunes(data)
    sequences, errors, corrections = [], [], list[Correction]()
    used: set[int] = set()
    for tune in tunes:
        number = tune.number
        while number in used:
            number += 1
        used.add(number)
        if tune.sequence is None:
            assert tune.error is not None, "a tune has notes or an error"
            errors.append((number, tune.error))
        else:
            identify(tune.sequence, "abc", collection, name, number if len(tunes) > 1 else None)
            sequences.append(tune.sequence)
            corrections += [
                each if len(tunes) == 1 else Correction(each.code, f"tune {number}: {each.detail}")
                for each in tune.corrections
            ]
    if not sequences:
        _, first = errors[0]
        raise MusicFileError(first.reason, f"none of its {len(tunes)} tunes: {first.detail}")
    return MusicFile(tuple(sequences), tuple(errors), tuple(corrections))
