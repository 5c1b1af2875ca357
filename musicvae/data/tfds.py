"""Data sets of TensorFlow Datasets that hold MIDI files, such as `groove/2bar-midionly`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from musicvae.data.records import Record
from musicvae.errors import InputError, MissingExtraError

_FEATURE = "midi"


@dataclasses.dataclass(frozen=True)
class TFDSSource:
    """One split of a data set.

    Attributes:
      dataset: its name, with its configuration: "groove/2bar-midionly".
      split: "train", "validation" or "test".
    """

    dataset: str
    split: str

    @property
    def name(self) -> str:
        """Data set and split."""
        return f"{self.dataset} ({self.split})"

    def fingerprint(self) -> Any:
        """Name, version and size."""
        info = self._builder().info
        return [str(info.full_name), self.split, int(info.splits[self.split].num_examples)]

    def records(self) -> Iterator[Record]:
        """Yields the MIDI files of the split, downloading the data set where it is not there yet.

        Raises:
          MissingExtraError: tensorflow-datasets is not installed.
          InputError: there is no such data set, or it cannot be downloaded.
        """
        builder = self._builder()
        examples = builder.as_dataset(split=self.split, shuffle_files=False)
        for number, example in enumerate(examples.as_numpy_iterator()):
            yield Record(example[_FEATURE], self.name, number, is_midi=True)

    def _builder(self) -> Any:
        """Returns the data set, prepared for reading."""
        try:
            import tensorflow_datasets as tfds
        except ImportError as error:
            raise MissingExtraError(
                f"--tfds_name={self.dataset}", "tensorflow-datasets", "tfds"
            ) from error
        try:
            builder = tfds.builder(self.dataset)
            builder.download_and_prepare()
        except Exception as error:
            # Whatever its network, file and registry layers raise; the first line says what it is.
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise InputError(
                f"--tfds_name={self.dataset}: TensorFlow Datasets cannot load it: {reason[0]}; "
                "without a connection, copy a prepared data set and set TFDS_DATA_DIR, or convert "
                "MIDI files with `musicvae-convert` and give --examples_path"
            ) from error
        if self.split not in builder.info.splits:
            raise InputError(
                f"--tfds_name={self.dataset} has no split '{self.split}'; it has "
                f"{', '.join(builder.info.splits)}"
            )
        if _FEATURE not in builder.info.features:
            raise InputError(
                f"--tfds_name={self.dataset} has no feature '{_FEATURE}'; give a data set of MIDI "
                "files"
            )
        return builder
