"""A converter as notebooks use it: to_tensors, from_tensors and Magenta's attributes.

    config = configs.CONFIG_MAP["cat-mel_2bar_big"]
    config.data_converter.max_tensors_per_notesequence = None
    tensors = config.data_converter.to_tensors(note_sequence)
    pieces = config.data_converter.from_tensors(tensors.outputs)

Axes: N examples found, T time step, D depth, C controls, S segment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from musicvae.errors import InputError

if TYPE_CHECKING:
    from musicvae.components import Component
    from musicvae.converters import Converter, PitchMap

MODES = ("train", "eval", "infer")


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
    """A converter with the methods and attributes that notebooks touch; all else is its own.

    Drum pitches are General MIDI's, as in TrainedModel, until `set_mode` says otherwise.

    Attributes:
      component: the converter's type and options.
      max_tensors_per_notesequence: how many examples `to_tensors` gives at most, the first ones;
        None for all. Also under the names max_tensors_per_item and max_tensors_per_input.
    """

    def __init__(
        self, converter: Converter, component: Component, training_pitches: PitchMap = "training"
    ) -> None:
        """Wraps a converter.

        Args:
          converter: the converter.
          component: its type and options.
          training_pitches: the drum pitches that it reads in the modes "train" and "eval".
        """
        self._converter = converter
        self._training_pitches = training_pitches
        self._mode = "infer"
        self.component = component
        self.max_tensors_per_notesequence: int | None = None

    def __getattr__(self, name: str) -> Any:
        if name in _CAP_NAMES:
            return self.max_tensors_per_notesequence
        if name.startswith("_"):
            raise AttributeError(name)
        spec = self._converter.spec
        if name in _DEPTHS:
            return getattr(spec, name)
        if name in _DTYPES:
            from musicvae.converters import performance_converter

            return np.dtype(bool if performance_converter(self._converter) is None else np.float32)
        return getattr(self._converter, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _CAP_NAMES or name == "max_tensors_per_notesequence":
            if value is not None and (type(value) is not int or value < 1):
                raise InputError(f"{name}={value!r} must be at least 1, or None for all")
            name = "max_tensors_per_notesequence"
        super().__setattr__(name, value)

    @property
    def end_token(self) -> int | None:
        """The output label that ends a segment, or None."""
        return self._converter.spec.end_token

    @property
    def length_shape(self) -> tuple[int, ...]:
        """The shape of an example's length: `()`, or `(S,)`."""
        segments = self._converter.spec.num_segments
        return (segments,) if segments else ()

    @property
    def is_training(self) -> bool:
        """Whether the mode is "train"."""
        return self._mode == "train"

    @property
    def is_inferring(self) -> bool:
        """Whether the mode is "infer"."""
        return self._mode == "infer"

    def set_mode(self, mode: str) -> None:
        """Chooses whose drum pitches `to_tensors` reads.

        Args:
          mode: "infer" for General MIDI's; "train" and "eval" for the training data's.

        Raises:
          InputError: it is none of these.
        """
        if mode not in MODES:
            raise InputError(f"mode '{mode}' is not one of {', '.join(MODES)}")
        self._mode = mode

    def to_tensors(self, item: Any) -> ConverterTensors:
        """Finds all examples of a NoteSequence; none where nothing in it fits.

        Args:
          item: a NoteSequence, not changed.
        """
        pitch_map: PitchMap = "inference" if self.is_inferring else self._training_pitches
        examples = self._converter.extract(item, pitch_map=pitch_map).examples
        examples = examples[: self.max_tensors_per_notesequence]
        if not examples:
            return ConverterTensors()
        inputs, outputs, controls, lengths = zip(*examples, strict=True)
        return ConverterTensors(inputs, outputs, controls, lengths)

    def from_tensors(
        self, samples: Sequence[npt.ArrayLike], controls: Sequence[npt.ArrayLike] | None = None
    ) -> list[Any]:
        """Turns tensors into NoteSequences at 120 qpm.

        Its other names are to_notesequences and to_items.

        Args:
          samples: N arrays `[T, D]`.
          controls: N arrays `[T, C]`, for chord symbols; None leaves them out.

        Returns:
          N NoteSequences.
        """
        arrays = [np.asarray(sample) for sample in samples]
        given = [None] * len(arrays) if controls is None else [np.asarray(c) for c in controls]
        return [self._converter.to_notes(*pair) for pair in zip(arrays, given, strict=True)]

    to_notesequences = from_tensors
    to_items = from_tensors


_CAP_NAMES = frozenset(
    f"{prefix}max_tensors_per_{what}"
    for prefix in ("", "_")
    for what in ("item", "input", "notesequence")
) - {"max_tensors_per_notesequence"}
_DEPTHS = ("input_depth", "output_depth", "control_depth")
_DTYPES = ("input_dtype", "output_dtype", "control_dtype")
