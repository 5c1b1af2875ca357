"""Untrained models of a few weights, loaded as trained ones are."""

from __future__ import annotations

import pathlib

from musicvae.checkpoints import save_checkpoint
from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.inference import TrainedModel
from musicvae.models import MusicVAE

_SIZES = "z_size=6,enc_rnn_size=[8],dec_rnn_size=[8]"


def tiny_model(name: str, folder: pathlib.Path) -> TrainedModel:
    """Makes a model of this configuration at tiny sizes, with random weights."""
    config = load_config(name).override(_SIZES)
    model = MusicVAE(config, build_converter(config.converter).spec, seed=3)
    weights = {key: variable.numpy() for key, variable in model.named_variables.items()}
    prefix = save_checkpoint(folder / name, 7, weights)
    return TrainedModel(load_config(name), 4, prefix)
