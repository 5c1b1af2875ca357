"""What a draw of the prior can be asked for: an attribute, or a group of the training music.

An attribute's value is known to the network as its rank among the training music, -1 for the least
to 1 for the most, so that attributes of all units weigh alike. A feature beside it says whether it
is asked for. A group, such as a style, is a feature of its own: 1 where it is asked for.

Axes: N pieces, A attributes, Q quantiles, L groups.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from musicvae.attribute_vectors.measures import ATTRIBUTES, Attribute, StepNotes, step_notes
from musicvae.errors import InputError
from musicvae.lazy_note_seq import NoteSequence
from musicvae.registry import did_you_mean

Array = npt.NDArray[np.float32]

QUANTILES = 101
LEVELS: Mapping[str, tuple[float, float]] = {
    "low": (0.0, 0.2),
    "medium": (0.4, 0.6),
    "high": (0.8, 1.0),
}
GROUP = "group"
MAX_GROUPS = 64
_NO_GROUP = -1
_MAJOR = (0, 2, 4, 5, 7, 9, 11)


def pitch_range(notes: StepNotes) -> float:
    """Returns the distance from the lowest pitch to the highest, in semitones."""
    pitched = notes.pitches[notes.pitches >= 0]
    return float(np.max(pitched) - np.min(pitched)) if len(pitched) else math.nan


def diatonic(notes: StepNotes) -> float:
    """Returns the share of the pitched notes that lie in the major key that fits best, 0..1."""
    pitched = notes.pitches[notes.pitches >= 0]
    if not len(pitched):
        return math.nan
    classes = np.bincount(pitched % 12, minlength=12)
    return max(float(np.roll(classes, -key)[list(_MAJOR)].sum()) for key in range(12)) / len(
        pitched
    )


CONDITIONS: tuple[Attribute, ...] = (
    *ATTRIBUTES,
    Attribute("pitch_range", "Pitch range", "semitones from lowest to highest", pitch_range, True),
    Attribute("diatonic", "Diatonic", "share of the notes in the best major key", diatonic, True),
)


@dataclasses.dataclass(frozen=True)
class Target:
    """What is asked for of one attribute.

    Attributes:
      attribute: name of the attribute, or "group".
      value: one of `LEVELS`, or a value of the attribute; of "group" the group's name.
    """

    attribute: str
    value: str | float

    def __post_init__(self) -> None:
        if self.attribute == GROUP:
            return
        allowed = f"must be {', '.join(LEVELS)} or a number"
        if isinstance(self.value, str) and self.value not in LEVELS:
            raise InputError(f"{self.attribute}={self.value}: {allowed}")
        if not isinstance(self.value, str) and not math.isfinite(self.value):
            raise InputError(f"{self.attribute}={self.value}: {allowed}")


@dataclasses.dataclass(frozen=True)
class ConditionScale:
    """The attributes and groups that a prior knows, and how the attributes are distributed.

    Attributes:
      names: A names.
      quantiles: float32 `[A, Q]`, ascending in each row.
      groups: L names of groups of that music.
    """

    names: tuple[str, ...]
    quantiles: Array
    groups: tuple[str, ...] = ()

    @property
    def num_features(self) -> int:
        """How many features the network is given: a rank and whether it counts, and the groups."""
        return 2 * len(self.names) + len(self.groups)

    def ranks(self, values: npt.ArrayLike) -> Array:
        """Returns the ranks of values.

        Args:
          values: float `[N, A]`, NaN where an attribute means nothing.

        Returns:
          float32 `[N, A]`, -1..1, NaN where the value is NaN.
        """
        values = np.asarray(values, np.float32)
        ranks = np.empty_like(values)
        for k, row in enumerate(self.quantiles):
            places = (
                np.searchsorted(row, values[:, k], "left"),
                np.searchsorted(row, values[:, k], "right"),
            )
            # The middle of a run of equal quantiles stands for all of it.
            middle = (places[0] + places[1] - 1) / 2
            ranks[:, k] = np.clip(middle / (len(row) - 1), 0.0, 1.0) * 2 - 1
        ranks[~np.isfinite(values)] = np.nan
        return ranks

    def features(self, targets: Iterable[Target], uniform: Array) -> Array:
        """Returns what the network is told.

        Args:
          targets: what is asked for; an attribute comes once at most.
          uniform: float `[N, A]`, 0..1: where in a level's range each draw lies.

        Returns:
          float32 `[N, 2 A + L]`.

        Raises:
          InputError: the prior does not know an attribute or a group, or one comes twice.
        """
        values = np.full(uniform.shape, np.nan, np.float32)
        group = _NO_GROUP
        for target in targets:
            if target.attribute == GROUP:
                if group != _NO_GROUP:
                    raise InputError("one group at a time can be asked for; give it once")
                group = self._group(str(target.value))
                continue
            k = self._place(target.attribute)
            if np.isfinite(values[:, k]).any():
                raise InputError(f"'{target.attribute}' is asked for twice; give it once")
            if isinstance(target.value, str):
                low, high = LEVELS[target.value]
                shares = low + (high - low) * uniform[:, k]
                row = self.quantiles[k]
                values[:, k] = np.interp(shares, np.linspace(0.0, 1.0, len(row)), row)
            else:
                values[:, k] = target.value
        return self.features_of(values, np.full(len(values), group))

    def features_of(self, values: npt.ArrayLike, groups: npt.NDArray[np.integer]) -> Array:
        """Returns the features of music, all of it known.

        Args:
          values: float `[N, A]`, NaN where an attribute means nothing.
          groups: int `[N]`, the number of each one's group; -1 for none.

        Returns:
          float32 `[N, 2 A + L]`.
        """
        chosen = groups[:, np.newaxis] == np.arange(len(self.groups))
        return np.concatenate([rank_features(self.ranks(values)), chosen], 1).astype(np.float32)

    def _group(self, name: str) -> int:
        known = [group.lower() for group in self.groups]
        if not known:
            raise InputError(
                f"this model's prior knows no groups, such as '{name}'; `musicvae-prior --groups` "
                "fits one that does"
            )
        if name.lower() not in known:
            raise InputError(
                f"this model's prior has no group '{name}'{did_you_mean(name, self.groups)} "
                f"Known to it: {', '.join(self.groups)}"
            )
        return known.index(name.lower())

    def _place(self, name: str) -> int:
        if name not in self.names:
            known = ", ".join(self.names) or "none"
            raise InputError(
                f"this model's prior has no attribute '{name}'{did_you_mean(name, self.names)} "
                f"Known to it: {known}"
            )
        return self.names.index(name)


def rank_features(ranks: npt.ArrayLike) -> Array:
    """Returns a network's features of ranks: 0 and 0 where a rank is NaN, else it and 1.

    Args:
      ranks: float `[N, A]`.

    Returns:
      float32 `[N, 2 A]`.
    """
    ranks = np.asarray(ranks, np.float32)
    known = np.isfinite(ranks)
    return np.concatenate([np.where(known, ranks, 0.0), known], axis=1).astype(np.float32)


def condition_scale(values: npt.NDArray[np.floating], groups: Sequence[str] = ()) -> ConditionScale:
    """Returns the scale of some music; attributes that do not tell its pieces apart are left out.

    Args:
      values: float `[N, len(CONDITIONS)]`, what `measure_conditions` gives.
      groups: names of its groups.
    """
    names, rows = [], []
    for attribute, column in zip(CONDITIONS, values.T, strict=True):
        known = column[np.isfinite(column)]
        if len(known) < 2:
            continue
        row = np.quantile(known, np.linspace(0.0, 1.0, QUANTILES))
        if row[-1] > row[0]:
            names.append(attribute.name)
            rows.append(row)
    quantiles = np.array(rows, np.float32).reshape(len(names), QUANTILES)
    return ConditionScale(tuple(names), quantiles, tuple(groups))


def measure_conditions(
    sequence: NoteSequence, length: int | None = None
) -> npt.NDArray[np.float64]:
    """Measures everything that can be asked for.

    Args:
      sequence: notes in seconds, at one tempo.
      length: sixteenths in the whole; see `measures.step_notes`.

    Returns:
      float64 `[len(CONDITIONS)]`, NaN where there is nothing to measure.
    """
    notes = step_notes(sequence, length)
    return np.array([attribute.measure(notes) for attribute in CONDITIONS])


def parse_targets(texts: Iterable[str]) -> tuple[Target, ...]:
    """Reads what a user asks for.

    Args:
      texts: each "NAME=VALUE" with VALUE low, medium, high or a number, or "group=NAME".

    Raises:
      InputError: a text is something else, or the attribute is unknown.
    """
    known = (*(attribute.name for attribute in CONDITIONS), GROUP)
    targets = []
    for text in texts:
        name, separator, value = text.partition("=")
        name = name.strip().lower().replace("-", "_").replace(" ", "_")
        if name not in known:
            raise InputError(
                f"unknown attribute '{name}'{did_you_mean(name, known) or '.'} "
                f"Known: {', '.join(known)}"
            )
        if name == GROUP:
            if not value.strip():
                raise InputError(f"--attribute={text}: say which, as in --attribute=group=jazz")
            targets.append(Target(name, value.strip()))
            continue
        if not separator:
            raise InputError(
                f"--attribute={text}: say how much, as in --attribute={name}=high "
                f"({', '.join(LEVELS)} or a number)"
            )
        targets.append(Target(name, _number(value.strip().lower())))
    return tuple(targets)


def _number(text: str) -> str | float:
    """Returns a text as a number, where it is one."""
    try:
        return float(text)
    except ValueError:
        return text
