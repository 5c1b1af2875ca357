"""One stored checkpoint, open for reading: its step, its variables' shapes and their values.

    with open_checkpoint("model.tar") as checkpoint:
        checkpoint.step, checkpoint.shapes["encoder/mu/kernel"]

Nothing here needs TensorFlow.
"""

from __future__ import annotations

import os
import re
import tempfile
import types
from collections.abc import Mapping
from typing import Self

import numpy as np

from musicvae.checkpoints.locate import locate
from musicvae.errors import CheckpointError
from musicvae.formats.tar import extract_checkpoint, is_archive, step_in_name
from musicvae.formats.tf_bundle import read_bundle

GLOBAL_STEP = "global_step"
_NO_WEIGHT = re.compile(rf"{GLOBAL_STEP}|beta[12]_power|.*/Adam(?:_1)?|.*opaque_kernel.*")


class Checkpoint:
    """A checkpoint on disk; `close` it, or use it in a `with` statement.

    Attributes:
      source: the path that the user gave, for messages.
      prefix: path of the checkpoint's files without `.index`; for archives in a temporary folder.
      step: the training step that it was saved at.
      shapes: every variable's shape by name, sorted.
      notes: what the user should be told about the choice of this checkpoint.
    """

    def __init__(
        self,
        source: str,
        prefix: str,
        notes: tuple[str, ...] = (),
        folder: tempfile.TemporaryDirectory[str] | None = None,
    ) -> None:
        """Opens the files of one checkpoint.

        Args:
          source: the path that the user gave.
          prefix: path of the files without `.index`.
          notes: what the user should be told.
          folder: a temporary folder to remove at the end.

        Raises:
          CheckpointError: the files are missing, cut short or something else.
        """
        self.source = source
        self.prefix = prefix
        self.notes = notes
        self._folder = folder
        self._bundle = read_bundle(prefix)
        self._bundle.check_data()
        self.shapes: Mapping[str, tuple[int, ...]] = types.MappingProxyType(
            {name: entry.shape for name, entry in self._bundle.entries.items()}
        )
        stored = self._bundle.entries.get(GLOBAL_STEP)
        has_step = stored is not None and stored.shape == () and stored.is_integer
        step = int(self.read(GLOBAL_STEP)) if has_step else step_in_name(prefix)
        self.step = max(0, step)

    @property
    def location(self) -> str:
        """The path to name this checkpoint by: the archive that it is in, or its prefix."""
        return self.prefix if self._folder is None else self.source

    @property
    def weights(self) -> Mapping[str, tuple[int, ...]]:
        """The shapes of the model's own variables: no step, no optimizer's, no GPU library's."""
        shapes = self.shapes.items()
        return {name: shape for name, shape in shapes if not _NO_WEIGHT.fullmatch(name)}

    @property
    def dtypes(self) -> Mapping[str, np.dtype | None]:
        """Every variable's type by name; None where numpy has none for it."""
        return {name: entry.dtype for name, entry in self._bundle.entries.items()}

    def read(self, name: str) -> np.ndarray:
        """Reads one variable.

        Args:
          name: as in `shapes`.

        Returns:
          The array in the stored type and shape, read-only.

        Raises:
          CheckpointError: there is no such variable, or its bytes are damaged.
        """
        return self._bundle.read(name)

    def close(self) -> None:
        """Removes what was unpacked; the checkpoint cannot be read after it."""
        if self._folder is not None:
            self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def open_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Opens the checkpoint that a path means.

    Args:
      path: a run folder, a folder of checkpoints, a checkpoint's prefix or one of its files, or a
        .tar, .tar.gz or .tgz with a checkpoint in it. `~` is the home folder.

    Returns:
      The open checkpoint, also a context manager.

    Raises:
      CheckpointError: there is no checkpoint, or it is broken or refused.
    """
    source = os.path.expanduser(os.fspath(path))
    if not os.path.isfile(source) or not is_archive(source):
        prefix, notes = locate(source)
        return Checkpoint(source, prefix, tuple(notes))
    folder = tempfile.TemporaryDirectory(prefix="musicvae-")
    try:
        prefix, notes = extract_checkpoint(source, folder.name)
        return Checkpoint(source, prefix, tuple(notes), folder)
    except CheckpointError as error:
        folder.cleanup()
        message = str(error).replace(os.path.join(folder.name, ""), f"{source}: ")
        raise CheckpointError(message) from error
    except BaseException:
        folder.cleanup()
        raise
