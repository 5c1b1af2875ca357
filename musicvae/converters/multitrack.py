"""Bars of up to eight instruments, as metric performances with velocities.

The piece is cut into bars where its tempo starts, one every four quarter notes, and each bar is put
on a grid by itself; the sustain pedal is written out first. A bar's instruments are its tracks,
each a segment of tokens (performance.py) with a length of its own: sorted by program, drums last,
the rest of the segments holding only an end token. A bar is left out where it has too few or too
many tracks, too few events, or a track with too many events.

Source: Simon et al. 2018, arXiv:1806.00195, section 3.
"""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import numpy as np

from musicvae.batch import Batch
from musicvae.config import ExampleSpec
from musicvae.converters.bars import BarLimits, Tracks, bar_start, find_tracks, usable_bars
from musicvae.converters.base import CONVERTERS, Converter, Reading
from musicvae.converters.drum_classes import REDUCED
from musicvae.converters.examples import Array, Compact, Example, Origin, PitchMap, Rejection
from musicvae.converters.harmony import (
    CHORD_ENCODINGS,
    NO_CLASS,
    Chords,
    Harmony,
    add_chord_symbols,
    check_chord_encoding,
    chords_on_grid,
    compact_controls,
    control_rows,
    no_class,
    section_harmony,
    transpose_harmony,
)
from musicvae.converters.labels import labels_of
from musicvae.converters.new_sequence import new_sequence
from musicvae.converters.parts import Control, Part
from musicvae.converters.performance import (
    DRUMS,
    NUM_PITCHES,
    STEPS_PER_BAR,
    STEPS_PER_QUARTER,
    Vocabulary,
    decode_performance,
    event_steps,
)
from musicvae.converters.sections import (
    Section,
    events_within,
)
from musicvae.converters.sustain import apply_sustain


@dataclasses.dataclass(frozen=True)
class MultitrackConfig:
    """Options of the multitrack converter.

    Attributes:
      num_velocity_bins: bins of velocity.
      min_num_instruments: tracks that a bar has at least.
      max_num_instruments: tracks that a bar has at most: segments S.
      min_total_events: events that a bar has at least, over all tracks.
      max_events_per_instrument: tokens of a segment, program and end token included.
      chord_encoding: "triad" for chords as control, or None.
      max_tensors_per_input: bars that training uses of one piece at most; None for all.
    """

    num_velocity_bins: int = 8
    min_num_instruments: int = 2
    max_num_instruments: int = 8
    min_total_events: int = 8
    max_events_per_instrument: int = 64
    chord_encoding: str | None = None
    max_tensors_per_input: int | None = None

    def __post_init__(self) -> None:
        check_chord_encoding(self.chord_encoding, "[converter] type 'multitrack'")


@CONVERTERS.register("multitrack")
@dataclasses.dataclass(frozen=True)
class MultitrackConverter(Converter):
    """Bars of several instruments.

    Compact form: `tokens` uint16 `[T]`, S segments of tokens one after another, and `lengths`
    uint16 `[S]`, how many of each count.
    """

    Config: ClassVar[type[Any]] = MultitrackConfig
    noun: ClassVar[str] = "multitrack"
    config: MultitrackConfig

    @property
    def vocabulary(self) -> Vocabulary:
        """The tokens."""
        return Vocabulary(self.config.num_velocity_bins)

    @property
    def spec(self) -> ExampleSpec:
        """The depths of the tensors."""
        depth, encoding = self.vocabulary.size, self.config.chord_encoding
        return ExampleSpec(
            input_depth=depth,
            output_depth=depth,
            control_depth=CHORD_ENCODINGS[encoding] if encoding else 0,
            end_token=self.vocabulary.end,
            num_segments=self.config.max_num_instruments,
        )

    @property
    def num_steps(self) -> int:
        """Steps T of one example: tokens of all segments."""
        return self.config.max_num_instruments * self.config.max_events_per_instrument

    @property
    def parts(self) -> tuple[Part, ...]:
        """All tracks, drums among them."""
        return (Part("tracks", self.spec.output_depth, "tokens", range(NUM_PITCHES), REDUCED),)

    @property
    def control(self) -> Control:
        """Chords, if they are the control."""
        return Control(chords=self.config.chord_encoding is not None)

    def lenient(self) -> MultitrackConverter:
        """Returns a converter that takes whatever a bar has; see Converter."""
        config = dataclasses.replace(self.config, min_num_instruments=1, min_total_events=1)
        return MultitrackConverter(config)

    def compact(self, example: Example) -> dict[str, Array]:
        """Returns the tokens of an example and how many count."""
        return {
            "tokens": labels_of(example.outputs).astype(np.uint16),
            "lengths": example.length.astype(np.uint16),
            **compact_controls(example.controls, self.config.chord_encoding),
        }

    def expand(self, batch: Compact) -> Batch:
        """Makes one-hot rows of tokens; what is beyond a segment's length is zeros."""
        tokens, lengths = batch["tokens"], batch["lengths"]
        positions = np.arange(self.config.max_events_per_instrument)
        counts = (positions < lengths[..., np.newaxis]).reshape(tokens.shape)
        rows = np.zeros((*tokens.shape, self.vocabulary.size), bool)
        row, step = np.nonzero(counts)
        rows[row, step, tokens[counts]] = True
        controls = control_rows(batch, tokens.shape)
        controls[~counts] = False
        return Batch(rows, rows, controls, lengths.astype(np.int32))

    def transpose(self, batch: Compact, semitones: Array) -> Compact:
        """Transposes all tracks but drums; an amount that leaves 0..127 is brought nearer to 0."""
        tokens = (
            batch["tokens"]
            .reshape(len(batch["tokens"]), self.config.max_num_instruments, -1)
            .astype(np.int64)
        )
        pitched = tokens[..., :1] != self.vocabulary.program + DRUMS
        moved = pitched & (tokens < self.vocabulary.shift)
        pitch = tokens % NUM_PITCHES
        lowest = np.where(moved, pitch, NUM_PITCHES - 1).min(axis=(1, 2))
        highest = np.where(moved, pitch, 0).max(axis=(1, 2))
        amount = np.clip(semitones, -lowest, NUM_PITCHES - 1 - highest)
        moved_tokens = np.where(moved, tokens + amount[:, np.newaxis, np.newaxis], tokens)
        moved_tokens = moved_tokens.astype(np.uint16).reshape(batch["tokens"].shape)
        return {**batch, "tokens": moved_tokens, **transpose_harmony(batch, amount)}

    def to_notes(
        self,
        outputs: Array,
        controls: Array | None = None,
        *,
        qpm: float = 120.0,
        velocity: int = 100,
        program: int | None = None,
        pitch_map: PitchMap = "inference",
    ) -> Any:
        """Turns a bar into notes, a track of its own for each segment; see Converter.

        The first program token of a segment is its program. `velocity` is that of notes before the
        first velocity token.
        """
        del pitch_map
        sequence, seconds_per_step = new_sequence(qpm, STEPS_PER_BAR, STEPS_PER_QUARTER)
        add_note = sequence.notes.add
        vocabulary = self.vocabulary
        labels = np.where(np.any(outputs, axis=-1), labels_of(outputs), vocabulary.end)
        first_row = longest = 0
        for number, start in enumerate(
            range(0, len(labels), self.config.max_events_per_instrument)
        ):
            segment = labels[start : start + self.config.max_events_per_instrument]
            ends = np.flatnonzero(segment == vocabulary.end)
            tokens = segment[: ends[0]] if len(ends) else segment
            programs = tokens[tokens >= vocabulary.program]
            sound = int(programs[0]) - vocabulary.program if len(programs) else 0
            for note in decode_performance(tokens, vocabulary, velocity):
                add_note(
                    pitch=note.pitch,
                    velocity=note.velocity,
                    start_time=note.start * seconds_per_step,
                    end_time=note.end * seconds_per_step,
                    instrument=number,
                    program=0 if sound == DRUMS else sound if program is None else program,
                    is_drum=sound == DRUMS,
                )
            if len(tokens) > longest:
                first_row, longest = start, len(tokens)
        if controls is not None and self.config.chord_encoding:
            rows = slice(first_row + 1, first_row + longest)
            steps = event_steps(labels[rows], vocabulary)
            add_chord_symbols(sequence, np.asarray(controls)[rows], steps, seconds_per_step)
        return sequence

    def section_windows(
        self, section: Section, reading: Reading
    ) -> tuple[dict[str, Array], list[Origin]]:
        """Finds the bars of one section; see Converter."""
        rejections, pedals = reading.rejections, reading.pedals
        stretch = section.start_seconds, section.end_seconds
        moves = {track: events_within(own, *stretch) for track, own in pedals.items()}
        notes, total_seconds = apply_sustain(section.notes, moves)
        harmony: Harmony | None = None
        if self.config.chord_encoding:
            found = section_harmony(
                section, notes, total_seconds, STEPS_PER_QUARTER, chords=True, keys=False
            )
            if isinstance(found, Rejection):
                rejections.append(found)
                return self.no_windows(), []
            harmony = found
        tracks = find_tracks(notes, total_seconds, section.qpm, self.vocabulary)
        config = self.config
        limits = BarLimits(
            min_tracks=config.min_num_instruments,
            max_tracks=config.max_num_instruments,
            min_events=config.min_total_events,
            max_events_per_track=config.max_events_per_instrument - 2,
        )
        bars, unusable = usable_bars(tracks, section, limits)
        rejections += unusable
        chords: list[Chords] = []
        if harmony is not None:
            bars, chords = self._bar_chords(
                bars, tracks, harmony, section, total_seconds, rejections
            )
        order = np.lexsort((tracks.rank, tracks.program, tracks.bar))
        order = order[np.isin(tracks.bar[order], bars)]
        row = np.searchsorted(bars, tracks.bar[order])
        arrays = self._segments(tracks, order, row, len(bars), chords)
        first = np.searchsorted(row, np.arange(len(bars) + 1)).tolist()
        instruments = tracks.instrument[order].tolist()
        origins = [
            Origin(
                tuple(instruments[first[index] : first[index + 1]]),
                section.first_bar + bar,
                section.seconds_at(bar * STEPS_PER_BAR, STEPS_PER_QUARTER),
            )
            for index, bar in enumerate(bars.tolist())
        ]
        return arrays, origins

    def _segments(
        self, tracks: Tracks, order: Array, row: Array, num_rows: int, chords: list[Chords]
    ) -> dict[str, Array]:
        """Lays tracks into segments.

        Args:
          tracks: of a section.
          order: int64 `[G]`, the tracks that are used, bar by bar in the order of their segments.
          row: int64 `[G]`, which example each belongs to, ascending.
          num_rows: number of examples N.
          chords: the chords of each example's bar, or none.

        Returns:
          the compact arrays `[N, ...]`.
        """
        vocabulary, events = self.vocabulary, tracks.events
        segments, width = self.config.max_num_instruments, self.config.max_events_per_instrument
        slot = np.arange(len(order)) - np.searchsorted(row, row)
        tokens = np.zeros((num_rows, segments, width), np.uint16)
        lengths = np.ones((num_rows, segments), np.uint16)
        count = tracks.num_events[order]
        tokens[:, :, 0] = vocabulary.end
        tokens[row, slot, 0] = vocabulary.program + tracks.sound[order]
        tokens[row, slot, count + 1] = vocabulary.end
        lengths[row, slot] = count + 2
        offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        source = np.repeat(events.bounds[:-1][order], count) + offset
        place = np.repeat(row, count), np.repeat(slot, count), 1 + offset
        tokens[place] = events.tokens[source]
        arrays: dict[str, Array] = {
            "tokens": tokens.reshape(num_rows, self.num_steps),
            "lengths": lengths,
        }
        if self.config.chord_encoding:
            classes = np.zeros((num_rows, segments, width), np.uint8)
            for number, bar_chords in enumerate(chords):
                own = place[0] == number
                steps = events.steps[source[own]]
                classes[number, place[1][own], place[2][own]] = bar_chords.classes()[
                    bar_chords.at(steps)
                ]
            classes[row, slot, count + 1] = classes[row, slot, count]
            arrays["chords"] = classes.reshape(num_rows, self.num_steps)
        return arrays

    def _bar_chords(
        self,
        bars: Array,
        tracks: Tracks,
        harmony: Harmony,
        section: Section,
        total_seconds: float,
        rejections: list[Rejection],
    ) -> tuple[Array, list[Chords]]:
        """Puts the chords of each bar on its own grid.

        Returns:
          the bars whose chords all have a class, int64 `[N]`, and their chords.
        """
        bar_seconds = 240.0 / section.qpm
        starts = bar_start(bars, bar_seconds).tolist()
        ends = np.minimum(bar_start(bars + 1, bar_seconds), total_seconds).tolist()
        kept, found = [], []
        for bar, start, end in zip(bars.tolist(), starts, ends, strict=True):
            own = tracks.bar == bar
            symbols = events_within(harmony.chords, start, end)
            chords = chords_on_grid(
                symbols, int(tracks.last_step[own].max()) - 1, STEPS_PER_QUARTER, section.qpm
            )
            if not isinstance(chords, str):
                faulty = np.flatnonzero(chords.classes() == NO_CLASS)
                if not len(faulty):
                    kept.append(bar)
                    found.append(chords)
                    continue
                chords = no_class(chords.figures[faulty[0]])
            seconds = section.seconds_at(bar * STEPS_PER_BAR, STEPS_PER_QUARTER)
            rejections.append(Rejection("chords", chords, None, section.first_bar + bar, seconds))
        return np.array(kept, np.int64), found

    def no_windows(self) -> dict[str, Array]:
        """Returns the tokens, lengths and chords of no bar."""
        arrays: dict[str, Array] = {
            "tokens": np.empty((0, self.num_steps), np.uint16),
            "lengths": np.empty((0, self.config.max_num_instruments), np.uint16),
        }
        if self.config.chord_encoding:
            arrays["chords"] = np.empty((0, self.num_steps), np.uint8)
        return arrays
