"""Styles on disk: one `.npz`, which may come from a stranger, so that nothing is unpickled."""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from musicvae.errors import InputError
from musicvae.files import atomic_file
from musicvae.styles.space import MAX_AXES, MAX_WINDOWS, MIN_AXES, Style

MAX_BYTES = 2**26
_VERSION = 1
_BROKEN = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, TypeError)


def save_style(path: str | os.PathLike[str], style: Style) -> None:
    """Writes a style; an old file is replaced.

    Args:
      path: ends with .npz, such as mine.style.npz.
      style: what to write.

    Raises:
      InputError: the file cannot be written.
    """
    check_style_path(path)
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        version=np.array(_VERSION),
        config=np.array(style.config),
        counts=np.array([style.step, style.files, style.codes], np.int64),
        mean=style.mean,
        axes=style.axes,
        rest=style.rest,
        noise=np.array(style.noise, np.float32),
        shares=style.shares,
        windows=style.windows,
        meanings=np.array(style.meanings, dtype=np.str_),
    )
    with atomic_file(path) as file:
        file.write(buffer.getvalue())


def check_style_path(path: str | os.PathLike[str]) -> None:
    """Checks a style's file name.

    Raises:
      InputError: it does not end in .npz.
    """
    if not os.fspath(path).lower().endswith(".npz"):
        raise InputError(f"'{os.fspath(path)}': end the name in .npz, such as mine.style.npz")


def load_style(path: str | os.PathLike[str]) -> Style:
    """Reads a style.

    Args:
      path: what `save_style` wrote.

    Raises:
      InputError: there is none, or it is broken.
    """
    path = os.path.expanduser(os.fspath(path))
    try:
        if os.stat(path).st_size > MAX_BYTES:
            raise InputError(f"'{path}' is larger than any style")
        if not zipfile.is_zipfile(path):
            raise ValueError("it is no .npz file")
        with np.load(path, allow_pickle=False) as arrays:
            return _style({name: arrays[name] for name in arrays.files})
    except FileNotFoundError as error:
        raise InputError(f"no style at '{path}'; `musicvae-style` learns one") from error
    except _BROKEN as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"'{path}' holds no style: {reason}") from error


def _style(arrays: dict[str, npt.NDArray[Any]]) -> Style:
    if "version" not in arrays:
        raise ValueError(f"it has no version, only {', '.join(sorted(arrays)) or 'nothing'}")
    if int(arrays["version"]) != _VERSION:
        raise ValueError(f"version {arrays['version']}")
    mean, axes, rest = (_floats(arrays[name]) for name in ("mean", "axes", "rest"))
    shares = _floats(arrays["shares"])
    # Styles of before windows were kept have none.
    windows = _floats(arrays.get("windows", np.zeros((0, mean.size))))
    shapes = (axes.shape, rest.shape, shares.shape)
    if mean.ndim != 1 or axes.ndim != 2 or rest.ndim != 2 or shares.ndim != 1:
        raise ValueError(f"arrays of the shapes {shapes}")
    if not MIN_AXES <= len(axes) <= MAX_AXES or len(shares) != len(axes):
        raise ValueError(f"{len(axes)} axes")
    if {axes.shape[1], rest.shape[1]} != {len(mean)}:
        raise ValueError(f"arrays of the shapes {shapes}")
    if windows.shape[1:] != mean.shape or len(windows) > MAX_WINDOWS:
        raise ValueError(f"windows of the shape {windows.shape}")
    noise = float(_floats(arrays["noise"]))
    if noise < 0:
        raise ValueError(f"noise {noise}")
    step, files, codes = (int(number) for number in arrays["counts"])
    meanings = tuple(str(text) for text in arrays["meanings"])
    config = str(arrays["config"])
    return Style(config, step, files, codes, mean, axes, rest, noise, shares, windows, meanings)


def _floats(array: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    if array.dtype.kind not in "fi":
        raise ValueError(f"numbers of the type {array.dtype}")
    floats = array.astype(np.float32)
    if not np.isfinite(floats).all():
        raise ValueError("numbers that are not finite")
    return floats
