"""The hits of a piece, each in the cell of the grid that a groove model hears it in.

A cell is a drum class at a sixteenth. The model hears one hit in a cell, the loudest; a flam's
grace note, a roll of 32nds or a clap with the snare share the cell of another hit, and a pitch of
no class has no cell. All of them are here, so that none is lost.

Axes: N hits, W windows, T time step, C drum classes.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from musicvae.converters.drum_map import DrumMap
from musicvae.converters.examples import Array
from musicvae.converters.groove import NUM_DRUMS
from musicvae.generate.bar_lines import BarLines
from musicvae.grid import STEPS_PER_QUARTER
from musicvae.lazy_note_seq import NoteSequence

MAX_SECONDS = 3600.0

_TINY = 1e-6


@dataclasses.dataclass(frozen=True)
class DrumHits:
    """Hits in the order of the piece, one entry of each column a hit.

    Attributes:
      pitch: int64 `[N]`, as in the piece.
      velocity: int64 `[N]`, 1 to 127.
      program: int64 `[N]`, MIDI program: the kit.
      beat: float64 `[N]`, where it begins.
      beats: float64 `[N]`, how long it is.
      step: int64 `[N]`, its sixteenth, counted from the start of the piece; ascending.
      late: float64 `[N]`, how far behind its sixteenth it is, in steps, -0.5 to 0.5.
      drum: int64 `[N]`, its class, or -1.
      heard: int64 `[N]`, the number of the hit that the model hears in its cell: itself, a louder
        one, or for a pitch of no class the loudest of its step; -1 where there is none.
    """

    pitch: Array
    velocity: Array
    program: Array
    beat: Array
    beats: Array
    step: Array
    late: Array
    drum: Array
    heard: Array

    def __len__(self) -> int:
        return len(self.pitch)

    def select(self, which: Array) -> DrumHits:
        """Returns the hits that a mask picks."""
        names = [field.name for field in dataclasses.fields(self) if field.name != "heard"]
        picked = {name: getattr(self, name)[which] for name in names}
        heard = _heard(picked["step"], picked["drum"], picked["velocity"])
        return DrumHits(**picked, heard=heard)

    def windows(self, first_steps: Array, num_steps: int) -> tuple[Array, Array]:
        """Returns windows of the hits that are heard.

        Args:
          first_steps: int64 `[W]`, the step at which each window begins; they may overlap.
          num_steps: T.

        Returns:
          velocities uint8, 0 where nothing is hit, and offsets float32, `[W, T, C]` each.
        """
        velocities = np.zeros((len(first_steps), num_steps, NUM_DRUMS), np.uint8)
        offsets = np.zeros(velocities.shape, np.float32)
        heard = np.flatnonzero(self.heard == np.arange(len(self)))
        steps = self.step[heard]
        for window, first in enumerate(first_steps.tolist()):
            begin, end = np.searchsorted(steps, [first, first + num_steps])
            own = heard[begin:end]
            cell = window, self.step[own] - first, self.drum[own]
            velocities[cell] = self.velocity[own]
            offsets[cell] = np.clip(-2.0 * self.late[own], -1.0, 1.0)
        return velocities, offsets


def read_hits(sequence: NoteSequence, lines: BarLines, drum_map: DrumMap) -> DrumHits:
    """Finds the hits of a piece.

    Args:
      sequence: the piece, not changed; what is past an hour, before second 0 or of no velocity does
        not count.
      lines: its bar lines.
      drum_map: what its pitches are.
    """
    notes = [
        note
        for note in sequence.notes
        if note.is_drum and note.velocity > 0 and 0 <= note.start_time < MAX_SECONDS
    ]
    notes.sort(key=lambda note: note.start_time)
    beat = np.array([lines.beat_at(note.start_time) for note in notes], np.float64)
    ends = [note.end_time if math.isfinite(note.end_time) else note.start_time for note in notes]
    end = np.array([lines.beat_at(end) for end in ends], np.float64)
    position = STEPS_PER_QUARTER * beat
    # A hit just before the end belongs to the last step.
    last_step = math.ceil(STEPS_PER_QUARTER * lines.end - _TINY) - 1
    step = np.minimum(np.floor(position + 0.5 + _TINY), last_step)
    pitch = np.array([note.pitch for note in notes], np.int64)
    velocity = np.array([min(note.velocity, 127) for note in notes], np.int64)
    drum = np.array([drum_map.class_of(each) for each in pitch.tolist()], np.int64)
    step_number = step.astype(np.int64)
    return DrumHits(
        pitch=pitch,
        velocity=velocity,
        program=np.array([note.program for note in notes], np.int64),
        beat=beat,
        beats=np.maximum(end - beat, 0.0),
        step=step_number,
        late=position - step,
        drum=drum,
        heard=_heard(step_number, drum, velocity),
    )


def _heard(step: Array, drum: Array, velocity: Array) -> Array:
    """Returns the hit that is heard in each hit's cell, int64 `[N]`; the first of equally loud."""
    loudest: dict[tuple[int, int], int] = {}
    of_step: dict[int, int] = {}
    for k, (at, kind, loud) in enumerate(
        zip(step.tolist(), drum.tolist(), velocity.tolist(), strict=True)
    ):
        if kind >= 0:
            if loud > velocity[loudest.setdefault((at, kind), k)]:
                loudest[at, kind] = k
            if loud > velocity[of_step.setdefault(at, k)]:
                of_step[at] = k
    cells = zip(step.tolist(), drum.tolist(), strict=True)
    found = [loudest[at, kind] if kind >= 0 else of_step.get(at, -1) for at, kind in cells]
    return np.array(found, np.int64)
