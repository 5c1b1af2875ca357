"""What `musicvae-generate` reads from its flags: inputs, options and what to write."""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from absl import logging

from musicvae.cli.document import record
from musicvae.cli.generate_modes import MODES, Mode
from musicvae.errors import InputError

if TYPE_CHECKING:
    from musicvae.converters import Converter
    from musicvae.generate.presentation import Presentation
    from musicvae.generate.results import Piece, SamplingOptions

_SEEDS = 2**31
_INPUT_FLAGS = ("--input_midi_1", "--input_midi_2", "--input", "another --input")


def read_input(path: str, flag: str, drum_channels: Collection[int] = ()) -> Piece:
    """Reads a music file that holds one piece; what is corrected in it is logged.

    Args:
      path: the file.
      flag: the flag that names it.
      drum_channels: MIDI channels 1 to 16 that are drums besides channel 10.

    Raises:
      InputError: it cannot be read, or holds several pieces.
    """
    from musicvae.generate.music import read_piece

    return read_piece(path, subject=f"--{flag}={path}", drum_channels=drum_channels)


def read_inputs(name: str, mode: Mode, values: Mapping[str, Any]) -> list[Piece]:
    """Reads the inputs of a mode.

    Args:
      name: the mode's name.
      mode: the mode.
      values: the flags.

    Raises:
      InputError: one cannot be read, or there are too few or too many.
    """
    given = [
        (values[flag], flag)
        for flag in ("input_midi_1", "input_midi_2")
        if values[flag] is not None
    ]
    given += [(os.path.expanduser(path), "input") for path in values["input"]]
    if mode.follows and not given and values["control_midi"]:
        given = [(values["control_midi"], "control_midi")]
    if name == "grid" and values["style"] and not given:
        return []
    if len(given) < mode.min_inputs:
        missing = " and ".join(_INPUT_FLAGS[len(given) : mode.min_inputs])
        raise InputError(f"missing {missing}; --mode={name} is to {mode.text}")
    if len(given) > mode.max_inputs:
        most = f"at most {mode.max_inputs}" if mode.max_inputs else "none"
        number = "1 input is" if len(given) == 1 else f"{len(given)} inputs are"
        raise InputError(f"{number} given, and --mode={name} takes {most}")
    return [read_input(path, flag, values["drum_channel"]) for path, flag in given]


def read_sampling_options(mode: Mode, values: Mapping[str, Any]) -> SamplingOptions:
    """Reads what is asked of a job. Without a seed one is made up, and said.

    Args:
      mode: the mode.
      values: the flags.

    Raises:
      InputError: a value is out of range, or the control cannot be read.
    """
    from musicvae.converters.drum_map import load_drum_map
    from musicvae.general_midi import program_number
    from musicvae.generate.results import SamplingOptions
    from musicvae.prior import DEFAULT_TEMPERATURE, parse_targets
    from musicvae.styles import load_style

    seed = values["seed"]
    if seed is None:
        seed = secrets.randbelow(_SEEDS)
        logging.info("seed %d (--seed=%d gives the same again)", seed, seed)
    record(seed=seed)
    control = None
    if values["control_midi"] and not mode.follows:
        control = read_input(values["control_midi"], "control_midi", values["drum_channel"])
    return SamplingOptions(
        temperatures=tuple(values["temperature"] or (DEFAULT_TEMPERATURE,)),
        seed=seed,
        qpm=values["qpm"],
        program=None if values["program"] is None else program_number(values["program"]),
        length=values["length"],
        chords=values["chords"],
        key=values["key"],
        control=control,
        strict=values["strict"],
        bar=values["bar"],
        keep_hits=values["keep_hits"],
        targets=() if mode.steers else parse_targets(values["attribute"]),
        guidance=values["guidance"],
        timing=values["timing"],
        velocity=values["velocity"],
        drum_map=load_drum_map(values["drum_map"]),
        style=None if values["style"] is None else load_style(values["style"]),
    )


def read_presentation(values: Mapping[str, Any]) -> Presentation:
    """Reads what is to be written beside MIDI files, and checks that it can be.

    Args:
      values: the flags.

    Raises:
      InputError: the soundfont is missing.
      MissingExtraError: matplotlib, music21 or symusic is missing.
    """
    from musicvae.generate.presentation import Presentation

    wanted = Presentation(
        pictures=values["plot"],
        picture_format=values["plot_format"],
        audio=values["wav"],
        soundfont=values["soundfont"],
        page=values["html"],
        formats=_formats(values),
    )
    wanted.check()
    return wanted


def _formats(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the formats of notes that are written beside MIDI, each once."""
    wanted = [*values["format"], *(["csv"] if values["csv"] else [])]
    return tuple(dict.fromkeys(name for name in wanted if name not in ("mid", "midi")))


def check_mode(name: str, converter: Converter, kind: str) -> None:
    """Checks that a model can do what a mode asks for.

    Args:
      name: the mode's name.
      converter: the model's.
      kind: its configuration's name.

    Raises:
      ConfigError: it cannot.
    """
    from musicvae.generate.grooves import GROOVE_MODES, check_groove_mode

    if name in GROOVE_MODES:
        check_groove_mode(converter, kind, name)
    if MODES[name].by_rows:
        from musicvae.generate.piece_rows import check_writes_rows

        check_writes_rows(converter, kind, name)


def check_inputs(
    inputs: Sequence[Piece],
    converter: Converter,
    options: SamplingOptions,
    *,
    mode: str,
    whole: bool = False,
) -> None:
    """Checks, before the model is loaded, that it can read the inputs.

    Args:
      inputs: what the user gives.
      converter: the model's.
      options: what is asked for.
      mode: the mode's name.
      whole: whether the first input is read from its first bar to its last.

    Raises:
      NoExamplesError: one gives nothing.
      SeveralWindowsError: one gives several windows, with `strict`.
    """
    from musicvae.converters import performance_converter
    from musicvae.generate.drum_performance import read_performance
    from musicvae.generate.grooves import GROOVE_MODES
    from musicvae.generate.input_windows import fit_window
    from musicvae.generate.whole_piece import read_whole

    if options.chords is not None:
        return
    is_performance = mode in GROOVE_MODES or (
        whole and performance_converter(converter) is not None
    )
    for k, piece in enumerate(inputs):
        if k == 0 and is_performance:
            taps = mode in GROOVE_MODES and GROOVE_MODES[mode].taps
            read_performance(piece, converter, options, taps=taps)
            continue
        sequence = options.drum_map.as_general_midi(piece.sequence)
        if whole:
            read_whole(sequence, converter, name=piece.name)
        else:
            fit_window(sequence, converter, name=piece.name, strict=options.strict, bar=options.bar)
