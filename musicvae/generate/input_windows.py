"""Fitting a user's piece to what a model reads: one window of a fixed length.

A piece that is too long gives its most musical window (window_score.py), one that is too short is
filled up with silence, and one that a model cannot read as it stands is adapted (adaptations.py);
everything that was done is said. With `strict` none of it happens: the piece must give exactly one
window.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from musicvae.converters import Compact, Converter, Example, Extraction, Origin, Rejection
from musicvae.errors import InputError, MultipleExamplesError, NoExamplesError
from musicvae.generate.adaptations import (
    MAX_PIECE_SECONDS,
    Adaptation,
    as_one_instrument,
    basses_on_a_piano,
    in_bars_of_four,
    on_a_piano,
    with_one_tempo,
    within_an_hour,
)
from musicvae.generate.bar_lines import COMMON_TIME, BarLines
from musicvae.generate.window_score import best_window
from musicvae.grid import BASS_PROGRAMS
from musicvae.lazy_note_seq import NoteSequence
from musicvae.sequences import (
    channels_of,
    describe_rejections,
    program_changes,
    tempo_at,
    track_name,
)

_USUAL_VELOCITY = 80
_SAME_SECONDS = 1e-6


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
      time_signature: numerator and denominator of the bars that it is made of.
      notes: what was done to the piece, in sentences for the user.
    """

    example: Example
    qpm: float
    velocity: int
    program: int | None
    bar: int
    seconds: float
    time_signature: tuple[int, int] = COMMON_TIME
    notes: tuple[str, ...] = ()


def fit_window(
    sequence: NoteSequence,
    converter: Converter,
    *,
    name: str,
    strict: bool = False,
    bar: int | None = None,
    adaptations: Sequence[Adaptation] = (),
) -> Window:
    """Finds the window of a piece that a model is to read.

    Args:
      sequence: the piece, not changed.
      converter: the model's.
      name: what to call the piece in messages.
      strict: whether the piece must give exactly one window as it stands.
      bar: the bar at which the window is to begin, the first is 1; None for the most musical one.
      adaptations: what may be tried before the others.

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
        reading = _Reading(sequence, extraction, (), programs, None)
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
    chosen = _choose(converter, reading, bar, name)
    (window,) = _windows(converter, reading, [chosen])
    if count > 1:
        why = "asked for" if bar is not None else "the most musical"
        notes = (*notes, f"of its {count} windows the one at bar {window.bar} was taken ({why})")
    return dataclasses.replace(window, notes=notes)


def all_windows(
    sequence: NoteSequence,
    converter: Converter,
    *,
    name: str,
    adaptations: Sequence[Adaptation] = (),
) -> tuple[list[Window], tuple[str, ...]]:
    """Finds every window of a piece, where `fit_window` takes one.

    Args:
      sequence: the piece, not changed.
      converter: the model's.
      name: what to call the piece in messages.
      adaptations: what may be tried before the others.

    Returns:
      The windows in the order of the piece, and what was done to it.

    Raises:
      NoExamplesError: the piece gives none; the message says why.
    """
    reading = _read(sequence, converter, adaptations)
    if not reading.extraction.examples:
        raise _none_of(reading, name)
    return _windows(converter, reading), reading.notes


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


def _none_of(reading: _Reading, name: str) -> NoExamplesError:
    reasons = describe_rejections(reading.extraction.rejections, reading.sequence)
    return NoExamplesError(f"'{name}' has nothing that this model can read: {reasons}")


class _Reading(NamedTuple):
    """What was read of a piece.

    Attributes:
      sequence: the piece after its adaptations.
      extraction: its windows.
      notes: what was done to it.
      programs: of its notes, before the adaptations.
      lines: its bar lines, where its bars were laid out as bars of 4/4.
    """

    sequence: NoteSequence
    extraction: Extraction
    notes: tuple[str, ...]
    programs: tuple[int, ...]
    lines: BarLines | None


class Stage(NamedTuple):
    """A piece after some adaptations.

    Attributes:
      sequence: the piece.
      notes: what was done to it.
      lines: its bar lines, where its bars were laid out as bars of 4/4.
    """

    sequence: NoteSequence
    notes: tuple[str, ...]
    lines: BarLines | None


def stages(sequence: NoteSequence, adaptations: Sequence[Adaptation]) -> Iterator[Stage]:
    """Yields a piece as it stands, then after one adaptation, after two, and so on."""
    stage = Stage(sequence, (), None)
    yield stage
    for adaptation in adaptations:
        adapted = adaptation(stage.sequence)
        if adapted is not None:
            is_laid_out = adaptation is in_bars_of_four
            stage = Stage(
                sequence=adapted.sequence,
                notes=(*stage.notes, adapted.notes) if adapted.notes else stage.notes,
                lines=BarLines.of(stage.sequence) if is_laid_out else stage.lines,
            )
            yield stage


def notes_about_tracks(
    sequence: NoteSequence, rejections: Sequence[Rejection], tracks: Collection[int]
) -> tuple[str, ...]:
    """Says what of some instruments a model does not know, or reads otherwise.

    Args:
      sequence: the piece, before its adaptations.
      rejections: what was left out of it, counted for the whole piece.
      tracks: the instruments that are read.
    """
    left_out = [
        each.detail
        for each in rejections
        if each.reason == "unmapped_pitch"
        or (each.reason == "out_of_range" and each.track in tracks)
    ]
    channels = channels_of(sequence)
    changed = [
        f"{track_name(track, channels)} changes its program "
        f"({' to '.join(dict.fromkeys(str(program) for _, program in changes))}) and was read as "
        "one instrument"
        for track, changes in program_changes(sequence).items()
        if track in tracks
    ]
    return (*(f"{detail}: left out" for detail in dict.fromkeys(left_out)), *changed)


def sound_of(notes: Sequence[tuple[NoteSequence.Note, int]]) -> tuple[int, int | None]:
    """Returns how some notes sound.

    Args:
      notes: notes, each with the program that it has in the piece.

    Returns:
      Their mean velocity, and the program of their melody, or None where it has none or several; of
      one instrument that changes its program, that of most notes. A bass beside a melody does not
      count.
    """
    programs = collections.Counter(program for note, program in notes if not note.is_drum)
    for program in [each for each in programs if each in BASS_PROGRAMS]:
        if len(programs) > 1:
            del programs[program]
    melodic = {note.instrument for note, program in notes if program in programs}
    mean = sum(note.velocity for note, _ in notes) / len(notes) if notes else _USUAL_VELOCITY
    is_one = len(programs) == 1 or len(melodic) == 1
    usual = max(programs, key=lambda program: programs[program]) if is_one else None
    return min(max(round(mean), 1), 127), usual


def _read(
    sequence: NoteSequence, converter: Converter, adaptations: Sequence[Adaptation]
) -> _Reading:
    """Extracts all windows, adapting the piece and shortening the window until there are some."""
    usual = (with_one_tempo, in_bars_of_four, on_a_piano, basses_on_a_piano)
    whole = as_one_instrument(sequence, converter.programs)
    first, *others = stages(whole, [within_an_hour, *adaptations, *usual])
    # What is past an hour is never read.
    tried_stages = others if sequence.total_time > MAX_PIECE_SECONDS else [first, *others]
    programs = tuple(note.program for note in tried_stages[0].sequence.notes)
    for stage in tried_stages:
        extraction = converter.extract(stage.sequence, pitch_map="inference")
        if extraction.examples:
            notes = (*stage.notes, *_about(sequence, extraction))
            return _Reading(stage.sequence, extraction, notes, programs, stage.lines)
    rejections = extraction.rejections
    shortest = converter.with_bars(1) if converter.bars > 1 else None
    if shortest is not None:
        for stage in tried_stages:
            tried = shortest.extract_compact(stage.sequence, pitch_map="inference")
            if tried.origins:
                extraction, sentence = _filled(stage.sequence, converter)
                notes = (*stage.notes, sentence, *_about(sequence, extraction))
                return _Reading(stage.sequence, extraction, notes, programs, stage.lines)
            # That there is too little of it is no reason where not even a bar can be read.
            rejections = tried.rejections
    return _Reading(stage.sequence, Extraction((), rejections, ()), (), programs, stage.lines)


def _about(sequence: NoteSequence, extraction: Extraction) -> tuple[str, ...]:
    tracks = {track for origin in extraction.origins for track in origin.tracks}
    return notes_about_tracks(sequence, extraction.rejections, tracks)


def _filled(sequence: NoteSequence, converter: Converter) -> tuple[Extraction, str]:
    """Reads the longest windows that there are and fills them up with silence."""
    bars = converter.bars
    for shorter_bars in range(bars - 1, 0, -1):
        shorter = converter.with_bars(shorter_bars)
        assert shorter is not None
        found = shorter.extract_compact(sequence, pitch_map="inference")
        if found.origins:
            break
    examples = padded(converter, found.arrays)
    are = "bar was" if shorter_bars == 1 else "bars were"
    notes = f"its {shorter_bars} {are} filled up with silence to {bars}"
    return Extraction(examples, found.rejections, found.origins), notes


def padded(converter: Converter, arrays: Compact, lead_bars: int = 0) -> tuple[Example, ...]:
    """Fills windows up with silence to a converter's length.

    Args:
      converter: the converter.
      arrays: compact arrays `[N, T, ...]` of windows that may be shorter.
      lead_bars: bars of silence that go before them.

    Returns:
      N examples.
    """
    lead = lead_bars * (converter.num_steps // converter.bars)
    return converter.examples(converter.pad(arrays, converter.num_steps, lead))


def _choose(converter: Converter, reading: _Reading, bar: int | None, name: str) -> int:
    """Returns the number of the window that begins at `bar`, or of the most musical one."""
    extraction = reading.extraction
    candidates = list(range(len(extraction.origins)))
    if bar is not None:
        bars = [_bar(origin, reading.lines) for origin in extraction.origins]
        candidates = [k for k in candidates if bars[k] == bar]
        if not candidates:
            known = sorted(set(bars))
            shown = ", ".join(map(str, known[:12])) + (", ..." if len(known) > 12 else "")
            raise InputError(
                f"no window of '{name}' begins at bar {bar}; there are some at {shown}"
            )
    return best_window(converter, extraction.examples, candidates)


def _bar(origin: Origin, lines: BarLines | None) -> int:
    """Returns the bar of the piece that a window begins at."""
    return origin.bar if lines is None else lines.slot_numbered(origin.bar - 1).bar


def _windows(
    converter: Converter, reading: _Reading, which: Sequence[int] | None = None
) -> list[Window]:
    """Returns windows with the tempo, loudness and instrument that they have in the piece."""
    sequence, extraction, lines = reading.sequence, reading.extraction, reading.lines
    windows = []
    for k in range(len(extraction.origins)) if which is None else which:
        origin = extraction.origins[k]
        until = origin.seconds + _window_seconds(converter, sequence, origin)
        velocity, program = sound_of(
            [
                (note, program)
                for note, program in zip(sequence.notes, reading.programs, strict=True)
                if note.instrument in origin.tracks
                and origin.seconds - 0.1 <= note.start_time < until
            ]
        )
        windows.append(
            Window(
                example=extraction.examples[k],
                qpm=tempo_at(sequence, origin.seconds + _SAME_SECONDS),
                velocity=velocity,
                program=program,
                bar=_bar(origin, lines),
                seconds=origin.seconds,
                time_signature=(
                    COMMON_TIME if lines is None else lines.time_signature_of(origin.bar - 1)
                ),
            )
        )
    return windows


def _window_seconds(converter: Converter, sequence: NoteSequence, origin: Origin) -> float:
    return converter.bars * 240.0 / tempo_at(sequence, origin.seconds + _SAME_SECONDS)
