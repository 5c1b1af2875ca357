"""A converter as notebooks use it: to_tensors and from_tensors.

    config = configs.CONFIG_MAP["cat-mel_2bar_big"]
    tensors = config.data_converter.to_tensors(note_sequence)
    pieces = config.data_converter.from_tensors(tensors.outputs)

Axes: N examples found, T time step, D depth, C controls, S segment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from musicvae.converters import Converter


class ConverterTensors(NamedTuple):
    """All examples of a NoteSequence, a tuple for each kind of tensor.

    Attributes:
      inputs: N arrays, bool or float32 `[T, D]`, what the encoder reads.
      outputs: N arrays, bool or float32 `[T, D]`, what the decoder is to give.
      controls: N arrays `[T, C]`; no columns where there is no control.
      lengths: N int32 arrays, `[]` or `[S]`, the steps that count.
    """

    inputs: tuple[Any, ...] = ()
    outputs: tuple[Any, ...] = ()
    controls: tuple[Any, ...] = ()
    lengths: tuple[Any, ...] = ()


class NotebookConverter:
    """A converter with the two methods that notebooks call; all else is the converter's own.

    Drum pitches are General MIDI's, as in TrainedModel.
    """

    def __init__(self, converter: Converter) -> None:
        self._converter = converter

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._converter, name)

    def to_tensors(self, item: Any) -> ConverterTensors:
        """Finds all examples of a NoteSequence; none where nothing in it fits.

        Args:
          item: a NoteSequence, not changed.
        """
        examples = self._converter.extract(item, pitch_map="inference").examples
        if not examples:
            return ConverterTensors()
        inputs, outputs, controls, lengths = zip(*examples, strict=True)
        return ConverterTensors(inputs, outputs, controls, lengths)

    def from_tensors(
        self, samples: Sequence[npt.ArrayLike], controls: Sequence[npt.ArrayLike] | None = None
    ) -> list[Any]:
        """Turns tensors into NoteSequences at 120 qpm.

        Args:
          samples: N arrays `[T, D]`.
          controls: N arrays `[T, C]`, for chord symbols; None leaves them out.

        Returns:
          N NoteSequences.
        """
        arrays = [np.asarray(sample) for sample in samples]
        given = [None] * len(arrays) if controls is None else [np.asarray(c) for c in controls]
        return [self._converter.to_notes(*pair) for pair in zip(arrays, given, strict=True)]
