"""A linear VAE on codes, whose best weights are known without training.

A model's z is decoded from a, the position in the style, and encoded back:

    p(z | a) = N(mean + a W, s² I),  p(a) = N(0, I)
    q(a | z) = N((z - mean) W' M⁻¹, s² M⁻¹),  M = W W' + s² I

The likelihood of codes is greatest where the rows of W are the first principal axes of the codes,
each of length sqrt(variance - s²), and s² is the mean of the variances that are left. So few
numbers can be had from a single song, at once, and with nothing left to chance. MidiMe's VAE is
trained and has hidden layers; on codes of few files they have nothing to learn that lasts.

What is left has a shape of its own, which draws follow: along some of the remaining axes codes
differ, along most they do not.

Axes: N codes, A axes of the style, R remaining axes, Z columns of z.

Source: Tipping and Bishop 1999, "Probabilistic principal component analysis"; that a linear VAE has
this optimum: Lucas et al. 2019 (arXiv:1911.02469).
"""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from musicvae.codes.table import CodeTable
from musicvae.errors import InputError
from musicvae.latent import slerp

Array = npt.NDArray[np.float32]

MIN_AXES, MAX_AXES, DEFAULT_AXES = 2, 8, 6
MIN_CODES = 3
MAP_REACH = 2.0
FEW_FILES = 5
MAX_WINDOWS = 512
_MAX_REST = 64
_NOTHING = 1e-3


@dataclasses.dataclass(frozen=True)
class Style:
    """The latent space of a few files.

    Attributes:
      config: name of the model's configuration.
      step: training step of the model.
      files: how many files it was learnt from.
      codes: how many codes of those.
      mean: float32 `[Z]`.
      axes: float32 `[A, Z]`, W; the widest first.
      rest: float32 `[R, Z]`, the remaining axes, each as long as its standard deviation.
      noise: s, the standard deviation of what the axes leave.
      shares: float32 `[A]`, how much of the variance of the codes lies along each axis.
      windows: float32 `[W, Z]`, the codes themselves where there are fewer than `FEW_FILES` files,
        so that draws can be told from copies of them; of other styles none.
      meanings: what each axis does, in words; empty where it was not measured.
    """

    config: str
    step: int
    files: int
    codes: int
    mean: Array
    axes: Array
    rest: Array
    noise: float
    shares: Array
    windows: Array
    meanings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        of = f"{self.codes} windows of {self.files} file{'' if self.files == 1 else 's'}"
        return f"<Style of {of}: {len(self.axes)} axes, for {self.config}>"

    def encode(self, z: npt.ArrayLike) -> Array:
        """Returns the positions of codes, float32 `[N, A]`, of `[N, Z]`."""
        centred = np.asarray(z, np.float64) - self.mean
        axes = self.axes.astype(np.float64)
        m = axes @ axes.T + self.noise**2 * np.eye(len(axes))
        return np.asarray(np.linalg.solve(m, axes @ centred.T).T, np.float32)

    def decode(self, a: npt.ArrayLike) -> Array:
        """Returns the codes of positions, float32 `[N, Z]`, of `[N, A]`."""
        return np.asarray(self.mean + np.asarray(a, np.float32) @ self.axes, np.float32)

    def placed(self, z: npt.ArrayLike) -> Array:
        """Returns codes as the style knows them: encoded and decoded, float32 `[N, Z]`."""
        return self.decode(self.encode(z))

    def holds(self, z: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Returns which codes lie where draws can, bool `[N]`, of `[N, Z]`."""
        centred = np.asarray(z, np.float64) - self.mean
        directions = np.concatenate([self.axes, self.rest]).astype(np.float64)
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        left = centred - centred @ directions.T @ directions
        size = np.linalg.norm(centred, axis=1)
        return np.asarray(np.linalg.norm(left, axis=1) <= _NOTHING * np.maximum(size, 1.0))

    def draw(self, generator: np.random.Generator, n: int) -> Array:
        """Draws codes of the style.

        Args:
          generator: where randomness comes from. The first of many draws are those of few.
          n: how many, at least 1.

        Returns:
          float32 `[N, Z]`.
        """
        noise = generator.standard_normal((n, len(self.axes) + len(self.rest)), np.float32)
        drawn = self.decode(noise[:, : len(self.axes)])
        return np.asarray(drawn + noise[:, len(self.axes) :] @ self.rest, np.float32)

    def vary(
        self, generator: np.random.Generator, mu: npt.ArrayLike, n: int, closeness: float
    ) -> Array:
        """Draws variations of a code, which move along the axes alone.

        Args:
          generator: where randomness comes from.
          mu: float `[Z]`.
          n: how many.
          closeness: 0 (anywhere in the style) to 1 (where it is).

        Returns:
          float32 `[N, Z]`.
        """
        here = self.encode(np.asarray(mu)[np.newaxis])[0]
        others = generator.standard_normal((n, len(self.axes)), np.float32)
        there = np.array([slerp(here, other, 1.0 - closeness) for other in others])
        return np.asarray(np.asarray(mu) + (there - here) @ self.axes, np.float32)

    def map(self, side: int) -> Array:
        """Returns the codes of a map of the first two axes.

        Args:
          side: how many along a side, at least 2.

        Returns:
          float32 `[side * side, Z]`, row by row: the first axis from left to right, the second from
          above to below, `MAP_REACH` standard deviations each way.
        """
        places = np.linspace(-MAP_REACH, MAP_REACH, side)
        a = np.zeros((side * side, len(self.axes)), np.float32)
        a[:, 0], a[:, 1] = np.tile(places, side), np.repeat(places, side)
        return self.decode(a)

    def check_model(self, config: str, step: int, z_size: int, name: str) -> None:
        """Checks that this is a style of a model.

        Args:
          config: the model's configuration.
          step: its training step.
          z_size: its Z.
          name: what to call the style.

        Raises:
          InputError: it is another model's.
        """
        if (self.config, len(self.mean)) != (config, z_size):
            raise InputError(
                f"{name} is of config '{self.config}', z of {len(self.mean)}, and the model is "
                f"'{config}', z of {z_size}; `musicvae-style` learns the model's own"
            )
        if self.step != step:
            raise InputError(
                f"{name} was learnt on step {self.step:,} of '{config}', and the model is of step "
                f"{step:,}; `musicvae-style` learns it anew"
            )


def fit_style(table: CodeTable, axes: int = DEFAULT_AXES) -> Style:
    """Learns a style from the codes of some files.

    Args:
      table: the codes; each file weighs alike, however many windows it has.
      axes: how many axes, 2 to 8; fewer where there are too few codes.

    Raises:
      InputError: there are too few codes or too many axes, or all codes are the same.
    """
    if not MIN_AXES <= axes <= MAX_AXES:
        raise InputError(f"axes={axes} is not in {MIN_AXES} to {MAX_AXES}")
    if len(table) < MIN_CODES:
        raise InputError(f"a style needs at least {MIN_CODES} windows, not {len(table)}")
    weights = _weights(table)
    codes = table.mu.astype(np.float64)
    mean = weights @ codes
    scaled = (codes - mean) * np.sqrt(weights)[:, np.newaxis]
    _, lengths, directions = np.linalg.svd(scaled, full_matrices=False)
    variances = lengths**2
    rank = int((variances > 1e-9 * max(variances[0], 1e-12)).sum())
    if variances[0] < 1e-9 or rank < MIN_AXES:
        raise InputError("these windows are too alike for a style; give more music")
    count = min(axes, rank)
    left = variances[count:rank]
    noise = np.sqrt(left.sum() / max(codes.shape[1] - count, 1))
    spread = np.sqrt(np.maximum(variances[:count] - noise**2, 1e-12))
    rest = slice(count, min(rank, count + _MAX_REST))
    return Style(
        config=table.config,
        step=table.step,
        files=len(set(table.files)),
        codes=len(table),
        mean=mean.astype(np.float32),
        axes=(spread[:, np.newaxis] * _signed(directions[:count])).astype(np.float32),
        rest=(np.sqrt(variances[rest])[:, np.newaxis] * directions[rest]).astype(np.float32),
        noise=float(noise),
        shares=(variances[:count] / variances.sum()).astype(np.float32),
        windows=_windows_of_few(table),
    )


def _windows_of_few(table: CodeTable) -> Array:
    """Returns the codes of few files, evenly drawn where they are many; `[0, Z]` of more files."""
    if not 0 < len(set(table.files)) < FEW_FILES:
        return np.zeros((0, table.mu.shape[1]), np.float32)
    rows = np.linspace(0, len(table) - 1, min(len(table), MAX_WINDOWS)).round().astype(np.int64)
    return np.asarray(table.mu[rows], np.float32)


def _weights(table: CodeTable) -> npt.NDArray[np.float64]:
    """Returns how much each code counts, `[N]`, 1 in all and as much for each file."""
    if not table.files:
        return np.full(len(table), 1.0 / len(table))
    _, numbers, counts = np.unique(np.array(table.files), return_inverse=True, return_counts=True)
    weights: npt.NDArray[np.float64] = 1.0 / (counts[numbers] * len(counts))
    return weights


def _signed(directions: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Returns directions whose largest entry is positive, the same on every machine."""
    largest = np.take_along_axis(directions, np.abs(directions).argmax(1)[:, None], axis=1)
    signed: npt.NDArray[np.float64] = directions * np.sign(largest)
    return signed
