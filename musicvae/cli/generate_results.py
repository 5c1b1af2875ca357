"""The results of `musicvae-generate`: written as they come, then shown and summed up."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from absl import logging

from musicvae.cli.progress import ProgressLine

if TYPE_CHECKING:
    from musicvae.cli.outputs import OutputFolder
    from musicvae.generate.results import Result


def write_results(
    results: Iterable[Result], folder: OutputFolder, paths: Sequence[str], *, quiet: bool
) -> Result:
    """Writes results as they come, and says what was done to the inputs.

    Args:
      results: as many takes as there are paths.
      folder: writes them.
      paths: where each is written.
      quiet: show no progress.

    Returns:
      All of them together.
    """
    finished: list[Result] = []

    def sequences() -> Iterator[Any]:
        for result in results:
            finished.append(result)
            for text in result.notes:
                logging.info("%s", text)
            for take in result.samples:
                yield take.sequence

    line = ProgressLine(quiet=quiet)
    try:
        for done, _ in enumerate(folder.write(paths, sequences()), 1):
            line.show_count(done, len(paths), "pieces")
    except KeyboardInterrupt:
        print("The files that are finished are kept.", file=sys.stderr)
        raise
    finally:
        line.close()
    return merged(finished)


def merged(results: Sequence[Result]) -> Result:
    """Returns several outcomes of one job as one."""
    from musicvae.generate.results import Result

    samples = [take for result in results for take in result.samples]
    notes = [line for result in results for line in result.notes]
    first = results[0]
    return Result(tuple(samples), tuple(dict.fromkeys(notes)), first.order, first.columns)


def described(result: Result, paths: Sequence[str]) -> list[dict[str, Any]]:
    """Returns what each file holds, for the JSON document.

    Args:
      result: the results.
      paths: where each was written.
    """
    return [
        {
            "path": path,
            "title": sample.title,
            "num_notes": len(sample.sequence.notes),
            "seconds": sample.sequence.total_time,
        }
        for sample, path in zip(result.samples, paths, strict=True)
    ]


def summary(result: Result, paths: Sequence[str]) -> str:
    """Returns a line about the files that were written."""
    silent = sum(not take.sequence.notes for take in result.samples)
    empty = f"; {silent} of them without a note" if silent else ""
    files = "file" if len(paths) == 1 else "files"
    return f"{len(paths)} {files} written: {span(paths)}{empty}"


def span(paths: Sequence[str]) -> str:
    """Names the first and the last of some files."""
    return paths[0] if len(paths) == 1 else f"{paths[0]} to {os.path.basename(paths[-1])}"
