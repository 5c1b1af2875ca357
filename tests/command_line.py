"""Commands as people run them, inside the test's process: TensorFlow starts once for all."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

import musicvae.generate
from musicvae.cli import umbrella


class Ran(NamedTuple):
    """How a command ended.

    Attributes:
      status: its exit status.
      out: its standard output.
      err: its standard error.
    """

    status: int
    out: str
    err: str


def run_command_line(capfd: pytest.CaptureFixture[str], command: str, *arguments: object) -> Ran:
    """Runs `musicvae COMMAND ARGUMENTS`, with nothing of an earlier run left in its flags."""
    flags = importlib.import_module(f"musicvae.cli.{command}").FLAGS
    for name in flags:
        flags[name].unparse()
    capfd.readouterr()
    before = sys.argv
    try:
        with pytest.raises(SystemExit) as end:
            umbrella.run([command, *map(str, arguments)])
    finally:
        sys.argv = before
    assert isinstance(end.value.code, int)
    return Ran(end.value.code, *capfd.readouterr())


@contextlib.contextmanager
def models_loaded_once() -> Iterator[None]:
    """Lets commands share loaded models and their graphs, as the calls of a notebook do."""
    load, loaded = musicvae.generate.TrainedModel, {}

    def load_once(
        config: Any, batch_size: int, checkpoint: str, *, seed: int | None, **options: Any
    ) -> Any:
        key = (config, batch_size, str(checkpoint), *sorted(options.items()))
        if key not in loaded:
            loaded[key] = load(config, batch_size, checkpoint, seed=seed, **options)
        return loaded[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(musicvae.generate, "TrainedModel", load_once)
        yield


@contextlib.contextmanager
def classifiers_trained_briefly() -> Iterator[None]:
    """Lets classifiers of evaluations see little; what they find is tried by test_realism.py."""
    from musicvae.evaluation import realism

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(realism, "_PIECE_STEPS", 10)
        patch.setattr(realism, "_CODE_STEPS", 10)
        patch.setattr(realism, "_DRAWS", 200)
        yield
