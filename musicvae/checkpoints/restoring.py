"""Loading a checkpoint's values into a model's variables."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from musicvae.checkpoints.checkpoint import Checkpoint
from musicvae.checkpoints.compatibility import Substitutions, substituted
from musicvae.errors import CheckpointError, CheckpointMismatchError

_BATCH_BYTES = 64 * 2**20


def restore(
    variables: Mapping[str, Any],
    checkpoint: Checkpoint,
    *,
    ignore_missing: bool = False,
    substitutions: Substitutions | None = None,
) -> list[str]:
    """Assigns stored values to variables.

    Values are read some 64 MiB at a time, so that memory holds little more than the model itself.

    Args:
      variables: tf.Variables by name.
      checkpoint: where their values are.
      ignore_missing: leave a variable as it is where the checkpoint has none of its name and shape.
      substitutions: (pattern, replacement) pairs that turn the model's names into the checkpoint's.

    Returns:
      The names of the variables that were left as they were.

    Raises:
      CheckpointMismatchError: a variable is missing or of another shape, and `ignore_missing` is
        not set.
      CheckpointError: the stored bytes are damaged.
    """
    import tensorflow as tf
    import tf_slim as slim

    stored = {name: substituted(name, substitutions) for name in variables}
    left = [
        name
        for name, variable in variables.items()
        if checkpoint.shapes.get(stored[name]) != tuple(variable.shape)
    ]
    if left and not ignore_missing:
        raise CheckpointMismatchError(
            f"{checkpoint.source}: the checkpoint has no '{stored[left[0]]}' of shape "
            f"{list(variables[left[0]].shape)} ({len(left)} variables in all)"
        )
    wanted = {name: variable for name, variable in variables.items() if name not in left}
    for name in wanted:
        _check_type(checkpoint, stored[name], np.dtype(np.float32))
    for batch in _batches(wanted):
        by_stored_name = {stored[name]: wanted[name] for name in batch}
        try:
            with _quiet_saver():
                slim.assign_from_checkpoint_fn(checkpoint.prefix, by_stored_name)(None)
        except tf.errors.OpError as error:
            raise CheckpointError(
                f"{checkpoint.source}: cannot read the checkpoint: {error.message}"
            ) from error
    return left


def stored_values(
    checkpoint: Checkpoint, substitutions: Substitutions | None = None
) -> Callable[[str, tuple[int, ...]], Any]:
    """Returns what gives each variable of a new model its stored value.

    A model that is built with it is loaded without having been initialized first, one variable at a
    time: memory holds the weights once. Weights that are stored in half or double precision become
    float32.

    Args:
      checkpoint: open as long as the result is used; it fits the model (see `check_fits`).
      substitutions: as for `restore`.

    Returns:
      A function of (name, shape) that returns a float32 tensor; it raises CheckpointError where the
      stored bytes are damaged, or are no numbers or not finite ones.
    """
    import tensorflow as tf

    def read(name: str, shape: tuple[int, ...]) -> Any:
        stored = substituted(name, substitutions)
        assert checkpoint.shapes[stored] == shape, f"{stored} was to be checked before"
        dtype = _check_type(checkpoint, stored)
        try:
            with tf.device("/CPU:0"):
                (value,) = tf.raw_ops.RestoreV2(
                    prefix=checkpoint.prefix,
                    tensor_names=[stored],
                    shape_and_slices=[""],
                    dtypes=[dtype],
                )
                finite = bool(tf.reduce_all(tf.math.is_finite(value)))
                value = tf.cast(value, tf.float32)
        except tf.errors.OpError as error:
            raise CheckpointError(
                f"{checkpoint.source}: cannot read the checkpoint: the bytes of '{stored}' are "
                "damaged; copy or fetch it again"
            ) from error
        if not finite:
            raise CheckpointError(
                f"{checkpoint.source}: '{stored}' has values that are not finite: its training "
                "went wrong; take an earlier step"
            )
        return value

    return read


def _check_type(
    checkpoint: Checkpoint, stored: str, only: np.dtype[Any] | None = None
) -> np.dtype[Any]:
    """Returns the type of a stored variable.

    Args:
      checkpoint: where it is.
      stored: its name there.
      only: the type it has to have; any floating one by default.

    Raises:
      CheckpointError: it has another.
    """
    dtype = checkpoint.dtypes[stored]
    if dtype is None or dtype.kind != "f" or only not in (None, dtype):
        found = "a type that holds no weights" if dtype is None else f"{dtype}"
        raise CheckpointError(
            f"{checkpoint.source}: '{stored}' is stored as {found}; store it as float32"
        )
    return dtype


def variable_table(variables: Mapping[str, Any]) -> tuple[int, int]:
    """Prints the table of a model's variables.

    Args:
      variables: tf.Variables by name.

    Returns:
      How many values they hold, and in how many bytes.
    """
    import tf_slim as slim

    values, size = slim.model_analyzer.analyze_vars(list(variables.values()), print_info=True)
    return int(values), int(size)


def _batches(variables: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yields names in groups of at most 64 MiB, or of one larger variable."""
    batch: list[str] = []
    held = 0
    for name, variable in variables.items():
        size = variable.shape.num_elements() * variable.dtype.size
        if batch and held + size > _BATCH_BYTES:
            yield batch
            batch, held = [], 0
        batch.append(name)
        held += size
    if batch:
        yield batch


@contextlib.contextmanager
def _quiet_saver() -> Iterator[None]:
    """Keeps TensorFlow from logging each batch and advising against names, which are the format."""
    logger = logging.getLogger("tensorflow")

    def keep(record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith(("Saver is deprecated", "Restoring parameters"))

    logger.addFilter(keep)
    try:
        yield
    finally:
        logger.removeFilter(keep)
