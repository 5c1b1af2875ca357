"""First weights of a model, put together from the weights of shipped ones."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Mapping, Sequence


def write_first_weights(
    name: str,
    parts: Sequence[Mapping[str, str]],
    factors: Mapping[str, float],
    shipped: pathlib.Path,
    folder: pathlib.Path,
) -> pathlib.Path:
    """Writes a checkpoint in which parts of a model have another's weights; the rest is random.

    Args:
      name: the configuration.
      parts: of each, `model`, which has the weights; `here`, a regular expression with which the
        part's names begin; and `there`, what stands in that model in place of what it matches.
      factors: of variables by name, what their first values are multiplied by.
      shipped: the folder of the shipped models' archives.
      folder: where the checkpoint is written, with seed 0.

    Returns:
      The checkpoint's prefix.

    Raises:
      CheckpointMismatchError: a variable of a part is missing there or of another shape.
    """
    from musicvae.checkpoints import open_checkpoint, restore, save_checkpoint
    from musicvae.config import load_config
    from musicvae.converters import build_converter
    from musicvae.models import MusicVAE

    config = load_config(name)
    model = MusicVAE(config, build_converter(config.converter).spec, seed=0)
    for part in parts:
        chosen = {key: v for key, v in model.named_variables.items() if re.match(part["here"], key)}
        with open_checkpoint(shipped / f"{part['model']}.tar.gz") as checkpoint:
            restore(chosen, checkpoint, substitutions=[(f"^{part['here']}", part["there"])])
    for key, factor in factors.items():
        model.named_variables[key].assign(factor * model.named_variables[key])
    return pathlib.Path(save_checkpoint(folder, 0, model.named_variables))
