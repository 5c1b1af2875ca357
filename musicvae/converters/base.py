"""What every converter is: the interface in both directions, and what can be asked of it.

A converter turns a NoteSequence (seconds) into examples, fixed windows of tensors, and tensors back
into notes. It is a frozen value: it can be pickled, shared between threads and processes, and
nothing that a caller does reaches another one. Randomness comes in as an argument.

What other rooms must know of a representation they ask its converter: how many bars (`bars`), which
instruments (`parts`), which controls (`control`), drums alone or not (percussion.py). None of them
asks which converter it is.

Axes: N examples found, B batch, T time step, D depth, S segment.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from musicvae.batch import Batch
from musicvae.config import ExampleSpec
from musicvae.converters.examples import (
    Array,
    Compact,
    CompactExtraction,
    Example,
    Extraction,
    Origin,
    PitchMap,
    Rejection,
)
from musicvae.converters.notes import Score, read_score
from musicvae.converters.parts import Control, Part
from musicvae.converters.sections import Section, reject_section, split_sections
from musicvae.converters.sustain import PedalMove, read_pedals
from musicvae.grid import STEPS_PER_BAR
from musicvae.registry import Registry

NO_LABEL = -1


class Reading:
    """A NoteSequence while its examples are looked for.

    Attributes:
      sequence: the NoteSequence, not to be changed.
      pitch_map: which drum pitches belong to which class; see Converter.
      rejections: what was left out, and why; to be added to.
    """

    def __init__(self, sequence: Any, pitch_map: PitchMap, rejections: list[Rejection]) -> None:
        self.sequence = sequence
        self.pitch_map = pitch_map
        self.rejections = rejections

    @functools.cached_property
    def pedals(self) -> dict[int, list[PedalMove]]:
        """The moves of each instrument's sustain pedal."""
        return read_pedals(self.sequence)


class Converter(ABC):
    """NoteSequences to tensors and back; a frozen value.

    One of your own extends this class, is a frozen dataclass with a `config`, and names that
    dataclass as its `Config`; `spec`, `num_steps`, `section_windows`, `compact`, `expand` and
    `to_notes` are enough for all commands. `bars`, `with_bars`, `pad`, `parts` and `transpose` let
    them do more with it.

    Attributes:
      noun: what its music is called: "2 bars of drums".
    """

    Config: ClassVar[type[Any]]
    noun: ClassVar[str] = "music"
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
    def bars(self) -> int:
        """Bars of one example, at least 1."""
        return 1 if self.spec.num_segments else max(self.num_steps // STEPS_PER_BAR, 1)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The instruments, in the order of their columns in the outputs."""
        depths = self.spec.part_depths or (self.spec.output_depth,)
        names = (
            [self.noun] if len(depths) == 1 else [f"part {k}" for k in range(1, 1 + len(depths))]
        )
        return tuple(map(Part, names, depths))

    @property
    def control(self) -> Control:
        """What the control signal says; nothing where `spec.control_depth` is 0."""
        return Control()

    @property
    def programs(self) -> tuple[int, ...] | None:
        """The MIDI programs that it hears; None for all."""
        return None

    @property
    def max_per_piece(self) -> int | None:
        """Examples that training uses of one piece at most; None for all."""
        most: int | None = getattr(self.config, "max_tensors_per_input", None)
        return most

    def with_bars(self, bars: int) -> Converter | None:
        """Returns a converter with windows of `bars` bars; None where all have one length."""
        del bars
        return None

    def lenient(self) -> Converter:
        """Returns a converter that takes whatever a window has.

        No silence ends a phrase, no bar is too thin, and repetitions count. It is used to read a
        piece from its first bar to its last.
        """
        return self

    def sections(self, score: Score) -> tuple[list[Section], list[Rejection]]:
        """Cuts a piece into the stretches in which windows are looked for.

        Args:
          score: the piece.

        Returns:
          the sections in order, and what belongs to none.
        """
        return split_sections(score)

    @abstractmethod
    def section_windows(self, section: Section, reading: Reading) -> tuple[Compact, list[Origin]]:
        """Finds all examples of a section, in compact form.

        Args:
          section: a stretch in 4/4 and of one tempo, with at least one note.
          reading: the piece; what is left out is added to its rejections.

        Returns:
          compact arrays `[N, ...]` in a fixed order, not capped, and where each begins.
        """

    def no_windows(self) -> Compact:
        """Returns compact arrays of no example, `[0, ...]`."""
        spec, steps = self.spec, self.num_steps
        silence = Example(
            np.zeros((steps, spec.input_depth), bool),
            np.zeros((steps, spec.output_depth), bool),
            np.zeros((steps, spec.control_depth), bool),
            np.zeros(spec.num_segments or (), np.int32),
        )
        return {name: array[np.newaxis][:0] for name, array in self.compact(silence).items()}

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
        score, rejections = read_score(sequence)
        reading = Reading(sequence, pitch_map, rejections)
        sections, outside = self.sections(score)
        rejections += outside
        found = [self.no_windows()]
        origins: list[Origin] = []
        for section in sections:
            if not len(section.notes):
                continue
            rejected = reject_section(section)
            if rejected is not None:
                rejections.append(rejected)
                continue
            windows, places = self.section_windows(section, reading)
            found.append(windows)
            origins += places
        arrays = {name: np.concatenate([each[name] for each in found]) for name in found[0]}
        return CompactExtraction(arrays, tuple(rejections), tuple(origins))

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

    def examples(self, batch: Compact) -> tuple[Example, ...]:
        """Returns the examples of a compact batch, each in full form.

        Args:
          batch: compact arrays with a leading axis B.
        """
        return tuple(map(Example, *self.expand(batch)))

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
          pitch_map: which drum pitches belong to which class: "training" for the instruments that
            the training data was recorded with, "inference" for General MIDI.

        Returns:
          the examples in a fixed order, not capped, with what was left out and why.
        """
        found = self.extract_compact(sequence, pitch_map=pitch_map)
        if not found.origins:
            return Extraction((), found.rejections, ())
        return Extraction(self.examples(found.arrays), found.rejections, found.origins)

    def step_labels(self, outputs: Array) -> Array:
        """Returns one label for each step and part, equal where the same happens.

        Args:
          outputs: bool or float `[..., T, output_depth]`.

        Returns:
          int64 `[..., T, P]`, the column of each part's one-hot row; `NO_LABEL` where there is
          none, past a sequence's end.
        """
        rows = np.asarray(outputs) > 0.5
        bounds = np.cumsum([part.depth for part in self.parts])[:-1]
        labels = [
            np.where(part.any(axis=-1), part.argmax(axis=-1), NO_LABEL)
            for part in np.split(rows, bounds, axis=-1)
        ]
        return np.stack(labels, axis=-1).astype(np.int64)

    @property
    def pitched_parts(self) -> tuple[int, ...]:
        """The numbers of the parts that are melodies."""
        return tuple(k for k, part in enumerate(self.parts) if part.labels == "pitches")

    def compact_outputs(self, outputs: Array, controls: Array) -> dict[str, Array]:
        """Returns the compact form of what a decoder gave, which has no inputs.

        Args:
          outputs: bool or float `[T, output_depth]`.
          controls: bool or float `[T, control_depth]`.
        """
        return self.compact(Example(outputs, outputs, controls, np.array(len(outputs), np.int32)))

    def cut_off(self, batch: Compact) -> Compact:
        """Returns windows cut out of longer music: what sounds into them from before is gone."""
        return batch

    def pad(self, batch: Compact, num_steps: int, lead: int = 0) -> Compact:
        """Fills windows up with silence: notes end, chords and keys go on.

        Args:
          batch: compact arrays `[N, T, ...]` of windows that may be shorter; see `with_bars`.
          num_steps: how long they become.
          lead: steps of silence that go before them.

        Returns:
          compact arrays `[N, num_steps, ...]`; the same ones where all windows have one length.
        """
        del num_steps, lead
        return batch

    def let_all_play(self, sequence: Any, tracks: tuple[int, ...]) -> None:
        """Lets all instruments that a window needs play throughout a short piece.

        Args:
          sequence: a NoteSequence, which is changed: notes that the representation does not hear
            are added.
          tracks: the instrument number of each part.
        """
        del sequence, tracks

    def add_resting_parts(self, sequence: Any, names: tuple[str, ...]) -> None:
        """Adds instruments that rest throughout for parts that a piece lacks.

        Args:
          sequence: a NoteSequence, which is changed.
          names: of parts; nothing is added for one that the piece has.
        """
        del sequence, names

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


CONVERTERS: Registry[Converter] = Registry("converter", Converter)
