"""Writing checkpoints so that an interruption, a full disk or a crash never costs an older one.

A checkpoint is written under a temporary name in its folder, forced to disk, and only then renamed:
first the data, then the index that makes it a checkpoint, last the folder's `checkpoint` file.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from musicvae.checkpoints.checkpoint import GLOBAL_STEP
from musicvae.checkpoints.locate import (
    STATE_FILE,
    FolderState,
    checkpoints_in,
    format_state,
    latest_in,
    read_state,
)
from musicvae.errors import CheckpointError, InputError
from musicvae.files import atomic_file
from musicvae.formats.tf_bundle import read_bundle

_UNFINISHED = ".unfinished-checkpoint-"
_SECONDS_PER_HOUR = 3600.0


def save_checkpoint(
    folder: str | os.PathLike[str],
    step: int,
    tensors: Mapping[str, Any],
    *,
    name: str = "model.ckpt",
) -> str:
    """Writes `model.ckpt-STEP` in TensorFlow's name-based format.

    Args:
      folder: where to write; made where it is missing.
      step: the training step, stored as `global_step` (int64) beside the tensors.
      tensors: variables, tensors or arrays by the name to store them under.
      name: what the files' names begin with.

    Returns:
      The checkpoint's prefix.

    Raises:
      CheckpointError: it could not be written (a full disk, no permission); what was there before
        is whole.
    """
    folder = os.fspath(folder)
    prefix = os.path.join(folder, f"{name}-{step}")
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=folder) as unfinished:
            written = os.path.join(unfinished, f"{name}-{step}")
            try:
                _write(written, {**tensors, GLOBAL_STEP: np.int64(step)})
                read_bundle(written).check_data()
            except CheckpointError as error:
                raise OSError(str(error).replace(unfinished, folder)) from error
            files = sorted(os.listdir(unfinished), key=lambda file: file.endswith(".index"))
            for file in files:
                _sync(os.path.join(unfinished, file))
            for file in files:
                os.replace(os.path.join(unfinished, file), os.path.join(folder, file))
        _sync(folder)
    except OSError as error:
        raise CheckpointError(_cannot_write(prefix, error.strerror or str(error))) from error
    return prefix


class CheckpointKeeper:
    """Saves a folder's checkpoints and removes the old ones.

    The newest `max_to_keep` stay. One in every `keep_every_n_hours` of the others stays, too.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        max_to_keep: int = 5,
        keep_every_n_hours: float = math.inf,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Takes over a folder, with what is already in it.

        Args:
          folder: where checkpoints are written; made at the first save.
          max_to_keep: how many recent checkpoints stay; 0 keeps all.
          keep_every_n_hours: hours between checkpoints that are never removed; infinite for none.
          clock: the present time in seconds since 1970.

        Raises:
          InputError: `max_to_keep` is negative or `keep_every_n_hours` not above 0.
          CheckpointError: the folder cannot be read.
        """
        if max_to_keep < 0:
            raise InputError(
                f"--checkpoints_to_keep={max_to_keep} must be at least 0 (0 keeps all)"
            )
        if not keep_every_n_hours > 0:
            raise InputError(
                f"--keep_checkpoint_every_n_hours={keep_every_n_hours} must be above 0"
            )
        self._folder = os.fspath(folder)
        self._max_to_keep = max_to_keep
        self._interval_seconds = keep_every_n_hours * _SECONDS_PER_HOUR
        self._clock = clock
        self._recent: dict[str, float] = {}
        self._last_preserved = clock()
        if os.path.isdir(self._folder):
            self._take_over()

    @property
    def latest(self) -> str | None:
        """The prefix of the newest checkpoint in the folder, or None."""
        return latest_in(self._folder) if os.path.isdir(self._folder) else None

    def save(self, step: int, tensors: Mapping[str, Any]) -> str:
        """Writes a checkpoint, then removes those that are no longer kept.

        Args:
          step: the training step; one that is already the latest is not written again.
          tensors: variables, tensors or arrays by the name to store them under.

        Returns:
          The checkpoint's prefix.

        Raises:
          CheckpointError: it could not be written; the older ones are whole.
        """
        name = f"model.ckpt-{step}"
        prefix = os.path.join(self._folder, name)
        if prefix == self.latest and name == next(reversed(self._recent), None):
            return prefix
        save_checkpoint(self._folder, step, tensors)
        self._recent.pop(name, None)
        self._recent[name] = self._clock()
        expired = self._expired()
        state = FolderState(
            name, tuple(self._recent), tuple(self._recent.values()), self._last_preserved
        )
        try:
            with atomic_file(os.path.join(self._folder, STATE_FILE)) as file:
                file.write(format_state(state).encode("utf-8"))
        except (OSError, InputError) as error:
            raise CheckpointError(_cannot_write(prefix, str(error))) from error
        for old in expired:
            remove_checkpoint(os.path.join(self._folder, old))
        return prefix

    def _expired(self) -> list[str]:
        """Takes the checkpoints past the limit off the list; returns those to remove."""
        expired = []
        while 0 < self._max_to_keep < len(self._recent):
            name = next(iter(self._recent))
            written = self._recent.pop(name)
            if written >= self._last_preserved + self._interval_seconds:
                self._last_preserved = written
            else:
                expired.append(name)
        return expired

    def _take_over(self) -> None:
        """Reads what an earlier run left, and clears away what it had not finished."""
        for file in os.listdir(self._folder):
            if file.startswith(_UNFINISHED):
                shutil.rmtree(os.path.join(self._folder, file), ignore_errors=True)
        state = read_state(self._folder)
        present = set(checkpoints_in(self._folder))
        times = dict(zip(state.names, state.times, strict=False))
        for name in [name for name in state.names if name in present]:
            index = os.path.join(self._folder, f"{name}.index")
            self._recent[name] = times.get(name, os.path.getmtime(index))
        if state.last_preserved is not None:
            self._last_preserved = state.last_preserved
        elif self._recent:
            self._last_preserved = next(iter(self._recent.values()))


def remove_checkpoint(prefix: str) -> None:
    """Removes a checkpoint's files, the index first, so that none is left without its data."""
    folder, name = os.path.split(prefix)
    files = [
        file
        for file in os.listdir(folder or ".")
        if file in (f"{name}.index", f"{name}.meta") or file.startswith(f"{name}.data-")
    ]
    for file in sorted(files, key=lambda file: not file.endswith(".index")):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(folder, file))


def _write(prefix: str, tensors: Mapping[str, Any]) -> None:
    import tensorflow as tf

    names = sorted(tensors)
    try:
        with tf.device("/CPU:0"):
            tf.raw_ops.SaveV2(
                prefix=prefix,
                tensor_names=names,
                shape_and_slices=[""] * len(names),
                tensors=[tf.convert_to_tensor(tensors[name]) for name in names],
            )
    except tf.errors.OpError as error:
        # Without the operation's own name, and that of the part it was writing.
        reason = re.sub(r"\{\{.*?\}\}\s*|\s*\[Op:\w+\]|\S+\.tempstate\d+;\s*", "", error.message)
        raise CheckpointError(reason) from error


def _cannot_write(prefix: str, reason: str) -> str:
    return (
        f"{prefix}: cannot write the checkpoint: {reason}; older checkpoints are untouched, "
        "free some space or choose another folder"
    )


def _sync(path: str) -> None:
    """Forces a file, or a folder's entries, to disk; folders cannot be opened on Windows."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
