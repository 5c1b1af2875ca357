"""How often training takes the music of a file, written behind its path: `jazz.tfrecord:0.5`.

A weight of 2 makes every epoch take twice as many examples of the file as it would, 0.5 half as
many. So a small collection is heard beside a large one, and a large one of machine-made music does
not drown what was played.
"""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import NamedTuple

from musicvae.errors import InputError
from musicvae.formats.shards import find_files

MAX_WEIGHT = 1000.0

_WEIGHTED = re.compile(r"^(?P<pattern>.+):(?P<weight>[^:/\\]+)$")
_DRIVE_LENGTH = 1


class WeightedPattern(NamedTuple):
    """One entry of a list of paths.

    Attributes:
      pattern: a path, a glob or a sharded name.
      weight: how often its examples are taken; 1 is as often as without a weight.
    """

    pattern: str
    weight: float


def weighted_patterns(paths: str) -> list[WeightedPattern]:
    """Splits a comma-separated list of paths, each with `:WEIGHT` behind it or not.

    Args:
      paths: such as `a.tfrecord:2,b*.tfrecord`. A path that exists is taken as it is.

    Returns:
      The entries in order; those without a weight have 1.

    Raises:
      InputError: a weight is no number over 0 and up to 1000.
    """
    if os.path.exists(paths):
        return [WeightedPattern(paths, 1.0)]
    entries = [entry.strip() for entry in paths.split(",") if entry.strip()]
    return [_weighted_pattern(entry) for entry in entries]


def file_weights(paths: str) -> dict[Path, float]:
    """Returns the weight of every file that a list of paths stands for.

    Args:
      paths: as `weighted_patterns` takes it.

    Returns:
      File -> weight, each file once, in the order in which its records are read.

    Raises:
      InputError: a pattern matches nothing, a weight is no weight, or two entries give one file
        different weights.
      DataError: shards are missing.
    """
    found: dict[Path, float] = {}
    for pattern, weight in weighted_patterns(paths):
        for path in find_files(pattern):
            if found.setdefault(path, weight) != weight:
                raise InputError(
                    f"'{path}' is listed with the weights {found[path]:g} and {weight:g}; "
                    "list it once"
                )
    if not found:
        raise InputError("no input file given")
    return found


def _weighted_pattern(entry: str) -> WeightedPattern:
    match = _WEIGHTED.match(entry)
    # The colon of a drive letter is no weight's: C:music.tfrecord.
    if match is None or len(match["pattern"]) == _DRIVE_LENGTH or os.path.exists(entry):
        return WeightedPattern(entry, 1.0)
    try:
        weight = float(match["weight"])
    except ValueError:
        weight = math.nan
    if not 0.0 < weight <= MAX_WEIGHT:
        raise InputError(
            f"'{entry}': the weight '{match['weight']}' is not a number over 0 and up to "
            f"{MAX_WEIGHT:g}; write {match['pattern']}:2 for twice as often"
        )
    return WeightedPattern(match["pattern"], weight)
