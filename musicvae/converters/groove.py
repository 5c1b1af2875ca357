"""Drum performances: what is hit at each step, how loud, and how far from the grid.

A row has 3C columns for C drum classes: C hits (0 or 1), C velocities (0..1, MIDI velocity over
127) and C offsets (-1..1): twice the distance, in steps, from the onset to its step of the grid, so
that a hit half a step early has offset 1 and one half a step late -1. Where one class is hit twice
on a step the louder note stays. Velocity and offset are 0 where nothing is hit.

The piece is cut into windows of `split_bars` that do not overlap. It may not change its tempo or
time signature. Only drum notes count, and pitches of no class are left out; the classes are those
of the Roland kit that the training data was played on, or General MIDI's for other music.

What the encoder reads may be poorer than what the decoder is to give, which is how these models
learn to add what is missing: `humanize` clears velocities and offsets; `tapify` moves the loudest
hit of each step to one column; `fixed_velocities` clears velocities; `add_instruments` removes
classes; note dropout removes hits at random, quiet ones more often.

Source: Gillick et al. 2019, sections 3 and 4.
"""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import numpy as np

from musicvae.batch import Batch
from musicvae.config import ExampleSpec
from musicvae.converters.base import CONVERTERS, Reading
from musicvae.converters.drum_classes import REDUCED, ROLAND, DrumClasses
from musicvae.converters.drums import choose_voices, drum_hits, roll_labels, rotated
from musicvae.converters.examples import Array, Compact, Example, Origin, PitchMap, Rejection
from musicvae.converters.new_sequence import new_sequence
from musicvae.converters.notes import MAX_VELOCITY, Score, of_no_class
from musicvae.converters.padding import pad_hits
from musicvae.converters.parts import Control, Part
from musicvae.converters.percussion import PerformanceConverter
from musicvae.converters.sections import Section, quantize, whole_section
from musicvae.grid import DRUM_INSTRUMENT, STEPS_PER_BAR, STEPS_PER_QUARTER

NUM_DRUMS = len(ROLAND)
TAP_COLUMN = 3
LEAST_DROPOUT_WEIGHT = 0.2
PITCH_MAPS: dict[PitchMap, DrumClasses] = {"training": ROLAND, "inference": REDUCED}


@dataclasses.dataclass(frozen=True)
class GrooveConfig:
    """Options of the groove converter.

    Attributes:
      split_bars: bars in a window.
      humanize: whether the input lacks velocities and offsets.
      tapify: whether the input has only the loudest hit of each step, in one column.
      fixed_velocities: whether the input lacks velocities.
      add_instruments: drum classes that the input lacks.
      hits_as_controls: whether the hits are given as control.
      max_note_dropout_probability: how often hits are left out of the input in training, at most;
        None for never.
      max_bars: the longest piece, in bars; what is later is left out.
      max_tensors_per_input: windows that training uses of one piece at most; None for all.
    """

    split_bars: int
    humanize: bool = False
    tapify: bool = False
    fixed_velocities: bool = False
    add_instruments: tuple[int, ...] | None = None
    hits_as_controls: bool = False
    max_note_dropout_probability: float | None = None
    max_bars: int = 10_000
    max_tensors_per_input: int | None = None


@CONVERTERS.register("groove")
@dataclasses.dataclass(frozen=True)
class GrooveConverter(PerformanceConverter):
    """Drum performances as hits, velocities and offsets.

    Compact form: `velocities` uint8 `[T, C]`, 0 where nothing is hit; `offsets` float32 `[T, C]`;
    after note dropout also `heard` bool `[T, C]`, what the input keeps.
    """

    Config: ClassVar[type[Any]] = GrooveConfig
    noun: ClassVar[str] = "groove"
    config: GrooveConfig

    @property
    def spec(self) -> ExampleSpec:
        """The depths of the tensors."""
        depth = 3 * NUM_DRUMS
        controls = NUM_DRUMS if self.config.hits_as_controls else 0
        return ExampleSpec(input_depth=depth, output_depth=depth, control_depth=controls)

    @property
    def num_steps(self) -> int:
        """Steps T of one example."""
        return self.config.split_bars * STEPS_PER_BAR

    @property
    def bars(self) -> int:
        """Bars of one example."""
        return self.config.split_bars

    @property
    def num_classes(self) -> int:
        """Drum classes."""
        return NUM_DRUMS

    @property
    def parts(self) -> tuple[Part, ...]:
        """The drums."""
        return (Part("drums", self.spec.output_depth, "drums", range(0), REDUCED),)

    @property
    def control(self) -> Control:
        """The hits, if they are the control."""
        return Control(hits=self.config.hits_as_controls)

    @property
    def abilities(self) -> frozenset[str]:
        """What its models learn to do; see PerformanceConverter."""
        names = ("humanize", "tapify", "add_instruments", "hits_as_controls")
        return frozenset(name for name in names if getattr(self.config, name))

    @property
    def added_classes(self) -> tuple[int, ...]:
        """The drum classes that its models add."""
        return self.config.add_instruments or ()

    def with_bars(self, bars: int) -> GrooveConverter:
        """Returns a converter with windows of `bars` bars."""
        longest = max(bars, self.config.max_bars)
        config = dataclasses.replace(self.config, split_bars=bars, max_bars=longest)
        return GrooveConverter(config)

    def sections(self, score: Score) -> tuple[list[Section], list[Rejection]]:
        """Takes the piece as one section; one that changes its tempo gives nothing."""
        return [whole_section(score)], []

    def no_windows(self) -> dict[str, Array]:
        """Returns velocities and offsets of no window."""
        return _empty(0, self.num_steps)

    def compact_hits(self, velocities: Array, offsets: Array) -> Compact:
        """Returns the compact form of hits; see PerformanceConverter."""
        return {"velocities": velocities, "offsets": offsets}

    def compact(self, example: Example) -> dict[str, Array]:
        """Returns velocities and offsets of an example's output; its input follows from them."""
        hits, velocities, offsets = np.split(example.outputs, 3, axis=-1)
        loudness = np.rint(velocities * MAX_VELOCITY).astype(np.uint8)
        return {
            "velocities": np.where(hits > 0, loudness, np.uint8(0)),
            "offsets": offsets.astype(np.float32),
        }

    def expand(self, batch: Compact) -> Batch:
        """Makes rows of hits, velocities and offsets, and the poorer ones of the input."""
        velocities, offsets = batch["velocities"], batch["offsets"]
        hits = velocities > 0
        outputs = _rows(hits, velocities, offsets)
        heard = hits & batch["heard"] if "heard" in batch else hits
        if self._input_is_output and heard is hits:
            inputs = outputs
        else:
            loudness = np.where(heard, velocities, np.uint8(0))
            inputs = self._inputs(loudness, np.where(heard, offsets, np.float32(0)))
        controls = hits if self.config.hits_as_controls else np.zeros((*hits.shape[:-1], 0), bool)
        return Batch(inputs, outputs, controls, np.full(len(hits), self.num_steps, np.int32))

    def step_labels(self, outputs: Array) -> Array:
        """Returns the classes that are hit as bits; see Converter."""
        return roll_labels(np.asarray(outputs)[..., :NUM_DRUMS] > 0.5)

    def pad(self, batch: Compact, num_steps: int, lead: int = 0) -> Compact:
        """Fills windows up with silence; see Converter."""
        return {name: pad_hits(array, num_steps, lead) for name, array in batch.items()}

    def mix(self, batch: Compact, partners: Array, taken: Array) -> Compact:
        """Takes the columns of some classes from other windows; see Converter."""
        mask = taken[:, np.newaxis]
        mixed = {name: np.where(mask, array[partners], array) for name, array in batch.items()}
        return {**batch, **mixed}

    def drop_voice(self, batch: Compact, chosen: Array, generator: np.random.Generator) -> Compact:
        """Clears one class's columns in each chosen window; see Converter.

        Classes of `add_instruments` stay: they are what such a model learns to add.
        """
        velocities, offsets = batch["velocities"], batch["offsets"]
        present: Array = np.any(velocities > 0, axis=1)
        present[:, list(self.config.add_instruments or ())] = False
        dropped = choose_voices(present, chosen, generator)[:, np.newaxis]
        return {
            **batch,
            "velocities": np.where(dropped, np.uint8(0), velocities),
            "offsets": np.where(dropped, np.float32(0), offsets),
        }

    def rotate(self, batch: Compact, beats: Array) -> Compact:
        """Moves each window by whole beats; see Converter."""
        return {name: rotated(array, beats * STEPS_PER_QUARTER) for name, array in batch.items()}

    def drop_notes(self, batch: Compact, generator: np.random.Generator) -> Compact:
        """Leaves hits out of the inputs, quiet ones more often.

        A hit is dropped with probability u * max(0.2, 1 - velocity), u ~ U(0, max) for each window.
        """
        most = self.config.max_note_dropout_probability
        if not most:
            return batch
        velocities = batch["velocities"]
        rate = generator.uniform(0.0, most, (len(velocities), 1, 1))
        weight = np.maximum(LEAST_DROPOUT_WEIGHT, 1.0 - velocities / np.float64(MAX_VELOCITY))
        return {**batch, "heard": generator.random(velocities.shape) >= rate * weight}

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
        """Turns a performance into drum notes of one step each; see Converter.

        Velocities come from the rows. No note starts before 0.
        """
        del controls, velocity
        sequence, seconds_per_step = new_sequence(qpm, len(outputs), STEPS_PER_QUARTER)
        add_note = sequence.notes.add
        hits, velocities, offsets = np.split(np.asarray(outputs, np.float64), 3, axis=-1)
        loudness = np.clip(np.rint(velocities * MAX_VELOCITY), 1, MAX_VELOCITY).astype(np.int64)
        late = np.clip(offsets, -1.0, 1.0) / -2.0
        classes = PITCH_MAPS[pitch_map]
        for step, drum in np.argwhere(hits > 0.5).tolist():
            start = (step + late[step, drum]) * seconds_per_step
            add_note(
                pitch=classes[drum][0],
                velocity=loudness[step, drum],
                start_time=max(start, 0.0),
                end_time=start + seconds_per_step,
                instrument=DRUM_INSTRUMENT,
                program=program or 0,
                is_drum=True,
            )
        return sequence

    @property
    def _input_is_output(self) -> bool:
        config = self.config
        return not (
            config.humanize or config.tapify or config.fixed_velocities or config.add_instruments
        )

    def _inputs(self, velocities: Array, offsets: Array) -> Array:
        """Makes the input rows of what is heard: velocities uint8 and offsets `[B, T, C]`."""
        if self.config.add_instruments:
            removed = list(self.config.add_instruments)
            velocities, offsets = velocities.copy(), offsets.copy()
            velocities[..., removed] = 0
            offsets[..., removed] = 0
        if self.config.tapify:
            loudest = velocities.argmax(axis=-1)[..., np.newaxis]
            tap = np.arange(NUM_DRUMS) == TAP_COLUMN
            velocities = np.where(tap, np.take_along_axis(velocities, loudest, -1), np.uint8(0))
            offsets = np.where(tap, np.take_along_axis(offsets, loudest, -1), np.float32(0))
        hits = velocities > 0
        if self.config.humanize or self.config.fixed_velocities:
            velocities = np.zeros_like(velocities)
        if self.config.humanize:
            offsets = np.zeros_like(offsets)
        return _rows(hits, velocities, offsets)

    def section_windows(
        self, section: Section, reading: Reading
    ) -> tuple[dict[str, Array], list[Origin]]:
        """Cuts the piece: compact arrays `[N, T, C]`, and where the windows start."""
        rejections = reading.rejections
        notes, drums = drum_hits(section.notes, PITCH_MAPS[reading.pitch_map])
        unmapped = int(section.notes.is_drum.sum()) - len(notes)
        if unmapped:
            detail = of_no_class(unmapped)
            rejections.append(Rejection("unmapped_pitch", detail))
        position = notes.start * (STEPS_PER_QUARTER * section.qpm / 60.0)
        step = np.floor(position + 0.5)
        inside = (step >= 0) & (step < self.config.max_bars * STEPS_PER_BAR)
        if not inside.all():
            detail = f"{int((~inside).sum())} drum notes are before second 0 or too late"
            rejections.append(Rejection("bad_time", detail))
            notes, drums = notes.select(inside), drums[inside]
            position, step = position[inside], step[inside]
        if not len(notes):
            rejections.append(Rejection("no_drums", "no drum notes of a known pitch"))
            return _empty(0, self.num_steps), []
        silence = quantize(np.array([section.end_seconds]), STEPS_PER_QUARTER, section.qpm)[0]
        bars = max(int(step.max()) // STEPS_PER_BAR + 1, int(silence) // STEPS_PER_BAR)
        bars = min(bars, self.config.max_bars)
        if bars < self.config.split_bars:
            detail = f"{bars} bars of drums; a window needs {self.config.split_bars}"
            rejections.append(Rejection("too_short", detail))
        arrays = _empty(bars // self.config.split_bars, self.num_steps)
        velocities, offsets = (array.reshape(-1, NUM_DRUMS) for array in arrays.values())
        cell = step.astype(np.int64) * NUM_DRUMS + drums
        order = np.lexsort((-notes.velocity, cell))
        loudest = order[np.diff(cell[order], prepend=-1) > 0]
        loudest = loudest[step[loudest] < len(velocities)]
        place = step[loudest].astype(np.int64), drums[loudest]
        velocities[place] = notes.velocity[loudest]
        offsets[place] = np.clip(2.0 * (step - position)[loudest], -1.0, 1.0)
        tracks = tuple(np.unique(notes.instrument).tolist())
        origins = [
            Origin(tracks, 1 + start // STEPS_PER_BAR, section.seconds_at(start, STEPS_PER_QUARTER))
            for start in range(0, len(velocities), self.num_steps)
        ]
        return arrays, origins


def _empty(num_windows: int, num_steps: int) -> dict[str, Array]:
    """Makes the compact arrays of silent windows."""
    shape = (num_windows, num_steps, NUM_DRUMS)
    return {"velocities": np.zeros(shape, np.uint8), "offsets": np.zeros(shape, np.float32)}


def _rows(hits: Array, velocities: Array, offsets: Array) -> Array:
    """Joins the columns: float32 `[B, T, 3C]`."""
    loudness = (velocities / np.float64(MAX_VELOCITY)).astype(np.float32)
    return np.concatenate([hits.astype(np.float32), loudness, offsets], axis=-1)
