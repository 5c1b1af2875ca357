"""Attribute vectors on disk, beside the checkpoint that they belong to.

`model.ckpt-N.attributes.npz` holds the numbers, `model.ckpt-N.attributes.json` the same to read:
what was measured on which music, and what each vector does.
"""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from musicvae.attribute_vectors.changes import AttributeChanges
from musicvae.attribute_vectors.measures import ATTRIBUTES
from musicvae.attribute_vectors.vectors import AttributeVectors
from musicvae.errors import InputError
from musicvae.files import atomic_file
from musicvae.formats.npz import read_arrays
from musicvae.formats.tar import path_beside

_SUFFIX = ".attributes"
_MAX_BYTES = 64 * 2**20

Array = npt.NDArray[Any]


def attributes_path(checkpoint: str | os.PathLike[str]) -> Path:
    """Returns where a checkpoint's attribute vectors lie: a path that ends with .npz.

    Args:
      checkpoint: a prefix such as `train/model.ckpt-200`, or an archive.
    """
    return path_beside(checkpoint, f"{_SUFFIX}.npz")


def save_vectors(
    path: str | os.PathLike[str],
    vectors: AttributeVectors,
    *,
    config: str,
    step: int,
    changes: AttributeChanges | None = None,
    music: str = "",
) -> None:
    """Writes vectors as .npz and, beside it, what they are as .json; old files are replaced.

    Args:
      path: ends with .npz.
      vectors: what to write.
      config: the model's configuration.
      step: the checkpoint's global step.
      changes: what each vector does, where that was measured.
      music: what the vectors were computed from.

    Raises:
      InputError: the files cannot be written.
    """
    path = Path(path)
    buffer = io.BytesIO()
    np.savez(
        buffer,
        names=np.array(vectors.names),
        vectors=vectors.vectors,
        quartiles=vectors.quartiles,
        means=vectors.means,
        counts=vectors.counts,
        left_out=np.array(json.dumps(vectors.left_out)),
    )
    report = _report(vectors, config, step, changes, music)
    with atomic_file(path.with_suffix(".json")) as file:
        file.write((json.dumps(report, indent=2) + "\n").encode("utf-8"))
    with atomic_file(path) as file:
        file.write(buffer.getvalue())


def load_vectors(path: str | os.PathLike[str], z_size: int | None = None) -> AttributeVectors:
    """Reads vectors.

    Args:
      path: ends with .npz.
      z_size: of the model that they are for, to check.

    Raises:
      InputError: there are none, the file is broken, or they are another model's.
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise InputError(
            f"no attribute vectors at '{path}'; `musicvae-attributes` computes them"
        ) from error
    except OSError as error:
        raise InputError(f"cannot read '{path}': {error.strerror}") from error
    try:
        vectors = _vectors(read_arrays(content, _MAX_BYTES))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise InputError(
            f"'{path}' holds no attribute vectors ({error}); `musicvae-attributes` writes it anew"
        ) from error
    shape = vectors.vectors.shape
    if z_size is not None and shape[1] != z_size:
        raise InputError(
            f"the attribute vectors in '{path}' have {shape[1]} dimensions, the model {z_size}; "
            "`musicvae-attributes` computes the model's own"
        )
    return vectors


def _vectors(arrays: dict[str, Array]) -> AttributeVectors:
    """Returns the vectors in some arrays; a ValueError where they are none."""
    names = tuple(str(name) for name in np.atleast_1d(arrays["names"]))
    left_out = json.loads(str(arrays["left_out"]))
    if not isinstance(left_out, dict):
        raise ValueError("what was left out is no table")
    given = {name: arrays[name] for name in ("vectors", "quartiles", "means", "counts")}
    for name, array in given.items():
        if array.dtype.kind not in "fiu" or array.ndim != 2 or len(array) != len(names):
            raise ValueError(f"{len(names)} names for {name} {list(array.shape)}")
    if not np.isfinite(given["vectors"]).all():
        raise ValueError("numbers that are not finite")
    given["vectors"] = given["vectors"].astype(np.float32)
    return AttributeVectors(names=names, left_out=left_out, **given)


def _report(
    vectors: AttributeVectors,
    config: str,
    step: int,
    changes: AttributeChanges | None,
    music: str,
) -> dict[str, Any]:
    known = {attribute.name: attribute for attribute in ATTRIBUTES}
    attributes = {}
    for k, name in enumerate(vectors.names):
        attributes[name] = {
            "meaning": known[name].description if name in known else "",
            "length_of_vector": _rounded(float(np.linalg.norm(vectors.vectors[k]))),
            "quartiles": [_rounded(value) for value in vectors.quartiles[k]],
            "mean_of_lower_and_upper_quartile": [_rounded(value) for value in vectors.means[k]],
            "pieces_in_them": [int(count) for count in vectors.counts[k]],
        }
    report: dict[str, Any] = {
        "config": config,
        "step": step,
        "music": music,
        "attributes": attributes,
        "without_a_vector": vectors.left_out,
    }
    if changes is not None:
        report["effect"] = {
            "pieces": changes.pieces,
            "before": dict(zip(changes.attributes, map(_rounded, changes.baseline), strict=True)),
            "percent_when_added": _table(changes, added=True),
            "percent_when_subtracted": _table(changes, added=False),
        }
    return report


def _table(changes: AttributeChanges, *, added: bool) -> dict[str, dict[str, float | None]]:
    return {
        vector: dict(zip(changes.attributes, map(_rounded, row), strict=True))
        for vector, row in zip(changes.vectors, changes.percent(added=added), strict=True)
    }


def _rounded(value: float) -> float | None:
    """Returns the value with four digits; JSON has no NaN."""
    return float(f"{value:.4g}") if np.isfinite(value) else None
