"""Whether a checkpoint fits a model, and which sizes of a model it fits.

A checkpoint stores no hyperparameters, but its variables' shapes give the sizes: an LSTM layer's
bias has 4 x units entries, `encoder/mu` has z_size columns.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from musicvae.checkpoints.checkpoint import Checkpoint
from musicvae.config import Config, list_configs
from musicvae.errors import CheckpointMismatchError, ConfigError
from musicvae.hparams import HParams

Shapes: TypeAlias = Mapping[str, tuple[int, ...]]
Substitutions: TypeAlias = Sequence[tuple[str, str]]

_STACKS = {
    "enc_rnn_size": "encoder/",
    "dec_rnn_size": "decoder/",
    "control_preprocessing_rnn_size": "control_preprocessing/",
}
SIZE_HPARAMS = ("z_size", "nade_num_hidden", *_STACKS)
_NAMED_AT_MOST = 3
_GATES = 4
_MATRIX = 2

_LAYER = re.compile(
    r"(?P<stack>.+?)(?:/cell_(?P<layer>\d+))?(?:/bidirectional_rnn/fw/multi_rnn_cell/cell_0)?"
    r"/lstm_cell/bias"
)
_LATENT_ROWS = re.compile(r"decoder/(?:z_to_|hierarchical_level_0/)initial_state/kernel")


def infer_hparams(config: Config, checkpoint: Checkpoint, *, keep: Collection[str] = ()) -> Config:
    """Returns the configuration at the checkpoint's sizes.

    Args:
      config: a configuration of the right kind, at any size.
      checkpoint: where the sizes come from.
      keep: hyperparameters that stay as they are, because the user chose them.

    Returns:
      The configuration with the sizes of SIZE_HPARAMS as the variables' shapes give them; what
      they do not give stays.
    """
    sizes = {name: size for name, size in _sizes(checkpoint.weights).items() if name not in keep}
    return dataclasses.replace(config, hparams=config.hparams.replace(**sizes))


def size_overrides(hparams: HParams, base: HParams) -> str:
    """Returns the sizes in which two records differ, as `--hparams` takes them; may be empty."""
    values = {name: getattr(hparams, name) for name in SIZE_HPARAMS}
    return ",".join(
        f"{name}={_written(value)}"
        for name, value in values.items()
        if value != getattr(base, name)
    )


def substituted(name: str, substitutions: Substitutions | None) -> str:
    """Returns a variable's name in a checkpoint.

    Args:
      name: its name in the model.
      substitutions: (pattern, replacement) pairs of regular expressions, applied in turn.
    """
    for pattern, replacement in substitutions or ():
        name = re.sub(pattern, replacement, name)
    return name


def check_fits(
    config: Config,
    wanted: Shapes,
    checkpoint: Checkpoint,
    *,
    shapes_of: Callable[[Config], Shapes] | None = None,
    substitutions: Substitutions | None = None,
) -> None:
    """Checks that a checkpoint has every variable of a model, in its shape.

    Args:
      config: the model's configuration, for the message.
      wanted: the model's variables by name.
      checkpoint: what is to be loaded.
      shapes_of: gives any configuration's variables, to find those that the checkpoint fits; the
        models' own by default.
      substitutions: as for `substituted`.

    Raises:
      CheckpointMismatchError: it lacks some or has them in other shapes; the message names the
        first of them, the configurations that would fit and the hyperparameters to go with them.
    """
    stored = checkpoint.weights
    names = {name: substituted(name, substitutions) for name in wanted}
    missing = [names[name] for name in wanted if names[name] not in stored]
    wrong = [
        f"'{names[name]}' is {list(stored[names[name]])} instead of {list(shape)}"
        for name, shape in wanted.items()
        if names[name] in stored and stored[names[name]] != tuple(shape)
    ]
    if not missing and not wrong:
        return
    faults = []
    if missing:
        faults.append("it has no " + _some([f"'{name}'" for name in missing]))
    if wrong:
        faults.append(_some(wrong))
    advice = _advice(config, checkpoint, shapes_of or model_shapes)
    raise CheckpointMismatchError(
        f"{checkpoint.source}: the checkpoint does not fit config '{config.name}': "
        f"{'; '.join(faults)}; {advice}"
    )


def model_shapes(config: Config) -> Shapes:
    """Returns the shapes of a configuration's variables by name; imports TensorFlow.

    Raises:
      ConfigError: a part of the configuration is unknown or does not fit the others.
    """
    from musicvae.converters import build_converter
    from musicvae.models import variable_shapes

    return variable_shapes(config, build_converter(config.converter).spec)


def fitting_configs(
    checkpoint: Checkpoint,
    shapes_of: Callable[[Config], Shapes] = model_shapes,
    configs: Iterable[Config] | None = None,
) -> list[Config]:
    """Returns the named configurations that a checkpoint fits, at the checkpoint's sizes.

    Args:
      checkpoint: what was found.
      shapes_of: gives a configuration's variables by name; the models' own by default.
      configs: which configurations to try; all that ship by default.
    """
    stored = checkpoint.weights
    fitting = []
    for config in list_configs() if configs is None else configs:
        sized = infer_hparams(config, checkpoint)
        try:
            wanted = shapes_of(sized)
        except ConfigError:
            continue
        if wanted and all(stored.get(name) == tuple(shape) for name, shape in wanted.items()):
            fitting.append(sized)
    return fitting


def _sizes(weights: Shapes) -> dict[str, Any]:
    """Returns the hyperparameters that shapes give."""
    sizes: dict[str, Any] = {}
    for name, shape in weights.items():
        if name == "encoder/mu/bias" and len(shape) == 1:
            sizes["z_size"] = shape[0]
        if _LATENT_ROWS.fullmatch(name) and len(shape) == _MATRIX:
            sizes.setdefault("z_size", shape[0])
        if (name == "decoder/nade/w_enc" or name.endswith("/decoder/nade/w_enc")) and shape:
            sizes["nade_num_hidden"] = shape[-1]
    for hparam, scope in _STACKS.items():
        layers = _first_stack(weights, scope)
        if layers:
            sizes[hparam] = layers
    return {name: size for name, size in sizes.items() if np.min(size) > 0}


def _first_stack(weights: Shapes, scope: str) -> tuple[int, ...]:
    """Returns the units of each layer of the first stack of LSTM layers in a scope."""
    stacks: dict[str, dict[int, int]] = {}
    for name, shape in weights.items():
        match = _LAYER.fullmatch(name)
        if match and name.startswith(scope) and "/bw/" not in name and len(shape) == 1:
            layer = int(match["layer"] or 0)
            stacks.setdefault(match["stack"], {})[layer] = shape[0] // _GATES
    if not stacks:
        return ()
    first = stacks[min(stacks)]
    return tuple(first[layer] for layer in sorted(first))


def _advice(config: Config, checkpoint: Checkpoint, shapes_of: Callable[[Config], Shapes]) -> str:
    """Says which configurations would fit, and with which hyperparameters."""
    fitting = fitting_configs(checkpoint, shapes_of)
    if not fitting:
        sizes = ",".join(f"{k}={_written(v)}" for k, v in _sizes(checkpoint.weights).items())
        found = f"its sizes are {sizes}" if sizes else "it does not look like a MusicVAE"
        return f"no named config fits it; {found}"
    named = {other.name: other for other in list_configs()}
    same = [other for other in fitting if other.name == config.name]
    names: dict[str, list[str]] = {}
    for other in same or fitting:
        text = size_overrides(other.hparams, named[other.name].hparams)
        names.setdefault(text, []).append(f"--config={other.name}")
    return "it fits " + "; ".join(
        f"{', '.join(each)}{', each with' if text and len(each) > 1 else ''}"
        + (f" --hparams={text}" if text else "")
        for text, each in names.items()
    )


def _some(items: Sequence[str]) -> str:
    rest = len(items) - _NAMED_AT_MOST
    return ", ".join(items[:_NAMED_AT_MOST]) + (f" and {rest} more" if rest > 0 else "")


def _written(value: Any) -> str:
    return f"[{','.join(map(str, value))}]" if isinstance(value, tuple) else str(value)
