"""What every converter shares: examples, why there are none, and the interface in both directions.

A converter turns a NoteSequence (seconds) into examples, fixed windows of tensors, and tensors back
into notes. It is a frozen value: it can be pickled, shared between threads and processes, and
nothing that a caller does reaches another one. Randomness comes in as an argument.

Examples exist in two forms. The full one is what a model reads: one-hot rows, rolls, floats. The
compact one is what a cache keeps: small integers, `expand`ed a batch at a time after the random
changes of training (`transpose`, `mix`, `drop_voice`, `rotate`,
`drop_notes`) have been made to it.

Axes: N examples found, B batch, T time step, D depth, S segment.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from musicvae.config import ExampleSpec
from musicvae.registry import Registry

Array: TypeAlias = npt.NDArray[Any]
Compact: TypeAlias = Mapping[str, Array]
PitchMap: TypeAlias = Literal["training", "inference"]


class Example(NamedTuple):
    """One window of music as a model sees it.

    Attributes:
      inputs: bool or float32 `[T, input_depth]`, what the encoder reads.
      outputs: bool or float32 `[T, output_depth]`, what the decoder is to give.
      controls: bool or float32 `[T, control_depth]`; no columns where there is no control.
      length: int32, the number of steps that count: `[]`, or `[S]` with a length for each segment.
    """

    inputs: Array
    outputs: Array
    controls: Array
    length: Array


class Batch(NamedTuple):
    """Examples stacked: each array of an Example with a leading axis."""

    inputs: Array
    outputs: Array
    controls: Array
    lengths: Array


class Origin(NamedTuple):
    """Where in its NoteSequence an example begins.

    Attributes:
      tracks: the instrument numbers that it was made of.
      bar: bar of the piece, the first is 1.
      seconds: time in the piece.
    """

    tracks: tuple[int, ...]
    bar: int
    seconds: float


class Rejection(NamedTuple):
    """Why some notes, or a whole piece, gave no examples.

    Attributes:
      reason: a stable code, one of the keys of `REASONS`.
      detail: a sentence for people.
      track: the instrument number that it concerns, or None for all.
      bar: bar of the piece that it concerns, the first is 1, or None.
      seconds: time in the piece, or None.
    """

    reason: str
    detail: str
    track: int | None = None
    bar: int | None = None
    seconds: float | None = None


REASONS: Mapping[str, str] = {
    "no_notes": "there are no notes",
    "bad_time": "notes at times that are negative, infinite or not numbers",
    "bad_tempo": "a tempo that is zero, negative or not a number",
    "time_signature": "a bar is not as long as four quarter notes",
    "metre_change": "the time signature changes",
    "tempo_change": "the tempo changes",
    "program_not_allowed": "the instrument's program is not among the allowed ones",
    "out_of_range": "notes are higher or lower than the representation",
    "only_drums": "the instrument plays drums, a melody is wanted",
    "no_drums": "no drum notes",
    "no_melody": "no instrument plays a melody",
    "no_bass": "no instrument plays a bass",
    "mixed_instrument": "one instrument mixes drums, bass or melody programs",
    "unmapped_pitch": "drum pitches that belong to no class",
    "too_short": "shorter than one window",
    "too_long": "longer than the longest piece",
    "gap": "silence for as many bars as end a phrase",
    "not_all_playing": "the three parts do not play together for a whole window",
    "duplicate": "the same window came before",
    "too_few_tracks": "a bar with fewer instruments than asked for",
    "too_many_tracks": "a bar with more instruments than allowed",
    "too_few_events": "a bar with fewer events than asked for",
    "too_many_events": "an instrument with more events in a bar than allowed",
    "chords": "chords cannot be read or inferred",
    "no_key": "there is no key signature",
}


class Extraction(NamedTuple):
    """All examples of one NoteSequence.

    Attributes:
      examples: in a fixed order; not capped.
      rejections: what was left out, and why.
      origins: one for each example.
    """

    examples: tuple[Example, ...]
    rejections: tuple[Rejection, ...]
    origins: tuple[Origin, ...]


class CompactExtraction(NamedTuple):
    """All examples of one NoteSequence in compact form.

    Attributes:
      arrays: small integers and bits by name, `[N, ...]` each.
      rejections: what was left out, and why.
      origins: one for each example.
    """

    arrays: Compact
    rejections: tuple[Rejection, ...]
    origins: tuple[Origin, ...]


class Converter(ABC):
    """NoteSequences to tensors and back; a frozen value.

    Attributes:
      num_voices: C, the drum classes of a representation of drums alone, which knows `mix`,
        `drop_voice` and `rotate`; 0 for all others.
    """

    Config: ClassVar[type[Any]]
    config: Any

    @property
    @abstractmethod
    def spec(self) -> ExampleSpec:
        """The depths of the tensors."""

    @property
    @abstractmethod
    def num_steps(self) -> int:
        """Steps T of one example."""

    @property
    def num_voices(self) -> int:
        """Drum classes C, or 0."""
        return 0

    @abstractmethod
    def extract_compact(
        self, sequence: Any, *, pitch_map: PitchMap = "training"
    ) -> CompactExtraction:
        """Finds all examples of a NoteSequence, in compact form.

        Args:
          sequence: a NoteSequence, not changed. Strange times, tempos or pitches are no error.
          pitch_map: which drum pitches belong to which class: "training" for the instruments that
            the training data was recorded with, "inference" for General MIDI. Only groove tells
            them apart.

        Returns:
          arrays `[N, ...]`, in a fixed order, not capped, with what was left out and why.
        """

    @abstractmethod
    def compact(self, example: Example) -> dict[str, Array]:
        """Returns an example's compact form, from which `expand` makes the same example again."""

    @abstractmethod
    def expand(self, batch: Compact) -> Batch:
        """Makes full tensors of compact ones.

        Args:
          batch: compact arrays with a leading axis B.

        Returns:
          the batch's tensors, of the dtypes that Example states.
        """

    @abstractmethod
    def to_notes(
        self,
        outputs: Array,
        controls: Array | None = None,
        *,
        qpm: float = 120.0,
        velocity: int = 80,
        program: int | None = None,
        pitch_map: PitchMap = "inference",
    ) -> Any:
        """Turns one decoded window into notes.

        Args:
          outputs: bool or float `[T, output_depth]`. A one-hot part may have any positive entry.
          controls: bool or float `[T, control_depth]`; chords become chord symbols. None leaves
            them out.
          qpm: tempo in quarter notes a minute, over 0.
          velocity: 1 to 127, for representations that have none.
          program: MIDI program 0 to 127 in place of the representation's own.
          pitch_map: which pitch stands for a drum class: "inference" for General MIDI, "training"
            for the instruments of the training data. Only groove tells them apart.

        Returns:
          a NoteSequence of seconds whose total_time is that of all T steps.
        """

    def extract(self, sequence: Any, *, pitch_map: PitchMap = "training") -> Extraction:
        """Finds all examples of a NoteSequence.

        Args:
          sequence: a NoteSequence, not changed.
          pitch_map: as `extract_compact`.

        Returns:
          the examples in a fixed order, not capped, with what was left out and why.
        """
        found = self.extract_compact(sequence, pitch_map=pitch_map)
        if not found.origins:
            return Extraction((), found.rejections, ())
        examples = tuple(map(Example, *self.expand(found.arrays)))
        return Extraction(examples, found.rejections, found.origins)

    def transpose(self, batch: Compact, semitones: Array) -> Compact:
        """Transposes each example of a compact batch.

        Args:
          batch: compact arrays with a leading axis B.
          semitones: int `[B]`; an amount that would take a note out of range is brought nearer to
            0.

        Returns:
          a compact batch; the same one where the representation has no pitches.
        """
        del semitones
        return batch

    def mix(self, batch: Compact, partners: Array, taken: Array) -> Compact:
        """Gives windows drum classes of other windows in place of their own.

        Args:
          batch: compact arrays with a leading axis B.
          partners: int64 `[B]`, the window that each takes from.
          taken: bool `[B, C]`, the classes that it takes, whether the other has them or not.

        Returns:
          a compact batch; the same one where the representation is not of drums.
        """
        del partners, taken
        return batch

    def drop_voice(self, batch: Compact, chosen: Array, generator: np.random.Generator) -> Compact:
        """Leaves one drum class out of whole windows, inputs and outputs alike.

        Args:
          batch: compact arrays with a leading axis B.
          chosen: bool `[B]`, the windows that lose one of their classes.
          generator: what chooses the class, among those that the window has; a window with a
            single class keeps it.

        Returns:
          a compact batch; the same one where the representation is not of drums.
        """
        del chosen, generator
        return batch

    def rotate(self, batch: Compact, beats: Array) -> Compact:
        """Moves windows in time; what leaves at the end comes in at the beginning.

        Args:
          batch: compact arrays with a leading axis B.
          beats: int `[B]`, by how many quarter notes each window moves.

        Returns:
          a compact batch; the same one where the representation is not of drums.
        """
        del beats
        return batch

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


CONVERTERS: Registry[Converter] = Registry("converter", Converter)
