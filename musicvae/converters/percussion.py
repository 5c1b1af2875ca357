"""Converters of drums alone, and of drums with velocity and timing: what they can do beside others.

Axes: B batch, T time step, C drum classes.
"""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from musicvae.converters.base import Converter
from musicvae.converters.examples import Array, Compact


class DrumConverter(Converter):
    """A representation of drums alone, with the random changes that training makes to drums."""

    @property
    @abstractmethod
    def num_classes(self) -> int:
        """Drum classes C."""

    @abstractmethod
    def mix(self, batch: Compact, partners: Array, taken: Array) -> Compact:
        """Gives windows drum classes of other windows in place of their own.

        Args:
          batch: compact arrays with a leading axis B.
          partners: int64 `[B]`, the window that each takes from.
          taken: bool `[B, C]`, the classes that it takes, whether the other has them or not.

        Returns:
          a compact batch.
        """

    @abstractmethod
    def drop_voice(self, batch: Compact, chosen: Array, generator: np.random.Generator) -> Compact:
        """Leaves one drum class out of whole windows, inputs and outputs alike.

        Args:
          batch: compact arrays with a leading axis B.
          chosen: bool `[B]`, the windows that lose one of their classes.
          generator: what chooses the class, among those that the window has; a window with a
            single class keeps it.

        Returns:
          a compact batch.
        """

    @abstractmethod
    def rotate(self, batch: Compact, beats: Array) -> Compact:
        """Moves windows in time; what leaves at the end comes in at the beginning.

        Args:
          batch: compact arrays with a leading axis B.
          beats: int `[B]`, by how many quarter notes each window moves.

        Returns:
          a compact batch.
        """

    def drop_notes(self, batch: Compact, generator: np.random.Generator) -> Compact:
        """Leaves notes out of the inputs of a compact batch, at random.

        Args:
          batch: compact arrays with a leading axis B.
          generator: the source of randomness.

        Returns:
          a compact batch; the same one where the configuration has no note dropout.
        """
        del generator
        return batch


class PerformanceConverter(DrumConverter):
    """Drums with velocity and timing.

    A row of its outputs has 3C columns: C hits (0 or 1), C velocities (0..1) and C offsets (-1..1,
    positive for early), 0 where nothing is hit.
    """

    @property
    @abstractmethod
    def abilities(self) -> frozenset[str]:
        """What its models learn: humanize, tapify, add_instruments, hits_as_controls."""

    @property
    @abstractmethod
    def added_classes(self) -> tuple[int, ...]:
        """The drum classes that its models add; the input lacks them."""

    @abstractmethod
    def compact_hits(self, velocities: Array, offsets: Array) -> Compact:
        """Returns the compact form of hits.

        Args:
          velocities: uint8 `[B, T, C]`, 1 to 127; 0 where nothing is hit.
          offsets: float32 `[B, T, C]`, -1..1.
        """


def drum_converter(converter: Converter) -> DrumConverter | None:
    """Returns the converter if it is of drums alone, else None."""
    return converter if isinstance(converter, DrumConverter) else None


def performance_converter(converter: Converter) -> PerformanceConverter | None:
    """Returns the converter if it is of drums with velocity and timing, else None."""
    return converter if isinstance(converter, PerformanceConverter) else None
