"""Chords that a user types, and the control that makes a model play over them.

Chords stand one to a bar, "C Am F G", unless bars are drawn: "C Am | F G | C" has two chords in
each of the first two. A single dot or "N.C." is a bar without a chord. With a key they may be
numerals, upper case for major and lower case for minor chords: "I vi IV V7" in G is "G Em C D7".
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from musicvae.converters import Converter
from musicvae.converters.examples import Array
from musicvae.errors import InputError
from musicvae.grid import DEFAULT_QPM
from musicvae.lazy_note_seq import NoteSequence, note_seq

NO_CHORD = "N.C."
MAX_BARS = 256

_BAR_SECONDS = 2.0
_CHORD_SYMBOL = 1
_SHARP_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLAT_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_FLAT_MAJOR_KEYS = frozenset((5, 10, 3, 8, 1, 6))
_MAJOR_STEPS = (0, 2, 4, 5, 7, 9, 11)
_MINOR_STEPS = (0, 2, 3, 5, 7, 8, 10)
_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")
_NUMERAL = re.compile(r"([b#]?)(VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)(.*)")
_KEY = re.compile(r"([A-G])([b#]?)\s*(m|min|minor|maj|major)?", re.IGNORECASE)
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@dataclasses.dataclass(frozen=True)
class Key:
    """A key.

    Attributes:
      tonic: pitch class, 0 for C.
      is_minor: whether it is minor.
    """

    tonic: int
    is_minor: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the pitch classes in this key."""
        relative = (self.tonic + 3) % 12 if self.is_minor else self.tonic
        return _FLAT_NAMES if relative in _FLAT_MAJOR_KEYS else _SHARP_NAMES


def parse_key(text: str) -> Key:
    """Reads a key.

    Args:
      text: "C", "F#", "Bb minor", "Em".

    Raises:
      InputError: it is none.
    """
    match = _KEY.fullmatch(text.strip())
    if match is None:
        raise InputError(f"'{text}' is no key; write C, F#, Bb, Em or D minor")
    letter, accidental, mode = match.groups()
    tonic = (_LETTERS[letter.upper()] + {"": 0, "#": 1, "b": -1}[accidental.lower()]) % 12
    # A capital M alone would be major; what begins with "mi" or is "m" is minor.
    return Key(tonic, mode is not None and (mode == "m" or mode.lower().startswith("mi")))


def parse_chords(text: str, key: Key | None = None) -> list[list[str]]:
    """Reads a row of chords.

    Args:
      text: such as "C Am F G" or "C Am | F G".
      key: lets chords be numerals.

    Returns:
      For each bar its chords, one or more, as symbols that note_seq knows.

    Raises:
      InputError: a chord is unknown, or there are none or too many.
    """
    has_bars = "|" in text
    bars = [bar.split() for bar in text.strip().strip("|").split("|")]
    if has_bars and not all(bars):
        raise InputError(
            f"an empty bar in the chords '{text}'; write '.' for a bar without a chord"
        )
    figures = [[_figure(chord, key) for chord in bar] for bar in bars]
    if not has_bars:
        figures = [[figure] for figure in figures[0]]
    if not 1 <= len(figures) <= MAX_BARS:
        raise InputError(f"{len(figures)} bars of chords; give 1 to {MAX_BARS}, such as 'C Am F G'")
    return figures


def _figure(text: str, key: Key | None) -> str:
    if text in (".", "-", NO_CHORD, "NC"):
        return NO_CHORD
    numeral = _NUMERAL.fullmatch(text)
    figure = text
    if numeral is not None:
        if key is None:
            raise InputError(f"the chord '{text}' is a numeral; say in which key, as in --key=G")
        figure = _from_numeral(numeral, key)
    symbols = note_seq.chord_symbols_lib
    try:
        symbols.chord_symbol_pitches(figure)
    except symbols.ChordSymbolError as error:
        raise InputError(
            f"unknown chord '{text}'; write chords such as C, Am, F#m7, Bbmaj7, Gdim or C/E"
        ) from error
    return figure


def _from_numeral(match: re.Match[str], key: Key) -> str:
    accidental, numeral, ending = match.groups()
    steps = _MINOR_STEPS if key.is_minor else _MAJOR_STEPS
    step = steps[_NUMERALS.index(numeral.upper())] + {"": 0, "#": 1, "b": -1}[accidental]
    root = key.names[(key.tonic + step) % 12]
    if ending.startswith(("o", "°")):
        return f"{root}dim{ending[1:]}"
    if ending.startswith("+"):
        return f"{root}aug{ending[1:]}"
    minor = "m" if numeral.islower() and not ending.startswith(("m", "dim")) else ""
    return f"{root}{minor}{ending}"


def with_chords(
    sequence: NoteSequence, bars: Sequence[Sequence[str]], key: Key | None = None
) -> NoteSequence:
    """Returns a copy of a piece with these chords in place of its own, over and over.

    Args:
      sequence: a piece at one tempo, in bars of 4/4.
      bars: what `parse_chords` gives.
      key: its key signature, where it is known.
    """
    result = NoteSequence()
    result.CopyFrom(sequence)
    kept = [other for other in result.text_annotations if other.annotation_type != _CHORD_SYMBOL]
    del result.text_annotations[:]
    result.text_annotations.extend(kept)
    qpm = sequence.tempos[0].qpm if sequence.tempos else DEFAULT_QPM
    bar_seconds = 240.0 / qpm
    for k in range(max(int(np.ceil(sequence.total_time / bar_seconds - 1e-6)), 1)):
        chords = bars[k % len(bars)]
        for place, figure in enumerate(chords):
            result.text_annotations.add(
                time=(k + place / len(chords)) * bar_seconds,
                text=figure,
                annotation_type=_CHORD_SYMBOL,
            )
    if key is not None:
        del result.key_signatures[:]
        mode: Any = NoteSequence.KeySignature.MINOR if key.is_minor else 0
        result.key_signatures.add(key=key.tonic, mode=mode)
    return result


def chord_controls(
    converter: Converter, bars: Sequence[Sequence[str]], key: Key | None = None
) -> list[Array]:
    """Returns the control of each window that a row of chords fills.

    A row shorter than a window is repeated; a longer one takes several windows.

    Args:
      converter: the model's; it reads chords.
      bars: what `parse_chords` gives.
      key: its key, where the model wants one.

    Returns:
      One array `[T, C]` for each window.
    """
    bars_per_window = converter.bars
    windows = -(-len(bars) // bars_per_window)
    controls = []
    for window in range(windows):
        first = window * bars_per_window
        own = [bars[(first + k) % len(bars)] for k in range(bars_per_window)]
        controls.append(_window_control(converter, own, key))
    return controls


def chord_rows(
    converter: Converter, bars: Sequence[Sequence[str]], key: Key | None, count: int
) -> Array:
    """Returns the control of so many bars, which a row of chords goes round.

    Args:
      converter: the model's; it reads chords, in windows of whole bars.
      bars: what `parse_chords` gives.
      key: its key, where the model wants one.
      count: how many bars.

    Returns:
      One array `[T, C]`.
    """
    round_ = [bars[k % len(bars)] for k in range(count)]
    per_window = converter.bars
    windows = chord_controls(converter, round_, key)
    steps = count * (len(windows[0]) // per_window)
    rows: Array = np.concatenate(windows)[:steps]
    return rows


def _window_control(converter: Converter, bars: Sequence[Sequence[str]], key: Key | None) -> Array:
    """Lets the converter read a window of plain music under the chords."""
    carrier = NoteSequence(total_time=len(bars) * _BAR_SECONDS, ticks_per_quarter=220)
    carrier.tempos.add(qpm=DEFAULT_QPM)
    carrier.time_signatures.add(numerator=4, denominator=4)
    for instrument, program in ((0, 0), (1, 33)):
        for eighth in range(8 * len(bars)):
            start = eighth * _BAR_SECONDS / 8
            carrier.notes.add(
                pitch=60 - 24 * instrument + (eighth % 8),
                velocity=80,
                start_time=start,
                end_time=start + _BAR_SECONDS / 8,
                instrument=instrument,
                program=program,
            )
    examples = converter.extract(with_chords(carrier, bars, key)).examples
    assert examples, "a plain window gives an example"
    controls = np.array(examples[0].controls, np.float32)
    if converter.spec.num_segments:
        controls = going_on(controls, converter.spec.num_segments)
    return controls


def going_on(controls: Array, num_segments: int) -> Array:
    """Lets the chords of a bar of tokens go on past the end of each segment.

    How long the tracks of a bar will be is not known before they are written. A segment without
    tokens has the chords of the first one.

    Args:
      controls: float32 `[T, C]`; zeros past an end.
      num_segments: S.

    Returns:
      float32 `[T, C]` without rows of zeros.
    """
    segments = controls.reshape(num_segments, -1, controls.shape[-1])
    ends = np.maximum(segments.any(axis=-1).sum(axis=1), 1)
    positions = np.minimum(np.arange(segments.shape[1]), ends[:, np.newaxis] - 1)
    longer = np.take_along_axis(segments, positions[..., np.newaxis], axis=1)
    longer[ends == 1] = longer[0]
    return longer.reshape(controls.shape)
