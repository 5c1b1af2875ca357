"""`musicvae-generate --input_dir`: one job for each music file of a folder, restartable.

The results of `songs/a.mid` are `OUTPUT_DIR/songs/a_MODE-000-of-005.mid` and so on. What is there
already is not done again, so that a run that was interrupted goes on; what could not be done is in
`OUTPUT_DIR/skipped.tsv` with its reason.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from musicvae.cli.document import append
from musicvae.cli.generate_inputs import read_input
from musicvae.cli.generate_modes import Mode
from musicvae.cli.generate_results import write_results
from musicvae.cli.progress import ProgressLine, is_quiet
from musicvae.errors import InputError, MusicVAEError
from musicvae.files import atomic_file, check_writable
from musicvae.names import distinct

if TYPE_CHECKING:
    from musicvae.cli.outputs import OutputFolder
    from musicvae.generate import TrainedModel
    from musicvae.generate.presentation import Presentation
    from musicvae.generate.results import SamplingOptions

SKIPPED = "skipped.tsv"


class Task(NamedTuple):
    """One job.

    Attributes:
      inputs: names of its files, relative to the folder.
      stem: of its results, relative to the folder that they are written to.
    """

    inputs: tuple[str, ...]
    stem: str


class Summary(NamedTuple):
    """What became of a folder.

    Attributes:
      done: jobs that were done.
      before: jobs whose results were there.
      skipped: (input, reason) of those that could not be done.
    """

    done: int
    before: int
    skipped: tuple[tuple[str, str], ...]


def check_folder_mode(mode_name: str, mode: Mode) -> None:
    """Checks that a mode takes one input, or two.

    Args:
      mode_name: the mode's name.
      mode: the mode.

    Raises:
      InputError: it takes none, or more.
    """
    if mode.min_inputs not in (1, 2):
        raise InputError(f"--mode={mode_name} does not go with --input_dir; name its inputs")


def tasks_of(names: Sequence[str], mode_name: str, mode: Mode) -> list[Task]:
    """Returns the jobs for a folder's files: one for each file, or for each two that follow.

    Args:
      names: the files, sorted.
      mode_name: the mode's name.
      mode: the mode.

    Raises:
      InputError: there are too few files.
    """
    if len(names) < mode.min_inputs:
        raise InputError(f"--mode={mode_name} needs {mode.min_inputs} files in --input_dir")
    stems = [os.path.splitext(name)[0] for name in names]
    # Two files that differ in their ending alone keep it, so that neither replaces the other.
    if mode.min_inputs == 1:
        results = distinct(stems, names)
        inputs: list[tuple[str, ...]] = [(name,) for name in names]
    else:
        inputs = list(itertools.pairwise(names))
        results = distinct(_joined(stems), _joined(names))
    return [
        Task(files, f"{result}_{mode_name}") for files, result in zip(inputs, results, strict=True)
    ]


def _joined(names: Sequence[str]) -> list[str]:
    return [f"{one}_to_{os.path.basename(other)}" for one, other in itertools.pairwise(names)]


def work_through(
    model: TrainedModel,
    output: OutputFolder,
    tasks: Sequence[Task],
    mode: Mode,
    options: SamplingOptions,
    presentation: Presentation,
    values: Mapping[str, Any],
) -> Summary:
    """Does the jobs, one after another, and writes what could not be done.

    Args:
      model: a trained model.
      output: writes the results.
      tasks: what to do.
      mode: the mode.
      options: what is asked for.
      presentation: what to write beside MIDI files.
      values: the flags.

    Returns:
      What became of them.
    """
    from musicvae.cli.outputs import is_finished
    from musicvae.generate.presentation import shown_by

    total = mode.count(values, mode.min_inputs) * len(options.temperatures)
    done = before = 0
    skipped: list[tuple[str, str]] = []
    line = ProgressLine(quiet=is_quiet(values["log"]))
    try:
        for number, task in enumerate(tasks, 1):
            paths = list(_paths(output.path, task.stem, total))
            files = [*paths, *shown_by(paths, presentation)]
            if not values["overwrite"] and all(map(is_finished, files)):
                before += 1
                append("tasks", {"inputs": task.inputs, "outputs": files, "state": "done before"})
            else:
                try:
                    _do(model, output, task, mode, options, presentation, values, paths)
                    done += 1
                    append("tasks", {"inputs": task.inputs, "outputs": files, "state": "done"})
                except MusicVAEError as error:
                    skipped.append((" + ".join(task.inputs), str(error)))
                    append(
                        "tasks",
                        {
                            "inputs": task.inputs,
                            "outputs": [],
                            "state": "skipped",
                            "reason": str(error),
                        },
                    )
            line.show_count(number, len(tasks), "files")
    finally:
        line.close()
        _write_skipped(os.path.join(output.path, SKIPPED), skipped)
    return Summary(done, before, tuple(skipped))


def _do(
    model: TrainedModel,
    output: OutputFolder,
    task: Task,
    mode: Mode,
    options: SamplingOptions,
    presentation: Presentation,
    values: Mapping[str, Any],
    paths: Sequence[str],
) -> None:
    from musicvae.generate.presentation import present

    inputs = [
        read_input(os.path.join(values["input_dir"], name), "input_dir", values["drum_channel"])
        for name in task.inputs
    ]
    check_writable(paths[0])
    result = write_results(mode.run(model, inputs, options, values), output, paths, quiet=True)
    title = f"{model.config.name}: {os.path.basename(task.stem)}"
    for _ in present(result, paths, presentation, title=title):
        pass


def _paths(folder: str, stem: str, total: int) -> Iterator[str]:
    for number in range(total):
        yield os.path.join(folder, f"{stem}-{number:03d}-of-{total:03d}.mid")


def _write_skipped(path: str, skipped: Sequence[tuple[str, str]]) -> None:
    if not skipped:
        return
    lines = [
        "input\treason",
        *("\t".join(" ".join(part.split()) for part in row) for row in skipped),
    ]
    with atomic_file(path) as file:
        file.write(("\n".join(lines) + "\n").encode("utf-8", "surrogateescape"))
