"""What a conversion did: totals, a table to read, and a JSON report file by file."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator
from typing import Any


@dataclasses.dataclass(frozen=True)
class FileResult:
    """What became of a file.

    Attributes:
      name: its name relative to the folder.
      num_sequences: how many sequences it gave.
      num_empty: of these, how many have no note.
      num_notes: notes in them.
      seconds: their length together.
      reason: why it gave none: a stable code, or empty.
      detail: the same as a sentence.
      part: which part of a split it went to, or empty.
      tune_errors: (reference number, reason, detail) of tunes in it that could not be read.
      corrections: (code, detail) of what was not quite right in it, and how it was read.
    """

    name: str
    num_sequences: int = 0
    num_empty: int = 0
    num_notes: int = 0
    seconds: float = 0.0
    reason: str = ""
    detail: str = ""
    part: str = ""
    tune_errors: tuple[tuple[int, str, str], ...] = ()
    corrections: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Returns it as JSON has it, without what is empty."""
        return {key: value for key, value in dataclasses.asdict(self).items() if value}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> FileResult:
        """Returns what `to_json` gave."""
        errors = tuple(tuple(error) for error in values.get("tune_errors", ()))
        corrections = tuple(tuple(each) for each in values.get("corrections", ()))
        return cls(**{**values, "tune_errors": errors, "corrections": corrections})


@dataclasses.dataclass
class Totals:
    """Sums over files.

    Attributes:
      num_files: files that were looked at.
      num_converted: files that gave sequences.
      num_sequences: sequences written.
      num_empty: of these, sequences without a note.
      num_notes: notes in them.
      seconds: their length together.
      skipped: reason -> [files, the first one's name and what is wrong with it].
      skipped_tunes: the same for tunes in files of which others could be read.
      corrected: the same for what was not quite right in files that were read.
      num_corrected: files with such.
      parts: part of the split -> sequences in it.
    """

    num_files: int = 0
    num_converted: int = 0
    num_sequences: int = 0
    num_empty: int = 0
    num_notes: int = 0
    seconds: float = 0.0
    skipped: dict[str, tuple[int, str]] = dataclasses.field(default_factory=dict)
    skipped_tunes: dict[str, tuple[int, str]] = dataclasses.field(default_factory=dict)
    corrected: dict[str, tuple[int, str]] = dataclasses.field(default_factory=dict)
    num_corrected: int = 0
    parts: dict[str, int] = dataclasses.field(default_factory=dict)

    def add(self, file_result: FileResult) -> None:
        """Adds a file."""
        self.num_files += 1
        self.num_sequences += file_result.num_sequences
        self.num_empty += file_result.num_empty
        self.num_notes += file_result.num_notes
        self.seconds += file_result.seconds
        if file_result.reason:
            _count(self.skipped, file_result.reason, f"{file_result.name}: {file_result.detail}")
        else:
            self.num_converted += 1
        if file_result.part:
            self.parts[file_result.part] = (
                self.parts.get(file_result.part, 0) + file_result.num_sequences
            )
        for number, reason, detail in file_result.tune_errors:
            _count(self.skipped_tunes, reason, f"{file_result.name}, tune {number}: {detail}")
        self.num_corrected += bool(file_result.corrections)
        for code in dict.fromkeys(code for code, _ in file_result.corrections):
            detail = next(text for other, text in file_result.corrections if other == code)
            _count(self.corrected, code, f"{file_result.name}: {detail}")

    @property
    def num_skipped(self) -> int:
        """Files that gave nothing."""
        return self.num_files - self.num_converted

    def to_json(self) -> dict[str, Any]:
        """Returns the sums as JSON has them."""
        return {
            "files": self.num_files,
            "converted": self.num_converted,
            "sequences": self.num_sequences,
            "sequences_without_notes": self.num_empty,
            "notes": self.num_notes,
            "hours": round(self.seconds / 3600, 4),
            "skipped": {reason: count for reason, (count, _) in sorted(self.skipped.items())},
            "skipped_tunes": {
                reason: count for reason, (count, _) in sorted(self.skipped_tunes.items())
            },
            "corrected": {code: count for code, (count, _) in sorted(self.corrected.items())},
            "parts": self.parts,
        }


def _count(counts: dict[str, tuple[int, str]], reason: str, example: str) -> None:
    count, first = counts.get(reason, (0, example))
    counts[reason] = (count + 1, first)


def table(totals: Totals, *, max_width: int = 100) -> str:
    """Returns the totals as a table of text.

    Args:
      totals: the sums.
      max_width: columns of the terminal; examples of skipped files are cut there.
    """
    rows = [
        ("files", totals.num_files, ""),
        ("sequences", totals.num_sequences, ""),
        *((f"  {part}", count, "") for part, count in totals.parts.items()),
        ("notes", totals.num_notes, ""),
    ]
    if totals.num_empty:
        rows.insert(2, ("  without notes", totals.num_empty, ""))
    skipped = [
        ("skipped files", totals.num_skipped, ""),
        *_by_reason(totals.skipped),
    ]
    if totals.skipped_tunes:
        count = sum(count for count, _ in totals.skipped_tunes.values())
        skipped += [("skipped tunes", count, ""), *_by_reason(totals.skipped_tunes)]
    if totals.num_corrected:
        skipped += [("corrected files", totals.num_corrected, ""), *_by_reason(totals.corrected)]
    width = max(len(name) for name, _, _ in rows + skipped)

    def line(name: str, value: str, example: str) -> str:
        return f"{name:<{width}}  {value:>12}  {example}".rstrip()[:max_width]

    lines = [line(name, f"{count:,}", example) for name, count, example in rows]
    lines.append(line("hours", f"{totals.seconds / 3600:,.2f}", ""))
    lines += [line(name, f"{count:,}", example) for name, count, example in skipped]
    return "\n".join(lines)


def _by_reason(skipped: dict[str, tuple[int, str]]) -> list[tuple[str, int, str]]:
    ordered = sorted(skipped.items(), key=lambda item: (-item[1][0], item[0]))
    return [(f"  {reason}", count, f"e.g. {example}") for reason, (count, example) in ordered]


def report_lines(
    totals: Totals, outcomes: Iterable[FileResult], settings: dict[str, Any]
) -> Iterator[str]:
    """Yields the JSON report, a file a line, without holding all files in memory.

    Args:
      totals: the sums.
      outcomes: every file.
      settings: what was converted and where to.
    """
    head = {**settings, "totals": totals.to_json()}
    yield json.dumps(head, indent=1, ensure_ascii=False)[:-2] + ',\n "files": [\n'
    separator = "  "
    for file_result in outcomes:
        yield separator + json.dumps(file_result.to_json(), ensure_ascii=False)
        separator = ",\n  "
    yield "\n ]\n}\n"
