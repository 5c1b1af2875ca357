"""Command lines: every command's flags with values of the wrong kind, size, number and spelling.

The commands run in this process up to the import of TensorFlow, where a command line has been
judged; what follows is another matter, and takes seconds.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.abc
import io
import os
import random
import socket
import sys
from typing import Any

import midi_files
from small_music import drum_piece, melody_piece

from hostile.mutation import TEXTS, number, spoiled_text
from hostile.scores import MUSICXML
from hostile.trial import Accepted, Arena, Attempt, Fault

_COMMANDS = {
    "convert": ("--input_dir={in}/music", "--output_file={out}/x.tfrecord", "--recursive"),
    "inspect": ("{in}/music/a.mid", "--config=cat-mel_2bar_small"),
    "generate": ("--config=cat-drums_2bar_small", "--output_dir={out}/made", "--num_outputs=2"),
    "train": (
        "--config=cat-drums_2bar_small",
        "--run_dir={out}/run",
        "--examples_path={in}/a.tfrecord",
    ),
    "evaluate": (
        "--config=cat-drums_2bar_small",
        "--examples_path={in}/a.tfrecord",
        "--output_dir={out}/e",
    ),
    "attributes": ("--config=cat-drums_2bar_small", "--input_dir={in}/music"),
    "prior": ("--config=cat-drums_2bar_small", "--examples_path={in}/a.tfrecord"),
    "export": ("--config=cat-drums_2bar_small", "--format=onnx", "--output_dir={out}/x"),
    "download": ("http://127.0.0.1:9/model.tar", "--cache_dir={out}/cache"),
    "models": (),
    "completion": ("bash",),
}
_FILES = (
    "{in}/music/a.mid", "{in}/music/b.xml", "{in}/music", "{in}/a.tfrecord", "{in}/nothing.mid",
    "{in}/empty", "{in}/music/*.mid", "{in}/**", "{out}/new", "{out}/a\nb.mid", "{out}/\udcff.mid",
    "{out}/\x1b[2J", "{out}/x@3.tfrecord", "{out}/x@0.tfrecord", "{out}/x@999999.tfrecord",
    "{out}", "{out}/" + "n" * 300, "/dev/null", "/dev/full", "{in}/music/a.mid/b", "{out}/a,b:2",
    "",
)  # fmt: skip
_TRUE = ("true", "false", "maybe", "")
_MODES = ("sample", "interpolate", "humanize", "reconstruct", "vary", "morph", "x")


def make(rng: random.Random, arena: Arena) -> Attempt:
    """Makes a command line; see `runner.Make`."""
    _keep_out()
    _write_inputs(arena)
    command = rng.choice(list(_COMMANDS))
    flags = importlib.import_module(f"musicvae.cli.{command}").FLAGS
    given = list(_COMMANDS[command])
    for _ in range(rng.choice((0, 1, 1, 2, 3, 6))):
        name = rng.choice(sorted(set(flags) - {"help", "h"}))
        given.append(_argument(name, flags[name], rng))
    if given and rng.random() < 0.3:
        given.pop(rng.randrange(len(given)))
    if rng.random() < 0.3:
        given.insert(rng.randint(0, len(given)), rng.choice(("--", "-", "--x=1", "\\", *_stray())))
    filled = [
        text.replace("{in}", str(arena.output / "given")).replace("{out}", str(arena.output))
        for text in given
    ]
    (arena.inputs / "command.txt").write_text(repr([command, *filled]), "utf-8")
    return functools.partial(_run, command, filled, str(arena.output))


def _stray() -> tuple[str, ...]:
    # A path that is not a flag's leads nowhere but to a file that is read.
    return tuple(text.replace("/", "") for text in TEXTS[:30] if "~" not in text)


def _argument(name: str, flag: Any, rng: random.Random) -> str:
    """Returns a flag with some value: of its kind, or of none."""
    kind = type(flag.parser).__name__
    if name == "output_shards":
        # A hundred thousand files are what whoever asks for them gets.
        return f"--{name}={rng.choice((-1, 0, 1, 7, 100_001))}"
    if flag.boolean:
        return rng.choice((f"--{name}", f"--no{name}", f"--{name}={rng.choice(_TRUE)}"))
    if kind == "_PathParser" or "path" in name or "file" in name or "dir" in name or "midi" in name:
        return f"--{name}={rng.choice(_FILES)}"
    chance = rng.random()
    choices = getattr(flag.parser, "enum_values", None)
    if choices and chance < 0.6:
        return f"--{name}={rng.choice(list(choices))}"
    if name == "mode" and chance < 0.6:
        return f"--{name}={rng.choice(_MODES)}"
    if chance < 0.7:
        return f"--{name}={number(rng)}"
    if chance < 0.85 and flag.default is not None:
        return f"--{name}={spoiled_text(str(flag.default), rng)}".replace("/", "").replace("~", "")
    return f"--{name}={rng.choice(TEXTS)}".replace("/", "").replace("~", "")


def _write_inputs(arena: Arena) -> None:
    # Where a command line may lead its own output, too.
    given = arena.output / "given"
    folder = given / "music"
    folder.mkdir(parents=True)
    (folder / "a.mid").write_bytes(midi_files.scale(40))
    (folder / "b.xml").write_text(MUSICXML[0])
    (folder / "c.mid").write_bytes(midi_files.scale(70, channel=9))
    (given / "empty").write_bytes(b"")
    (given / "a.tfrecord").write_bytes(_records())


@functools.cache
def _records() -> bytes:
    from musicvae.formats.tfrecord import framed

    pieces = (drum_piece(1, 2), melody_piece(2, 2))
    return b"".join(framed(piece.SerializeToString(deterministic=True)) for piece in pieces)


def _run(command: str, given: list[str], folder: str) -> None:
    """Runs a command and judges its end."""
    module = importlib.import_module(f"musicvae.cli.{command}")
    module.FLAGS.unparse_flags()
    said = io.StringIO()
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="surrogateescape")
    before = os.getcwd()
    sys.argv = [f"musicvae-{command}", *given]
    os.chdir(folder)
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(printed):
            module.run()
    except SystemExit as end:
        _judge(end.code, said.getvalue())
    finally:
        os.chdir(before)


def _judge(status: Any, said: str) -> None:
    from musicvae.errors import MusicVAEError

    errors = [line for line in said.splitlines() if ": error: " in line]
    if status == 0 and not errors:
        return
    if status not in (1, 2) or "Traceback" in said or len(errors) != 1:
        raise Fault(f"status {status} with {said[:2000]!r}")
    if "not enough memory" in errors[0]:
        raise Fault(errors[0])
    raise MusicVAEError(errors[0])


class _NoTensorFlow(importlib.abc.MetaPathFinder):
    """Ends an attempt where TensorFlow would be imported: the command line was accepted."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Never finds anything."""
        del path, target
        if name == "tensorflow":
            raise Accepted


class PoolInThisProcess:
    """Reads files without processes, which take half a second to start."""

    def __init__(self, folder: str, collection: str, bounds: Any, **options: Any) -> None:
        self._given = folder, collection, bounds
        self._how = options.get("drum_channels", ()), options.get("with_silence", False)

    def __enter__(self) -> PoolInThisProcess:
        return self

    def __exit__(self, *_: object) -> None:
        """There is nothing to end."""

    def read(self, batches: Any) -> Any:
        from musicvae.data import workers

        for batch in batches:
            for task in batch:
                yield workers._read(task, *self._given, *self._how, contextlib.nullcontext())


def start() -> None:
    """Imports the commands."""
    for command in _COMMANDS:
        importlib.import_module(f"musicvae.cli.{command}")
    _records()


@functools.cache
def _keep_out() -> None:
    """Keeps TensorFlow, the network and other processes out of this process, once."""
    from musicvae import download
    from musicvae.data import bounded_reading, conversion

    conversion.WorkerPool = bounded_reading.WorkerPool = PoolInThisProcess
    download.BUCKET = "http://127.0.0.1:9/checkpoints"
    socket.getaddrinfo = _only_this_machine
    sys.meta_path.insert(0, _NoTensorFlow())


_getaddrinfo = socket.getaddrinfo


def _only_this_machine(host: Any, *arguments: Any, **options: Any) -> Any:
    if host not in ("127.0.0.1", "localhost", b"127.0.0.1"):
        raise socket.gaierror(socket.EAI_NONAME, "no such host")
    return _getaddrinfo(host, *arguments, **options)
