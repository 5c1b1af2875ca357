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
from itertools import zip_longest
from typing import Any, ClassVar

import numpy as np

from musicvae.batch import Batch
from musicvae.config import ExampleSpec
from musicvae.converters.base import CONVERTERS, Converter, Reading
from musicvae.converters.examples import Array, Compact, Example, Origin, PitchMap, Rejection
from musicvae.converters.harmony import (
    CHORD_ENCODINGS,
    NUM_KEYS,
    Chords,
    Controls,
    add_chord_symbols,
    check_chord_encoding,
    chords_on_grid,
    compact_controls,
    control_rows,
    controls_at,
    keys_on_grid,
    section_harmony,
    transpose_harmony,
)
from musicvae.converters.labels import labels_of, one_hot
from musicvae.converters.new_sequence import new_sequence
from musicvae.converters.notes import Notes, outside_range
from musicvae.converters.padding import pad_lasting, pad_voices
from musicvae.converters.parts import Control, Part
from musicvae.converters.sections import (
    NO_GAP_BARS,
    Section,
    quantize,
    quantize_notes,
)
from musicvae.converters.voices import (
    FIRST_PITCH,
    Voice,
    notes_of_labels,
    silence_before_first_note,
    transpose_labels,
    voices,
)
from musicvae.converters.windows import first_of_equal, sliding_windows
from musicvae.grid import STEPS_PER_BAR, STEPS_PER_QUARTER


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
      chord_encoding: "triad" for chords as control, or None.
      condition_on_key: whether the key is given as control.
      dedupe: whether equal windows of one section count once.
      max_tensors_per_input: windows that training uses of one piece at most; None for all.
    """

    slice_bars: int
    gap_bars: int = 1
    max_bars: int = 100
    min_pitch: int = 21
    max_pitch: int = 108
    valid_programs: tuple[int, ...] | None = None
    chord_encoding: str | None = None
    condition_on_key: bool = False
    dedupe: bool = True
    max_tensors_per_input: int | None = None

    def __post_init__(self) -> None:
        check_chord_encoding(self.chord_encoding, "[converter] type 'melody'")


@CONVERTERS.register("melody")
@dataclasses.dataclass(frozen=True)
class MelodyConverter(Converter):
    """Melodies as one-hot labels.

    Compact form: `labels` uint8 `[T]`; `chords` and `keys`, uint8 `[T]`, where they are controls.
    """

    Config: ClassVar[type[Any]] = MelodyConfig
    noun: ClassVar[str] = "melody"
    config: MelodyConfig

    @property
    def spec(self) -> ExampleSpec:
        """The depths of the tensors."""
        depth = FIRST_PITCH + self.config.max_pitch - self.config.min_pitch + 1
        config = self.config
        chords = CHORD_ENCODINGS[config.chord_encoding] if config.chord_encoding else 0
        keys = NUM_KEYS if config.condition_on_key else 0
        return ExampleSpec(input_depth=depth, output_depth=depth, control_depth=chords + keys)

    @property
    def num_steps(self) -> int:
        """Steps T of one example."""
        return self.config.slice_bars * STEPS_PER_BAR

    @property
    def bars(self) -> int:
        """Bars of one example."""
        return self.config.slice_bars

    @property
    def parts(self) -> tuple[Part, ...]:
        """The melody."""
        pitches = range(self.config.min_pitch, self.config.max_pitch + 1)
        return (Part("melody", self.spec.output_depth, "pitches", pitches),)

    @property
    def control(self) -> Control:
        """Chords and key, as far as they are the control."""
        return Control(self.config.chord_encoding is not None, self.config.condition_on_key)

    @property
    def programs(self) -> tuple[int, ...] | None:
        """The MIDI programs that count as melody; None for all."""
        return self.config.valid_programs

    def with_bars(self, bars: int) -> MelodyConverter:
        """Returns a converter with windows of `bars` bars."""
        longest = max(bars, self.config.max_bars)
        config = dataclasses.replace(self.config, slice_bars=bars, max_bars=longest)
        return MelodyConverter(config)

    def lenient(self) -> MelodyConverter:
        """Returns a converter that takes whatever a window has; see Converter."""
        return MelodyConverter(dataclasses.replace(self.config, gap_bars=NO_GAP_BARS, dedupe=False))

    def compact(self, example: Example) -> dict[str, Array]:
        """Returns the labels of an example, and the classes of its controls."""
        return {
            "labels": labels_of(example.outputs).astype(np.uint8),
            **compact_controls(example.controls, self.config.chord_encoding),
        }

    def expand(self, batch: Compact) -> Batch:
        """Makes one-hot rows of labels."""
        labels = batch["labels"]
        rows = one_hot(labels, self.spec.output_depth)
        controls = control_rows(batch, labels.shape)
        return Batch(rows, rows, controls, np.full(len(labels), self.num_steps, np.int32))

    def cut_off(self, batch: Compact) -> Compact:
        """Returns windows without what sounds into them from before."""
        return {**batch, "labels": silence_before_first_note(batch["labels"])}

    def pad(self, batch: Compact, num_steps: int, lead: int = 0) -> Compact:
        """Fills windows up with silence; see Converter."""
        return {
            name: (pad_voices if name == "labels" else pad_lasting)(array, num_steps, lead)
            for name, array in batch.items()
        }

    def transpose(self, batch: Compact, semitones: Array) -> Compact:
        """Transposes melodies and harmony; an amount that leaves the range comes nearer to 0."""
        labels, amount = transpose_labels(batch["labels"], semitones, self.spec.output_depth)
        return {**batch, "labels": labels, **transpose_harmony(batch, amount)}

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
        del pitch_map
        sequence, seconds_per_step = new_sequence(qpm, len(outputs), STEPS_PER_QUARTER)
        add_note = sequence.notes.add
        labels = labels_of(outputs)
        for start, end, pitch in notes_of_labels(labels, self.config.min_pitch):
            add_note(
                pitch=pitch,
                velocity=velocity,
                start_time=start * seconds_per_step,
                end_time=end * seconds_per_step,
                program=program or 0,
            )
        if controls is not None and self.config.chord_encoding:
            steps = np.arange(len(controls))
            add_chord_symbols(sequence, np.asarray(controls), steps, seconds_per_step)
        return sequence

    def no_windows(self) -> dict[str, Array]:
        """Returns the labels, and controls, of no window."""
        names = ["labels"]
        if self.config.chord_encoding:
            names.append("chords")
        if self.config.condition_on_key:
            names.append("keys")
        return {name: np.empty((0, self.num_steps), np.uint8) for name in names}

    def section_windows(
        self, section: Section, reading: Reading
    ) -> tuple[dict[str, Array], list[Origin]]:
        """Finds the windows of one section; see Converter."""
        rejections = reading.rejections
        counted, notes = self._melodic(section, rejections)
        found = [np.empty((0, self.num_steps), np.uint8)]
        tracks: list[tuple[int, ...]] = []
        starts: list[int] = []
        for instrument, voice, first_step, num_steps in self._melodies(section, notes, rejections):
            line = voice.labels(first_step, num_steps, self.config.min_pitch)
            windows = sliding_windows(line, self.num_steps, STEPS_PER_BAR)
            found.append(silence_before_first_note(windows))
            tracks += [(instrument,)] * len(windows)
            starts += range(first_step, first_step + len(windows) * STEPS_PER_BAR, STEPS_PER_BAR)
        arrays = {"labels": np.concatenate(found)}
        distinct = [arrays["labels"]]
        if starts and (self.config.chord_encoding or self.config.condition_on_key):
            steps = np.array(starts)[:, np.newaxis] + np.arange(self.num_steps)
            controls = self._controls(section, counted, steps)
            if isinstance(controls, Rejection):
                rejections.append(controls)
                return self.no_windows(), []
            arrays |= controls.classes
            distinct.append(controls.distinct)
        elif not starts:
            arrays = self.no_windows()
        kept = np.arange(len(starts))
        if self.config.dedupe:
            kept = first_of_equal(np.concatenate(distinct, axis=1))
            if len(kept) < len(starts):
                detail = f"{len(starts) - len(kept)} of {len(starts)} windows repeat an earlier one"
                place = section.first_bar, section.start_seconds
                rejections.append(Rejection("duplicate", detail, None, *place))
        origins = [section.origin(tracks[place], starts[place]) for place in kept.tolist()]
        return {name: array[kept] for name, array in arrays.items()}, origins

    def _melodies(
        self, section: Section, notes: Notes, rejections: list[Rejection]
    ) -> Iterator[tuple[int, Voice, int, int]]:
        """Finds the melodies that hold a window: instrument, voice, first step, steps."""
        start, end = quantize_notes(notes, STEPS_PER_QUARTER, section.qpm)
        found = list(voices(notes, start, end, self.config.gap_bars * STEPS_PER_BAR))
        for (instrument, voice), after in zip_longest(found, found[1:]):
            first_bar, last_step = int(voice.start[0]) // STEPS_PER_BAR, int(voice.end[-1])
            first_step = first_bar * STEPS_PER_BAR
            bars = -(-(last_step - first_step) // STEPS_PER_BAR)
            place = section.first_bar + first_bar, section.seconds_at(first_step, STEPS_PER_QUARTER)
            if bars < self.config.slice_bars:
                detail = f"{bars} bars of melody; a window needs {self.config.slice_bars}"
                reason = "too_short"
                if after is not None and after[0] == instrument:
                    reason = "gap"
                    gap = (int(after[1].start[0]) - last_step) / STEPS_PER_BAR
                    gap_bar = section.first_bar + last_step // STEPS_PER_BAR
                    detail += f", and {gap:.3g} bars without notes follow from bar {gap_bar}"
                rejections.append(Rejection(reason, detail, instrument, *place))
                continue
            if bars > self.config.max_bars:
                detail = f"{bars} bars of melody, of which {self.config.max_bars} count"
                rejections.append(Rejection("too_long", detail, instrument, *place))
            yield instrument, voice, first_step, min(bars, self.config.max_bars) * STEPS_PER_BAR

    def _controls(self, section: Section, notes: Notes, steps: Array) -> Controls | Rejection:
        """Finds the harmony of windows: steps int64 `[N, T]`."""
        want_chords, want_keys = (
            self.config.chord_encoding is not None,
            self.config.condition_on_key,
        )
        total_seconds = section.notes_end
        harmony = section_harmony(
            section, notes, total_seconds, STEPS_PER_QUARTER, chords=want_chords, keys=want_keys
        )
        if isinstance(harmony, Rejection):
            return harmony
        grid = STEPS_PER_QUARTER, section.qpm
        chords: Chords | str | None = None
        if want_chords:
            last_step = max(
                int(quantize(np.array(total_seconds), *grid)),
                int(quantize_notes(notes, *grid)[1].max()),
            )
            chords = chords_on_grid(harmony.chords, last_step - 1, *grid)
        keys = keys_on_grid(harmony.keys, *grid) if want_keys else None
        controls = chords if isinstance(chords, str) else controls_at(chords, keys, steps)
        if isinstance(controls, str):
            return Rejection("chords", controls, None, section.first_bar, section.start_seconds)
        return controls

    def _melodic(self, section: Section, rejections: list[Rejection]) -> tuple[Notes, Notes]:
        """Picks a section's notes that count.

        Returns:
          notes of allowed programs and pitches, which harmony is inferred from, and those of them
          that may be part of a melody.
        """
        notes, programs = section.notes, self.config.valid_programs
        pitched = ~notes.is_drum
        in_range = (notes.pitch >= self.config.min_pitch) & (notes.pitch <= self.config.max_pitch)
        allowed = (
            np.ones(len(notes), bool) if programs is None else np.isin(notes.program, programs)
        )
        counted = allowed & in_range
        if not (counted & pitched).all():
            rejections += self._left_out(section, pitched, allowed)
        return notes.select(counted), notes.select(counted & pitched)

    def _left_out(self, section: Section, pitched: Array, allowed: Array) -> Iterator[Rejection]:
        """Says why an instrument's notes are no melody."""
        notes, place = section.notes, (section.first_bar, section.start_seconds)
        for track in np.unique(notes.instrument).tolist():
            own = (notes.instrument == track) & pitched
            if not own.any():
                yield Rejection("only_drums", "plays drums, not a melody", track, *place)
            if (own & ~allowed).any():
                program = int(notes.program[own & ~allowed][0])
                detail = f"program {program} is not one of the melody programs"
                yield Rejection("program_not_allowed", detail, track, *place)
            pitches = notes.pitch[own & allowed]
            detail = outside_range(pitches, self.config.min_pitch, self.config.max_pitch)
            if detail:
                yield Rejection("out_of_range", detail, track, *place)
