"""What came of an attack, as a table."""

from __future__ import annotations

import collections
import dataclasses
import re

from hostile.trial import FAULT, Outcome


@dataclasses.dataclass
class Tally:
    """What became of the inputs of one kind.

    Attributes:
      counts: inputs by outcome.
      refusals: refused inputs by their message without names and numbers.
    """

    counts: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    refusals: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)

    def add(self, outcome: Outcome) -> None:
        """Counts an input."""
        self.counts[outcome.what] += 1
        if outcome.what == "refused":
            self.refusals[alike(outcome.detail)] += 1

    @property
    def total(self) -> int:
        """Inputs in all."""
        return sum(self.counts.values())


def alike(message: str) -> str:
    """Returns a message without what differs from input to input."""
    message = re.sub(r"'[^']*'|\S*/\S+", "...", message)
    return re.sub(r"-?\d[\d.,e+]*", "N", message)[:120]


def table(tallies: dict[str, Tally]) -> str:
    """Returns the counts of every kind as a Markdown table."""
    rows = [
        (name, tally.total, tally.counts["refused"], tally.counts["accepted"], tally.counts[FAULT])
        for name, tally in tallies.items()
    ]
    rows.append(("together", *(sum(row[column] for row in rows) for column in range(1, 5))))
    lines = [
        "| kind | inputs | refused in one line | accepted | faults |",
        "|---|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {name} | {total:,} | {refused:,} | {accepted:,} | {faults:,} |"
        for name, total, refused, accepted, faults in rows
    ]
    return "\n".join(lines)


def refusals(tallies: dict[str, Tally], most: int = 12) -> str:
    """Returns the most frequent refusals of each kind, as lists."""
    lines = []
    for name, tally in tallies.items():
        lines += ["", f"{name}, of {len(tally.refusals)} kinds of refusal the most frequent:", ""]
        lines += [f"- {count:,}: {what}" for what, count in tally.refusals.most_common(most)]
    return "\n".join(lines)
