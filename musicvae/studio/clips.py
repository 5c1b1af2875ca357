"""Clips, in quarter notes, from NoteSequences, in seconds, and back.

Axes: Z columns of z.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from musicvae.converters.notes import CHORD_SYMBOL
from musicvae.generate.bar_lines import BarLines, Tempo
from musicvae.lazy_note_seq import NoteSequence
from musicvae.studio.messages import MAX_BEATS, MAX_NOTES, Clip, Note

Vector = npt.NDArray[np.float32]

_TICKS_PER_QUARTER = 220
_DIGITS = 6


def clip_of(
    sequence: NoteSequence,
    name: str,
    *,
    model: str = "",
    z: Vector | None = None,
    seed: int | None = None,
) -> Clip:
    """Returns a piece as a clip.

    Args:
      sequence: the piece; of more notes than a clip takes, the first ones count.
      name: what to call it.
      model: name of the model that z belongs to.
      z: float32 `[Z]`, its place in latent space.
      seed: what gives the same notes again.
    """
    lines = BarLines.of(sequence)

    def beat(seconds: float) -> float:
        return min(max(round(lines.beat_at(seconds), _DIGITS), 0.0), MAX_BEATS)

    kept = sequence.notes[:MAX_NOTES]
    notes = [
        Note.model_construct(
            pitch=note.pitch,
            start=beat(note.start_time),
            end=beat(max(note.start_time, note.end_time)),
            velocity=min(max(note.velocity, 1), 127),
            drum=note.is_drum,
            program=note.program,
            part=note.instrument,
        )
        for note in kept
    ]
    first = lines.regions[0]
    chords = [
        (beat(each.time), each.text)
        for each in sequence.text_annotations
        if each.annotation_type == CHORD_SYMBOL
    ]
    return Clip.model_construct(
        id=_identity(sequence, model, z),
        z=None if z is None else floats(z),
        notes=notes,
        tempo=round(lines.tempos[0].qpm, _DIGITS),
        beats_per_bar=first.numerator,
        beat_unit=first.denominator,
        length=beat(sequence.total_time),
        name=name,
        model=model or None,
        seed=seed,
        tempos=[(each.beat, each.qpm) for each in lines.tempos] if len(lines.tempos) > 1 else None,
        chords=chords or None,
    )


def floats(z: Vector) -> list[float]:
    """Returns float32 numbers with the digits that tell them apart."""
    return [float(f"{value:.9g}") for value in z.tolist()]


def sequence_of(clip: Clip) -> NoteSequence:
    """Returns a clip as a NoteSequence."""
    marks = [(0.0, clip.tempo), *sorted(clip.tempos or ())]
    tempos: list[Tempo] = []
    for beat, qpm in marks:
        if tempos and beat <= tempos[-1].beat:
            tempos[-1] = tempos[-1]._replace(qpm=qpm)
            continue
        seconds = 0.0
        if tempos:
            last = tempos[-1]
            seconds = last.seconds + (beat - last.beat) * 60.0 / last.qpm
        tempos.append(Tempo(beat, seconds, qpm))
    lines = BarLines(tuple(tempos), (), 0.0)
    sequence = NoteSequence(ticks_per_quarter=_TICKS_PER_QUARTER)
    for tempo in tempos:
        sequence.tempos.add(time=tempo.seconds, qpm=tempo.qpm)
    sequence.time_signatures.add(numerator=clip.beats_per_bar, denominator=clip.beat_unit)
    for note in clip.notes:
        sequence.notes.add(
            pitch=note.pitch,
            velocity=note.velocity,
            start_time=lines.seconds_at(note.start),
            end_time=lines.seconds_at(max(note.start, note.end)),
            instrument=note.part,
            program=note.program,
            is_drum=note.drum,
        )
    for beat, figure in clip.chords or ():
        sequence.text_annotations.add(
            time=lines.seconds_at(beat), text=figure, annotation_type=CHORD_SYMBOL
        )
    end = max([clip.length, *(note.end for note in clip.notes)])
    sequence.total_time = lines.seconds_at(end)
    return sequence


def mean_velocity(notes: Iterable[Note]) -> int:
    """Returns the mean velocity of notes; 80 of none."""
    velocities = [note.velocity for note in notes]
    return round(sum(velocities) / len(velocities)) if velocities else 80


def main_program(notes: Sequence[Note]) -> int | None:
    """Returns the one program of the melodic notes; None where there are none or several."""
    programs = {note.program for note in notes if not note.drum}
    return programs.pop() if len(programs) == 1 else None


def _identity(sequence: NoteSequence, model: str, z: Vector | None) -> str:
    digest = hashlib.blake2b(model.encode(), digest_size=10)
    digest.update(sequence.SerializeToString(deterministic=True))
    if z is not None:
        digest.update(np.ascontiguousarray(z, np.float32).tobytes())
    return f"c{digest.hexdigest()}"
