"""Harmony as a control signal: the chord, and the key, at each step.

A chord is one of 49 classes: 0 no chord, then the 12 roots C, C#, .. of major, minor, augmented and
diminished triads. Sevenths and other additions count as their triad; a chord without one (sus4, a
power chord) has no class, and a section with windows that hold such a chord yields no examples. A
key is the pitch class of its tonic; before the first key signature, the first one holds.

Both are those that a piece states. Where a section states no chord symbols, or no key signatures,
what is missing is inferred; inferred chords come with inferred keys.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from musicvae.converters.chord_inference import FIGURES, NO_CHORD, ROOTS, infer_chords
from musicvae.converters.examples import Array, Compact, Rejection
from musicvae.converters.labels import labels_of, one_hot
from musicvae.converters.notes import CHORD_SYMBOL, ChordSymbol, KeySignature, Notes
from musicvae.converters.sections import Section, quantize
from musicvae.errors import ConfigError
from musicvae.registry import did_you_mean

CHORD_ENCODINGS: Mapping[str, int] = {"triad": 49}
QUALITIES = ("", "m", "aug", "dim")
NO_CLASS = -1
NUM_KEYS = 12


class Chords(NamedTuple):
    """The chords of a section.

    Attributes:
      starts: int64 `[C]`, the step that each begins at, ascending from 0.
      figures: their symbols.
      last_step: the last step that a chord may begin at; later steps repeat what holds there.
    """

    starts: Array
    figures: list[str]
    last_step: int

    def at(self, steps: Array) -> Array:
        """Returns the position in `figures` of the chord at each step, of the steps' shape."""
        return np.searchsorted(self.starts, np.minimum(steps, self.last_step), side="right") - 1

    def classes(self) -> Array:
        """Returns the class of each chord, int64 `[C]`; NO_CLASS where it has none."""
        return np.array([class_of_figure(figure) for figure in self.figures], np.int64)


class Keys(NamedTuple):
    """The keys of a section.

    Attributes:
      starts: float64 `[K]`, the step that each begins at, ascending.
      tonics: int64 `[K]`, pitch classes.
    """

    starts: Array
    tonics: Array

    def at(self, steps: Array) -> Array:
        """Returns the tonic at each step, of the steps' shape."""
        position = np.searchsorted(self.starts, steps, side="right") - 1
        return self.tonics[np.maximum(position, 0)]


class Harmony(NamedTuple):
    """Chord symbols and keys of a section, stated or inferred, in seconds from its start."""

    chords: list[ChordSymbol]
    keys: list[KeySignature]


def section_harmony(
    section: Section,
    notes: Notes,
    total_seconds: float,
    steps_per_quarter: int,
    *,
    chords: bool,
    keys: bool,
) -> Harmony | Rejection:
    """Reads or infers the harmony of a section.

    Args:
      section: of one tempo and time signature.
      notes: those that harmony is inferred from.
      total_seconds: length of the section.
      steps_per_quarter: resolution of the grid.
      chords: whether chords are asked for.
      keys: whether keys are asked for.

    Returns:
      the harmony, or why there is none.
    """
    if not (chords and not section.chords) and not (keys and not section.keys):
        return Harmony(section.chords, section.keys)
    place = None, section.first_bar, section.start_seconds
    if section.chords:
        return Rejection("no_key", "there are chord symbols, but no key signature", *place)
    inference = infer_chords(
        notes, total_seconds, section.time_signature, section.qpm, steps_per_quarter
    )
    if isinstance(inference, str):
        return Rejection("chords", inference, *place)
    chord_changes = np.flatnonzero(np.diff(inference.chords, prepend=-1))
    key_changes = np.flatnonzero(np.diff(inference.keys, prepend=-1))
    seconds = inference.seconds_per_frame
    return Harmony(
        chords=[
            ChordSymbol(frame * seconds, FIGURES[inference.chords[frame]])
            for frame in chord_changes.tolist()
        ],
        keys=[
            KeySignature(frame * seconds, int(inference.keys[frame]))
            for frame in key_changes.tolist()
        ],
    )


def chords_on_grid(
    symbols: Sequence[ChordSymbol], last_step: int, steps_per_quarter: int, qpm: float
) -> Chords | str:
    """Rounds chord symbols to steps.

    Args:
      symbols: by time.
      last_step: the last step that one may begin at.
      steps_per_quarter: resolution of the grid.
      qpm: tempo in quarter notes a minute.

    Returns:
      the chords, or what is wrong with them.
    """
    seconds = np.array([symbol.seconds for symbol in symbols])
    starts = quantize(seconds, steps_per_quarter, qpm).clip(0).tolist()
    kept_starts, kept_figures = [0], [NO_CHORD]
    any_stated = False
    for start, symbol in zip(starts, symbols, strict=True):
        if start > last_step:
            break
        if start > kept_starts[-1]:
            kept_starts.append(start)
            kept_figures.append(symbol.figure)
        elif any_stated and symbol.figure != kept_figures[-1]:
            return f"the chords {kept_figures[-1]} and {symbol.figure} begin on one step"
        else:
            kept_figures[-1] = symbol.figure
        any_stated = True
    return Chords(np.array(kept_starts, np.int64), kept_figures, last_step)


def keys_on_grid(keys: Sequence[KeySignature], steps_per_quarter: int, qpm: float) -> Keys:
    """Puts keys on the grid, unrounded; of keys that begin together the highest tonic counts."""
    ordered = sorted((key.seconds, key.tonic) for key in keys)
    seconds, tonics = (np.array(column) for column in zip(*ordered, strict=True))
    return Keys(steps_per_quarter * qpm / 60.0 * seconds, tonics % NUM_KEYS)


def check_chord_encoding(encoding: str | None, subject: str) -> None:
    """Raises ConfigError where there is no such chord encoding."""
    if encoding is not None and encoding not in CHORD_ENCODINGS:
        raise ConfigError(
            f"{subject}: chord_encoding = '{encoding}'{did_you_mean(encoding, CHORD_ENCODINGS)} "
            f"Known: {', '.join(CHORD_ENCODINGS)}"
        )


class Controls(NamedTuple):
    """Harmony at given steps.

    Attributes:
      classes: `chords` and `keys`, uint8 `[N, T]`, those that are asked for.
      distinct: uint16 `[N, M]`, equal where chord symbols and keys are equal, not only their
        classes.
    """

    classes: dict[str, Array]
    distinct: Array


def controls_at(chords: Chords | None, keys: Keys | None, steps: Array) -> Controls | str:
    """Looks up the harmony at given steps.

    Args:
      chords: those of the section, or None where they are no control.
      keys: likewise.
      steps: int64 `[N, T]`.

    Returns:
      the controls, or which chord has no class.
    """
    classes: dict[str, Array] = {}
    distinct = [np.empty((len(steps), 0), np.uint16)]
    if chords is not None:
        at = chords.at(steps)
        chord_classes = chords.classes()[at]
        if (chord_classes == NO_CLASS).any():
            return no_class(chords.figures[at[chord_classes == NO_CLASS][0]])
        numbers = {figure: number for number, figure in enumerate(set(chords.figures))}
        figure_numbers = np.array([numbers[figure] for figure in chords.figures])
        classes["chords"] = chord_classes.astype(np.uint8)
        distinct.append(figure_numbers.astype(np.uint16)[at])
    if keys is not None:
        classes["keys"] = keys.at(steps).astype(np.uint8)
        distinct.append(classes["keys"].astype(np.uint16))
    return Controls(classes, np.concatenate(distinct, axis=1))


def no_class(figure: str) -> str:
    """Says that a chord has no class."""
    return f"the chord '{figure}' is neither major, minor, augmented nor diminished"


def control_rows(batch: Compact, shape: tuple[int, ...]) -> Array:
    """Makes one-hot rows of chords and keys.

    Args:
      batch: with `chords` or `keys`, uint8 `[B, T]`, or neither.
      shape: B, T.

    Returns:
      bool `[B, T, 49]`, `[B, T, 12]`, both side by side, or no columns.
    """
    columns = [np.zeros((*shape, 0), bool)]
    if "chords" in batch:
        columns.append(one_hot(batch["chords"], CHORD_ENCODINGS["triad"]))
    if "keys" in batch:
        columns.append(one_hot(batch["keys"], NUM_KEYS))
    return columns[-1] if len(columns) < 3 else np.concatenate(columns, axis=-1)


def compact_controls(controls: Array, chord_encoding: str | None) -> dict[str, Array]:
    """Returns the classes of one-hot controls `[T, C]`: `chords` and `keys`, uint8 `[T]`."""
    chords, keys = np.split(
        controls, [CHORD_ENCODINGS[chord_encoding] if chord_encoding else 0], -1
    )
    parts = {"chords": chords, "keys": keys}
    return {
        name: labels_of(part).astype(np.uint8) for name, part in parts.items() if part.shape[-1]
    }


def add_chord_symbols(
    sequence: Any, controls: Array, steps: Array, seconds_per_step: float
) -> None:
    """Writes chord controls into a NoteSequence as chord symbols, one wherever the chord changes.

    Args:
      sequence: a NoteSequence, changed here.
      controls: `[T, C]`, the chord classes in the first 49 columns.
      steps: int `[T]`, when each row begins, ascending.
      seconds_per_step: length of a step.
    """
    previous = 0
    classes = labels_of(controls[:, : CHORD_ENCODINGS["triad"]])
    for step, number in zip(steps.tolist(), classes.tolist(), strict=True):
        if number != previous:
            sequence.text_annotations.add(
                time=step * seconds_per_step,
                text=figure_of_class(number),
                annotation_type=CHORD_SYMBOL,
            )
            previous = number


def transpose_harmony(batch: Compact, semitones: Array) -> dict[str, Array]:
    """Transposes chords and keys.

    Args:
      batch: with `chords` or `keys`, uint8 `[B, T]`, or neither.
      semitones: int `[B]`.

    Returns:
      those of the two that the batch has.
    """
    amount = np.asarray(semitones, np.int64)[:, np.newaxis]
    moved = {}
    if "chords" in batch:
        quality, root = np.divmod(batch["chords"].astype(np.int64) - 1, len(ROOTS))
        classes = 1 + quality * len(ROOTS) + (root + amount) % len(ROOTS)
        moved["chords"] = np.where(batch["chords"] > 0, classes, 0).astype(np.uint8)
    if "keys" in batch:
        moved["keys"] = ((batch["keys"] + amount) % NUM_KEYS).astype(np.uint8)
    return moved


@functools.lru_cache(maxsize=4096)
def class_of_figure(figure: str) -> int:
    """Returns the class of a chord symbol such as "F#m7b5", or NO_CLASS.

    Args:
      figure: any text.
    """
    if figure == NO_CHORD:
        return 0
    if figure in _INFERRED:
        return _INFERRED[figure]
    from musicvae.lazy_note_seq import note_seq

    symbols = note_seq.chord_symbols_lib
    try:
        root, quality = symbols.chord_symbol_root(figure), symbols.chord_symbol_quality(figure)
    except symbols.ChordSymbolError:
        return NO_CLASS
    if quality == symbols.CHORD_QUALITY_OTHER:
        return NO_CLASS
    return int(1 + len(ROOTS) * quality + root)


def figure_of_class(number: int) -> str:
    """Returns the chord symbol of a class 0..48."""
    if number == 0:
        return NO_CHORD
    quality, root = divmod(number - 1, len(ROOTS))
    return ROOTS[root] + QUALITIES[quality]


def _inferred_classes() -> dict[str, int]:
    """The classes of the chords that are inferred, by their figures."""
    quality = {"": 0, "m": 1, "+": 2, "dim": 3, "7": 0, "maj7": 0, "m7": 1, "m7b5": 3}
    return {
        root + kind: 1 + len(ROOTS) * number + position
        for position, root in enumerate(ROOTS)
        for kind, number in quality.items()
    }


_INFERRED = _inferred_classes()
