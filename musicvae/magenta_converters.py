"""Converters under Magenta's class names, with its arguments.

    from musicvae import data

    converter = data.GrooveConverter(split_bars=2, pitch_classes=data.ROLAND_DRUM_PITCH_CLASSES)
    inputs, outputs, controls, lengths = converter.to_tensors(note_sequence)

Each gives a `NotebookConverter`. An argument whose value changes what our converters do not have,
such as another resolution, is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from musicvae.augmentation import Augmentation
from musicvae.components import Component, Options
from musicvae.converters import PitchMap, build_converter
from musicvae.converters.drum_classes import FULL, REDUCED, ROLAND, TABLES, DrumClasses
from musicvae.converters.multitrack import MultitrackConfig
from musicvae.errors import InputError
from musicvae.grid import BASS_PROGRAMS as BASS_PROGRAMS
from musicvae.grid import MELODY_PROGRAMS
from musicvae.notebook_converter import NotebookConverter

REDUCED_DRUM_PITCH_CLASSES = REDUCED
FULL_DRUM_PITCH_CLASSES = FULL
ROLAND_DRUM_PITCH_CLASSES = ROLAND
PIANO_MIN_MIDI_PITCH = 21
PIANO_MAX_MIDI_PITCH = 108
MEL_PROGRAMS = MELODY_PROGRAMS


def NoteSequenceAugmenter(  # noqa: N802 (Magenta's name)
    transpose_range: Sequence[int] | None = None, stretch_range: Sequence[float] | None = None
) -> Augmentation:
    """Makes random changes to training data; see Augmentation.

    Args:
      transpose_range: lowest and highest transposition, in semitones; None for none.
      stretch_range: lowest and highest factor on the tempo; None for none.
    """
    low, high = transpose_range or (0, 0)
    stretch = None if stretch_range is None else (float(stretch_range[0]), float(stretch_range[1]))
    return Augmentation((int(low), int(high)), stretch)


def OneHotMelodyConverter(  # noqa: N802 (Magenta\'s name)
    min_pitch: int = PIANO_MIN_MIDI_PITCH,
    max_pitch: int = PIANO_MAX_MIDI_PITCH,
    valid_programs: Sequence[int] | None = None,
    *,
    slice_bars: int | None = None,
    gap_bars: float = 1,
    max_bars: int | None = None,
    max_tensors_per_notesequence: int | None = None,
    chord_encoding: Any = None,
    condition_on_key: bool = False,
    dedupe_event_lists: bool = True,
    **others: Any,
) -> NotebookConverter:
    """Makes a converter of melodies; see MelodyConfig.

    Args:
      min_pitch: lowest MIDI pitch.
      max_pitch: highest MIDI pitch.
      valid_programs: MIDI programs that count as melody; None for all.
      slice_bars: bars in a window.
      gap_bars: empty bars that end a melody.
      max_bars: the longest melody, in bars; None for 100.
      max_tensors_per_notesequence: examples of one piece at most, the first ones; None for all.
      chord_encoding: anything but None for chords as control (triads).
      condition_on_key: whether the key is given as control.
      dedupe_event_lists: whether equal windows count once.
      **others: Magenta's other arguments, at their defaults.

    Raises:
      InputError: an argument has a value that is not supported.
    """
    options = {
        "slice_bars": _required("slice_bars", slice_bars),
        "gap_bars": int(gap_bars),
        "min_pitch": min_pitch,
        "max_pitch": max_pitch,
        "valid_programs": None if valid_programs is None else tuple(valid_programs),
        "chord_encoding": None if chord_encoding is None else "triad",
        "condition_on_key": condition_on_key,
        "dedupe": dedupe_event_lists,
        **({} if max_bars is None else {"max_bars": max_bars}),
    }
    _check("OneHotMelodyConverter", others, skip_polyphony=(False,), **_FLAT)
    return _converter("melody", options, max_tensors_per_notesequence)


def DrumsConverter(  # noqa: N802 (Magenta\'s name)
    max_bars: int | None = None,
    slice_bars: int | None = None,
    gap_bars: float = 1,
    pitch_classes: Sequence[Sequence[int]] | None = None,
    *,
    roll_output: bool = False,
    max_tensors_per_notesequence: int | None = None,
    **others: Any,
) -> NotebookConverter:
    """Makes a converter of drum patterns; see DrumsConfig.

    Args:
      max_bars: the longest pattern, in bars; None for 100.
      slice_bars: bars in a window.
      gap_bars: silent bars that end a pattern.
      pitch_classes: one of the three tables; None for REDUCED_DRUM_PITCH_CLASSES.
      roll_output: whether the output is a roll.
      max_tensors_per_notesequence: examples of one piece at most, the first ones; None for all.
      **others: Magenta's other arguments, at their defaults; roll_input is True here.

    Raises:
      InputError: an argument has a value that is not supported.
    """
    table = _table(pitch_classes)
    options = {
        "slice_bars": _required("slice_bars", slice_bars),
        "gap_bars": int(gap_bars),
        "classes": next(name for name, known in TABLES.items() if known == table),
        "roll_output": roll_output,
        **({} if max_bars is None else {"max_bars": max_bars}),
    }
    _check("DrumsConverter", others, roll_input=(True,), **_FLAT)
    return _converter("drums", options, max_tensors_per_notesequence)


def TrioConverter(  # noqa: N802 (Magenta\'s name)
    slice_bars: int | None = None,
    gap_bars: int = 2,
    max_bars: int = 1024,
    steps_per_quarter: int = 4,
    quarters_per_bar: int = 4,
    max_tensors_per_notesequence: int | None = None,
    **others: Any,
) -> NotebookConverter:
    """Makes a converter of trios; see TrioConfig.

    Args:
      slice_bars: bars in a window.
      gap_bars: bars before and after its notes that an instrument covers.
      max_bars: the longest section, in bars.
      steps_per_quarter: 4.
      quarters_per_bar: 4.
      max_tensors_per_notesequence: examples of one piece at most, the first ones; None for all.
      **others: Magenta's other arguments, at their defaults.

    Raises:
      InputError: an argument has a value that is not supported.
    """
    others |= {"steps_per_quarter": steps_per_quarter, "quarters_per_bar": quarters_per_bar}
    _check("TrioConverter", others, chord_encoding=(None,), condition_on_key=(False,), **_FLAT)
    options = {"slice_bars": _required("slice_bars", slice_bars), "gap_bars": gap_bars}
    return _converter("trio", {**options, "max_bars": max_bars}, max_tensors_per_notesequence)


def GrooveConverter(  # noqa: N802 (Magenta\'s name)
    split_bars: int | None = None,
    steps_per_quarter: int = 4,
    quarters_per_bar: int = 4,
    max_tensors_per_notesequence: int | None = None,
    pitch_classes: Sequence[Sequence[int]] | None = None,
    inference_pitch_classes: Sequence[Sequence[int]] | None = None,
    *,
    humanize: bool = False,
    tapify: bool = False,
    add_instruments: Sequence[int] | None = None,
    hits_as_controls: bool = False,
    fixed_velocities: bool = False,
    max_note_dropout_probability: float | None = None,
    **others: Any,
) -> NotebookConverter:
    """Makes a converter of drum performances; see GrooveConfig.

    Args:
      split_bars: bars in a window.
      steps_per_quarter: 4.
      quarters_per_bar: 4.
      max_tensors_per_notesequence: examples of one piece at most, the first ones; None for all.
      pitch_classes: of the training data: ROLAND_DRUM_PITCH_CLASSES, or None for
        REDUCED_DRUM_PITCH_CLASSES.
      inference_pitch_classes: REDUCED_DRUM_PITCH_CLASSES, which None stands for too.
      humanize: whether the input lacks velocities and offsets.
      tapify: whether the input has only the loudest hit of each step.
      add_instruments: drum classes that the input lacks.
      hits_as_controls: whether the hits are given as control.
      fixed_velocities: whether the input lacks velocities.
      max_note_dropout_probability: how often hits are left out in training, at most.
      **others: Magenta's other arguments, at their defaults.

    Raises:
      InputError: an argument has a value that is not supported.
    """
    training = _table(pitch_classes)
    if training not in (REDUCED, ROLAND) or _table(inference_pitch_classes) != REDUCED:
        raise InputError(
            "GrooveConverter: pitch_classes is ROLAND_DRUM_PITCH_CLASSES or "
            "REDUCED_DRUM_PITCH_CLASSES, inference_pitch_classes REDUCED_DRUM_PITCH_CLASSES; "
            "musicvae.converters.drum_map reads other kits"
        )
    others |= {"steps_per_quarter": steps_per_quarter, "quarters_per_bar": quarters_per_bar}
    _check(
        "GrooveConverter", others, num_velocity_bins=(None, 0), num_offset_bins=(None, 0),
        split_instruments=(False,), hop_size=(None,), **_FLAT,
    )  # fmt: skip
    options = {
        "split_bars": _required("split_bars", split_bars),
        "humanize": humanize,
        "tapify": tapify,
        "add_instruments": None if add_instruments is None else tuple(add_instruments),
        "hits_as_controls": hits_as_controls,
        "fixed_velocities": fixed_velocities,
        "max_note_dropout_probability": max_note_dropout_probability,
    }
    pitches: PitchMap = "training" if training == ROLAND else "inference"
    return _converter("groove", options, max_tensors_per_notesequence, pitches)


def MultiInstrumentPerformanceConverter(  # noqa: N802 (Magenta\'s name)
    num_velocity_bins: int = 0,
    max_tensors_per_notesequence: int | None = None,
    chord_encoding: Any = None,
    **others: Any,
) -> NotebookConverter:
    """Makes a converter of bars of several instruments; see MultitrackConfig.

    Args:
      num_velocity_bins: how many velocities are told apart, 0 for none.
      max_tensors_per_notesequence: examples of one piece at most, the first ones; None for all.
      chord_encoding: anything but None for chords as control (triads).
      **others: MultitrackConfig's other options, or Magenta's other arguments at their defaults.

    Raises:
      InputError: an argument has a value that is not supported.
    """
    options: dict[str, Any] = {"chord_encoding": None if chord_encoding is None else "triad"}
    known = MultitrackConfig.__dataclass_fields__
    options |= {name: others.pop(name) for name in list(others) if name in known}
    _check(
        "MultiInstrumentPerformanceConverter", others, hop_size_bars=(1,), chunk_size_bars=(1,),
        steps_per_quarter=(24,), quarters_per_bar=(4,), min_pitch=(0,), max_pitch=(127,),
        first_subsequence_only=(False,), drop_tracks_and_truncate=(False,),
    )  # fmt: skip
    options["num_velocity_bins"] = num_velocity_bins
    return _converter("multitrack", options, max_tensors_per_notesequence)


_FLAT: dict[str, tuple[Any, ...]] = {
    "steps_per_quarter": (4,),
    "quarters_per_bar": (4,),
    "add_end_token": (False,),
    "pad_to_total_time": (False,),
    "presplit_on_time_changes": (True, False),
}


def _converter(
    type_name: str, options: dict[str, Any], cap: int | None, pitches: PitchMap = "training"
) -> NotebookConverter:
    given = {**options, "max_tensors_per_input": cap}
    # A TOML file has no word for None, which is the default of all that may be None.
    component = Component(type_name, Options({k: v for k, v in given.items() if v is not None}))
    converter = NotebookConverter(build_converter(component), component, pitches)
    converter.max_tensors_per_notesequence = cap
    return converter


def _check(name: str, given: dict[str, Any], **allowed: tuple[Any, ...]) -> None:
    """Checks arguments that may only have the values that our converters work with."""
    for argument, value in given.items():
        if argument not in allowed:
            raise InputError(f"{name}: unknown argument '{argument}'")
        if value not in allowed[argument]:
            shown = " or ".join(map(repr, allowed[argument]))
            raise InputError(f"{name}: {argument}={value!r} is not supported; it is {shown} here")


def _required(name: str, value: int | None) -> int:
    if value is None:
        raise InputError(f"{name} is missing; windows have a length here, such as {name}=2")
    return value


def _table(classes: Sequence[Sequence[int]] | None) -> DrumClasses:
    table = REDUCED if classes is None else tuple(map(tuple, classes))
    if table not in TABLES.values():
        raise InputError(
            "pitch_classes is none of REDUCED_DRUM_PITCH_CLASSES, FULL_DRUM_PITCH_CLASSES and "
            "ROLAND_DRUM_PITCH_CLASSES"
        )
    return table
