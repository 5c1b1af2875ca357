"""Priors on disk: one `.npz` beside a checkpoint, or inside its archive.

`model.ckpt-N.prior.npz` belongs to the checkpoint `model.ckpt-N`; Magenta, which looks for `.index`
and `.data` files, does not see it. Matrices of the network are kept as int8 with a float32 scale
for each column, the axes as float16: a file takes less than 1 MB.

Such a file may come from a stranger: nothing in it is unpickled, and every array's size is checked
before it is made.
"""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from musicvae.errors import InputError
from musicvae.files import atomic_file
from musicvae.formats.npz import read_arrays
from musicvae.formats.tar import MAX_PRIOR_BYTES, PRIOR_SUFFIX, path_beside
from musicvae.prior import DEFAULT_TEMPERATURE
from musicvae.prior.axes import LatentAxes
from musicvae.prior.conditions import CONDITIONS, MAX_GROUPS, ConditionScale
from musicvae.prior.latent_prior import (
    MAX_SHARPNESS,
    MAX_SPREAD,
    MAX_TEMPERATURE,
    LatentPrior,
)
from musicvae.prior.network import FlowNetwork, FlowSize

_VERSION = 1
_MAX_UNITS = 8192
_MAX_BLOCKS = 100
_HIGHEST = 127

Array = npt.NDArray[Any]


def prior_path(checkpoint: str | os.PathLike[str]) -> Path:
    """Returns where a checkpoint's prior lies: a path that ends with `.prior.npz`.

    Args:
      checkpoint: a prefix such as `train/model.ckpt-200`, or an archive.
    """
    return path_beside(checkpoint, PRIOR_SUFFIX)


def save_prior(path: str | os.PathLike[str], prior: LatentPrior) -> None:
    """Writes a prior; an old file is replaced.

    Args:
      path: ends with `.npz`.
      prior: what to write.

    Raises:
      InputError: the file cannot be written.
    """
    content = prior_bytes(prior)
    with atomic_file(path) as file:
        file.write(content)


def prior_bytes(prior: LatentPrior) -> bytes:
    """Returns the content of a prior's file, which depends on the prior alone."""
    size = prior.network.size
    arrays: dict[str, Array] = {
        "version": np.array(_VERSION),
        "config": np.array(prior.config),
        "step": np.array(prior.step, np.int64),
        "examples": np.array(prior.examples, np.int64),
        "size": np.array([size.directions, size.units, size.blocks, size.conditions], np.int64),
        "sharpness": np.array(prior.sharpness, np.float32),
        "spread": np.array(prior.spread, np.float32),
        "temperature": np.array(prior.temperature, np.float32),
        "mean": prior.axes.mean,
        "basis": prior.axes.basis.astype(np.float16),
        "signal": prior.axes.signal.astype(np.float16),
        "attributes": np.array(prior.scale.names, dtype="U64"),
        "quantiles": prior.scale.quantiles,
    }
    if prior.scale.groups:
        arrays["groups"] = np.array(prior.scale.groups, dtype="U64")
    for name, matrix in prior.network.weights.items():
        arrays[f"{name}/scale"], arrays[name] = _quantized(matrix)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array.copy("C"), allow_pickle=False)
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy"), member.getvalue(), zipfile.ZIP_DEFLATED
            )
    return buffer.getvalue()


def load_prior(path: str | os.PathLike[str]) -> LatentPrior:
    """Reads a prior.

    Args:
      path: a file that `save_prior` wrote.

    Raises:
      InputError: there is none, or the file is broken.
    """
    return read_prior(prior_content(path), str(path))


def prior_content(path: str | os.PathLike[str]) -> bytes:
    """Returns what is in a prior's file, and no more than a prior may have.

    Args:
      path: the file.

    Raises:
      InputError: it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return file.read(MAX_PRIOR_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"cannot read the prior '{path}': {error.strerror}; `musicvae-prior` makes one"
        ) from error


def read_prior(content: bytes, name: str) -> LatentPrior:
    """Reads the content of a prior's file.

    Args:
      content: what is in the file.
      name: what to call it in messages.

    Raises:
      InputError: the content is broken, or of another version.
    """
    try:
        return _prior(read_arrays(content, MAX_PRIOR_BYTES))
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise InputError(
            f"'{name}' holds no prior of this version ({error}); `musicvae-prior` makes one"
        ) from error


def _prior(arrays: dict[str, Array]) -> LatentPrior:
    if int(arrays["version"]) != _VERSION:
        raise ValueError(f"version {arrays['version']}")
    directions, units, blocks, conditions = (int(n) for n in arrays["size"])
    if not (1 <= units <= _MAX_UNITS and 0 <= blocks <= _MAX_BLOCKS):
        raise ValueError(f"a network of {blocks} blocks of {units} units")
    mean = _floats(arrays["mean"], (len(arrays["mean"]),))
    if not 1 <= directions <= len(mean):
        raise ValueError(f"{directions} directions of {len(mean)}")
    names = tuple(str(name) for name in arrays["attributes"])
    groups = tuple(str(name) for name in arrays.get("groups", ()))
    if not set(names) <= {a.name for a in CONDITIONS} or len(groups) > MAX_GROUPS:
        raise ValueError(f"attributes {names}, {len(groups)} groups")
    if conditions != 2 * len(names) + len(groups):
        raise ValueError(f"{conditions} features of {len(names)} attributes")
    size = FlowSize(directions, units, blocks, conditions)
    weights = {}
    for name, shape in size.shapes().items():
        scale = _floats(arrays[f"{name}/scale"], shape[1:])
        weights[name] = _floats(arrays[name], shape) * scale
    axes = LatentAxes(
        mean,
        _floats(arrays["basis"], (len(mean), len(mean))),
        _floats(arrays["signal"], (len(mean),)),
    )
    quantiles = arrays["quantiles"]
    if quantiles.ndim != 2 or quantiles.shape[1] < 2:
        raise ValueError("quantiles of an unknown form")
    scale_of = ConditionScale(names, _floats(quantiles, (len(names), quantiles.shape[1])), groups)
    sharpness = float(_floats(arrays.get("sharpness", np.ones((), np.float32)), ()))
    if not 0.0 < sharpness <= MAX_SHARPNESS:
        raise ValueError(f"a sharpness of {sharpness:g}")
    spread = float(_floats(arrays.get("spread", np.ones((), np.float32)), ()))
    if not 0.0 < spread <= MAX_SPREAD:
        raise ValueError(f"a spread of {spread:g}")
    stored = arrays.get("temperature", np.array(DEFAULT_TEMPERATURE, np.float32))
    temperature = float(_floats(stored, ()))
    if not 0.0 <= temperature <= MAX_TEMPERATURE:
        raise ValueError(f"a temperature of {temperature:g}")
    return LatentPrior(
        str(arrays["config"]),
        int(arrays["step"]),
        int(arrays["examples"]),
        axes,
        FlowNetwork(size, weights),
        scale_of,
        sharpness,
        spread,
        # As it was given, not as float32 has it.
        round(temperature, 6),
    )


def _floats(array: Array, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Returns an array as float32, if it has this shape and finite numbers."""
    if array.shape != shape or array.dtype.kind not in "fi":
        raise ValueError(f"an array {list(array.shape)} in place of {list(shape)}")
    floats = array.astype(np.float32)
    if not np.isfinite(floats).all():
        raise ValueError("numbers that are not finite")
    return floats


def _quantized(matrix: Array) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int8]]:
    """Returns a scale for each column, and the matrix over it as whole numbers."""
    highest = np.abs(matrix).max(axis=0)
    scale = (np.where(highest > 0, highest, 1.0) / _HIGHEST).astype(np.float32)
    return scale, np.rint(matrix / scale).astype(np.int8)
