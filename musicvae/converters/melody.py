"""Melodies: one voice at sixteenth notes, a label for each step.

Labels are those of voices.py, pitches `min_pitch` to `max_pitch`: 21..108, the keys of a piano,
unless said otherwise.

Each instrument gives melodies of its own. A melody starts at the bar of its first note and ends
before `gap_bars` empty bars. Of notes that start together the highest counts, and a later note cuts
an earlier one. It is padded to whole bars; past `max_bars` the rest is lost. Its windows of
`slice_bars` hop one bar, and equal windows of one section count once.

Source: Roberts et al. 2018, section 4.1 and appendix A.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from musicvae.config import ExampleSpec
from musicvae.converters.base import (
    CONVERTERS,
    Array,
    Batch,
    Compact,
    CompactExtraction,
    Converter,
    Example,
    Origin,
    PitchMap,
    Rejection,
)
from musicvae.converters.labels import labels_of, one_hot
from musicvae.converters.notes import Notes, read_score
from musicvae.converters.render import new_sequence
from musicvae.converters.sections import (
    Section,
    quantize_notes,
    reject_section,
    split_sections,
)
from musicvae.converters.voices import (
    FIRST_PITCH,
    notes_of_labels,
    silence_before_first_note,
    transpose_labels,
    voices,
)
from musicvae.converters.windows import first_of_equal, sliding_windows

STEPS_PER_QUARTER = 4
STEPS_PER_BAR = 16


@dataclasses.dataclass(frozen=True)
class MelodyConfig:
    """Options of the melody converter.

    Attributes:
      slice_bars: bars in a window.
      gap_bars: empty bars that end a melody.
      max_bars: the longest melody, in bars.
      min_pitch: lowest MIDI pitch; lower notes are left out.
      max_pitch: highest MIDI pitch.
      valid_programs: MIDI programs that count as melody; None for all.
      dedupe: whether equal windows of one section count once.
      max_tensors_per_input: windows that training uses of one piece at most; None for all.
    """

    slice_bars: int
    gap_bars: int = 1
    max_bars: int = 100
    min_pitch: int = 21
    max_pitch: int = 108
    valid_programs: tuple[int, ...] | None = None
    dedupe: bool = True
    max_tensors_per_input: int | None = None


@CONVERTERS.register("melody")
@dataclasses.dataclass(frozen=True)
class MelodyConverter(Converter):
    """Melodies as one-hot labels; compact form: `labels`, uint8 `[T]`."""

    Config: ClassVar[type[Any]] = MelodyConfig
    config: MelodyConfig

    @property
    def spec(self) -> ExampleSpec:
        """The depths of the tensors."""
        depth = FIRST_PITCH + self.config.max_pitch - self.config.min_pitch + 1
        return ExampleSpec(input_depth=depth, output_depth=depth)

    @property
    def num_steps(self) -> int:
        """Steps T of one example."""
        return self.config.slice_bars * STEPS_PER_BAR

    def extract_compact(
        self, sequence: Any, *, pitch_map: PitchMap = "training"
    ) -> CompactExtraction:
        """Finds all melodies; see Converter."""
        del pitch_map
        score, rejections = read_score(sequence)
        sections, early = split_sections(score)
        rejections += early
        windows: list[Array] = []
        origins: list[Origin] = []
        for section in sections:
            if not len(section.notes):
                continue
            rejected = reject_section(section)
            if rejected is not None:
                rejections.append(rejected)
                continue
            found, places = self._windows(section, rejections)
            windows.append(found)
            origins += places
        labels = np.concatenate(windows) if windows else np.empty((0, self.num_steps), np.uint8)
        return CompactExtraction({"labels": labels}, tuple(rejections), tuple(origins))

    def compact(self, example: Example) -> dict[str, Array]:
        """Returns the labels of an example."""
        return {"labels": labels_of(example.outputs).astype(np.uint8)}

    def expand(self, batch: Compact) -> Batch:
        """Makes one-hot rows of labels."""
        labels = batch["labels"]
        rows = one_hot(labels, self.spec.output_depth)
        controls = np.zeros((*labels.shape, 0), bool)
        return Batch(rows, rows, controls, np.full(len(labels), self.num_steps, np.int32))

    def transpose(self, batch: Compact, semitones: Array) -> Compact:
        """Transposes melodies; an amount that leaves the range is brought nearer to 0."""
        return {
            **batch,
            "labels": transpose_labels(batch["labels"], semitones, self.spec.output_depth),
        }

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
        """Turns a melody into notes of instrument 0; see Converter."""
        sequence, seconds_per_step = new_sequence(qpm, len(outputs), STEPS_PER_QUARTER)
        labels = labels_of(outputs)
        for start, end, pitch in notes_of_labels(labels, self.config.min_pitch):
            sequence.notes.add(
                pitch=pitch,
                velocity=velocity,
                start_time=start * seconds_per_step,
                end_time=end * seconds_per_step,
                program=program or 0,
            )
        return sequence

    def _windows(self, section: Section, rejections: list[Rejection]) -> tuple[Array, list[Origin]]:
        """Finds the windows of one section: labels uint8 `[N, T]`, and where they start."""
        notes = self._melodic(section, rejections)
        start, end = quantize_notes(notes, STEPS_PER_QUARTER, section.qpm)
        gap_steps = self.config.gap_bars * STEPS_PER_BAR
        max_steps = self.config.max_bars * STEPS_PER_BAR
        windows, origins = [np.empty((0, self.num_steps), np.uint8)], []
        for instrument, voice in voices(notes, start, end, gap_steps):
            first_step = int(voice.start[0]) // STEPS_PER_BAR * STEPS_PER_BAR
            bar = section.first_bar + first_step // STEPS_PER_BAR
            bars = -(-(int(voice.end[-1]) - first_step) // STEPS_PER_BAR)
            seconds = section.seconds_at(first_step, STEPS_PER_QUARTER)
            if bars < self.config.slice_bars:
                detail = f"{bars} bars of melody; a window needs {self.config.slice_bars}"
                rejections.append(Rejection("too_short", detail, instrument, bar, seconds))
                continue
            if bars > self.config.max_bars:
                detail = f"{bars} bars of melody, of which {self.config.max_bars} count"
                rejections.append(Rejection("too_long", detail, instrument, bar, seconds))
            num_steps = min(bars * STEPS_PER_BAR, max_steps)
            line = voice.labels(first_step, num_steps, self.config.min_pitch)
            found = sliding_windows(line, self.num_steps, STEPS_PER_BAR)
            windows.append(silence_before_first_note(found))
            origins += [
                Origin((instrument,), bar + hop, section.seconds_at(step, STEPS_PER_QUARTER))
                for hop, step in enumerate(
                    range(first_step, first_step + len(found) * STEPS_PER_BAR, STEPS_PER_BAR)
                )
            ]
        labels = np.concatenate(windows)
        if self.config.dedupe:
            kept = first_of_equal(labels)
            if len(kept) < len(labels):
                detail = f"{len(labels) - len(kept)} of {len(labels)} windows repeat an earlier one"
                place = section.first_bar, section.start_seconds
                rejections.append(Rejection("duplicate", detail, None, *place))
            labels, origins = labels[kept], [origins[index] for index in kept]
        return labels, origins

    def _melodic(self, section: Section, rejections: list[Rejection]) -> Notes:
        """Returns a section's notes that may be part of a melody."""
        notes = section.notes
        programs = self.config.valid_programs
        pitched = ~notes.is_drum
        allowed = pitched if programs is None else pitched & np.isin(notes.program, programs)
        in_range = (notes.pitch >= self.config.min_pitch) & (notes.pitch <= self.config.max_pitch)
        keep = allowed & in_range
        if not keep.all():
            rejections += self._left_out(section, pitched, allowed, in_range)
            notes = notes.select(keep)
        return notes

    def _left_out(
        self, section: Section, pitched: Array, allowed: Array, in_range: Array
    ) -> Iterator[Rejection]:
        """Says why an instrument's notes are no melody."""
        notes, place = section.notes, (section.first_bar, section.start_seconds)
        for track in np.unique(notes.instrument).tolist():
            own = notes.instrument == track
            if not (own & pitched).any():
                yield Rejection("only_drums", "plays drums, not a melody", track, *place)
                continue
            if (own & pitched & ~allowed).any():
                program = int(notes.program[own][0])
                detail = f"program {program} is not one of the melody programs"
                yield Rejection("program_not_allowed", detail, track, *place)
            outside = int((own & allowed & ~in_range).sum())
            if outside:
                allowed_range = f"{self.config.min_pitch}..{self.config.max_pitch}"
                detail = f"{outside} notes are outside the pitches {allowed_range}"
                yield Rejection("out_of_range", detail, track, *place)
