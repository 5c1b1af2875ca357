"""What conditional models are told: the chords to play over, or the hits to play.

Axes: W windows of each result, T time step, C columns of control.
"""

from __future__ import annotations

import numpy as np

from musicvae.converters import Converter
from musicvae.converters.base import Array
from musicvae.errors import InputError
from musicvae.play.chords import Key, chord_controls, parse_chords, parse_key
from musicvae.play.fitting import Window, fit_window
from musicvae.play.outcome import Input, Wishes


def chords_of(wishes: Wishes) -> tuple[list[list[str]], Key | None]:
    """Returns the chords that are wished for, bar by bar, and their key."""
    assert wishes.chords is not None
    key = None if wishes.key is None else parse_key(wishes.key)
    return parse_chords(wishes.chords, key), key


def plays_over_chords(converter: Converter) -> bool:
    """Returns whether a converter's control is chords."""
    return getattr(converter.config, "chord_encoding", None) is not None


def check_controls(converter: Converter, kind: str, wishes: Wishes, *, has_input: bool) -> None:
    """Checks that a model has the controls that it needs, and no others.

    Args:
      converter: the model's.
      kind: the configuration's name.
      wishes: what is asked for.
      has_input: whether there is an input, whose controls serve where none are given.

    Raises:
      InputError: controls are needed and not given, or given and not needed.
    """
    if wishes.chords is not None:
        if not plays_over_chords(converter):
            raise InputError(
                f"config '{kind}' plays over no chords; leave --chords out or take another model"
            )
        chords_of(wishes)
    if wishes.control is not None and not converter.spec.control_depth:
        raise InputError(f"config '{kind}' takes no controls; leave --control_midi out")
    given = wishes.chords is not None or wishes.control is not None or has_input
    if converter.spec.control_depth and not given:
        if plays_over_chords(converter):
            raise InputError(
                f"config '{kind}' plays over chords; give --chords, as in --chords='C Am F G', or "
                "give --control_midi, a file whose chords it is to follow"
            )
        raise InputError(
            f"config '{kind}' plays given hits; give --control_midi, a file whose hits it is to "
            "follow"
        )


def controls_for(
    converter: Converter, kind: str, wishes: Wishes, window: Window | None = None
) -> list[Array] | None:
    """Returns the controls under which results are decoded.

    Args:
      converter: the model's.
      kind: the configuration's name.
      wishes: with chords, with a piece to follow, or without.
      window: the input whose controls serve where neither is given.

    Returns:
      One float32 array `[T, C]` for each window W of every result, or None for a model without
      controls.

    Raises:
      InputError: controls are needed and not given, or given and not needed.
    """
    check_controls(converter, kind, wishes, has_input=window is not None)
    if not converter.spec.control_depth:
        return None
    if wishes.chords is not None:
        return chord_controls(converter, *chords_of(wishes))
    if wishes.control is not None:
        window = control_window(converter, wishes.control)
    assert window is not None
    return [np.asarray(window.example.controls, np.float32)]


def control_window(converter: Converter, piece: Input) -> Window:
    """Returns the window of a piece that is to be followed."""
    return fit_window(piece.sequence, converter, name=piece.name)
