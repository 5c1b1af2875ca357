"""Which model plays which bars of a whole piece, where models of several lengths are there.

Bars that follow each other and each have a note are a stretch. From its first bar on, the longest
model whose window lies within the stretch plays each window; what is left at its end, shorter than
all of them, is played by the shortest one, whose window is filled up with silence.

Bars are slots of the grid (bar_lines.py).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from musicvae.converters import Converter
from musicvae.errors import InputError
from musicvae.generate.bar_lines import BarLines

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

_LENGTH = re.compile(r"_\d+bar")


class PlannedWindow(NamedTuple):
    """A window of a piece.

    Attributes:
      slot: the slot that it begins with.
      bars: its length in slots.
    """

    slot: int
    bars: int


def steady_plan(num_slots: int, bars: int) -> list[PlannedWindow]:
    """Returns windows of one length that follow each other from the first slot to the last."""
    return [PlannedWindow(slot, bars) for slot in range(0, num_slots, bars)]


def longest_plan(sounding: Collection[int], lengths: Collection[int]) -> list[PlannedWindow]:
    """Returns the windows of the longest models that fit.

    Args:
      sounding: the slots in which a note begins or sounds.
      lengths: of the models, in slots.
    """
    windows: list[PlannedWindow] = []
    slot = 0
    for start, end in _stretches(sounding):
        # The window before may reach into this stretch.
        slot = max(slot, start)
        while slot < end:
            fitting = [bars for bars in lengths if slot + bars <= end]
            bars = max(fitting) if fitting else min(lengths)
            windows.append(PlannedWindow(slot, bars))
            slot += bars
    return windows


def _stretches(sounding: Collection[int]) -> list[tuple[int, int]]:
    """Returns first slot, and slot after the last, of slots that follow each other."""
    found: list[tuple[int, int]] = []
    for slot in sorted(sounding):
        if found and found[-1][1] == slot:
            found[-1] = found[-1][0], slot + 1
        else:
            found.append((slot, slot + 1))
    return found


def by_length(model: TrainedModel, others: Iterable[TrainedModel]) -> dict[int, TrainedModel]:
    """Returns models by the bars of their windows.

    Args:
      model: the first.
      others: those of other lengths that read and write the same.

    Raises:
      InputError: one does not, or two have one length.
    """
    found = {model.converter.bars: model}
    for other in others:
        check_length_of(other.converter, other.config.name, model.converter, model.config.name)
        bars = other.converter.bars
        if bars in found:
            raise InputError(
                f"--models: '{other.config.name}' and '{found[bars].config.name}' both have "
                f"windows of {bars} bars; leave one out"
            )
        found[bars] = other
    return found


def check_length_of(other: Converter, name: str, converter: Converter, config_name: str) -> None:
    """Checks that a converter reads and writes what another does, at whatever length.

    Args:
      other: the converter.
      name: its configuration's name.
      converter: the one that it is to be like.
      config_name: that one's configuration's name.

    Raises:
      InputError: it does not.
    """
    longest = max(other.bars, converter.bars)
    alike = [each.lenient().with_bars(longest) for each in (other, converter)]
    if alike[0] is None or alike[0] != alike[1]:
        raise InputError(
            f"--models: config '{name}' does not read and write what config '{config_name}' does; "
            "give models of one kind that differ in their bars"
        )


def family(config_name: str, names: Iterable[str]) -> list[str]:
    """Returns the names that differ from a configuration's in their bars alone, without its own.

    Args:
      config_name: such as cat-mel_2bar_small.
      names: of all that there are.
    """
    own = _LENGTH.sub("", config_name)
    return [
        name
        for name in names
        if name != config_name and _LENGTH.search(name) and _LENGTH.sub("", name) == own
    ]


def describe_plan(
    models: Mapping[int, TrainedModel], windows: Sequence[PlannedWindow], lines: BarLines
) -> str:
    """Says which model played which bars.

    Args:
      models: by their bars.
      windows: in order.
      lines: the piece's bar lines.
    """
    parts = []
    for bars, model in sorted(models.items(), reverse=True):
        stretches = _stretches(
            {
                lines.slot_numbered(slot).bar
                for window in windows
                if window.bars == bars
                for slot in range(window.slot, window.slot + bars)
                if lines.slot_numbered(slot).beat < lines.end
            }
        )
        named = ", ".join(
            str(first) if end == first + 1 else f"{first}-{end - 1}" for first, end in stretches
        )
        if named:
            what = "bar" if named.isdigit() else "bars"
            parts.append(f"{what} {named} by {model.config.name}")
    return f"it was played in windows as long as fit: {'; '.join(parts)}"
