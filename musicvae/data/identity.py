"""Which file a NoteSequence came from: its id, file name and collection.

An id is `/id/KIND/COLLECTION/SHA1`, where the kind is midi, musicxml or abc, the collection is the
name of the converted folder, and the SHA-1 is that of the file's name relative to that folder,
written with "/". Where a tunebook has several tunes, "_" and the tune's reference number follow the
name in the hash.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from musicvae.lazy_note_seq import NoteSequence


def collection_name(folder: str | os.PathLike[str]) -> str:
    """Returns the name of the collection that a folder makes: its last part, whatever the slashes.

    Args:
      folder: the converted folder; "." is the current one.
    """
    return _printable(Path(os.path.abspath(folder)).name)


def sequence_id(kind: str, collection: str, name: str, tune: int | None = None) -> str:
    """Returns the id of the sequence in a file.

    Args:
      kind: "midi", "musicxml" or "abc".
      collection: the collection's name.
      name: the file's name relative to the converted folder, with "/".
      tune: the reference number, where the file has several tunes.
    """
    hashed = name if tune is None else f"{name}_{tune}"
    return f"/id/{kind}/{collection}/{hashlib.sha1(os.fsencode(hashed)).hexdigest()}"


def identify(
    sequence: NoteSequence, kind: str, collection: str, name: str, tune: int | None = None
) -> None:
    """Writes id, file name and collection into a sequence.

    Args:
      sequence: the sequence.
      kind: as in `sequence_id`, like the other arguments.
      collection: the collection's name.
      name: the file's relative name.
      tune: the reference number, where the file has several tunes.
    """
    sequence.id = sequence_id(kind, collection, name, tune)
    sequence.filename = _printable(name)
    sequence.collection_name = collection


def _printable(name: str) -> str:
    """Returns a file name as text: bytes that are no UTF-8 become question marks."""
    return os.fsencode(name).decode("utf-8", "replace")
