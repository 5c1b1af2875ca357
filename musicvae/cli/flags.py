"""What all commands share: absl flags, corrected command lines, help, and errors of one line.

A command module reads:

    FLAGS = command_flags()
    flags.DEFINE_integer("num_outputs", 5, "How many files to write.", flag_values=FLAGS)
    define_path("output_dir", None, "Where to write them.", FLAGS)

    def main(arguments: list[str]) -> int | None: ...

    def run() -> None:
        run_command("musicvae-generate", __doc__, FLAGS, main)

Every command has flags of its own (an own `FlagValues`), so that two can be imported side by side.
Nothing here imports TensorFlow, so `--help` answers at once.
"""

from __future__ import annotations

import contextlib
import logging as std_logging
import os
import shutil
import signal
import sys
import textwrap
import threading
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

from absl import flags, logging

from musicvae.cli.document import Document, given_flags, record, recorded
from musicvae.cli.streams import guarded_streams
from musicvae.errors import InputError, MusicVAEError
from musicvae.registry import did_you_mean

EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143

_LOG_LEVELS = ("DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_HELP = ("--help", "-h", "-help", "--helpshort", "--helpfull")
_DASHES = ("\N{EM DASH}", "\N{EN DASH}")
_QUOTES = "'"


class _PathParser(flags.ArgumentParser[str]):
    """A path; a leading ~ is the home folder even where the shell left it alone."""

    syntactic_help = "a path"

    def parse(self, argument: str) -> str:
        return os.path.expanduser(argument)

    def flag_type(self) -> str:
        return "path"


def command_flags() -> flags.FlagValues:
    """Returns a command's own set of flags, with `--help`, `--log` and `--json` in it."""
    values = flags.FlagValues()  # type: ignore[no-untyped-call]
    flags.DEFINE_boolean("help", False, "Show this help.", short_name="h", flag_values=values)
    parser = flags.EnumParser(_LOG_LEVELS, case_sensitive=False)
    flags.DEFINE(parser, "log", "INFO", "Least important messages to show.", values)
    flags.DEFINE_boolean(
        "json",
        False,
        "Print one JSON document of what was made; messages go to standard error.",
        flag_values=values,
    )
    return values


def define_path(name: str, default: str | None, text: str, values: flags.FlagValues) -> None:
    """Defines a flag that takes a path.

    Args:
      name: the flag's name.
      default: its default, or None.
      text: its help.
      values: the command's flags.
    """
    flags.DEFINE(_PathParser(), name, default, text, values)


def define_drum_channel(values: flags.FlagValues) -> None:
    """Defines --drum_channel, a MIDI channel that is drums besides channel 10.

    Args:
      values: the command's flags.
    """
    flags.DEFINE_multi_integer(
        "drum_channel",
        [],
        "MIDI channel, 1 to 16, to read as drums besides channel 10 and those whose name, bank or"
        " pitches say so; may be given more than once.",
        1,
        16,
        flag_values=values,
    )


def define_pitch_map(values: flags.FlagValues) -> None:
    """Defines --pitch_map, which drum pitches belong to which class.

    Args:
      values: the command's flags.
    """
    flags.DEFINE_enum(
        "pitch_map",
        None,
        ["training", "inference"],
        "Drum pitches that GrooVAE reads: those of its training data (training, the default for "
        "TFRecords) or General MIDI's (inference, the default for music files).",
        flag_values=values,
    )


def require_flags(values: flags.FlagValues, *names: str) -> None:
    """Checks that the user gave these flags.

    Args:
      values: the command's flags.
      *names: the flags that must have a value.

    Raises:
      InputError: some have none; the message names them all.
    """
    missing = [f"--{name}" for name in names if values[name].value in (None, "")]
    if missing:
        raise InputError(f"missing {' and '.join(missing)}; `--help` says what to give")


def mend_arguments(arguments: Sequence[str]) -> list[str]:
    """Undoes what pasting a tutorial's command line does to it.

    A line continuation that ends up inside a line leaves a lone backslash, or, with the blank
    behind it, an argument such as " --mode=sample"; a word processor turns "--" into a dash.

    Args:
      arguments: the arguments as the shell passed them, without the program's name.

    Returns:
      The arguments as they were meant.
    """
    mended = []
    for argument in arguments:
        bare = argument.strip()
        for dash in _DASHES:
            if bare.startswith(dash):
                bare = "--" + bare.lstrip("".join(_DASHES) + "-")
        if bare in ("", "\\") and argument != "":
            continue
        mended.append(bare if bare.startswith("-") else argument)
    return mended


def run_command(
    name: str,
    doc: str | None,
    values: flags.FlagValues,
    main: Callable[[list[str]], int | None],
    *,
    takes_arguments: bool = False,
    prints_result: bool = False,
    arguments: Sequence[str] | None = None,
) -> NoReturn:
    """Parses the command line, runs `main` and exits.

    Args:
      name: the command's name, for help and messages.
      doc: the command module's docstring, shown by `--help`.
      values: the command's flags.
      main: what it does; given the arguments that are no flags, it returns an exit status, or None
        for 0.
      takes_arguments: whether it takes arguments that are no flags.
      prints_result: whether what it prints is what it is for: then it fails where that cannot be
        written. Other commands do their work and say so.
      arguments: the command line without the program's name; `sys.argv[1:]` by default.

    Raises:
      SystemExit: always, with the status: 0, 1 for an error, 2 for a wrong command line, 130 for
        Ctrl-C, 143 for SIGTERM.
    """
    given = mend_arguments(sys.argv[1:] if arguments is None else arguments)
    with guarded_streams(prints_result=prints_result) as output:
        try:
            with recorded(name, sys.stdout, wanted=_wants_json(given)) as document:
                status = _parse_and_run(name, doc, values, main, given, takes_arguments, document)
            if document is not None:
                document.print(status)
            output.flush()
        except BrokenPipeError:
            status = EXIT_ERROR
        if output.error is not None and not isinstance(output.error, BrokenPipeError):
            reason = output.error.strerror or output.error
            _complain(name, f"cannot write to standard output: {reason}", EXIT_ERROR)
            status = status or (EXIT_ERROR if prints_result or values["help"].value else 0)
    raise SystemExit(status)


def _parse_and_run(
    name: str,
    doc: str | None,
    values: flags.FlagValues,
    main: Callable[[list[str]], int | None],
    given: list[str],
    takes_arguments: bool,
    document: Document | None,
) -> int:
    rest = _parse(name, values, given)
    if isinstance(rest, int):
        return rest
    if values["help"].value:
        print(_help_text(name, doc, values))
        return 0
    if rest and not takes_arguments:
        message = f"unexpected argument '{rest[0]}'; flags are written --name=value"
        return _complain(name, message, EXIT_USAGE)
    _set_up_logging(str(values["log"].value), keeps_notes=document is not None)
    record(flags=given_flags(values))
    return _run(name, main, rest)


def _run(name: str, main: Callable[[list[str]], int | None], rest: list[str]) -> int:
    try:
        with _ended_by_sigterm():
            return main(rest) or 0
    except MusicVAEError as error:
        return _complain(name, str(error), EXIT_ERROR)
    except flags.Error as error:
        return _complain(name, str(error), EXIT_USAGE)
    except BrokenPipeError:
        raise
    except OSError as error:
        what = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        return _complain(name, f"{what}{error.strerror or error}", EXIT_ERROR)
    except MemoryError:
        return _complain(name, "there is not enough memory for this", EXIT_ERROR)
    except KeyboardInterrupt:
        return _complain(name, "interrupted", EXIT_INTERRUPTED)
    except SystemExit as end:
        if end.code != EXIT_TERMINATED:
            raise
        return _complain(name, "terminated", EXIT_TERMINATED)


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Lets SIGTERM end a command as Ctrl-C does: what it had begun to write is cleared away."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: types.FrameType | None) -> NoReturn:
        del number, frame
        raise SystemExit(EXIT_TERMINATED)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _parse(name: str, values: flags.FlagValues, given: list[str]) -> list[str] | int:
    """Returns the arguments that are no flags, or the exit status of a wrong command line."""
    if any(argument in _HELP for argument in given):
        values["help"].value = True
        values.mark_as_parsed()
        return []
    switched_off = {f"--no-{flag}": f"--no{flag}" for flag in values if values[flag].boolean}
    given = [switched_off.get(argument, argument) for argument in given]
    try:
        return list(values([name, *given])[1:])
    except flags.UnrecognizedFlagError as error:
        hint = did_you_mean(error.flagname, list(values)).replace("'", "")
        hint = hint.replace("did you mean ", "did you mean --")
        message = f"unknown flag --{error.flagname}{hint} `{name} --help` lists all"
        return _complain(name, message, EXIT_USAGE)
    except (flags.Error, ValueError) as error:
        return _complain(name, str(error), EXIT_USAGE)


def _wants_json(given: Sequence[str]) -> bool:
    """Says whether there is to be a document, of a command line that may be wrong."""
    wanted = False
    for argument in given:
        if argument in _HELP:
            return False
        if argument == "--":
            break
        name, _, value = argument.lstrip("-").partition("=")
        if argument.startswith("-") and name in ("json", "nojson"):
            wanted = name == "json" and value.lower() not in ("false", "f", "0", "no", "n")
    return wanted


def _complain(name: str, message: str, status: int) -> int:
    print(f"{name}: error: {_one_line(message)}", file=sys.stderr)
    record(error=_one_line(message))
    return status


def _one_line(message: str) -> str:
    return " ".join(message.split())


def _set_up_logging(level: str, *, keeps_notes: bool) -> None:
    """Shows our own messages from `level` on, and of the libraries' only what matters to a user.

    A JSON document keeps notes and warnings whether they are shown or not.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "0" if level == "DEBUG" else "3")
    if level != "DEBUG":
        warnings.filterwarnings("ignore", message="Couldn't find ffmpeg or avconv")
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", category=FutureWarning)
    # Commands have flags of their own; absl warns for as long as nobody parsed its global ones.
    flags.FLAGS.mark_as_parsed()
    logging.set_verbosity("INFO" if keeps_notes and level != "DEBUG" else level)
    logging.get_absl_handler().setLevel(getattr(std_logging, level))
    logging.get_absl_handler().setFormatter(None)
    # absl keeps the standard error of the moment when it was imported.
    logging.get_absl_handler().python_handler.stream = sys.stderr
    logging.use_absl_handler()


def _help_text(name: str, doc: str | None, values: flags.FlagValues) -> str:
    width = min(shutil.get_terminal_size().columns, 100)
    lines = [f"{name}: {(doc or '').strip()}", "", "Flags (default):"]
    for flag_name in sorted(set(values)):
        flag = values[flag_name]
        if flag_name in ("help", flag.short_name):
            continue
        shown = f"  --[no]{flag_name}" if flag.boolean else f"  --{flag_name}={_placeholder(flag)}"
        default = "" if flag.default is None else f" ({str(flag.default_as_str).strip(_QUOTES)})"
        text = f"{flag.help or ''}{default}"
        lines.append(shown)
        lines += textwrap.wrap(text, width, initial_indent=" " * 6, subsequent_indent=" " * 6)
    return "\n".join(lines)


def _placeholder(flag: flags.Flag[Any]) -> str:
    choices = getattr(flag.parser, "enum_values", None)
    if choices:
        return "|".join(choices)
    return str(flag.flag_type()).split(" ")[-1].upper()
