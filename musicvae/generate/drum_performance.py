"""A drum performance as a groove model reads it: windows that follow each other from bar to bar.

A window begins at a bar line and gives as many whole bars as fit: two of 4/4, or two of 3/4, after
which the model reads on into the next bar. On the performances of the Groove dataset that are not
in 4/4 velocity and timing are nearer to the drummers' so than where windows run on over bar lines
(23.91 of 127 and 19.38 ms off, against 23.94 and 19.59), or where silence follows the bars.

Axes: N hits, W windows with hits, T time step.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from musicvae.converters import Converter, Example, performance_converter
from musicvae.converters.drum_map import GENERAL_MIDI, DrumMap
from musicvae.converters.examples import Array
from musicvae.errors import InputError, NoExamplesError
from musicvae.generate.adaptations import as_taps
from musicvae.generate.bar_lines import BarLines, Stretch
from musicvae.generate.drum_hits import DrumHits, read_hits
from musicvae.generate.input_windows import fit_window
from musicvae.generate.results import Piece, SamplingOptions
from musicvae.generate.window_plan import longest_plan
from musicvae.grid import STEPS_PER_QUARTER
from musicvae.sequences import describe_rejections


@dataclasses.dataclass(frozen=True)
class DrumPerformance:
    """Drums, cut into windows.

    Attributes:
      lines: the bar lines of the piece.
      hits: the hits of the windows, N.
      first_steps: int64 `[W]`, the step at which each window with a hit begins, ascending.
      ends: float64 `[W]`, the beat up to which each counts.
      examples: W examples.
      start: beat at which the result begins.
      end: beat at which it ends.
      drum_map: what the pitches are.
      notes: what the user should know.
    """

    lines: BarLines
    hits: DrumHits
    first_steps: Array
    ends: Array
    examples: tuple[Example, ...]
    start: float
    end: float
    drum_map: DrumMap
    notes: tuple[str, ...]


def read_performance(
    piece: Piece,
    converter: Converter,
    options: SamplingOptions,
    *,
    taps: bool = False,
    keeps_unknown: bool = True,
    stretches: Sequence[Stretch] | None = None,
) -> DrumPerformance:
    """Cuts the drums of a piece into windows.

    Args:
      piece: the piece, not changed.
      converter: a groove model's.
      options: with `bar` the one window that begins there; `length` is that of the result.
      taps: whether notes of any instrument count as taps where there are no drums.
      keeps_unknown: whether hits of no class are kept, for the message about them.
      stretches: windows to take, in order, with the hits in them alone; all that have hits by
        default.

    Returns:
      The performance.

    Raises:
      NoExamplesError: there are no drums; the message says why.
      SeveralWindowsError: it gives several windows, with `strict`.
      InputError: there is no such bar.
    """
    if options.strict:
        in_general_midi = options.drum_map.as_general_midi(piece.sequence)
        fit_window(in_general_midi, converter, name=piece.name, strict=True)
    drum_map, sequence, notes = options.drum_map, piece.sequence, list[str]()
    tapped = as_taps(sequence) if taps else None
    if tapped is not None:
        sequence, drum_map = tapped.sequence, GENERAL_MIDI
        notes.append(tapped.notes)
    lines = BarLines.of(sequence)
    hits = read_hits(sequence, lines, drum_map)
    if not (hits.drum >= 0).any():
        found = converter.extract(drum_map.as_general_midi(sequence), pitch_map="inference")
        reasons = describe_rejections(found.rejections, sequence)
        raise NoExamplesError(f"'{piece.name}' has nothing that this model can read: {reasons}")
    start, end, window_beats = 0.0, lines.end, converter.num_steps / STEPS_PER_QUARTER
    if options.bar is not None:
        if options.bar > lines.num_bars:
            raise InputError(
                f"no window of '{piece.name}' begins at bar {options.bar}; it has "
                f"{lines.num_bars} bars"
            )
        window = lines.window_from(lines.slot_of_bar(options.bar).beat, window_beats)
        start, end = window.start, min(window.end, end)
    if options.length is not None:
        end = min(end, start + options.length / STEPS_PER_QUARTER)
    heard, first_step, end_step = hits, _step_at(start), _step_at(end)
    hits = hits.select((hits.step >= first_step) & (hits.step < end_step))
    if stretches is not None:
        windows = list(stretches)
        hits = hits.select(_within(hits.step, windows))
    elif options.bar is not None:
        windows = [window]
    else:
        beats = np.unique(hits.step / STEPS_PER_QUARTER).tolist()
        windows = sorted({lines.window_at(beat, window_beats) for beat in beats})
    windows = windows or [lines.window_from(start, window_beats)]
    first_steps = np.array([_step_at(window.start) for window in windows], np.int64)
    # Models read on past the bars that count.
    drums = performance_converter(converter)
    assert drums is not None, "a performance for a converter without velocity and timing"
    windows_heard = heard.windows(first_steps, converter.num_steps)
    batch = drums.expand(drums.compact_hits(*windows_heard))
    return DrumPerformance(
        lines=lines,
        hits=hits,
        first_steps=first_steps,
        ends=np.array([window.end for window in windows]),
        examples=tuple(map(Example, *batch)),
        start=start,
        end=end,
        drum_map=drum_map,
        notes=tuple(
            f"{piece.name}: {note}" for note in [*notes, *_about(hits, lines, keeps_unknown)]
        ),
    )


def read_by_length(
    piece: Piece,
    converters: Mapping[int, Converter],
    options: SamplingOptions,
    *,
    taps: bool = False,
    keeps_unknown: bool = True,
) -> dict[int, DrumPerformance]:
    """Cuts the drums of a piece into the longest windows that fit (window_plan.py).

    Args:
      piece: the piece, not changed.
      converters: of groove models, by the bars of their windows.
      options: as for `read_performance`, like the rest.
      taps: likewise.
      keeps_unknown: likewise.

    Returns:
      By bars of their windows what each model plays; those that play nothing are left out.

    Raises:
      NoExamplesError: there are no drums; the message says why.
    """
    first = next(iter(converters.values()))
    whole = read_performance(piece, first, options, taps=taps, keeps_unknown=keeps_unknown)
    if len(converters) == 1:
        return {first.bars: whole}
    lines = whole.lines
    beats = np.unique(whole.hits.step) / STEPS_PER_QUARTER
    plan = longest_plan({lines.slot_at(beat).number for beat in beats.tolist()}, converters.keys())
    found = {}
    for bars, converter in converters.items():
        stretches = [
            Stretch(lines.slot_numbered(slot).beat, lines.slot_numbered(slot + bars).beat)
            for slot, own in plan
            if own == bars
        ]
        if stretches:
            found[bars] = read_performance(
                *(piece, converter, options),
                taps=taps,
                keeps_unknown=keeps_unknown,
                stretches=stretches,
            )
    return found


def _within(steps: Array, stretches: Sequence[Stretch]) -> Array:
    """Returns which steps lie in a stretch, bool `[N]`."""
    starts = np.array([_step_at(stretch.start) for stretch in stretches])
    ends = np.array([_step_at(stretch.end) for stretch in stretches])
    place = np.searchsorted(starts, steps, side="right") - 1
    inside: Array = (place >= 0) & (steps < ends[np.maximum(place, 0)])
    return inside


def _step_at(beat: float) -> int:
    return round(beat * STEPS_PER_QUARTER)


def _about(hits: DrumHits, lines: BarLines, keeps_unknown: bool) -> list[str]:
    """Says what a model makes of a piece that is not as it knows it."""
    notes = []
    if lines.other_time_signatures:
        names = " and ".join(lines.other_time_signatures)
        notes.append(f"its bars of {names} were read by a model of 4/4, and are kept")
    unknown = int((hits.drum < 0).sum())
    if unknown:
        what = "note has a pitch" if unknown == 1 else "notes have pitches"
        result = "kept, unheard by the model" if keeps_unknown else "left out"
        notes.append(
            f"{unknown} drum {what} of no class: {result}; --drum_map can say what they are"
        )
    return notes
