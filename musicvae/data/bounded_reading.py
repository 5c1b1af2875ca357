"""Music files of strangers, read within bounds of time and memory by every command.

Our own MIDI reader takes time and memory linear in a file's size. Scores go through readers of
other libraries, in a process of their own that can be ended (workers.py), as in `musicvae-convert`.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Collection, Iterator, Sequence

from musicvae.data.music_files import MusicFile, file_kind, read_music_file
from musicvae.data.workers import ReadResult, ReadTask, WorkerPool
from musicvae.formats.bounds import FileBounds, MusicFileError
from musicvae.formats.corrections import Correction
from musicvae.lazy_note_seq import NoteSequence


def read_bounded_file(
    path: str | os.PathLike[str],
    *,
    bounds: FileBounds | None = None,
    with_silence: bool = False,
    drum_channels: Collection[int] = (),
    max_midi_bytes_here: int | None = None,
) -> MusicFile:
    """Reads a music file of any kind within bounds.

    Args:
      path: the file; its extension tells its kind.
      bounds: limits.
      with_silence: whether a piece lasts until its MIDI file ends, and not only until its last note
        does.
      drum_channels: MIDI channels 1 to 16 that are drums besides channel 10 and those that say so.
      max_midi_bytes_here: the longest MIDI file that is read without a process; None for any.

    Returns:
      Its sequences, with id and file name.

    Raises:
      MusicFileError: it cannot be read, or not within its bounds.
    """
    folder, name = os.path.split(os.path.abspath(path))
    [(_, found)] = read_bounded_files(
        folder,
        [name],
        bounds=bounds,
        with_silence=with_silence,
        drum_channels=drum_channels,
        max_midi_bytes_here=max_midi_bytes_here,
    )
    if isinstance(found, MusicFileError):
        raise found
    return found


def read_bounded_files(
    folder: str | os.PathLike[str],
    names: Sequence[str],
    *,
    collection: str = "",
    bounds: FileBounds | None = None,
    with_silence: bool = False,
    drum_channels: Collection[int] = (),
    max_midi_bytes_here: int | None = None,
) -> Iterator[tuple[str, MusicFile | MusicFileError]]:
    """Reads music files of a folder within bounds, one after another.

    Args:
      folder: the folder.
      names: the files, relative to it, with "/".
      collection: the collection that their sequences belong to.
      bounds: limits for one file.
      with_silence: whether a piece lasts until its MIDI file ends, and not only until its last note
        does.
      drum_channels: MIDI channels 1 to 16 that are drums besides channel 10 and those that say so.
      max_midi_bytes_here: the longest MIDI file that is read without a process; None for any.

    Yields:
      Each name, with what is in the file or why it cannot be read.
    """
    bounds = bounds or FileBounds()
    paths = [os.path.join(folder, *name.split("/")) for name in names]
    # A daemon may start no processes; it is one of a pool that bounds what it does itself.
    may_start = not multiprocessing.current_process().daemon
    apart = [
        k
        for k, path in enumerate(paths)
        if may_start and not _is_small_midi(path, max_midi_bytes_here)
    ]
    arrived: dict[int, ReadResult] = {}
    pool = WorkerPool(
        os.path.abspath(folder),
        collection,
        bounds,
        num_workers=1,
        drum_channels=tuple(drum_channels),
        with_silence=with_silence,
    )
    with pool:
        results = pool.read([ReadTask(k, names[k])] for k in apart)
        waiting = frozenset(apart)
        for k, name in enumerate(names):
            if k in waiting:
                while k not in arrived:
                    result = next(results)
                    arrived[result.index] = result
                yield name, _as_file(arrived.pop(k))
                continue
            try:
                yield (
                    name,
                    read_music_file(
                        paths[k],
                        collection=collection,
                        name=name,
                        bounds=bounds,
                        with_silence=with_silence,
                        drum_channels=drum_channels,
                    ),
                )
            except MusicFileError as error:
                yield name, error


def _is_small_midi(path: str, max_bytes: int | None) -> bool:
    """Says whether a file is read without a process: small MIDI, and what is no music file."""
    if file_kind(path) not in ("midi", None):
        return False
    try:
        return max_bytes is None or os.path.getsize(path) <= max_bytes
    except OSError:
        return True


def _as_file(result: ReadResult) -> MusicFile | MusicFileError:
    if result.reason:
        return MusicFileError(result.reason, result.detail)
    return MusicFile(
        tuple(NoteSequence.FromString(record) for record in result.records),
        tuple(
            (number, MusicFileError(reason, detail))
            for number, reason, detail in result.tune_errors
        ),
        tuple(Correction(*each) for each in result.corrections),
    )
