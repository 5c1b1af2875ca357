"""Which stretches of music are worth learning from: the filters of offline preprocessing.

They look at the stretches between changes of tempo and time signature, one at a time; for GrooVAE,
which does not cut pieces there, at whole pieces. A metric position is the place of an onset within
its quarter note, to the nearest sixteenth of one.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from musicvae.converters import CompactExtraction, Converter
from musicvae.converters.notes import Notes, read_score
from musicvae.lazy_note_seq import NoteSequence

_POSITIONS_PER_QUARTER = 16
_TOLERANCE_SECONDS = 1e-9


@dataclasses.dataclass(frozen=True)
class Filters:
    """Bounds on a stretch of music.

    Attributes:
      max_total_time: its length in seconds.
      max_num_notes: its notes, of all instruments.
      min_velocities: different velocities.
      min_metric_positions: different metric positions.
      is_drum: count the velocities and positions of drums only (True), of all but drums (False), or
        of all notes (None).
      drums_only: refuse what has notes that are no drums.
    """

    max_total_time: float = 1800.0
    max_num_notes: int = 10_000
    min_velocities: int = 1
    min_metric_positions: int = 1
    is_drum: bool | None = None
    drums_only: bool = False

    def objection(self, notes: Notes, seconds: float, qpm: float) -> str | None:
        """Returns why a stretch is left out, as a code, or None.

        Args:
          notes: its notes; seconds from its start.
          seconds: its length.
          qpm: its tempo in quarter notes a minute.
        """
        if seconds > self.max_total_time:
            return "filter_max_total_time"
        if len(notes) > self.max_num_notes:
            return "filter_max_num_notes"
        if self.drums_only and not notes.is_drum.all():
            return "filter_drums_only"
        if self.is_drum is not None:
            notes = notes.select(notes.is_drum == self.is_drum)
        if len(np.unique(notes.velocity)) < self.min_velocities:
            return "filter_min_velocities"
        steps = np.floor(notes.start * (qpm / 60.0 * _POSITIONS_PER_QUARTER) + 0.5)
        if len(np.unique(steps % _POSITIONS_PER_QUARTER)) < self.min_metric_positions:
            return "filter_min_metric_positions"
        return None


def extract_filtered(
    sequence: NoteSequence, converter: Converter, filters: Filters | None
) -> tuple[CompactExtraction, list[str]]:
    """Finds the examples of a NoteSequence that lie in stretches which pass the filters.

    Args:
      sequence: the piece.
      converter: a configuration's converter.
      filters: the bounds; None lets all pass.

    Returns:
      The examples, and the objection to each stretch with notes that did not pass, as a code.
    """
    found = converter.extract_compact(sequence)
    if filters is None:
        return found, []
    score, _ = read_score(sequence)
    sections, _ = converter.sections(score)
    objections = [
        filters.objection(section.notes, section.end_seconds - section.start_seconds, section.qpm)
        for section in sections
    ]
    starts = np.array([section.start_seconds for section in sections])
    seconds = np.array([origin.seconds for origin in found.origins])
    within = np.searchsorted(starts, seconds + _TOLERANCE_SECONDS, side="right") - 1
    passes = np.array([objection is None for objection in objections])
    counted = [
        objection
        for section, objection in zip(sections, objections, strict=True)
        if objection is not None and len(section.notes)
    ]
    if not len(seconds):
        return found, counted
    kept = np.flatnonzero(passes[np.maximum(within, 0)])
    extraction = CompactExtraction(
        {name: array[kept] for name, array in found.arrays.items()},
        found.rejections,
        tuple(found.origins[index] for index in kept),
    )
    return extraction, counted
