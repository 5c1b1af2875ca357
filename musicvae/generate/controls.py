"""What conditional models are told: the chords to play over, or the hits to play.

Axes: W windows of each result, T time step, C columns of control.
"""

from __future__ import annotations

import numpy as np

from musicvae.converters import Converter, Example
from musicvae.converters.examples import Array
from musicvae.errors import InputError
from musicvae.generate.chords import (
    NO_CHORD,
    Key,
    chord_controls,
    going_on,
    parse_chords,
    parse_key,
)
from musicvae.generate.input_windows import Window, fit_window
from musicvae.generate.results import Piece, SamplingOptions


def chords_of(options: SamplingOptions) -> tuple[list[list[str]], Key | None]:
    """Returns the chords that are wished for, bar by bar, and their key; without chords "N.C."."""
    key = None if options.key is None else parse_key(options.key)
    return [[NO_CHORD]] if options.chords is None else parse_chords(options.chords, key), key


def plays_over_chords(converter: Converter) -> bool:
    """Returns whether a converter's control is chords."""
    return converter.control.chords


def plays_in_a_key(converter: Converter) -> bool:
    """Returns whether a key is among a converter's controls."""
    return converter.control.key


def check_controls(
    converter: Converter, config_name: str, options: SamplingOptions, *, has_input: bool
) -> None:
    """Checks that a model has the controls that it needs, and no others.

    Args:
      converter: the model's.
      config_name: the configuration's name.
      options: what is asked for.
      has_input: whether there is an input, whose controls serve where none are given.

    Raises:
      InputError: controls are needed and not given, or given and not needed.
    """
    if _states_controls(options) and options.control is not None:
        raise InputError("--control_midi takes the place of --chords and --key; give one of them")
    if options.chords is not None:
        if not plays_over_chords(converter):
            raise InputError(
                f"config '{config_name}' plays over no chords; leave out --chords or take "
                "another model"
            )
        bars, _ = chords_of(options)
        if converter.spec.num_segments and any(len(bar) > 1 for bar in bars):
            raise InputError(
                f"config '{config_name}' plays a bar at a time over one chord; give one "
                "chord to a bar"
            )
        if plays_in_a_key(converter) and options.key is None:
            raise InputError(
                f"config '{config_name}' plays in a key; give --key too, as in --key=C"
            )
    if options.key is not None and options.chords is None:
        _check_key_alone(converter, config_name)
    if options.control is not None and not converter.spec.control_depth:
        raise InputError(f"config '{config_name}' takes no controls; leave --control_midi out")
    given = _states_controls(options) or options.control is not None or has_input
    if converter.spec.control_depth and not given:
        if plays_over_chords(converter):
            raise InputError(
                f"config '{config_name}' plays over chords; give --chords, as in "
                "--chords='C Am F G', or give --control_midi, a file whose chords it is to follow"
            )
        if converter.control.hits:
            raise InputError(
                f"config '{config_name}' plays given hits; give --control_midi, a file whose hits "
                "it is to follow"
            )
        raise InputError(
            f"config '{config_name}' needs a control; give --control_midi, a file that it is to "
            "follow"
        )


def controls_for(
    converter: Converter, config_name: str, options: SamplingOptions, window: Window | None = None
) -> list[Array] | None:
    """Returns the controls under which results are decoded.

    Args:
      converter: the model's.
      config_name: the configuration's name.
      options: with chords, with a piece to follow, or without.
      window: the input whose controls serve where neither is given.

    Returns:
      One float32 array `[T, C]` for each window W of every result, or None for a model without
      controls.

    Raises:
      InputError: controls are needed and not given, or given and not needed.
    """
    check_controls(converter, config_name, options, has_input=window is not None)
    if not converter.spec.control_depth:
        return None
    if _states_controls(options):
        return chord_controls(converter, *chords_of(options))
    if options.control is not None:
        window = control_window(converter, options.control)
    assert window is not None
    return [window_controls(converter, window.example)]


def has_own_controls(options: SamplingOptions) -> bool:
    """Returns whether controls are asked for that take the place of an input's."""
    return _states_controls(options) or options.control is not None


def window_controls(converter: Converter, example: Example) -> Array:
    """Returns the controls of a window, for music that may be longer than it.

    Args:
      converter: the model's.
      example: the window.

    Returns:
      float32 `[T, C]`. Where segments end by themselves, what is past an end goes on as it ended.
    """
    controls = np.array(example.controls, np.float32)
    if converter.spec.num_segments:
        controls = going_on(controls, converter.spec.num_segments)
    return controls


def _states_controls(options: SamplingOptions) -> bool:
    return options.chords is not None or options.key is not None


def _check_key_alone(converter: Converter, config_name: str) -> None:
    """Checks that a key without chords says something to a model."""
    if not plays_in_a_key(converter):
        raise InputError(
            f"config '{config_name}' takes no key of its own; --key says what the numerals "
            "in --chords mean, as in --chords='I vi IV V' --key=G"
        )
    if plays_over_chords(converter):
        raise InputError(
            f"config '{config_name}' plays over chords in a key; give --chords beside --key"
        )


def control_window(converter: Converter, piece: Piece) -> Window:
    """Returns the window of a piece that is to be followed."""
    return fit_window(piece.sequence, converter, name=piece.name)
