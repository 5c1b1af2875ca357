"""Where each flag of `musicvae-generate` has an effect: in which modes, and beside which flags.

A flag that is given where it would do nothing is an error that says where it belongs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from absl import flags

from musicvae.cli.generate_modes import MODES
from musicvae.errors import InputError

if TYPE_CHECKING:
    from musicvae.converters import Converter

_WITH_INPUTS = tuple(name for name, mode in MODES.items() if mode.max_inputs)
_DRAWING = tuple(name for name, mode in MODES.items() if mode.draws)
_BY_ROWS = tuple(name for name, mode in MODES.items() if mode.by_rows)
_KEEPING_HITS = ("humanize", "add_hihat", "follow_hits")

MODES_OF_FLAGS: Mapping[str, tuple[str, ...]] = {
    "strict": tuple(name for name in _WITH_INPUTS if name not in _BY_ROWS),
    "bar": tuple(name for name in _WITH_INPUTS if name not in _BY_ROWS),
    "bars": ("continue", "compose"),
    "form": ("compose",),
    "keep": ("infill",),
    "keep_parts": ("infill",),
    "length": tuple(name for name in MODES if name not in _BY_ROWS),
    "whole": ("reconstruct",),
    "models": ("reconstruct", "humanize", "tap2drum", "add_hihat"),
    "num_outputs": tuple(name for name in MODES if name != "attribute"),
    "linear": ("interpolate", "grid", "morph"),
    "closeness": ("similar",),
    "attribute": tuple(name for name, mode in MODES.items() if mode.draws or mode.steers),
    "guidance": _DRAWING,
    "prior": _DRAWING,
    "style": ("sample", "similar", "grid", "morph", "compose"),
    "amount": ("attribute",),
    "attributes_file": ("attribute",),
    "keep_hits": _KEEPING_HITS,
    "timing": ("humanize", "follow_hits"),
    "velocity": ("humanize", "follow_hits"),
}
"""Flags that not every mode has."""

FLAGS_BESIDE: Mapping[str, str] = {
    "recursive": "input_dir",
    "overwrite": "input_dir",
    "guidance": "attribute",
    "plot_format": "plot",
    "soundfont": "wav",
}
"""Flags that do something beside another one only."""

FLAGS_AGAINST: Mapping[str, tuple[str, ...]] = {
    "whole": ("bar", "strict"),
    "bar": ("strict",),
    "models": ("bar", "strict"),
    "style": ("prior", "attribute", "guidance"),
    "nokeep_hits": ("timing", "velocity"),
}
"""Flags of which one leaves nothing to the others."""


def flags_given(values: flags.FlagValues) -> set[str]:
    """Returns the names of the flags that the user gave; a switch that was turned off has "no"."""
    return {
        f"no{name}" if values[name].boolean and not values[name].value else name
        for name in values
        if values[name].present
    }


def check_flags(mode: str, given: Collection[str]) -> None:
    """Checks that every flag has an effect.

    Args:
      mode: the mode.
      given: the names of the flags that were given; with "no" for a switch that was turned off.

    Raises:
      InputError: one has none; the message says where it belongs.
    """
    for name in sorted(given):
        modes = MODES_OF_FLAGS.get(name, MODES_OF_FLAGS.get(name.removeprefix("no")))
        if modes is not None and mode not in modes:
            raise InputError(
                f"--{name} has no effect with --mode={mode}; it belongs to {_listed(modes)}"
            )
        beside = FLAGS_BESIDE.get(name)
        if beside is not None and beside not in given:
            raise InputError(f"--{name} has no effect without --{beside}")
        for other in FLAGS_AGAINST.get(name, ()):
            if other in given:
                raise InputError(f"--{other} has no effect beside --{name}; leave one of them out")
    if (
        "temperature" in given
        and mode in ("humanize", "follow_hits")
        and "nokeep_hits" not in given
    ):
        raise InputError(
            f"--temperature has no effect with --mode={mode}, whose hits are given and whose "
            "velocity and timing are not drawn; it belongs to the other modes, or to --nokeep_hits"
        )


def check_model_flags(converter: Converter, config_name: str, given: Collection[str]) -> None:
    """Checks that every flag has an effect on a model's music.

    Args:
      converter: the model's.
      config_name: its configuration's name.
      given: as for `check_flags`.

    Raises:
      InputError: one has none.
    """
    labels = {part.labels for part in converter.parts}
    if "program" in given and labels == {"drums"}:
        raise InputError(
            f"--program has no effect with config '{config_name}', which plays drums; it belongs "
            "to models with a melody"
        )
    if "drum_map" in given and labels == {"pitches"}:
        raise InputError(
            f"--drum_map has no effect with config '{config_name}', which plays a melody; it "
            "belongs to models with drums"
        )


def modes_help(name: str) -> str:
    """Returns a sentence for a flag's help about the modes that have it, or nothing."""
    modes = MODES_OF_FLAGS.get(name)
    if modes is None:
        return ""
    missing = [each for each in MODES if each not in modes]
    if len(missing) < len(modes):
        return f" Modes: all but {_listed(missing)}."
    return f" Modes: {_listed(modes)}."


def _listed(modes: Collection[str]) -> str:
    *first, last = modes
    return f"{', '.join(first)} and {last}" if first else last
