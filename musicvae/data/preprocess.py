"""The offline step for big data, on Apache Beam: unique examples of a configuration.

    TFRecords of NoteSequences, or a folder of music files
      -> examples (by the configuration's converter, after filters)
      -> each different one once
      -> turned back into notes, at 120 quarter notes a minute
      -> TFRecords of NoteSequences, whose ids list the pieces that they were found in

Without a configuration, a folder of music files becomes a TFRecord as `musicvae-convert` makes it.
The same pipeline runs on this machine, Spark, Flink or Dataflow. Its workers need no TensorFlow.
Where a converter is asked for tensors that a model's training would cap or thin out, all are kept.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from musicvae.config import load_config
from musicvae.converters import Converter, build_converter
from musicvae.data.bounded_reading import read_bounded_files
from musicvae.data.example_set import unfinished_folder
from musicvae.data.filters import Filters, extract_filtered
from musicvae.data.identity import collection_name
from musicvae.data.music_files import find_music_files
from musicvae.errors import DataError, InputError, MissingExtraError
from musicvae.files import check_writable, replace_all
from musicvae.formats.bounds import MusicFileError
from musicvae.formats.shards import find_files
from musicvae.formats.tfrecord import (
    RecordRange,
    parse_note_sequence,
    read_records,
    record_ranges,
)
from musicvae.lazy_note_seq import NoteSequence

try:
    import apache_beam as beam
except ImportError as missing:
    raise MissingExtraError("offline preprocessing", "apache-beam", "beam") from missing

_COUNTERS = "musicvae"
_RANGE_RECORDS = 64


@dataclasses.dataclass(frozen=True)
class PreprocessOptions:
    """What to preprocess and where to.

    Attributes:
      output_tfrecord: the file to write; shards follow its name.
      input_tfrecord: TFRecords of NoteSequences, or "".
      input_dir: a folder of music files, or "".
      recursive: whether to look into its subfolders.
      config: name of the configuration; "" writes whole pieces.
      output_shards: files to write.
      filters: bounds on the music, or None for all of it.
      pipeline_options: Beam's options, as on a command line.
    """

    output_tfrecord: str
    input_tfrecord: str = ""
    input_dir: str = ""
    recursive: bool = False
    config: str = ""
    output_shards: int = 32
    filters: Filters | None = dataclasses.field(default_factory=Filters)
    pipeline_options: tuple[str, ...] = ()


class ReadRecords(beam.DoFn):  # type: ignore[misc]
    """Some records of a TFRecord file, checked to be NoteSequences."""

    def process(self, item: tuple[str, RecordRange]) -> Iterator[bytes]:
        """Yields the records of a file's range."""
        path, (offset, first, number) = item
        records = itertools.islice(read_records(path, offset=offset, first=first), number)
        for index, record in enumerate(records, first):
            parse_note_sequence(record, path, index)
            yield record


class ReadMusic(beam.DoFn):  # type: ignore[misc]
    """The sequences in a music file; a file that cannot be read is counted by its reason."""

    def __init__(self, folder: str, collection: str) -> None:
        self._folder = folder
        self._collection = collection

    def process(self, name: str) -> Iterator[bytes]:
        """Yields a file's sequences, serialized."""
        [(_, found)] = read_bounded_files(self._folder, [name], collection=self._collection)
        if isinstance(found, MusicFileError):
            _count(f"skipped files: {found.reason}")
            return
        for _, fault in found.tune_errors:
            _count(f"skipped tunes: {fault.reason}")
        for sequence in found.sequences:
            _count("sequences")
            yield sequence.SerializeToString(deterministic=True)


class ExtractExamples(beam.DoFn):  # type: ignore[misc]
    """The examples of a NoteSequence, each under a hash of its content."""

    def __init__(self, config: str, filters: Filters | None) -> None:
        self._config = config
        self._filters = filters
        self._converter: Converter | None = None

    def setup(self) -> None:
        """Builds the converter, once a worker."""
        self._converter = build_converter(load_config(self._config).converter)

    def process(self, record: bytes) -> Iterator[tuple[bytes, tuple[str, dict[str, Any]]]]:
        """Yields (hash, (id of the piece, compact example))."""
        assert self._converter is not None, "setup came before"
        sequence = parse_note_sequence(record, "input", 0)
        found, objections = extract_filtered(sequence, self._converter, self._filters)
        _count("pieces")
        _count("examples found", len(found.origins))
        for objection in objections:
            _count(f"left out: {objection}")
        for rejection in found.rejections:
            _count(f"left out: {rejection.reason}")
        for index in range(len(found.origins)):
            example = {name: array[index] for name, array in found.arrays.items()}
            yield _content_hash(example), (sequence.id, example)


class UniqueExample(beam.CombineFn):  # type: ignore[misc]
    """One example and the ids of all pieces that it was found in."""

    def create_accumulator(self) -> tuple[set[str], Any]:
        """Returns an empty one."""
        return set(), None

    def add_input(
        self, accumulator: tuple[set[str], Any], found: tuple[str, Any]
    ) -> tuple[set[str], Any]:
        """Adds a piece."""
        ids, example = accumulator
        return ids | {found[0]}, found[1] if example is None else example

    def merge_accumulators(
        self, accumulators: Iterable[tuple[set[str], Any]]
    ) -> tuple[set[str], Any]:
        """Joins what several workers found."""
        ids: set[str] = set()
        example = None
        for some_ids, some_example in accumulators:
            ids |= some_ids
            example = some_example if example is None else example
        return ids, example

    def extract_output(self, accumulator: tuple[set[str], Any]) -> tuple[list[str], Any]:
        """Returns the ids in order, and the example."""
        return sorted(accumulator[0]), accumulator[1]


class ExampleToNotes(beam.DoFn):  # type: ignore[misc]
    """A compact example as a NoteSequence of its own."""

    def __init__(self, config: str) -> None:
        self._config = config
        self._converter: Converter | None = None

    def setup(self) -> None:
        """Builds the converter, once a worker."""
        self._converter = build_converter(load_config(self._config).converter)

    def process(self, keyed: tuple[bytes, tuple[list[str], dict[str, Any]]]) -> Iterator[bytes]:
        """Yields the example's notes, serialized."""
        assert self._converter is not None, "setup came before"
        _, (ids, example) = keyed
        sequence = example_to_sequence(self._converter, example)
        sequence.id = ",".join(ids)
        _count("unique examples")
        yield sequence.SerializeToString(deterministic=True)


def example_to_sequence(converter: Converter, example: Mapping[str, Any]) -> NoteSequence:
    """Returns a compact example as notes, which give the same example again.

    Args:
      converter: what it was made with.
      example: its compact arrays, without a leading axis.
    """
    batch = converter.expand({name: np.asarray(array)[None] for name, array in example.items()})
    controls = batch.controls[0] if batch.controls.shape[-1] else None
    sequence: NoteSequence = converter.to_notes(
        batch.outputs[0], controls, qpm=120.0, pitch_map="training"
    )
    return sequence


def _content_hash(example: Mapping[str, Any]) -> bytes:
    digest = hashlib.sha256()
    for name in sorted(example):
        array = np.ascontiguousarray(example[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.digest()


def _count(name: str, by: int = 1) -> None:
    beam.metrics.Metrics.counter(_COUNTERS, name).inc(by)


def preprocess(options: PreprocessOptions) -> dict[str, int]:
    """Runs the pipeline.

    Args:
      options: what to preprocess and where to.

    Returns:
      What was counted, by name: "pieces", "unique examples", "left out: time signature", ...

    Raises:
      InputError: an input or the output cannot be used.
      DataError: an input is broken, or Beam failed.
    """
    if bool(options.input_tfrecord) == bool(options.input_dir):
        raise InputError("give either --input_tfrecord or --input_dir")
    if not 1 <= options.output_shards <= 10_000:
        raise InputError(f"--output_shards={options.output_shards} is not in 1..10000")
    if options.config:
        build_converter(load_config(options.config).converter)
    elif options.input_tfrecord:
        raise InputError("missing --config: whose examples are wanted?")
    pipeline_options = beam.options.pipeline_options.PipelineOptions(list(options.pipeline_options))
    if "://" in options.output_tfrecord:
        return _run(options, options.output_tfrecord, pipeline_options)
    output = Path(options.output_tfrecord).absolute()
    check_writable(output)
    unfinished = unfinished_folder(output.parent)
    try:
        counts = _run(options, str(unfinished / output.name), pipeline_options)
        replace_all({path: output.with_name(path.name) for path in _shards(unfinished)})
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return counts


def _shards(folder: Path) -> list[Path]:
    """Returns the finished shards, the first one last: without it the set is not complete."""
    return sorted((path for path in folder.iterdir() if path.is_file()), reverse=True)


def _run(options: PreprocessOptions, output: str, pipeline_options: Any) -> dict[str, int]:
    pipeline = beam.Pipeline(options=pipeline_options)
    records = _read(pipeline, options)
    if options.config:
        records = (
            records
            | "Extract" >> beam.ParDo(ExtractExamples(options.config, options.filters))
            | "Unique" >> beam.CombinePerKey(UniqueExample())
            | "ToNotes" >> beam.ParDo(ExampleToNotes(options.config))
        )
    _ = records | "Write" >> beam.io.WriteToTFRecord(
        output, num_shards=options.output_shards, coder=beam.coders.BytesCoder()
    )
    try:
        result = pipeline.run()
        result.wait_until_finish()
    except RuntimeError as error:
        # A worker's error arrives as the text of its traceback; its last line says what it was.
        last_line = (str(error).strip().splitlines() or ["it did not say why"])[-1]
        raise DataError(f"the Beam pipeline failed: {last_line}") from error
    return {
        counter.key.metric.name: int(counter.result)
        for counter in result.metrics().query()["counters"]
        if counter.key.metric.namespace == _COUNTERS
    }


def _read(pipeline: Any, options: PreprocessOptions) -> Any:
    if options.input_dir:
        files = find_music_files(options.input_dir, recursive=options.recursive)
        names: list[Any] = [file.name for file in files]
        reader: Any = ReadMusic(
            os.path.abspath(options.input_dir), collection_name(options.input_dir)
        )
    elif "://" in options.input_tfrecord:
        return pipeline | "Read" >> beam.io.ReadFromTFRecord(options.input_tfrecord)
    else:
        paths = [os.fspath(path.absolute()) for path in find_files(options.input_tfrecord)]
        names = [(path, part) for path in paths for part in record_ranges(path, _RANGE_RECORDS)]
        reader = ReadRecords()
    # Names are spread, not pieces, which a runner on one machine would all keep in memory.
    return (
        pipeline
        | "Names" >> beam.Create(names)
        | "SpreadNames" >> beam.Reshuffle()
        | "Read" >> beam.ParDo(reader)
    )
