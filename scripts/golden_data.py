"""Compares the converters with recorded examples, a folder in the form of `golden/data`.

A folder holds `files.txt`, one MIDI path a line, and `CONFIG.npz` for each configuration: for file
k, `k/n` examples in all, the first of them by their bytes in `k/outputs`, `k/inputs` (absent where
equal to the outputs), `k/controls`, `k/lengths`, and in `k/notes` the first few turned back at 120
qpm, as rows of (example, pitch, velocity, start, end, instrument, program, is_drum). `k/error`
marks files on which the recorded program failed: there it is enough that this one does not.

Used by scripts/check_golden.py and by the golden tests.
"""

from __future__ import annotations

import collections
import dataclasses
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from musicvae.config import load_config
from musicvae.converters import Converter, Example, build_converter

# Times and velocities went through float32 on their way; hits, labels and lengths are equal or not.
TOLERANCE = 1e-6
NUM_DECODED = 4


@dataclasses.dataclass(frozen=True)
class Comparison:
    """How one configuration's examples compare.

    Attributes:
      config: name of the configuration.
      files: files compared.
      examples: recorded examples in these files.
      differing_examples: examples that only one side has, or that differ.
      differing_decodings: files whose examples turned back give other notes.
      differences: a line for each file that differs.
    """

    config: str
    files: int
    examples: int
    differing_examples: int
    differing_decodings: int
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing differs."""
        return not self.differing_examples and not self.differing_decodings and not self.differences

    def __str__(self) -> str:
        verdict = "ok" if self.passed else "DIFFERS"
        return (
            f"{self.config}: {self.files} files, {self.examples} examples, "
            f"{self.differing_examples} differ, {self.differing_decodings} files with other notes: "
            f"{verdict}"
        )


def read_files_txt(files_txt: pathlib.Path) -> list[str]:
    """Returns the paths that a listing names, in its order."""
    return [
        line.strip() for line in files_txt.read_text(encoding="utf-8").splitlines() if line.strip()
    ]


def read_sequences(files_txt: pathlib.Path, midi_root: pathlib.Path) -> list[Any]:
    """Reads the MIDI files of a listing; None for one that cannot be read."""
    import note_seq

    def read(path: pathlib.Path) -> Any:
        try:
            return note_seq.midi_file_to_note_sequence(str(path))
        except note_seq.MIDIConversionError:
            return None

    return [read(midi_root / name) for name in read_files_txt(files_txt)]


def compare_data(
    npz_path: pathlib.Path,
    files_txt: pathlib.Path,
    midi_root: pathlib.Path,
    sequences: Sequence[Any] | None = None,
) -> Comparison:
    """Compares one configuration's examples with recorded ones.

    Args:
      npz_path: the recording; its stem is the configuration's name.
      files_txt: the listing of MIDI files.
      midi_root: the folder that the listing's paths are relative to.
      sequences: the files' NoteSequences, where they have been read before.

    Returns:
      what differs.
    """
    if sequences is None:
        sequences = read_sequences(files_txt, midi_root)
    with np.load(npz_path) as recording:
        arrays = {name: recording[name] for name in recording.files}
    names = read_files_txt(files_txt)
    return compare_recording(npz_path.stem, arrays, dict(enumerate(sequences)), names.__getitem__)


def compare_recording(
    config: str,
    arrays: Mapping[str, Any],
    sequences: Mapping[int, Any],
    name_of: Callable[[int], str] = str,
) -> Comparison:
    """Compares one configuration's examples with recorded arrays.

    Args:
      config: name of the configuration.
      arrays: the recording.
      sequences: NoteSequences by file number.
      name_of: what to call a file.

    Returns:
      what differs.
    """
    converter = build_converter(load_config(config).converter)
    numbers = sorted({int(key.split("/")[0]) for key in arrays})
    total = differing = decodings = 0
    differences = []
    for number in numbers:
        file = {
            key.split("/", 1)[1]: value
            for key, value in arrays.items()
            if key.startswith(f"{number}/")
        }
        examples = converter.extract(sequences[number]).examples
        if "error" in file:
            continue
        total += int(file["n"])
        wrong = count_differing(file, examples)
        other_notes = "notes" in file and not same_notes(file, converter)
        differing += wrong
        decodings += other_notes
        if wrong or other_notes:
            differences.append(
                f"{config}: {name_of(number)}: {wrong} of {int(file['n'])} examples differ "
                f"(found {len(examples)}){', other notes' if other_notes else ''}"
            )
    return Comparison(config, len(numbers), total, differing, decodings, tuple(differences))


def count_differing(file: Mapping[str, Any], examples: Sequence[Example]) -> int:
    """Counts the recorded examples of one file that were not found, and found ones too many."""
    surplus = abs(int(file["n"]) - len(examples))
    if "outputs" not in file:
        return surplus
    outputs = file["outputs"]
    recorded = [
        (output, input_, control, length)
        for output, input_, control, length in zip(
            outputs,
            file.get("inputs", outputs),
            file.get("controls", np.zeros((*outputs.shape[:2], 0), bool)),
            file["lengths"],
            strict=True,
        )
    ]
    found = [(e.outputs, e.inputs, e.controls, e.length) for e in examples]
    if outputs.dtype == bool:
        found.sort(key=_bytes)
        remaining = collections.Counter(_bytes(row) for row in found[: len(recorded)])
        wanted = collections.Counter(_bytes(row) for row in recorded)
        missing = (wanted - remaining).total()
    else:
        missing = 0
        for row in recorded:
            match = next((i for i, other in enumerate(found) if _close(row, other)), None)
            if match is None:
                missing += 1
            else:
                del found[match]
    return max(missing, surplus)


def same_notes(file: Mapping[str, Any], converter: Converter) -> bool:
    """Whether the first recorded examples of one file turn back into the recorded notes."""
    rows = []
    for number, outputs in enumerate(file["outputs"][:NUM_DECODED]):
        controls = file["controls"][number] if "controls" in file else None
        sequence = converter.to_notes(outputs, controls, qpm=120.0, pitch_map="training")
        rows += [
            (
                number,
                note.pitch,
                note.velocity,
                note.start_time,
                note.end_time,
                note.instrument,
                note.program,
                note.is_drum,
            )
            for note in sequence.notes
        ]
    recorded = file["notes"].copy()
    recorded[:, 3] = np.maximum(recorded[:, 3], 0.0)
    ours, theirs = (_sorted_rows(np.array(each, np.float64)) for each in (rows, recorded))
    return ours.shape == theirs.shape and bool(np.all(np.abs(ours - theirs) <= TOLERANCE))


def _bytes(row: tuple[Any, ...]) -> tuple[bytes, ...]:
    output, input_, control, length = row
    lengths = np.asarray(length, np.int64).tobytes()
    return (output.tobytes(), input_.tobytes(), control.tobytes(), lengths)


def _close(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return all(
        np.shape(a) == np.shape(b)
        and bool(np.all(np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64)) <= TOLERANCE))
        for a, b in zip(one, other, strict=True)
    )


def _sorted_rows(rows: Any) -> Any:
    """Sorts note rows, by what is exact before what is rounded."""
    rows = rows.reshape(-1, 8)
    start, end = np.round(rows[:, 3], 4), np.round(rows[:, 4], 4)
    keys = (rows[:, 7], rows[:, 6], rows[:, 2], end, rows[:, 1], start, rows[:, 5], rows[:, 0])
    return rows[np.lexsort(keys)]
