"""The drums of the user's own kit, of which a model knows nine kinds.

A groove model tells a snare from a tom, not a rim click from a snare. Where a result has the hits
of its input, each can be played on the drum that it had there.
"""

from __future__ import annotations

import collections
import math
from collections.abc import Sequence

from musicvae.converters.drum_classes import REDUCED, class_of_pitch
from musicvae.generate.input_windows import Window
from musicvae.lazy_note_seq import NoteSequence


def with_original_pitches(
    result: NoteSequence, windows: Sequence[Window], num_steps: int
) -> NoteSequence:
    """Returns a copy of a result whose hits have the pitches that they have in the input.

    Args:
      result: drums of one pitch for each kind. A kind that has not as many hits as in the input
        stays as it is.
      windows: of the input, in order.
      num_steps: of a window.
    """
    kinds = class_of_pitch(REDUCED)
    wanted = _pitches_by_kind(windows, num_steps)
    copy = NoteSequence()
    copy.CopyFrom(result)
    hits = collections.defaultdict(list)
    for note in sorted(copy.notes, key=lambda note: note.start_time):
        hits[int(kinds[note.pitch])].append(note)
    for kind, notes in hits.items():
        if len(notes) == len(wanted[kind]):
            for note, pitch in zip(notes, wanted[kind], strict=True):
                note.pitch = pitch
    return copy


def _pitches_by_kind(windows: Sequence[Window], num_steps: int) -> dict[int, list[int]]:
    """Returns the pitches of the input's hits in order, of each kind; of two at once the louder."""
    step_seconds = 15.0 / windows[0].qpm
    firsts = [round(window.seconds / step_seconds) for window in windows]
    inside = {step for first in firsts for step in range(first, first + num_steps)}
    kinds = class_of_pitch(REDUCED)
    loudest: dict[tuple[int, int], tuple[int, int]] = {}
    for note in windows[0].piece.notes:
        if not (note.is_drum and math.isfinite(note.start_time)):
            continue
        cell = int(kinds[note.pitch]), math.floor(note.start_time / step_seconds + 0.5)
        if cell[1] in inside and note.velocity > loudest.get(cell, (0, 0))[0]:
            loudest[cell] = (note.velocity, note.pitch)
    found: dict[int, list[int]] = collections.defaultdict(list)
    for (kind, _), (_, pitch) in sorted(loudest.items()):
        found[kind].append(pitch)
    return found
