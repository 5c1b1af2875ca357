"""TensorBoard summaries, under the tags that Magenta's trainer uses.

They are written without the tensorboard package, which only looking at them needs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import tensorflow as tf
from absl import logging

from musicvae.errors import InputError

_SCALAR, _TENSOR = 1, 2


class Summaries:
    """An event file in a folder.

    What cannot be written to it is said once and does not stop training.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        """Starts an event file.

        Args:
          folder: where; made where it is missing.

        Raises:
          InputError: the folder cannot be made or written.
        """
        self._folder = os.fspath(folder)
        self._failed = False
        try:
            os.makedirs(self._folder, exist_ok=True)
            with tf.device("/CPU:0"):
                self._writer = tf.summary.create_file_writer(self._folder)
                self._writer.init()
        except (OSError, tf.errors.OpError) as error:
            reason = error.strerror if isinstance(error, OSError) else error.message
            raise InputError(f"cannot write summaries to '{self._folder}': {reason}") from error

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Writes numbers by tag.

        Args:
          step: the training step.
          values: by tag.
        """
        metadata = _metadata("scalars", _SCALAR)
        self._write(step, {tag: tf.constant(v, tf.float32) for tag, v in values.items()}, metadata)

    def texts(self, values: Mapping[str, str]) -> None:
        """Writes texts by tag, at step 0.

        Args:
          values: Markdown by tag.
        """
        metadata = _metadata("text", _TENSOR)
        self._write(0, {tag: tf.constant(text) for tag, text in values.items()}, metadata)

    def close(self) -> None:
        """Writes what is waiting."""
        try:
            self._writer.close()
        except tf.errors.OpError as error:
            self._complain(error)

    def _write(self, step: int, values: Mapping[str, Any], metadata: Any) -> None:
        try:
            with tf.device("/CPU:0"), self._writer.as_default(step):
                for tag, value in values.items():
                    tf.summary.write(tag, value, metadata=metadata)
                self._writer.flush()
        except tf.errors.OpError as error:
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        if not self._failed:
            self._failed = True
            logging.warning("cannot write summaries to '%s': %s", self._folder, error)


def _metadata(plugin: str, data_class: int) -> Any:
    """Says which of TensorBoard's pages shows a value."""
    data = tf.compat.v1.SummaryMetadata.PluginData(plugin_name=plugin)
    return tf.compat.v1.SummaryMetadata(plugin_data=data, data_class=data_class)
