"""Trios: a melody, a bass and a drum pattern that play together, at sixteenth notes.

Every combination of a melody instrument (programs 0..31), a bass (32..39) and a drum kit of a
section is a trio. An instrument whose program changes between these kinds plays each part with the
notes of its programs; one that mixes drums and others is none of them. Each part is one line over
the whole
section: melody and bass as labels (voices.py), drums as combinations of nine classes.

An instrument covers the bars that its notes touch, and `gap_bars` bars each side. The first and the
last `gap_bars` bars of a trio count as covered where any of the three covers any of them. A window
of `slice_bars`, hopping one bar, counts where all three cover every bar of it; equal windows are
kept.

Source: Roberts et al. 2018, section 4.1 and appendix A.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import Any, ClassVar

import numpy as np

from musicvae.batch import Batch
from musicvae.config import ExampleSpec
from musicvae.converters.base import CONVERTERS, Converter, Reading
from musicvae.converters.drum_classes import REDUCED
from musicvae.converters.drums import (
    bits_dtype,
    bits_to_roll,
    combine_hits,
    drum_hits,
)
from musicvae.converters.examples import Array, Compact, Example, Origin, PitchMap, Rejection
from musicvae.converters.labels import labels_of, one_hot_parts
from musicvae.converters.new_sequence import new_sequence
from musicvae.converters.notes import Notes, of_no_class, outside_range
from musicvae.converters.padding import pad_hits, pad_voices
from musicvae.converters.parts import Part
from musicvae.converters.sections import (
    MAX_STEP,
    NO_GAP_BARS,
    Section,
    quantize,
    quantize_notes,
)
from musicvae.converters.voices import (
    FIRST_PITCH,
    notes_of_labels,
    silence_before_first_note,
    transpose_labels,
    voices,
)
from musicvae.grid import (
    BASS_PROGRAM,
    BASS_PROGRAMS,
    DRUM_INSTRUMENT,
    MELODY_PROGRAMS,
    STEPS_PER_BAR,
    STEPS_PER_QUARTER,
)

MIN_PITCH = 21
MAX_PITCH = 108
VOICE_DEPTH = FIRST_PITCH + MAX_PITCH - MIN_PITCH + 1
DRUM_DEPTH = 2 ** len(REDUCED)
BASS_INSTRUMENT = 1
ROLES = ("melody", "bass", "drums")


@dataclasses.dataclass(frozen=True)
class TrioConfig:
    """Options of the trio converter.

    Attributes:
      slice_bars: bars in a window.
      gap_bars: bars before and after its notes that an instrument covers.
      max_bars: the longest section, in bars; the rest is left out.
      max_trios: combinations of instruments of one section that are looked at, at most.
      max_tensors_per_input: windows that training uses of one piece at most; None for all.
    """

    slice_bars: int
    gap_bars: int = 2
    max_bars: int = 1024
    max_trios: int = 512
    max_tensors_per_input: int | None = None


@dataclasses.dataclass(frozen=True)
class Line:
    """One instrument's line over a section.

    Attributes:
      instrument: its number.
      steps: labels or bits `[T]`.
      covered: bool `[bars]`.
    """

    instrument: int
    steps: Array
    covered: Array


@CONVERTERS.register("trio")
@dataclasses.dataclass(frozen=True)
class TrioConverter(Converter):
    """Trios of melody, bass and drums.

    Compact form: `melody` and `bass`, labels uint8 `[T]`, and `drums`, bits uint16 `[T]`.
    """

    Config: ClassVar[type[Any]] = TrioConfig
    noun: ClassVar[str] = "trio"
    config: TrioConfig

    @property
    def spec(self) -> ExampleSpec:
        """The depths of the tensors."""
        parts = (VOICE_DEPTH, VOICE_DEPTH, DRUM_DEPTH)
        return ExampleSpec(input_depth=sum(parts), output_depth=sum(parts), part_depths=parts)

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
        """Melody, bass and drums."""
        pitches = range(MIN_PITCH, MAX_PITCH + 1)
        return (
            Part("melody", VOICE_DEPTH, "pitches", pitches),
            Part("bass", VOICE_DEPTH, "pitches", pitches, program=BASS_PROGRAM),
            Part("drums", DRUM_DEPTH, "drums", range(0), REDUCED),
        )

    def with_bars(self, bars: int) -> TrioConverter:
        """Returns a converter with windows of `bars` bars."""
        longest = max(bars, self.config.max_bars)
        config = dataclasses.replace(self.config, slice_bars=bars, max_bars=longest)
        return TrioConverter(config)

    def lenient(self) -> TrioConverter:
        """Returns a converter that takes whatever a window has; see Converter."""
        return TrioConverter(dataclasses.replace(self.config, gap_bars=NO_GAP_BARS))

    def no_windows(self) -> dict[str, Array]:
        """Returns the lines of no window."""
        return {
            role: np.empty((0, self.num_steps), dtype)
            for role, dtype in zip(ROLES, _DTYPES, strict=True)
        }

    def compact(self, example: Example) -> dict[str, Array]:
        """Returns the three lines of an example."""
        parts = np.split(example.outputs, np.cumsum(self.spec.part_depths)[:-1], axis=-1)
        return {
            role: labels_of(part).astype(dtype)
            for role, part, dtype in zip(ROLES, parts, _DTYPES, strict=True)
        }

    def expand(self, batch: Compact) -> Batch:
        """Makes one-hot rows of the three lines, side by side."""
        lines = [batch[role] for role in ROLES]
        rows = one_hot_parts(lines, self.spec.part_depths)
        controls = np.zeros((*lines[0].shape, 0), bool)
        return Batch(rows, rows, controls, np.full(len(rows), self.num_steps, np.int32))

    def cut_off(self, batch: Compact) -> Compact:
        """Returns windows without what sounds into them from before."""
        voices = {role: silence_before_first_note(batch[role]) for role in ("melody", "bass")}
        return {**batch, **voices}

    def pad(self, batch: Compact, num_steps: int, lead: int = 0) -> Compact:
        """Fills windows up with silence; see Converter."""
        return {
            role: (pad_hits if role == "drums" else pad_voices)(line, num_steps, lead)
            for role, line in batch.items()
        }

    def let_all_play(self, sequence: Any, tracks: tuple[int, ...]) -> None:
        """Adds a note outside of every part's range to each track; see Converter."""
        for role, track in zip(ROLES, tracks, strict=True):
            sequence.notes.add(
                pitch=0,
                velocity=1,
                end_time=sequence.total_time,
                instrument=track,
                program=BASS_PROGRAM if role == "bass" else 0,
                is_drum=role == "drums",
            )

    def add_resting_parts(self, sequence: Any, names: tuple[str, ...]) -> None:
        """Adds players of a note outside of every part's range; see Converter."""
        present = {
            "drums" if note.is_drum else "bass" if note.program in BASS_PROGRAMS else "melody"
            for note in sequence.notes
        }
        used = [note.instrument for note in sequence.notes]
        missing = [role for role in ROLES if role in names and role not in present]
        for k, role in enumerate(missing, start=1 + max(used, default=0)):
            sequence.notes.add(
                pitch=0,
                velocity=80,
                end_time=max(sequence.total_time, 1e-3),
                instrument=k,
                program=BASS_PROGRAM if role == "bass" else 0,
                is_drum=role == "drums",
            )

    def transpose(self, batch: Compact, semitones: Array) -> Compact:
        """Transposes melody and bass by one amount; one that leaves the range comes nearer to 0."""
        steps = batch["melody"].shape[1]
        both = np.concatenate([batch["melody"], batch["bass"]], axis=1)
        moved, _ = transpose_labels(both, semitones, VOICE_DEPTH)
        melody, bass = np.split(moved, [steps], axis=1)
        return {**batch, "melody": melody, "bass": bass}

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
        """Turns a trio into notes: melody is instrument 0, bass 1 (program 33), drums 9.

        `program` is the melody's; see Converter.
        """
        del controls, pitch_map
        sequence, seconds_per_step = new_sequence(qpm, len(outputs), STEPS_PER_QUARTER)
        add_note = sequence.notes.add
        parts = np.split(np.asarray(outputs), np.cumsum(self.spec.part_depths)[:-1], axis=-1)
        melody, bass, drums = map(labels_of, parts)
        for labels, instrument, part_program in (
            (melody, 0, program or 0),
            (bass, BASS_INSTRUMENT, BASS_PROGRAM),
        ):
            for start, end, pitch in notes_of_labels(labels, MIN_PITCH):
                add_note(
                    pitch=pitch,
                    velocity=velocity,
                    start_time=start * seconds_per_step,
                    end_time=end * seconds_per_step,
                    instrument=instrument,
                    program=part_program,
                )
        for step, drum in np.argwhere(bits_to_roll(drums, len(REDUCED))).tolist():
            add_note(
                pitch=REDUCED[drum][0],
                velocity=velocity,
                start_time=step * seconds_per_step,
                end_time=(step + 1) * seconds_per_step,
                instrument=DRUM_INSTRUMENT,
                is_drum=True,
            )
        return sequence

    def section_windows(
        self, section: Section, reading: Reading
    ) -> tuple[dict[str, Array], list[Origin]]:
        """Finds the windows of one section; see Converter."""
        rejections = reading.rejections
        place = section.first_bar, section.start_seconds
        lines: list[list[Array]] = [[np.empty((0, self.num_steps), dtype)] for dtype in _DTYPES]
        origins: list[Origin] = []
        end = quantize_notes(section.notes, STEPS_PER_QUARTER, section.qpm)[1]
        bars = min(-(-int(end.max()) // STEPS_PER_BAR), self.config.max_bars)
        if bars < self.config.slice_bars:
            detail = f"{bars} bars; a window needs {self.config.slice_bars}"
            rejections.append(Rejection("too_short", detail, None, *place))
            return self.no_windows(), origins
        parts = self._parts(section, bars, rejections)
        trios = math.prod(map(len, parts))
        if trios > self.config.max_trios:
            detail = f"{trios} combinations of instruments, of which {self.config.max_trios} count"
            rejections.append(Rejection("too_many_tracks", detail, None, *place))
        for trio in itertools.islice(itertools.product(*parts), self.config.max_trios):
            playing = self._playing(trio, bars)
            steps = playing[:, np.newaxis] * STEPS_PER_BAR + np.arange(self.num_steps)
            for line, windows in zip(trio, lines, strict=True):
                windows.append(line.steps[steps])
            tracks = tuple(line.instrument for line in trio)
            origins += [section.origin(tracks, bar * STEPS_PER_BAR) for bar in playing.tolist()]
        if trios and not origins:
            detail = f"no {self.config.slice_bars} bars in which melody, bass and drums all play"
            rejections.append(Rejection("not_all_playing", detail, None, *place))
        found = {role: np.concatenate(each) for role, each in zip(ROLES, lines, strict=True)}
        return found, origins

    def _playing(self, trio: tuple[Line, ...], bars: int) -> Array:
        """Returns the bars at which windows start that all three cover throughout, int64 `[N]`."""
        covered = np.stack([line.covered for line in trio])
        edge = min(self.config.gap_bars, bars)
        for outer in (slice(0, edge), slice(bars - edge, bars)):
            covered[:, outer] |= covered[:, outer].any()
        silent = np.append(0, np.cumsum(~covered.all(axis=0)))
        return np.flatnonzero(silent[self.config.slice_bars :] == silent[: -self.config.slice_bars])

    def _parts(self, section: Section, bars: int, rejections: list[Rejection]) -> list[list[Line]]:
        """Finds melodies, basses and drums of a section; says who is none and who is missing."""
        place = section.first_bar, section.start_seconds
        players: list[list[tuple[int, Notes]]] = [[], [], []]
        for track in np.unique(section.notes.instrument).tolist():
            notes = section.notes.select(section.notes.instrument == track)
            if notes.is_drum.any() and not notes.is_drum.all():
                detail = "one instrument plays drums and other notes"
                rejections.append(Rejection("mixed_instrument", detail, track, *place))
                continue
            kinds = np.full(len(notes), ROLES.index("drums"))
            if not notes.is_drum.any():
                kinds = _roles_of(notes.program)
            played = list(dict.fromkeys(kinds.tolist()))
            for kind in played:
                own = notes if len(played) == 1 else notes.select(kinds == kind)
                if kind < len(ROLES):
                    players[kind].append((track, own))
                    continue
                program = int(own.program[0])
                detail = f"program {program} is neither melody (0..31) nor bass (32..39)"
                rejections.append(Rejection("program_not_allowed", detail, track, *place))
        missing = [role for role, found in zip(ROLES, players, strict=True) if not found]
        for role in missing:
            rejections.append(Rejection(f"no_{role}", f"no instrument plays {role}", None, *place))
        if missing:
            return [[], [], []]
        return [
            [self._part(track, role, notes, section, bars, rejections) for track, notes in found]
            for role, found in zip(ROLES, players, strict=True)
        ]

    def _part(
        self,
        track: int,
        role: str,
        notes: Notes,
        section: Section,
        bars: int,
        rejections: list[Rejection],
    ) -> Line:
        """Makes one instrument's line and the bars that it covers."""
        num_steps, qpm = bars * STEPS_PER_BAR, section.qpm
        start, end = quantize_notes(notes, STEPS_PER_QUARTER, qpm)
        changes = np.zeros(bars + 1, np.int64)
        first = (start // STEPS_PER_BAR - self.config.gap_bars).clip(0, bars)
        last = ((end - 1) // STEPS_PER_BAR + 1 + self.config.gap_bars).clip(0, bars)
        np.add.at(changes, first, 1)
        np.add.at(changes, last, -1)
        covered = np.cumsum(changes)[:bars] > 0
        if role == "drums":
            known, drums = drum_hits(notes, REDUCED)
            onset = quantize(known.start, STEPS_PER_QUARTER, qpm)
            steps, hits = combine_hits(onset, drums, REDUCED)
            line = np.zeros(num_steps, hits.dtype)
            line[steps[steps < num_steps]] = hits[steps < num_steps]
            reason, left_out = "unmapped_pitch", len(notes) - len(known)
            detail = of_no_class(left_out)
        else:
            in_range = (notes.pitch >= MIN_PITCH) & (notes.pitch <= MAX_PITCH)
            line = np.zeros(num_steps, np.uint8)
            kept = notes.select(in_range), start[in_range], end[in_range]
            for _, voice in voices(*kept, gap_steps=2 * MAX_STEP):
                line = voice.labels(0, num_steps, MIN_PITCH)
            reason, left_out = "out_of_range", len(notes) - int(in_range.sum())
            detail = outside_range(notes.pitch, MIN_PITCH, MAX_PITCH)
        if left_out:
            place = section.first_bar, section.start_seconds
            rejections.append(Rejection(reason, detail, track, *place))
        return Line(track, line, covered)


_DTYPES = (np.uint8, np.uint8, bits_dtype(REDUCED))


def _roles_of(programs: Array) -> Array:
    """Returns the index in ROLES of each pitched note's program; one past them for no role."""
    found = np.full(len(programs), len(ROLES))
    for role, own in (("melody", MELODY_PROGRAMS), ("bass", BASS_PROGRAMS)):
        found[(programs >= own.start) & (programs < own.stop)] = ROLES.index(role)
    return found
