"""What a run folder remembers of a training's command line, so that resuming needs no flags.

run_dir/training.json   where the examples are, and the seed
"""

from __future__ import annotations

import dataclasses
import json
import os
from typing import Any

from musicvae.checkpoints import RunFolder
from musicvae.errors import CheckpointError, InputError
from musicvae.files import atomic_file

_FILE = "training.json"


@dataclasses.dataclass(frozen=True)
class RunState:
    """Parts of a command line that a run folder keeps.

    Attributes:
      examples_path: TFRecords to train on, or None.
      tfds_name: data set to train on, or None.
      eval_examples_path: TFRecords to evaluate on, or None.
      seed: of the run, or None where it has none yet.
    """

    examples_path: str | None = None
    tfds_name: str | None = None
    eval_examples_path: str | None = None
    seed: int | None = None


def read_run_state(folder: RunFolder) -> RunState:
    """Returns what a run folder remembers; nothing where it is new or Magenta's.

    Raises:
      CheckpointError: the file is damaged.
    """
    path = os.path.join(folder.path, _FILE)
    try:
        with open(path, encoding="utf-8") as file:
            return _run_state(json.load(file))
    except FileNotFoundError:
        return RunState()
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise CheckpointError(
            f"{path}: it is damaged ({error}); move it away, and give the examples again"
        ) from error


def _run_state(values: Any) -> RunState:
    """Returns the state in a table; a ValueError or TypeError where it is none."""
    if not isinstance(values, dict):
        raise ValueError("it is no table")
    state = RunState(**values)
    for name in ("examples_path", "tfds_name", "eval_examples_path"):
        if not isinstance(getattr(state, name), str | None):
            raise ValueError(f"{name} is no text")
    if state.seed is not None and type(state.seed) is not int:
        raise ValueError("the seed is no number")
    return state


def write_run_state(folder: RunFolder, run_state: RunState) -> None:
    """Writes into a run folder what it is to remember.

    Raises:
      CheckpointError: it cannot be written.
    """
    path = os.path.join(folder.path, _FILE)
    try:
        with atomic_file(path) as file:
            file.write(json.dumps(dataclasses.asdict(run_state), indent=1).encode())
    except (OSError, InputError) as error:
        raise CheckpointError(f"{path}: cannot be written: {error}") from error
