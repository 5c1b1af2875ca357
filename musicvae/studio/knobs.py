"""Attributes as knobs: directions of latent space, in standard deviations of the model's own music.

They come from the file that `musicvae-attributes` wrote beside the checkpoint, or are computed from
samples of the model when they are first asked for.

Axes: N samples, A attributes, Z columns of z.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from musicvae.attribute_vectors import (
    ATTRIBUTES,
    AttributeVectors,
    attribute_vectors,
    attributes_path,
    load_vectors,
    measure_all,
)
from musicvae.errors import InputError, MusicVAEError
from musicvae.registry import did_you_mean
from musicvae.studio.replies import Knob

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel

_SAMPLES, _TOGETHER = 512, 32
_SAMPLES_OF_LONG, _LONG_STEPS = 128, 64
_TEMPERATURE = 0.5
_SEED = 0
# Between the means of the lowest and the highest quarter of a normal distribution.
_DEVIATIONS_BETWEEN_QUARTERS = 2.542

Array = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Knobs:
    """The attributes of a model.

    Attributes:
      rows: what a page is told of each.
      steps: float32 `[A, Z]`; adding one to z moves its attribute by a standard deviation.
      notes: why others are missing.
    """

    rows: tuple[Knob, ...]
    steps: Array
    notes: tuple[str, ...] = ()

    def moved(self, z: Array, amounts: Mapping[str, float]) -> Array:
        """Returns latent vectors with more or less of some attributes.

        Args:
          z: float32 `[N, Z]` or `[Z]`.
          amounts: standard deviations by attribute.

        Raises:
          InputError: an attribute is unknown.
        """
        names = [row.name for row in self.rows]
        for name, amount in amounts.items():
            if name not in names:
                known = ", ".join(names) or "none"
                raise InputError(
                    f"no knob for the attribute '{name[:80]}'{did_you_mean(name, names)} "
                    f"This model has: {known}"
                )
            z = z + np.float32(amount) * self.steps[names.index(name)]
        return z


def shipped_knobs(model: TrainedModel) -> Knobs | None:
    """Returns the knobs whose vectors lie beside a model's checkpoint; None without such a file."""
    path = attributes_path(model.checkpoint)
    if not path.is_file():
        return None
    try:
        return _knobs(load_vectors(path, model.config.hparams.z_size))
    except MusicVAEError:
        return None


def sampled_values(
    model: TrainedModel, report: Callable[[int, int], None]
) -> Iterator[tuple[Array, npt.NDArray[np.float64]]]:
    """Yields, a few at a time, latent vectors `[N, Z]` of a model and what their music measures.

    Args:
      model: the model.
      report: says how many are done, and of how many.
    """
    if model.converter.spec.control_depth:
        return
    steps = model.config.hparams.max_seq_len
    total = _SAMPLES if steps <= _LONG_STEPS else _SAMPLES_OF_LONG
    z = model.sample_z(total, _SEED)
    length = 16 if model.converter.spec.num_segments else steps
    for start in range(0, total, _TOGETHER):
        report(start, total)
        group = z[start : start + _TOGETHER]
        music = model.decode(group, temperature=_TEMPERATURE, seed=_SEED + start)
        yield group, measure_all(music, length)


def knobs_of(found: list[tuple[Array, npt.NDArray[np.float64]]]) -> Knobs:
    """Computes a model's knobs.

    Args:
      found: what `sampled_values` gave.
    """
    if not found:
        reason = "this model plays under chords or hits, and has no knobs for attributes"
        return Knobs((), np.zeros((0, 0), np.float32), (reason,))
    z = np.concatenate([each for each, _ in found])
    values = np.concatenate([each for _, each in found])
    try:
        vectors = attribute_vectors(z, values)
    except InputError as error:
        return Knobs((), np.zeros((0, z.shape[1]), np.float32), (str(error),))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        means, deviations = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
    places = {attribute.name: k for k, attribute in enumerate(ATTRIBUTES)}
    kept = [places[name] for name in vectors.names]
    return _knobs(vectors, means[kept], deviations[kept])


def _knobs(
    vectors: AttributeVectors,
    means: npt.NDArray[np.float64] | None = None,
    deviations: npt.NDArray[np.float64] | None = None,
) -> Knobs:
    """Makes knobs of vectors, which lead from the mean of a quarter to that of another.

    Vectors of one's own groups lead from one group to another, and have no values: their knobs
    count as many deviations between groups as lie between quarters.
    """
    between = vectors.means[:, 1] - vectors.means[:, 0]
    between = np.where(np.isnan(between), _DEVIATIONS_BETWEEN_QUARTERS, between)
    if means is None or deviations is None:
        means = np.nan_to_num(vectors.means.mean(axis=1))
        deviations = between / _DEVIATIONS_BETWEEN_QUARTERS
    shares = np.divide(deviations, between, out=np.zeros_like(between), where=between > 0)
    rows = tuple(
        Knob(name=name, mean=round(float(mean), 4), deviation=round(float(deviation), 4))
        for name, mean, deviation in zip(vectors.names, means, deviations, strict=True)
    )
    notes = tuple(f"no knob for {name}: {why}" for name, why in vectors.left_out.items())
    return Knobs(rows, (vectors.vectors * shares[:, np.newaxis]).astype(np.float32), notes)
