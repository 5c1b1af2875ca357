"""Files that a user drops: read within bounds of time and memory, by the readers of all commands.

Small MIDI files are read here, at once; all others in a process of their own, which can be ended.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from musicvae.data.bounded_reading import read_bounded_file
from musicvae.data.music_files import KINDS, file_kind
from musicvae.errors import InputError
from musicvae.formats.bounds import FileBounds, MusicFileError
from musicvae.generate.results import Piece
from musicvae.studio.messages import MAX_NOTES, Source
from musicvae.studio.sources import Given, Recent

BOUNDS = FileBounds(max_bytes=12 << 20, max_read_seconds=15.0, max_memory_bytes=1 << 30)

_SMALL_MIDI_BYTES = 256 << 10
_KEPT_FILES = 32
_READ_TOGETHER = 2


class Uploads:
    """Reads the files in requests; the last ones are remembered."""

    def __init__(self) -> None:
        self._read: Recent[tuple[Piece, tuple[str, ...]]] = Recent(_KEPT_FILES)
        self._turns = asyncio.Semaphore(_READ_TOGETHER)

    async def given(
        self, sources: Sequence[Source], drum_channels: Sequence[int] = ()
    ) -> list[Given]:
        """Returns sources with their files read.

        Args:
          sources: the sources.
          drum_channels: MIDI channels 1 to 16 that are drums besides channel 10.

        Raises:
          InputError: a file cannot be read; the message names it.
        """
        return [await self._given(source, tuple(drum_channels)) for source in sources]

    async def _given(self, source: Source, drum_channels: tuple[int, ...]) -> Given:
        if source.midi is None:
            return Given(source)
        name = os.path.basename(source.name.replace("\\", "/")) or "file.mid"
        data = _decoded(source.midi, name)
        key = (hashlib.blake2b(data, digest_size=16).digest(), name, drum_channels)
        known = self._read.get(key)
        if known is None:
            async with self._turns:
                known = await asyncio.to_thread(_read, data, name, drum_channels)
            self._read.put(key, known)
        return Given(source, *known)


def _decoded(text: str, name: str) -> bytes:
    """Returns a file's bytes from base64, with or without a data URL's head."""
    _, comma, body = text.partition(",")
    try:
        data = base64.b64decode(body if comma else text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(f"'{name}' is not base64 ({error})") from error
    if len(data) > BOUNDS.max_bytes:
        raise InputError(f"'{name}' has over {BOUNDS.max_bytes >> 20} MiB, the limit")
    return data


def _read(data: bytes, name: str, drum_channels: tuple[int, ...]) -> tuple[Piece, tuple[str, ...]]:
    """Reads a file of one piece; of a tunebook, its first tune."""
    kind = file_kind(name)
    if kind is None:
        raise InputError(f"'{name}' is none of {' '.join(KINDS)}")
    with tempfile.TemporaryDirectory(prefix="musicvae-studio-") as folder:
        path = Path(folder, f"upload{os.path.splitext(name)[1].lower()}")
        path.write_bytes(data)
        try:
            found = read_bounded_file(
                path,
                bounds=BOUNDS,
                with_silence=True,
                drum_channels=drum_channels,
                max_midi_bytes_here=_SMALL_MIDI_BYTES,
            )
        except MusicFileError as error:
            raise InputError(f"{name}: {error.detail}") from error
    sequences, notes = found.sequences, tuple(detail for _, detail in found.corrections)
    if len(sequences[0].notes) > MAX_NOTES:
        raise InputError(
            f"{name}: it has {len(sequences[0].notes):,} notes; the studio takes {MAX_NOTES:,}"
        )
    if len(sequences) > 1:
        notes = (*notes, f"of its {len(sequences)} tunes the first was read")
    return Piece(sequences[0], name), tuple(f"{name}: {note}" for note in notes)
