"""Checkpoints under Magenta's names: finding, reading, loading and saving them.

Reading names, shapes and values needs numpy alone; `restore` and `save_checkpoint` import
TensorFlow when they are called.
"""

from musicvae.checkpoints.checkpoint import GLOBAL_STEP, Checkpoint, open_checkpoint
from musicvae.checkpoints.compatibility import (
    check_fits,
    fitting_configs,
    infer_hparams,
    model_shapes,
    size_overrides,
    substituted,
)
from musicvae.checkpoints.restoring import restore, stored_values, variable_table
from musicvae.checkpoints.run_folder import RunFolder
from musicvae.checkpoints.saving import CheckpointKeeper, remove_checkpoint, save_checkpoint

__all__ = [
    "GLOBAL_STEP",
    "Checkpoint",
    "CheckpointKeeper",
    "RunFolder",
    "check_fits",
    "fitting_configs",
    "infer_hparams",
    "model_shapes",
    "open_checkpoint",
    "remove_checkpoint",
    "restore",
    "save_checkpoint",
    "size_overrides",
    "stored_values",
    "substituted",
    "variable_table",
]
