"""From NoteSequences to the examples of a configuration, by processes in parallel.

This process reads records; workers, which never import TensorFlow, parse them and find the
examples. The result does not depend on the number of workers: examples stand in the order of the
records.

    >>> from musicvae.config import load_config
    >>> from musicvae.data.records import TFRecordSource
    >>> from musicvae.formats.tfrecord import write_note_sequences
    >>> from musicvae.lazy_note_seq import NoteSequence
    >>> song = NoteSequence(total_time=4.0)
    >>> for beat in range(8):
    ...     note = song.notes.add(pitch=60 + beat, velocity=80)
    ...     note.start_time, note.end_time = beat / 2, beat / 2 + 0.5
    >>> write_note_sequences("music.tfrecord", [song])
    1
    >>> converter = load_config("cat-mel_2bar_small").converter
    >>> len(extract_examples(converter, TFRecordSource(["music.tfrecord"]), num_workers=1))
    1
"""

from __future__ import annotations

import collections
import concurrent.futures.process
import dataclasses
import hashlib
import inspect
import json
import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from absl import logging

import musicvae
from musicvae.components import Component
from musicvae.converters import CONVERTERS, REASONS, Converter, PitchMap, build_converter
from musicvae.data.example_set import (
    Array,
    DamagedSetError,
    DiskSink,
    ExampleSet,
    ExampleSink,
    Findings,
    MemorySink,
    is_example_set,
    open_example_set,
)
from musicvae.data.records import Record, RecordSource, TFRecordSource
from musicvae.errors import DataError, MusicVAEError, NoExamplesError
from musicvae.formats.tfrecord import parse_note_sequence
from musicvae.processes import without_main
from musicvae.registry import is_import_path

Progress = Callable[[int, int], None]

_CHUNK_RECORDS = 64
_CHUNK_BYTES = 1 << 20
# Starting processes takes longer than finding the examples of a small collection.
_ALONE_SECONDS = 0.5
_WAITING_PER_WORKER = 4
_NAMED_REASONS = 4


def load_examples(
    component: Component,
    source: RecordSource,
    *,
    cache_dir: str | os.PathLike[str] | None = None,
    pitch_map: PitchMap = "training",
    num_workers: int | None = None,
    progress: Progress | None = None,
) -> ExampleSet:
    """Returns all examples of a source, in memory or from a cache on disk.

    Args:
      component: the configuration's converter.
      source: where the records are.
      cache_dir: keep the examples in a folder of their own in here, and take them from there the
        next time, while neither converter nor files change; None keeps them in memory.
      pitch_map: which drum pitches belong to which class; see Converter.
      num_workers: processes; the number of processor cores by default.
      progress: called now and then with the numbers of sequences read and of examples found.

    Raises:
      NoExamplesError: nothing fits; the message sums up why.
      InputError: a file is missing.
      DataError: a file is broken, or the cache cannot be written.
    """
    sink: ExampleSink = MemorySink()
    if cache_dir is not None:
        folder = os.path.join(cache_dir, f"examples-{cache_key(component, source, pitch_map)}")
        if is_example_set(folder):
            try:
                return _with_weights(open_example_set(folder), source)
            except DamagedSetError as error:
                logging.warning("%s: made anew, for it is damaged: %s", folder, error.detail)
        shutil.rmtree(folder, ignore_errors=True)
        sink = DiskSink(folder)
    examples = extract_examples(
        component,
        source,
        sink=sink,
        pitch_map=pitch_map,
        num_workers=num_workers,
        progress=progress,
    )
    return _with_weights(examples, source)


def _with_weights(examples: ExampleSet, source: RecordSource) -> ExampleSet:
    """Returns the examples with the weights that a source's paths name, if they name any."""
    weights = source.record_weights() if isinstance(source, TFRecordSource) else None
    if weights is None:
        return examples
    return dataclasses.replace(examples, weights=weights[examples.sources])


def extract_examples(
    component: Component,
    source: RecordSource,
    *,
    sink: ExampleSink | None = None,
    pitch_map: PitchMap = "training",
    num_workers: int | None = None,
    progress: Progress | None = None,
) -> ExampleSet:
    """Finds all examples of a source.

    Args:
      component: the configuration's converter.
      source: where the records are.
      sink: where to put the examples; memory by default.
      pitch_map: see Converter.
      num_workers: processes; the number of processor cores by default.
      progress: called now and then with the numbers of sequences read and of examples found.

    Raises:
      NoExamplesError: nothing fits; the message sums up why.
      InputError: a file is missing.
      DataError: a file is broken.
    """
    sink = MemorySink() if sink is None else sink
    findings = Findings()
    found = 0
    try:
        for part in extracted_parts(component, source, pitch_map, num_workers):
            numbers = findings.sequences + np.arange(len(part.counts), dtype=np.int64)
            sources = np.repeat(numbers, part.counts)
            if len(sources):
                sink.append(part.arrays, sources)
            findings += part.findings
            found += len(sources)
            if progress is not None:
                progress(findings.sequences, found)
        if not found:
            raise NoExamplesError(why_nothing(source, findings))
        return sink.finish(findings)
    except BaseException:
        sink.discard()
        raise


def cache_key(component: Component, source: RecordSource, pitch_map: PitchMap) -> str:
    """Returns the name of a cache: the same converter and the same files have the same one."""
    described = {
        "version": musicvae.__version__,
        "converter": [component.type, dict(component.options), *_own_source(component)],
        "pitch_map": pitch_map,
        "records": source.fingerprint(),
    }
    text = json.dumps(described, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _own_source(component: Component) -> list[str]:
    """Returns a digest of the module of a converter from outside this package; nothing for ours."""
    name = CONVERTERS.portable_name(component.type)
    if not is_import_path(name):
        return []
    path = inspect.getsourcefile(CONVERTERS.get(name))
    return [hashlib.sha256(Path(path).read_bytes()).hexdigest()] if path else []


def summed_up(findings: Findings) -> str:
    """Returns the most frequent reasons for sequences without examples, as a phrase."""
    frequent = sorted(findings.reasons.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{count} x {REASONS.get(code, code)}" for code, count in frequent[:_NAMED_REASONS]]
    rest = len(frequent) - len(named)
    return ", ".join(named) + (f" and {rest} more reasons" if rest > 0 else "")


class ExtractedPart(NamedTuple):
    """Examples of some records: compact arrays, and how many each record gave.

    `findings` says why others gave none, `places` each example's file and first bar, from 1.
    """

    arrays: dict[str, Array]
    counts: list[int]
    findings: Findings
    places: list[tuple[str, int]]


def extracted_parts(
    component: Component, source: RecordSource, pitch_map: PitchMap, num_workers: int | None
) -> Iterator[ExtractedPart]:
    """Yields the examples of one chunk of records after the other, as `extract_examples` does."""
    converter = build_converter(component)
    workers = num_workers or available_cores()
    component = dataclasses.replace(component, type=CONVERTERS.portable_name(component.type))
    if component.type.startswith("__main__:"):
        workers = 1  # another process does not have what a notebook or script defines
    chunks = _chunks(source.records())
    started = time.monotonic()
    for chunk in chunks:
        yield _extract(converter, chunk, pitch_map)
        if workers > 1 and time.monotonic() - started > _ALONE_SECONDS:
            break
    else:
        return
    with concurrent.futures.ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(component, pitch_map),
    ) as pool:
        waiting: collections.deque[concurrent.futures.Future[ExtractedPart]] = collections.deque()
        try:
            for chunk in chunks:
                with without_main():
                    waiting.append(pool.submit(_extract_in_worker, chunk))
                if len(waiting) >= _WAITING_PER_WORKER * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except concurrent.futures.process.BrokenProcessPool as error:
            raise DataError(
                f"{source.name}: a process that looked for examples was killed; "
                "is there enough memory? --num_workers=1 needs least"
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def available_cores() -> int:
    """Returns how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _chunks(records: Iterator[Record]) -> Iterator[list[Record]]:
    chunk: list[Record] = []
    held = 0
    for record in records:
        chunk.append(record)
        held += len(record.data)
        if len(chunk) == _CHUNK_RECORDS or held > _CHUNK_BYTES:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk


_worker: tuple[Converter, PitchMap] | MusicVAEError | None = None


def _start_worker(component: Component, pitch_map: PitchMap) -> None:
    """Makes a worker process ready; Ctrl-C is for the process that started it."""
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _worker = build_converter(component), pitch_map
    except MusicVAEError as error:
        # An error here would only break the pool; said with the first chunk, it reaches the user.
        _worker = error


def _end_with_parent() -> None:
    """Ends this process when its parent is gone: a killed one cannot say so itself."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _extract_in_worker(chunk: list[Record]) -> ExtractedPart:
    assert _worker is not None
    if isinstance(_worker, MusicVAEError):
        raise _worker
    converter, pitch_map = _worker
    return _extract(converter, chunk, pitch_map)


def _extract(converter: Converter, chunk: list[Record], pitch_map: PitchMap) -> ExtractedPart:
    parts: dict[str, list[Array]] = collections.defaultdict(list)
    counts, places = [], list[tuple[str, int]]()
    reasons: collections.Counter[str] = collections.Counter()
    for record in chunk:
        try:
            sequence = _sequence(record)
            found = converter.extract_compact(sequence, pitch_map=pitch_map)
        except MusicVAEError:
            raise
        except Exception as error:
            raise DataError(
                f"'{record.source}': record {record.number} cannot be made into examples: {error!r}"
            ) from error
        counts.append(len(found.origins))
        name = sequence.filename or f"{record.source}#{record.number}"
        places += [(name, origin.bar) for origin in found.origins]
        if found.origins:
            for name, array in found.arrays.items():
                parts[name].append(array)
        else:
            reasons.update({rejection.reason for rejection in found.rejections} or {"no_notes"})
    arrays = {name: np.concatenate(arrays) for name, arrays in parts.items()}
    findings = Findings(len(chunk), counts.count(0), dict(reasons))
    return ExtractedPart(arrays, counts, findings, places)


def _sequence(record: Record) -> Any:
    if record.is_midi:
        from musicvae.formats.midi import midi_to_note_sequence

        return midi_to_note_sequence(record.data)
    return parse_note_sequence(record.data, record.source, record.number)


def why_nothing(source: RecordSource, findings: Findings) -> str:
    """Returns why a source gives no example, as a sentence."""
    if not findings.sequences:
        return f"'{source.name}' is empty: there is no NoteSequence in it"
    return (
        f"none of the {findings.sequences} sequences in '{source.name}' gives an example for this "
        f"configuration: {summed_up(findings)}; `musicvae-inspect` shows each file and track"
    )
