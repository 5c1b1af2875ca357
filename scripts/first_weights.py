"""First weights of a model, put together from the weights of shipped ones."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def write_first_weights(
    name: str,
    hparams: str,
    parts: Sequence[Mapping[str, Any]],
    factors: Mapping[str, float],
    shipped: pathlib.Path,
    folder: pathlib.Path,
) -> pathlib.Path:
    """Writes a checkpoint in which parts of a model have another's weights; the rest is random.

    Args:
      name: the configuration.
      hparams: what the first stage sets of its hyperparameters.
      parts: of each, `model`, which has the weights; `here`, a regular expression with which the
        part's names begin; and `there`, what stands in that model in place of what it matches.
        Where this model's first or last axis is longer, `rows` or `columns` say which blocks it
        takes: triples of the first index there, the first index here, and how many.
      factors: of variables by name, what their first values are multiplied by.
      shipped: the folder of the shipped models' archives.
      folder: where the checkpoint is written, with seed 0.

    Returns:
      The checkpoint's prefix.

    Raises:
      CheckpointMismatchError: a variable of a part is missing there, or of another shape where
        the part names no blocks.
    """
    from musicvae.checkpoints import open_checkpoint, restore, save_checkpoint, substituted
    from musicvae.config import load_config
    from musicvae.converters import build_converter
    from musicvae.models import MusicVAE

    config = load_config(name).override(hparams)
    model = MusicVAE(config, build_converter(config.converter).spec, seed=0)
    for part in parts:
        names = [(f"^{part['here']}", part["there"])]
        chosen = {
            key: variable
            for key, variable in model.named_variables.items()
            if re.match(part["here"], key)
        }
        with open_checkpoint(shipped / f"{part['model']}.tar.gz") as checkpoint:
            if "rows" in part or "columns" in part:
                for key in list(chosen):
                    donor = checkpoint.read(substituted(key, names))
                    if donor.shape != tuple(chosen[key].shape):
                        variable = chosen.pop(key)
                        variable.assign(with_blocks(variable.numpy(), donor, part))
            restore(chosen, checkpoint, substitutions=names)
    for key, factor in factors.items():
        model.named_variables[key].assign(factor * model.named_variables[key])
    return pathlib.Path(save_checkpoint(folder, 0, model.named_variables))


def with_blocks(values: np.ndarray, donor: np.ndarray, part: Mapping[str, Any]) -> np.ndarray:
    """Returns values in which the blocks that a part names are those of a smaller array.

    Args:
      values: float32 [rows, columns] or [columns].
      donor: float32 of the same rank; an axis as long as that of `values` is taken whole.
      part: the part, with `rows` and `columns` as `write_first_weights` describes them.
    """
    there, here = [], []
    for axis, size in enumerate(values.shape):
        key = ("rows", "columns")[axis - values.ndim]
        blocks = [(0, 0, size)] if size == donor.shape[axis] else part[key]
        there.append(np.concatenate([np.arange(count) + first for first, _, count in blocks]))
        here.append(np.concatenate([np.arange(count) + first for _, first, count in blocks]))
    result = values.copy()
    result[np.ix_(*here)] = donor[np.ix_(*there)]
    return result
