"""Pieces of work that leave files: what kills.py ends in the middle and disks.py leaves no room.

Each can be done again where it was broken off, and then has given what it gives undisturbed.
"""

from __future__ import annotations

import dataclasses
import functools
import pathlib
import tempfile
from collections.abc import Callable, Mapping

import midi_files
from small_music import drum_piece

from hostile.arguments import PoolInThisProcess

_NUM_SONGS = 5


@dataclasses.dataclass(frozen=True)
class Work:
    """Something that is done in a folder.

    Attributes:
      name: what it is.
      begin: makes the folder as it is before.
      do: does it, or what is left of it.
      is_set: whether its files are of one make: all old, all new or some missing.
    """

    name: str
    begin: Callable[[pathlib.Path], None]
    do: Callable[[pathlib.Path], None]
    is_set: bool = False


def files_in(folder: pathlib.Path) -> dict[str, bytes]:
    """Returns the content of a folder's files by name, without hidden and unfinished ones."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not _is_unfinished(path.relative_to(folder))
    }


def _is_unfinished(path: pathlib.Path) -> bool:
    hidden = any(part.startswith(".") or part.endswith(".partial") for part in path.parts)
    return hidden or path.parts[0] in ("songs", "lost+found")


@functools.cache
def expected(name: str) -> tuple[Mapping[str, bytes], Mapping[str, bytes]]:
    """Returns the files before and after an undisturbed piece of work, by its name."""
    work = WORK[name]
    with tempfile.TemporaryDirectory(prefix="attack-work-") as text:
        folder = pathlib.Path(text)
        work.begin(folder)
        before = files_in(folder)
        work.do(folder)
        return before, files_in(folder)


def _songs(folder: pathlib.Path) -> None:
    (folder / "songs").mkdir(parents=True)
    for k in range(_NUM_SONGS):
        (folder / "songs" / f"{k}.mid").write_bytes(midi_files.scale(5 + k))


def _begin_conversion(folder: pathlib.Path) -> None:
    _songs(folder)
    for k in range(2):
        (folder / f"music-{k:05d}-of-00002.tfrecord").write_bytes(b"old")


def _convert(folder: pathlib.Path) -> None:
    from musicvae.data import conversion

    conversion.WorkerPool = PoolInThisProcess
    options = conversion.ConversionOptions(folder / "songs", folder / "music@2.tfrecord")
    conversion.convert(options)


def _begin_report(folder: pathlib.Path) -> None:
    (folder / "report.json").write_bytes(b"old" * 1000)


def _write_report(folder: pathlib.Path) -> None:
    from musicvae.files import atomic_file

    with atomic_file(folder / "report.json") as file:
        for _ in range(20):
            file.write(b"new" * 1000)


def _write_records(folder: pathlib.Path) -> None:
    from musicvae.formats.tfrecord import write_records

    write_records(folder / "music@2.tfrecord", [b"%d" % k * 2000 for k in range(20)])


def _begin_nothing(folder: pathlib.Path) -> None:
    del folder


def _begin_cache(folder: pathlib.Path) -> None:
    from musicvae.formats.tfrecord import write_note_sequences

    (folder / "songs").mkdir()
    write_note_sequences(folder / "songs" / "a.tfrecord", [drum_piece(1), drum_piece(2)])


def _cache(folder: pathlib.Path) -> None:
    from musicvae.config import load_config
    from musicvae.data.example_set import DiskSink, is_example_set
    from musicvae.data.examples import extract_examples
    from musicvae.data.records import TFRecordSource

    if is_example_set(folder / "cache"):
        return
    source = TFRecordSource((str(folder / "songs" / "a.tfrecord"),))
    component = load_config("cat-drums_2bar_small").converter
    extract_examples(component, source, sink=DiskSink(folder / "cache"), num_workers=1)


def _remember(folder: pathlib.Path) -> None:
    from musicvae.checkpoints import RunFolder
    from musicvae.config import load_config
    from musicvae.training.run_state import RunState, write_run_state

    run = RunFolder(folder)
    run.remember(load_config("cat-drums_2bar_small"))
    write_run_state(run, RunState("music.tfrecord", seed=3))


def _results(folder: pathlib.Path) -> None:
    from musicvae.cli.outputs import OutputFolder, is_finished

    names = [str(folder / f"{k}.mid") for k in range(2)]
    left = [k for k in range(2) if not is_finished(names[k])]
    list(OutputFolder(str(folder)).write([names[k] for k in left], map(drum_piece, left)))


WORK: Mapping[str, Work] = {
    work.name: work
    for work in (
        Work("conversion", _begin_conversion, _convert, is_set=True),
        Work("report", _begin_report, _write_report),
        Work("records", _begin_conversion, _write_records, is_set=True),
        Work("cache", _begin_cache, _cache),
        Work("run folder", _begin_nothing, _remember),
        Work("results", _begin_nothing, _results),
    )
}


def check(name: str, found: Mapping[str, bytes]) -> str:
    """Returns what is wrong with a folder after its work was disturbed; nothing where all is well.

    Args:
      name: the work's name.
      found: the files that are there.
    """
    before, after = expected(name)
    for path, content in found.items():
        if content not in (before.get(path), after.get(path)) and content:
            return f"'{path}' is neither the old nor the new file: {content[:50]!r}"
    if WORK[name].is_set:
        changed = [path for path in after if after[path] != before.get(path)]
        is_old = {path: found.get(path) == before.get(path) for path in changed if path in found}
        if len(set(is_old.values())) > 1:
            return f"files of two runs lie side by side: {is_old}"
    return ""


def start() -> None:
    """Does everything once, undisturbed."""
    for name in WORK:
        expected(name)
