"""A checkpoint or run folder as text: its step, the configurations it fits, its variables."""

from __future__ import annotations

import glob
import json
import os
import re
from collections.abc import Iterator, Mapping

from musicvae.checkpoints.checkpoint import Checkpoint
from musicvae.checkpoints.compatibility import fitting_configs, size_overrides
from musicvae.checkpoints.locate import checkpoints_in
from musicvae.checkpoints.restoring import variable_table
from musicvae.checkpoints.run_folder import RunFolder
from musicvae.config import Config, list_configs, load_config

_MODEL_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_./-]*")


def describe_run_folder(folder: RunFolder) -> Iterator[str]:
    """Yields what a run folder remembers, as lines.

    Args:
      folder: the folder of a training, ours or Magenta's.

    Raises:
      ConfigError: its config.toml is damaged.
    """
    yield f"{folder.path}: a run folder"
    config = folder.config
    if config is None:
        yield "  configuration: not remembered (Magenta's trainer wrote it); give --config"
    else:
        yield f"  configuration: {config.name}{_sizes(config)}"
    names = checkpoints_in(folder.train) if os.path.isdir(folder.train) else []
    yield f"  checkpoints: {', '.join(names) or 'none'}"
    for path in sorted(glob.glob(os.path.join(glob.escape(folder.path), "eval*"))):
        yield f"  {os.path.basename(path)}: {_best_evaluation(path)}"


def describe_checkpoint(checkpoint: Checkpoint) -> Iterator[str]:
    """Yields a checkpoint's step and what it fits, as lines; imports TensorFlow.

    Args:
      checkpoint: the open checkpoint.
    """
    yield f"{checkpoint.source}: a checkpoint at step {checkpoint.step:,}"
    for note in checkpoint.notes:
        yield f"  {note}"
    others = len(checkpoint.shapes) - len(checkpoint.weights)
    yield f"  variables: {len(checkpoint.weights)} of the model, {others} of its training"
    fitting = fitting_configs(checkpoint)
    for config in fitting:
        yield f"  fits --config={config.name}{_sizes(config)}"
    if not fitting:
        yield "  fits none of the named configurations"


def print_variables(shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Prints tf_slim's table of variables, without making their values.

    Names that no model of ours has, such as an object graph's, are only counted.

    Args:
      shapes: variable name -> shape.
    """
    import tensorflow as tf

    with tf.Graph().as_default():
        variables = {
            name: tf.compat.v1.get_variable(name, shape, tf.float32, use_resource=True)
            for name, shape in shapes.items()
            if _MODEL_NAME.fullmatch(name)
        }
        variable_table(variables)
    if len(variables) < len(shapes):
        print(f"and {len(shapes) - len(variables)} with names that no model here has")


def _sizes(config: Config) -> str:
    if config.name not in {known.name for known in list_configs()}:
        return ""
    overrides = size_overrides(config.hparams, load_config(config.name).hparams)
    return f" --hparams={overrides}" if overrides else ""


def _best_evaluation(folder: str) -> str:
    """Returns the best evaluation in a folder, in a few words."""
    try:
        with open(os.path.join(folder, "evaluations.json"), encoding="utf-8") as file:
            evaluations = json.load(file)
        best = min(evaluations, key=lambda evaluation: float(evaluation["scalars"]["loss"]))
        return (
            f"{len(evaluations)} evaluations, the lowest loss {best['scalars']['loss']:.4g} "
            f"at step {best['step']}"
        )
    except FileNotFoundError:
        return "an evaluation's summaries"
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        return f"evaluations.json is damaged ({error})"
