"""Drum patterns at sixteenth notes: at each step, which of C drum classes are hit.

All drum notes of a section are pooled, whatever their instrument; pitches of no class are ignored.
A pattern starts at the bar of its first hit, ends before `gap_bars` silent bars, and is padded to
whole bars; past `max_bars` the rest is lost. Its windows of `slice_bars` hop one bar, and equal
windows of one section count once.

The input is a roll: one bit for each class and one that says that nothing is hit. The output is the
roll without that bit, or one of 2^C combinations, the bits being powers of two by class.

Source: Roberts et al. 2018, section 4.1 and appendix A.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from musicvae.batch import Batch
from musicvae.config import ExampleSpec
from musicvae.converters.base import CONVERTERS, Reading
from musicvae.converters.drum_classes import TABLES, DrumClasses, classify
from musicvae.converters.examples import Array, Compact, Example, Origin, PitchMap, Rejection
from musicvae.converters.labels import labels_of, one_hot
from musicvae.converters.new_sequence import new_sequence
from musicvae.converters.notes import Notes, of_no_class
from musicvae.converters.padding import pad_hits
from musicvae.converters.parts import Part
from musicvae.converters.percussion import DrumConverter
from musicvae.converters.sections import NO_GAP_BARS, Section, quantize
from musicvae.converters.windows import first_of_equal, sliding_windows
from musicvae.errors import ConfigError
from musicvae.grid import DRUM_INSTRUMENT, STEPS_PER_BAR, STEPS_PER_QUARTER
from musicvae.registry import did_you_mean

MAX_COMBINED_CLASSES = 12


@dataclasses.dataclass(frozen=True)
class DrumsConfig:
    """Options of the drums converter.

    Attributes:
      slice_bars: bars in a window.
      classes: "reduced" (9 classes) or "full" (61).
      roll_output: whether the output is a roll; else one of 2^C combinations.
      gap_bars: silent bars that end a pattern.
      max_bars: the longest pattern, in bars.
      dedupe: whether equal windows of one section count once.
      max_tensors_per_input: windows that training uses of one piece at most; None for all.
    """

    slice_bars: int
    classes: str = "reduced"
    roll_output: bool = False
    gap_bars: int = 1
    max_bars: int = 100
    dedupe: bool = True
    max_tensors_per_input: int | None = None

    def __post_init__(self) -> None:
        if self.classes not in TABLES:
            raise ConfigError(
                f"[converter] type 'drums': classes = '{self.classes}'"
                f"{did_you_mean(self.classes, TABLES)} Known: {', '.join(TABLES)}"
            )
        if not self.roll_output and len(self.table) > MAX_COMBINED_CLASSES:
            raise ConfigError(
                f"[converter] type 'drums': classes = '{self.classes}' has 2^{len(self.table)} "
                "combinations; set roll_output = true"
            )

    @property
    def table(self) -> DrumClasses:
        """The drum classes."""
        return TABLES[self.classes]


@CONVERTERS.register("drums")
@dataclasses.dataclass(frozen=True)
class DrumsConverter(DrumConverter):
    """Drum patterns as rolls; compact form: `hits`, bits by class, uint16 or uint64 `[T]`."""

    Config: ClassVar[type[Any]] = DrumsConfig
    noun: ClassVar[str] = "drums"
    config: DrumsConfig

    @property
    def spec(self) -> ExampleSpec:
        """The depths of the tensors."""
        classes = len(self.config.table)
        return ExampleSpec(
            input_depth=classes + 1,
            output_depth=classes if self.config.roll_output else 2**classes,
        )

    @property
    def num_steps(self) -> int:
        """Steps T of one example."""
        return self.config.slice_bars * STEPS_PER_BAR

    @property
    def bars(self) -> int:
        """Bars of one example."""
        return self.config.slice_bars

    @property
    def num_classes(self) -> int:
        """Drum classes."""
        return len(self.config.table)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The drums."""
        depth = self.spec.output_depth
        return (Part("drums", depth, "drums", range(0), self.config.table),)

    def with_bars(self, bars: int) -> DrumsConverter:
        """Returns a converter with windows of `bars` bars."""
        longest = max(bars, self.config.max_bars)
        config = dataclasses.replace(self.config, slice_bars=bars, max_bars=longest)
        return DrumsConverter(config)

    def lenient(self) -> DrumsConverter:
        """Returns a converter that takes whatever a window has; see Converter."""
        return DrumsConverter(dataclasses.replace(self.config, gap_bars=NO_GAP_BARS, dedupe=False))

    def no_windows(self) -> dict[str, Array]:
        """Returns the hits of no window."""
        return {"hits": np.empty((0, self.num_steps), bits_dtype(self.config.table))}

    def compact(self, example: Example) -> dict[str, Array]:
        """Returns the hits of an example."""
        return {"hits": roll_to_bits(example.inputs[:, :-1], self.config.table)}

    def expand(self, batch: Compact) -> Batch:
        """Makes rolls and combinations of hits."""
        hits = batch["hits"]
        roll = bits_to_roll(hits, len(self.config.table))
        inputs = np.concatenate([roll, (hits == 0)[..., np.newaxis]], axis=-1)
        outputs = roll if self.config.roll_output else one_hot(hits, self.spec.output_depth)
        controls = np.zeros((*hits.shape, 0), bool)
        return Batch(inputs, outputs, controls, np.full(len(hits), self.num_steps, np.int32))

    def compact_outputs(self, outputs: Array, controls: Array) -> dict[str, Array]:
        """Returns the hits of what a decoder gave."""
        if self.config.roll_output:
            return {"hits": roll_to_bits(np.asarray(outputs) > 0.5, self.config.table)}
        return {"hits": labels_of(outputs).astype(bits_dtype(self.config.table))}

    def step_labels(self, outputs: Array) -> Array:
        """Returns the classes that are hit as bits; see Converter."""
        if not self.config.roll_output:
            return super().step_labels(outputs)
        return roll_labels(np.asarray(outputs) > 0.5)

    def pad(self, batch: Compact, num_steps: int, lead: int = 0) -> Compact:
        """Fills windows up with silence; see Converter."""
        return {name: pad_hits(array, num_steps, lead) for name, array in batch.items()}

    def mix(self, batch: Compact, partners: Array, taken: Array) -> Compact:
        """Takes the bits of some classes from other windows; see Converter."""
        hits, mask = batch["hits"], roll_to_bits(taken, self.config.table)[:, np.newaxis]
        return {**batch, "hits": (hits & ~mask) | (hits[partners] & mask)}

    def drop_voice(self, batch: Compact, chosen: Array, generator: np.random.Generator) -> Compact:
        """Clears one class's bit in each chosen window; see Converter."""
        table = self.config.table
        present = np.asarray(bits_to_roll(batch["hits"], len(table)).any(axis=1))
        dropped = roll_to_bits(choose_voices(present, chosen, generator), table)
        return {**batch, "hits": batch["hits"] & ~dropped[:, np.newaxis]}

    def rotate(self, batch: Compact, beats: Array) -> Compact:
        """Moves each window by whole beats; see Converter."""
        return {name: rotated(array, beats * STEPS_PER_QUARTER) for name, array in batch.items()}

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
        """Turns a pattern into drum notes of one step each; see Converter."""
        sequence, seconds_per_step = new_sequence(qpm, len(outputs), STEPS_PER_QUARTER)
        add_note = sequence.notes.add
        if self.config.roll_output:
            roll = np.asarray(outputs) > 0
        else:
            roll = bits_to_roll(labels_of(outputs), len(self.config.table))
        pitches = [pitches_of_class[0] for pitches_of_class in self.config.table]
        for step, drum in np.argwhere(roll).tolist():
            add_note(
                pitch=pitches[drum],
                velocity=velocity,
                start_time=step * seconds_per_step,
                end_time=(step + 1) * seconds_per_step,
                instrument=DRUM_INSTRUMENT,
                program=program or 0,
                is_drum=True,
            )
        return sequence

    def section_windows(
        self, section: Section, reading: Reading
    ) -> tuple[dict[str, Array], list[Origin]]:
        """Finds the windows of one section; see Converter."""
        rejections = reading.rejections
        table = self.config.table
        place = section.first_bar, section.start_seconds
        notes, drums = drum_hits(section.notes, table)
        tracks = tuple(np.unique(notes.instrument).tolist())
        if not len(notes):
            rejections.append(Rejection("no_drums", "no drum notes of a known pitch", None, *place))
        unmapped = int(section.notes.is_drum.sum()) - len(notes)
        if unmapped:
            detail = of_no_class(unmapped)
            rejections.append(Rejection("unmapped_pitch", detail, None, *place))
        steps = quantize(notes.start, STEPS_PER_QUARTER, section.qpm)
        found = [np.empty((0, self.num_steps), bits_dtype(table))]
        starts: list[int] = []
        for first_step, line in self._patterns(
            section, *combine_hits(steps, drums, table), rejections
        ):
            windows = sliding_windows(line, self.num_steps, STEPS_PER_BAR)
            found.append(windows)
            starts += range(first_step, first_step + len(windows) * STEPS_PER_BAR, STEPS_PER_BAR)
        bits = np.concatenate(found)
        kept = first_of_equal(bits) if self.config.dedupe else np.arange(len(bits))
        if len(kept) < len(bits):
            detail = f"{len(bits) - len(kept)} of {len(bits)} windows repeat an earlier one"
            rejections.append(Rejection("duplicate", detail, None, *place))
        origins = [section.origin(tracks, starts[index]) for index in kept.tolist()]
        return {"hits": bits[kept]}, origins

    def _patterns(
        self, section: Section, onsets: Array, hits: Array, rejections: list[Rejection]
    ) -> Iterator[tuple[int, Array]]:
        """Finds the patterns that hold a window: first step, and bits `[steps]`."""
        cuts = np.flatnonzero(np.diff(onsets) > self.config.gap_bars * STEPS_PER_BAR) + 1
        bounds = [0, *cuts.tolist(), len(onsets)] if len(onsets) else []
        for begin, end in pairwise(bounds):
            pattern = onsets[begin:end]
            first_bar, last_step = int(pattern[0]) // STEPS_PER_BAR, int(pattern[-1]) + 1
            first_step = first_bar * STEPS_PER_BAR
            bars = -(-(last_step - first_step) // STEPS_PER_BAR)
            place = section.first_bar + first_bar, section.seconds_at(first_step, STEPS_PER_QUARTER)
            if bars < self.config.slice_bars:
                detail = f"{bars} bars of drums; a window needs {self.config.slice_bars}"
                reason = "too_short"
                if end < len(onsets):
                    reason = "gap"
                    gap = (int(onsets[end]) - last_step) / STEPS_PER_BAR
                    gap_bar = section.first_bar + last_step // STEPS_PER_BAR
                    detail += f", and {gap:.3g} bars without drums follow from bar {gap_bar}"
                rejections.append(Rejection(reason, detail, None, *place))
                continue
            if bars > self.config.max_bars:
                detail = f"{bars} bars of drums, of which {self.config.max_bars} count"
                rejections.append(Rejection("too_long", detail, None, *place))
            line = np.zeros(min(bars, self.config.max_bars) * STEPS_PER_BAR, hits.dtype)
            within = pattern - first_step < len(line)
            line[pattern[within] - first_step] = hits[begin:end][within]
            yield first_step, line


def drum_hits(notes: Notes, classes: DrumClasses) -> tuple[Notes, Array]:
    """Picks the drum notes that belong to a class.

    Args:
      notes: any notes.
      classes: C classes.

    Returns:
      N drum notes, and the class of each, int64 `[N]`.
    """
    drums = np.where(notes.is_drum, classify(notes.pitch, classes), -1)
    known = drums >= 0
    return notes.select(known), drums[known]


def combine_hits(steps: Array, drums: Array, classes: DrumClasses) -> tuple[Array, Array]:
    """Joins what is hit on one step.

    Args:
      steps: int64 `[N]`, in any order.
      drums: int64 `[N]`, class of each hit.
      classes: C classes.

    Returns:
      the steps with a hit, int64 `[M]` ascending, and their hits as bits `[M]`.
    """
    onsets, groups = np.unique(steps, return_inverse=True)
    hits = np.zeros(len(onsets), bits_dtype(classes))
    np.bitwise_or.at(hits, groups, hits.dtype.type(1) << drums.astype(hits.dtype))
    return onsets, hits


def choose_voices(present: Array, chosen: Array, generator: np.random.Generator) -> Array:
    """Chooses one of the drum classes that a window has.

    Args:
      present: bool `[B, C]`, the classes that may be chosen.
      chosen: bool `[B]`, the windows to choose in.
      generator: the source of randomness.

    Returns:
      bool `[B, C]`, at most one in a row; none where the window has fewer than two.
    """
    rank = np.where(present, generator.random(present.shape), -1.0)
    first = rank.argmax(axis=1)[:, np.newaxis] == np.arange(present.shape[1])
    has_others = present.sum(axis=1) > 1
    found: Array = first & (chosen & has_others)[:, np.newaxis]
    return found


def rotated(array: Array, steps: Array) -> Array:
    """Moves rows in time; what leaves at the end comes in at the beginning.

    Args:
      array: `[B, T, ...]`.
      steps: int `[B]`, how far each row moves.
    """
    length = array.shape[1]
    source = (np.arange(length) - steps[:, np.newaxis]) % length
    moved: Array = array[np.arange(len(array))[:, np.newaxis], source]
    return moved


def roll_labels(roll: Array) -> Array:
    """Returns the classes that are hit as one label a step.

    Args:
      roll: bool `[..., T, C]`.

    Returns:
      int64 `[..., T, 1]`.
    """
    bits: Array = roll @ (1 << np.arange(roll.shape[-1], dtype=np.int64))
    return bits[..., np.newaxis]


def bits_dtype(classes: DrumClasses) -> Any:
    """Returns the smallest unsigned type that the compact form uses for so many classes."""
    return np.dtype(np.uint16 if len(classes) <= 16 else np.uint64)


def bits_to_roll(bits: Array, num_classes: int) -> Array:
    """Unpacks bits `[...]` into a bool roll `[..., C]`, class 0 being the lowest bit."""
    bits = np.asarray(bits).astype(np.uint64)
    return (bits[..., np.newaxis] >> np.arange(num_classes, dtype=np.uint64)) & np.uint64(1) > 0


def roll_to_bits(roll: Array, classes: DrumClasses) -> Array:
    """Packs a bool roll `[..., C]` into bits `[...]`."""
    weights = np.uint64(1) << np.arange(len(classes), dtype=np.uint64)
    bits: Array = (roll.astype(np.uint64) * weights).sum(axis=-1).astype(bits_dtype(classes))
    return bits
