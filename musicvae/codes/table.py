"""A table of codes, and the pieces in it that lie nearest to another.

Axes: N windows, M windows of another piece, Z columns of z.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from musicvae.errors import InputError

Array = npt.NDArray[np.float32]

_PAIRS = 4096
_TOGETHER = 256


@dataclasses.dataclass(frozen=True)
class CodeTable:
    """Codes of the windows of some pieces.

    Attributes:
      files: N names of files; empty where the user's table has none.
      bars: int64 `[N]`, the bar of the file at which each window begins, from 1.
      mu: float32 `[N, Z]`, the means of the posteriors.
      sigma: float32 `[N, Z]`, their standard deviations; None where they are not known.
      config: name of the configuration whose model encoded them; empty where it is not known.
      step: training step of that model; -1 where it is not known.
    """

    files: tuple[str, ...]
    bars: npt.NDArray[np.int64]
    mu: Array
    sigma: Array | None = None
    config: str = ""
    step: int = -1

    def __len__(self) -> int:
        return len(self.mu)

    def __repr__(self) -> str:
        of = f" of {self.config}" if self.config else ""
        return f"<CodeTable: {len(self)} windows of {len(set(self.files))} files{of}>"

    def check_model(self, config: str, z_size: int, name: str) -> None:
        """Checks that a model can read these codes.

        Args:
          config: the model's configuration.
          z_size: its Z.
          name: what to call the table.

        Raises:
          InputError: they are another model's.
        """
        if self.mu.shape[1] != z_size:
            of = f", which config '{self.config}' made" if self.config else ""
            raise InputError(
                f"{name} has codes of {self.mu.shape[1]} numbers{of}; config '{config}' takes "
                f"{z_size}"
            )


@dataclasses.dataclass(frozen=True)
class Neighbour:
    """A piece that lies near another.

    Attributes:
      file: its name.
      bar: the bar at which the nearest of its windows begins.
      to_bar: the row of the other piece's window that it is nearest to, from 0.
      distance: between these two, over the median distance of two windows of different files; 1
        is as far as any two.
    """

    file: str
    bar: int
    to_bar: int
    distance: float


def nearest(table: CodeTable, mu: npt.ArrayLike, count: int) -> list[Neighbour]:
    """Finds the files whose windows lie nearest to those of a piece.

    Args:
      table: the codes to look through.
      mu: float `[M, Z]`, the piece's codes, or `[Z]`.
      count: how many files at most, at least 1.

    Returns:
      A neighbour for each file, the nearest first; of each the one window that is nearest.

    Raises:
      InputError: count is out of range, or the codes are of another size.
    """
    if count < 1:
        raise InputError(f"nearest={count} must be at least 1")
    wanted = np.atleast_2d(np.asarray(mu, np.float32))
    if wanted.shape[1] != table.mu.shape[1]:
        raise InputError(
            f"the codes have {table.mu.shape[1]} numbers, those of the piece {wanted.shape[1]}"
        )
    usual = baseline_distance(table)
    best: dict[str, Neighbour] = {}
    for rows in _blocks(len(table)):
        distances = _distances(table.mu[rows], wanted)
        for k, row in enumerate(rows.tolist()):
            to = int(distances[k].argmin())
            distance = float(distances[k, to]) / usual
            name = table.files[row] if table.files else f"row {row}"
            if name not in best or distance < best[name].distance:
                best[name] = Neighbour(name, int(table.bars[row]), to, distance)
    return sorted(best.values(), key=lambda each: (each.distance, each.file))[:count]


def baseline_distance(table: CodeTable) -> float:
    """Returns the median distance of two windows of different files; 1 where there is none."""
    generator = np.random.default_rng(0)
    one, other = generator.integers(len(table), size=(2, _PAIRS))
    names = np.array(table.files or [str(k) for k in range(len(table))])
    apart = names[one] != names[other]
    if not apart.any():
        apart = one != other
    differences = table.mu[one[apart]] - table.mu[other[apart]]
    found = np.linalg.norm(differences, axis=1)
    return float(np.median(found)) or 1.0 if len(found) else 1.0


def _distances(a: Array, b: Array) -> npt.NDArray[np.float64]:
    a64, b64 = a.astype(np.float64), b.astype(np.float64)
    squares = (a64**2).sum(1)[:, None] + (b64**2).sum(1)[None] - 2.0 * a64 @ b64.T
    distances: npt.NDArray[np.float64] = np.sqrt(np.maximum(squares, 0.0))
    return distances


def _blocks(n: int) -> Iterator[npt.NDArray[np.int64]]:
    for start in range(0, n, _TOGETHER):
        yield np.arange(start, min(start + _TOGETHER, n))
