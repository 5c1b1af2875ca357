"""Fitting a user's piece to what a model reads: one window of a fixed length.

A piece that is too long gives its most musical window (window_score.py), one that is too short is
filled up with silence, and one that a model cannot read as it stands is repaired (repairs.py);
everything that was done is said. With `strict` none of it happens: the piece must give exactly one
window.
"""

from __future__ import annotations

import collections
import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from musicvae.converters import Converter, Example, Extraction, Origin
from musicvae.converters.base import Array
from musicvae.errors import InputError, MultipleExamplesError, NoExamplesError
from musicvae.generate.adaptations import (
    BASS_PROGRAMS,
    Repair,
    basses_on_a_piano,
    copy_of,
    in_common_time,
    on_a_piano,
    with_one_tempo,
)
from musicvae.generate.window_score import best_window
from musicvae.lazy_note_seq import NoteSequence
from musicvae.sequences import (
    channels_of,
    describe_rejections,
    program_changes,
    tempo_at,
    track_name,
)

MAX_PIECE_SECONDS = 3600.0

_USUAL_VELOCITY = 80
_SAME_SECONDS = 1e-6
_LENGTH_OPTIONS = ("slice_bars", "split_bars")
_HELD_LABELS = ("labels", "melody", "bass")
_LASTING_LABELS = ("chords", "keys")
_NOTE_OFF, _FIRST_PITCH = 1, 2


class SeveralWindowsError(MultipleExamplesError):
    """A piece gives several windows where one is wanted.

    Attributes:
      name: what the piece is called.
      windows: all of them, in the order of the piece.
    """

    def __init__(self, name: str, windows: Sequence[Window]) -> None:
        super().__init__(f"'{name}' gives {len(windows)} windows, and one is wanted; choose one")
        self.name = name
        self.windows = tuple(windows)


@dataclasses.dataclass(frozen=True)
class Window:
    """A stretch of a piece as a model reads it.

    Attributes:
      example: its tensors.
      qpm: tempo in quarters a minute.
      velocity: mean MIDI velocity of its notes, 1..127.
      program: MIDI program of its melody, or None where it has none or several; of one instrument
        that changes its program, that of most notes. A bass beside a melody does not count.
      bar: bar of the piece at which it begins; the first is 1.
      seconds: the same in seconds.
      end_of_piece: second at which the piece's last bar ends, in the same time as `seconds`.
      piece: the piece as it was read, at one tempo.
      notes: what was done to the piece, in sentences for the user.
    """

    example: Example
    qpm: float
    velocity: int
    program: int | None
    bar: int
    seconds: float
    end_of_piece: float
    piece: NoteSequence
    notes: tuple[str, ...] = ()


def fit_window(
    sequence: NoteSequence,
    converter: Converter,
    *,
    name: str,
    strict: bool = False,
    bar: int | None = None,
    adaptations: Sequence[Repair] = (),
) -> Window:
    """Finds the window of a piece that a model is to read.

    Args:
      sequence: the piece, not changed.
      converter: the model's.
      name: what to call the piece in messages.
      strict: whether the piece must give exactly one window as it stands.
      bar: the bar at which the window is to begin, the first is 1; None for the most musical one.
      adaptations: what may be tried before the usual repairs.

    Returns:
      The window.

    Raises:
      NoExamplesError: the piece gives none; the message says why.
      SeveralWindowsError: it gives several, with `strict`.
      InputError: no window begins at `bar`.
    """
    if strict:
        extraction = converter.extract(sequence, pitch_map="inference")
        programs = tuple(note.program for note in sequence.notes)
        reading = _Reading(sequence, extraction, (), programs)
        windows = _windows(converter, reading)
        if len(windows) > 1:
            raise SeveralWindowsError(name, windows)
        if not windows:
            raise _none_of(reading, name)
        return windows[0]
    reading = _read(sequence, converter, adaptations)
    count, notes = len(reading.extraction.examples), reading.notes
    if not count:
        raise _none_of(reading, name)
    chosen = _choose(converter, reading.extraction, bar, name)
    (window,) = _windows(converter, reading, [chosen])
    if count > 1:
        why = "asked for" if bar is not None else "the most musical"
        notes = (*notes, f"of its {count} windows the one at bar {window.bar} was taken ({why})")
    return dataclasses.replace(window, notes=notes)


def window_notes(window: Window, converter: Converter) -> NoteSequence:
    """Returns a window as notes, as it stands in the piece.

    Args:
      window: the window.
      converter: that made it.
    """
    notes: NoteSequence = converter.to_notes(
        window.example.outputs,
        window.example.controls if converter.spec.control_depth else None,
        qpm=window.qpm,
        velocity=window.velocity,
        program=window.program,
    )
    return notes


def end_of(sequence: NoteSequence) -> float:
    """Returns the second at which the last bar of a piece in 4/4 ends, with its silent bars.

    Args:
      sequence: the piece, at one tempo.
    """
    bar_seconds = 240.0 / tempo_at(sequence)
    onsets = [note.start_time for note in sequence.notes if math.isfinite(note.start_time)]
    # A hit up to half a sixteenth early belongs to the bar that it leads into.
    last = max(onsets, default=0.0) + bar_seconds / 32
    bars = math.floor(last / bar_seconds) + 1
    if sequence.total_time <= MAX_PIECE_SECONDS:
        bars = max(bars, math.floor(sequence.total_time / bar_seconds + 1e-2))
    return bars * bar_seconds


def fit_whole(
    sequence: NoteSequence, converter: Converter, *, name: str, adaptations: Sequence[Repair] = ()
) -> list[Window]:
    """Cuts a whole piece into windows that follow each other.

    Args:
      sequence: the piece, not changed.
      converter: the model's.
      name: what to call the piece in messages.
      adaptations: what may be tried before the usual repairs.

    Returns:
      Its windows, in order, none overlapping another; the last is filled up with silence where the
      representation allows. Of several melodies the one with the most windows is taken.

    Raises:
      NoExamplesError: the piece gives none; the message says why.
    """
    converter = _keeping_repetitions(converter)
    reading = _read(sequence, converter, adaptations, whole=True)
    origins = reading.extraction.origins
    if not origins:
        raise _none_of(reading, name)
    by_tracks = collections.Counter(origin.tracks for origin in origins)
    tracks = max(by_tracks, key=lambda tracks: by_tracks[tracks])
    taken: list[int] = []
    free_from = -math.inf
    for k in sorted(range(len(origins)), key=lambda k: origins[k].seconds):
        origin = origins[k]
        if origin.tracks == tracks and origin.seconds >= free_from - _SAME_SECONDS:
            taken.append(k)
            free_from = origin.seconds + _window_seconds(converter, reading.sequence, origin)
    windows = _windows(converter, reading, taken)
    return [dataclasses.replace(window, notes=reading.notes) for window in windows]


def _none_of(reading: _Reading, name: str) -> NoExamplesError:
    reasons = describe_rejections(reading.extraction.rejections, reading.sequence)
    return NoExamplesError(f"'{name}' has nothing that this model can read: {reasons}")


class _Reading(NamedTuple):
    """What was read of a piece.

    Attributes:
      sequence: the piece after its repairs.
      extraction: its windows.
      notes: what was done to it.
      programs: of its notes, before the repairs.
    """

    sequence: NoteSequence
    extraction: Extraction
    notes: tuple[str, ...]
    programs: tuple[int, ...]


def _read(
    sequence: NoteSequence,
    converter: Converter,
    adaptations: Sequence[Repair],
    *,
    whole: bool = False,
) -> _Reading:
    """Extracts all windows, repairing the piece and shortening the window until there are some.

    With `whole` the piece is filled up with silence to a whole number of windows.
    """
    stages = list(_stages(sequence, adaptations))
    programs = tuple(note.program for note in stages[0][0].notes)
    for adapted, notes in stages:
        filled = _filled_up(adapted, converter) if whole else adapted
        extraction = converter.extract(filled, pitch_map="inference")
        if extraction.examples:
            notes = (*notes, *_left_out(extraction), *_changed_programs(sequence, extraction))
            return _Reading(adapted, extraction, notes, programs)
    rejections = extraction.rejections
    shortest = _with_bars(converter, 1)
    if shortest is not None:
        for adapted, notes in stages:
            tried = shortest.extract_compact(adapted, pitch_map="inference")
            if tried.origins:
                extraction, sentence = _filled(adapted, converter)
                notes = (*notes, sentence, *_left_out(extraction))
                return _Reading(adapted, extraction, notes, programs)
            # That there is too little of it is no reason where not even a bar can be read.
            rejections = tried.rejections
    return _Reading(stages[-1][0], Extraction((), rejections, ()), (), programs)


def _left_out(extraction: Extraction) -> tuple[str, ...]:
    """Says which drums a model does not know, and which notes of its windows are out of its range.

    Both are counted for the whole piece.
    """
    tracks = {track for origin in extraction.origins for track in origin.tracks}
    details = [
        each.detail
        for each in extraction.rejections
        if each.reason == "unmapped_pitch"
        or (each.reason == "out_of_range" and each.track in tracks)
    ]
    return tuple(f"{detail} and were left out" for detail in dict.fromkeys(details))


def _changed_programs(sequence: NoteSequence, extraction: Extraction) -> tuple[str, ...]:
    """Says which instruments of the windows change their program in mid-tune."""
    tracks = {track for origin in extraction.origins for track in origin.tracks}
    channels = channels_of(sequence)
    return tuple(
        f"{track_name(track, channels)} changes its program "
        f"({' to '.join(dict.fromkeys(str(program) for _, program in changes))}) and was read as "
        "one instrument"
        for track, changes in program_changes(sequence).items()
        if track in tracks
    )


def _stages(
    sequence: NoteSequence, adaptations: Sequence[Repair]
) -> Iterator[tuple[NoteSequence, tuple[str, ...]]]:
    """Yields the piece as it stands, then after one repair, after two, and so on."""
    notes: tuple[str, ...] = ()
    if sequence.total_time > MAX_PIECE_SECONDS:
        sequence, count = _first_hour(sequence), len(sequence.notes)
        notes = ("only its first hour was read",) if len(sequence.notes) < count else ()
    yield sequence, notes
    for adaptation in (*adaptations, with_one_tempo, in_common_time, on_a_piano, basses_on_a_piano):
        adapted = adaptation(sequence)
        if adapted is not None:
            sequence, notes = adapted.sequence, (*notes, adapted.notes)
            yield sequence, notes


def _first_hour(sequence: NoteSequence) -> NoteSequence:
    result = copy_of(sequence)
    del result.notes[:]
    result.notes.extend(note for note in sequence.notes if note.start_time < MAX_PIECE_SECONDS)
    for note in result.notes:
        note.end_time = min(note.end_time, MAX_PIECE_SECONDS)
    result.total_time = MAX_PIECE_SECONDS
    return result


def _filled(sequence: NoteSequence, converter: Converter) -> tuple[Extraction, str]:
    """Reads the longest windows that there are and fills them up with silence."""
    bars = _bars(converter)
    for shorter_bars in range(bars - 1, 0, -1):
        shorter = _with_bars(converter, shorter_bars)
        assert shorter is not None
        found = shorter.extract_compact(sequence, pitch_map="inference")
        if found.origins:
            break
    arrays = {name: _fill(name, array, converter.num_steps) for name, array in found.arrays.items()}
    examples = tuple(map(Example, *converter.expand(arrays)))
    are = "bar was" if shorter_bars == 1 else "bars were"
    notes = f"its {shorter_bars} {are} filled up with silence to {bars}"
    return Extraction(examples, found.rejections, found.origins), notes


def _fill(name: str, array: Array, num_steps: int) -> Array:
    """Lengthens compact arrays `[N, T, ...]` to `num_steps`: notes end, chords and keys go on."""
    missing = num_steps - array.shape[1]
    if name in _LASTING_LABELS:
        return np.concatenate([array, np.repeat(array[:, -1:], missing, axis=1)], axis=1)
    silence = np.zeros((len(array), missing, *array.shape[2:]), array.dtype)
    if name in _HELD_LABELS:
        # A label of 0 lets a note go on; the last one that is not 0 says whether one sounds.
        steps = np.where(array > 0, np.arange(array.shape[1]), -1).max(axis=1)
        last = np.take_along_axis(array, np.maximum(steps, 0)[:, None], axis=1)[:, 0]
        silence[:, 0] = np.where(last >= _FIRST_PITCH, _NOTE_OFF, 0)
    return np.concatenate([array, silence], axis=1)


def _length_option(converter: Converter) -> str | None:
    return next((name for name in _LENGTH_OPTIONS if hasattr(converter.config, name)), None)


def _bars(converter: Converter) -> int:
    option = _length_option(converter)
    return int(getattr(converter.config, option)) if option else 1


def _with_bars(converter: Converter, bars: int) -> Converter | None:
    """Returns the converter with shorter windows, or None where they cannot be shorter."""
    option = _length_option(converter)
    if option is None or bars >= _bars(converter):
        return None
    return _with_options(converter, **{option: bars})


def _keeping_repetitions(converter: Converter) -> Converter:
    return (
        _with_options(converter, dedupe=False) if hasattr(converter.config, "dedupe") else converter
    )


def _with_options(converter: Converter, **options: Any) -> Converter:
    config = dataclasses.replace(converter.config, **options)
    return cast(Converter, dataclasses.replace(cast(Any, converter), config=config))


def _filled_up(sequence: NoteSequence, converter: Converter) -> NoteSequence:
    """Lengthens a piece by silence to a whole number of windows, which grooves keep."""
    seconds = converter.num_steps * 15.0 / tempo_at(sequence, 0.0)
    total = max(sequence.total_time, *(note.start_time for note in sequence.notes), 0.0, 0.0)
    if not math.isfinite(total) or total > MAX_PIECE_SECONDS:
        return sequence
    result = copy_of(sequence)
    result.total_time = max(math.ceil(total / seconds - 1e-2), 1) * seconds
    return result


def _choose(converter: Converter, extraction: Extraction, bar: int | None, name: str) -> int:
    """Returns the number of the window that begins at `bar`, or of the most musical one."""
    origins = extraction.origins
    candidates = list(range(len(origins)))
    if bar is not None:
        candidates = [k for k in candidates if origins[k].bar == bar]
        if not candidates:
            bars = sorted({origin.bar for origin in origins})
            shown = ", ".join(map(str, bars[:12])) + (", ..." if len(bars) > 12 else "")
            raise InputError(
                f"no window of '{name}' begins at bar {bar}; there are some at {shown}"
            )
    return best_window(converter, extraction.examples, candidates)


def _windows(
    converter: Converter, reading: _Reading, which: Sequence[int] | None = None
) -> list[Window]:
    """Returns windows with the tempo, loudness and instrument that they have in the piece."""
    sequence, extraction = reading.sequence, reading.extraction
    end = end_of(sequence)
    windows = []
    for k in range(len(extraction.origins)) if which is None else which:
        origin = extraction.origins[k]
        until = origin.seconds + _window_seconds(converter, sequence, origin)
        notes = [
            (note, program)
            for note, program in zip(sequence.notes, reading.programs, strict=True)
            if note.instrument in origin.tracks and origin.seconds - 0.1 <= note.start_time < until
        ]
        programs = collections.Counter(program for note, program in notes if not note.is_drum)
        for program in [each for each in programs if each in BASS_PROGRAMS]:
            if len(programs) > 1:
                del programs[program]
        melodic = {note.instrument for note, program in notes if program in programs}
        mean = sum(note.velocity for note, _ in notes) / len(notes) if notes else _USUAL_VELOCITY
        windows.append(
            Window(
                example=extraction.examples[k],
                qpm=tempo_at(sequence, origin.seconds + _SAME_SECONDS),
                velocity=min(max(round(mean), 1), 127),
                program=max(programs, key=lambda program: programs[program])
                if len(programs) == 1 or len(melodic) == 1
                else None,
                bar=origin.bar,
                seconds=origin.seconds,
                end_of_piece=end,
                piece=sequence,
            )
        )
    return windows


def _window_seconds(converter: Converter, sequence: NoteSequence, origin: Origin) -> float:
    return _bars(converter) * 240.0 / tempo_at(sequence, origin.seconds + _SAME_SECONDS)
