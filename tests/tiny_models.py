"""Untrained models of named configurations, small enough to load in no time."""

from __future__ import annotations

import dataclasses
import pathlib

from musicvae.checkpoints import CheckpointKeeper, RunFolder
from musicvae.components import Component
from musicvae.config import Config, list_configs, load_config


def tiny_config(name: str) -> Config:
    """Returns a named configuration at small sizes."""
    config = load_config(name)
    layers = len(config.hparams.dec_rnn_size)
    sizes = {"z_size": 8, "enc_rnn_size": (12,), "dec_rnn_size": (10, 12, 14)[:layers]}
    if config.decoder.type == "nade":
        sizes["nade_num_hidden"] = 6
    return dataclasses.replace(config, hparams=config.hparams.replace(**sizes))


def representatives() -> list[str]:
    """Returns one named configuration for each model that differs in more than its sizes."""
    from musicvae.converters import build_converter

    found: dict[object, str] = {}
    for config in list_configs():
        spec = build_converter(config.converter).spec
        depths = (spec.input_depth, spec.output_depth, spec.control_depth)
        parts = (config.converter.type, _types(config.encoder), _types(config.decoder))
        found.setdefault((depths, *parts), config.name)
    return sorted(found.values())


def _types(component: Component) -> tuple[str, ...]:
    """Returns the types of a component and of those inside it."""
    inside = () if component.core is None else _types(component.core)
    return (component.type, *inside)


def write_run(folder: pathlib.Path, name: str, *, remember: bool = True, step: int = 5) -> Config:
    """Writes a run folder with a model of random weights, the same for each name.

    Weights are larger than first values are, so that different latent vectors sound different.
    """
    from musicvae.converters import build_converter
    from musicvae.models import MusicVAE

    config = tiny_config(name)
    spec = build_converter(config.converter).spec
    model = MusicVAE(config, spec, seed=7)
    weights = {name: 3.0 * variable for name, variable in model.named_variables.items()}
    for variable in ("encoder/mu/kernel", "decoder/z_to_initial_state/kernel"):
        if variable in weights:
            weights[variable] = 300.0 * weights[variable]
    run = RunFolder(folder)
    if remember:
        run.remember(config)
    CheckpointKeeper(run.train).save(step, weights)
    return config
