"""does everything that the other commands do, under one name.

    musicvae generate --config=cat-drums_2bar_small --num_outputs=5 --output_dir=music
    musicvae models
    musicvae doctor

`musicvae COMMAND --help` shows a command's flags.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from musicvae.registry import did_you_mean

EXIT_USAGE = 2

# Command -> what it does. Its module is musicvae.cli.COMMAND, its other name musicvae-COMMAND.
COMMANDS: Mapping[str, str] = {
    "generate": "sample, interpolate, morph, humanize, ...",
    "convert": "turn a folder of MIDI, MusicXML and ABC files into a TFRecord",
    "train": "train a model on it",
    "evaluate": "measure a model on music that it has not seen",
    "inspect": "say why a file gives no example, or what is in a checkpoint",
    "attributes": "learn the directions of attributes in latent space",
    "style": "learn a small latent space of some files",
    "prior": "learn where in latent space music lies",
    "encode": "turn a folder into a table of codes, or find the pieces nearest to one",
    "decode": "turn a table of codes into MIDI files",
    "studio": "play latent space in the browser",
    "export": "write a model for magenta-js, ONNX, TFLite or as a SavedModel",
    "preprocess": "extract unique examples on Apache Beam",
    "download": "fetch a published checkpoint",
    "models": "list the models that ship",
    "doctor": "say what is installed, and what this machine can do",
    "completion": "print a completion script for bash, zsh or fish",
}

OVERVIEW = """\
musicvae: sample, morph and humanize short musical sequences. To hear it at once:

  musicvae generate --config=cat-drums_2bar_small --num_outputs=5 --output_dir=music
  musicvae generate --config=cat-mel_2bar_small --output_dir=music --html
  musicvae generate --mode=humanize --input_midi_1=beat.mid --output_dir=music
  musicvae generate --config=cat-mel_2bar_small --mode=interpolate \\
    --input_midi_1=a.mid --input_midi_2=b.mid --output_dir=music

`musicvae models` lists the models, `musicvae --help` all commands."""


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs a command.

    Args:
      arguments: the command and its flags; `sys.argv[1:]` by default.

    Raises:
      SystemExit: always, with the command's status.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given:
        _show(OVERVIEW)
    wants_json = "--json" in given
    if wants_json and given[0] == "--json":
        given = [*given[1:], "--json"]
    name = given[0]
    if name == "--json":
        _end({"commands": COMMANDS}, 0)
    if name in ("--help", "-h", "help"):
        _show(_help_text())
    if name == "--version":
        from musicvae import __version__

        _show(f"musicvae {__version__}")
    if name not in COMMANDS:
        hint = did_you_mean(name, COMMANDS) or "; `musicvae --help` lists all."
        print(f"musicvae: error: unknown command '{name}'{hint}", file=sys.stderr)
        if wants_json:
            _end({"error": f"unknown command '{name}'{hint}"}, EXIT_USAGE)
        raise SystemExit(EXIT_USAGE)
    sys.argv = [f"musicvae-{name}", *given[1:]]
    importlib.import_module(f"musicvae.cli.{name}").run()
    raise AssertionError("a command ends by SystemExit")


def _help_text() -> str:
    lines = [f"musicvae {(__doc__ or '').strip()}", "", "Commands:"]
    return "\n".join([*lines, *(f"  {name:11} {text}" for name, text in COMMANDS.items())])


def _end(values: Mapping[str, Any], status: int) -> NoReturn:
    """Prints a JSON document of the umbrella's own, and exits."""
    from musicvae.cli.document import Document

    document = Document("musicvae", sys.stdout)
    document.update(values)
    document.print(status)
    raise SystemExit(status)


def _show(text: str) -> NoReturn:
    with contextlib.suppress(BrokenPipeError):
        print(text, flush=True)
    raise SystemExit(0)


if __name__ == "__main__":
    run()
