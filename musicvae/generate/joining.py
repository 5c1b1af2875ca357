"""Pieces one after another."""

from __future__ import annotations

from collections.abc import Sequence

from musicvae.lazy_note_seq import NoteSequence


def cut_at(piece: NoteSequence, seconds: float) -> NoteSequence:
    """Returns a piece without what sounds at `seconds` or later, and no longer than that.

    Args:
      piece: not changed.
      seconds: over 0.
    """
    result = NoteSequence()
    result.CopyFrom(piece)
    del result.notes[:]
    result.notes.extend(note for note in piece.notes if note.start_time < seconds)
    for note in result.notes:
        note.end_time = min(note.end_time, seconds)
    result.total_time = min(piece.total_time, seconds)
    return result


def join(pieces: Sequence[NoteSequence], starts: Sequence[float] | None = None) -> NoteSequence:
    """Makes one piece of several.

    Args:
      pieces: in order, each at one tempo of its own.
      starts: second at which each begins; one after another by default.

    Returns:
      The whole. Notes that ring on into the next piece stay as long as they are, and none begins
      before 0. A tempo or time signature is written where it changes.
    """
    if len(pieces) == 1 and starts is None:
        return pieces[0]
    joined = NoteSequence()
    if pieces:
        joined.ticks_per_quarter = pieces[0].ticks_per_quarter
    position = 0.0
    for k, piece in enumerate(pieces):
        start = position if starts is None else starts[k]
        for tempo in piece.tempos:
            if not joined.tempos or joined.tempos[-1].qpm != tempo.qpm:
                joined.tempos.add(time=start if joined.tempos else 0.0, qpm=tempo.qpm)
        for signature in piece.time_signatures:
            last = joined.time_signatures[-1:]
            parts = signature.numerator, signature.denominator
            if [(each.numerator, each.denominator) for each in last] != [parts]:
                time = start + signature.time if last else 0.0
                joined.time_signatures.add(time=time, numerator=parts[0], denominator=parts[1])
        for note in piece.notes:
            copy = joined.notes.add()
            copy.CopyFrom(note)
            copy.start_time += start
            copy.end_time += start
        for annotation in piece.text_annotations:
            copy = joined.text_annotations.add()
            copy.CopyFrom(annotation)
            copy.time += start
        position = start + piece.total_time
        joined.total_time = max(joined.total_time, position)
    return joined
