"""A folder of music files to TFRecords of NoteSequences.

    totals = convert(ConversionJob("music/", "music.tfrecord", recursive=True, num_workers=4))

The files are taken in order of name and cut into chunks; processes read them in parallel; finished
chunks are kept in a folder beside the output (see partial.py). When all are there, the output is
put together in order of name, whatever the number of processes, under temporary names, and renamed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from musicvae.data.conversion_report import FileResult, Totals, report_lines
from musicvae.data.identity import collection_name
from musicvae.data.music_files import FoundFile, find_music_files
from musicvae.data.partial import PartialFolder, fingerprint
from musicvae.data.splits import Split
from musicvae.data.workers import ReadResult, ReadTask, WorkerPool
from musicvae.errors import InputError
from musicvae.files import atomic_file, check_writable, replace_all
from musicvae.formats.bounds import FileBounds
from musicvae.formats.shards import shard_paths, suffixed, with_shards
from musicvae.formats.tfrecord import RecordWriter


@dataclasses.dataclass(frozen=True)
class ConversionOptions:
    """What to convert and where to.

    Attributes:
      input_dir: the folder.
      output_file: the TFRecord file; `music@8.tfrecord` makes eight shards.
      recursive: whether to look into subfolders.
      num_workers: processes; 0 for as many as there are cores.
      output_shards: shards, for an output file that does not name them; 0 for one file.
      split: which part each file goes to; parts are written as `music-train.tfrecord` and so on.
      report: a JSON file for what became of every file.
      bounds: limits for one file.
      drum_channels: MIDI channels 1 to 16 that are drums besides channel 10 and those that say so.
    """

    input_dir: str | os.PathLike[str]
    output_file: str | os.PathLike[str]
    recursive: bool = False
    num_workers: int = 0
    output_shards: int = 0
    split: Split | None = None
    report: str | os.PathLike[str] | None = None
    bounds: FileBounds = dataclasses.field(default_factory=FileBounds)
    drum_channels: tuple[int, ...] = ()

    @property
    def output(self) -> Path:
        """The output file, with its shards in the name."""
        return with_shards(self.output_file, self.output_shards)

    def part_files(self) -> dict[str, Path]:
        """Returns each part's file, sharded name or not; without a split there is one part, ""."""
        if self.split is None:
            return {"": self.output}
        return {part: suffixed(self.output, part) for part in self.split.parts}


@dataclasses.dataclass(frozen=True)
class ConversionProgress:
    """How far a conversion is.

    Attributes:
      num_done: files that are finished.
      num_files: files in all.
      num_skipped: finished files that gave nothing.
      seconds_left: an estimate, or None where there is none yet.
    """

    num_done: int
    num_files: int
    num_skipped: int
    seconds_left: float | None


def num_cores() -> int:
    """Returns the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def convert(
    options: ConversionOptions,
    on_progress: Callable[[ConversionProgress], None] = lambda progress: None,
) -> Totals:
    """Converts a folder.

    Args:
      options: what to convert and where to.
      on_progress: called after every file.

    Returns:
      Sums over all files. Where no file gave a sequence, nothing but the report was written.

    Raises:
      InputError: the folder or the output cannot be used.
      KeyboardInterrupt: finished work is kept; the same job goes on from there.
    """
    files = find_music_files(options.input_dir, recursive=options.recursive)
    for path in [*options.part_files().values(), *([options.report] if options.report else [])]:
        check_writable(shard_paths(path)[0])
    collection = collection_name(options.input_dir)
    settings = {
        "input_dir": os.path.abspath(options.input_dir),
        "collection": collection,
        "bounds": dataclasses.asdict(options.bounds),
        "drum_channels": sorted(options.drum_channels),
    }
    plan = fingerprint(settings, files)
    try:
        with PartialFolder(Path(options.output_file), plan, len(files)) as partial:
            _read_files(options, files, collection, partial, on_progress)
            totals = _write_output(options, partial)
            partial.remove()
    except OSError as error:
        raise InputError(f"cannot write '{options.output}': {error.strerror}") from error
    return totals


def _read_files(
    options: ConversionOptions,
    files: Sequence[FoundFile],
    collection: str,
    partial: PartialFolder,
    on_progress: Callable[[ConversionProgress], None],
) -> None:
    """Reads the files of all unfinished chunks and adds these to `partial`."""
    chunks = [chunk for chunk in partial.chunks() if not partial.is_finished(chunk)]
    meter = _Meter(len(files), len(files) - sum(map(len, chunks)))
    if not chunks:
        return
    arrived: dict[range, dict[int, ReadResult]] = {}
    tasks = ([ReadTask(index, files[index].name) for index in chunk] for chunk in chunks)
    num_workers = min(options.num_workers or num_cores(), len(chunks))
    folder = os.path.abspath(options.input_dir)
    pool = WorkerPool(
        folder,
        collection,
        options.bounds,
        num_workers=num_workers,
        drum_channels=options.drum_channels,
    )
    with pool:
        for result in pool.read(tasks):
            chunk = partial.chunk_of(result.index)
            results = arrived.setdefault(chunk, {})
            results[result.index] = result
            on_progress(meter.count(result))
            if len(results) == len(chunk):
                del arrived[chunk]
                ordered = [results[index] for index in chunk]
                outcomes = [_outcome(files[result.index].name, result) for result in ordered]
                partial.add(chunk, outcomes, [r for result in ordered for r in result.records])


def _outcome(name: str, result: ReadResult) -> FileResult:
    return FileResult(
        name,
        len(result.records),
        result.num_empty,
        result.num_notes,
        result.seconds,
        result.reason,
        result.detail,
        tune_errors=result.tune_errors,
        corrections=result.corrections,
    )


def _with_part(options: ConversionOptions, file_result: FileResult) -> FileResult:
    """Returns an file_result with its part of the split; a file that has none is skipped."""
    if options.split is None or file_result.reason:
        return file_result
    part = options.split.part_of(file_result.name)
    if part is None:
        detail = "the table of --split_csv does not list it"
        return FileResult(file_result.name, reason="not_in_split_csv", detail=detail)
    return dataclasses.replace(file_result, part=part)


def _outcomes(options: ConversionOptions, partial: PartialFolder) -> Iterator[FileResult]:
    return (_with_part(options, file_result) for file_result in partial.outcomes())


def _write_output(options: ConversionOptions, partial: PartialFolder) -> Totals:
    """Puts the output together; without a single sequence it writes only the report."""
    totals = Totals()
    for part in options.part_files():
        if part:
            totals.parts[part] = 0
    for file_result in _outcomes(options, partial):
        totals.add(file_result)
    if totals.num_sequences:
        with contextlib.ExitStack() as stack:
            writers = {
                part: stack.enter_context(RecordWriter(path, temporary_dir=partial.path))
                for part, path in options.part_files().items()
            }
            records = partial.records()
            for file_result, original in zip(
                _outcomes(options, partial), partial.outcomes(), strict=True
            ):
                for _ in range(original.num_sequences):
                    record = next(records)
                    if not file_result.reason:
                        writers[file_result.part].write(record)
            finished: dict[Path, Path] = {}
            for writer in writers.values():
                finished.update(writer.finish())
            replace_all(finished)
    if options.report:
        _write_report(options, totals, partial)
    return totals


def _write_report(options: ConversionOptions, totals: Totals, partial: PartialFolder) -> None:
    settings: dict[str, Any] = {
        "input_dir": os.fspath(options.input_dir),
        "recursive": options.recursive,
        "output": [
            str(path) for part in options.part_files().values() for path in shard_paths(part)
        ],
    }
    assert options.report, "only called for a report"
    with atomic_file(options.report) as file:
        for line in report_lines(totals, _outcomes(options, partial), settings):
            file.write(line.encode("utf-8", "backslashreplace"))


class _Meter:
    """Counts finished files and estimates the time that is left."""

    def __init__(self, num_files: int, num_done: int) -> None:
        self._num_files = num_files
        self._num_before = num_done
        self._num_done = num_done
        self._num_skipped = 0
        self._started = time.monotonic()

    def count(self, result: ReadResult) -> ConversionProgress:
        """Adds a file."""
        self._num_done += 1
        self._num_skipped += bool(result.reason)
        elapsed = time.monotonic() - self._started
        left = elapsed * (self._num_files - self._num_done) / (self._num_done - self._num_before)
        seconds_left = left if elapsed > 1 else None
        return ConversionProgress(self._num_done, self._num_files, self._num_skipped, seconds_left)
