"""Configurations as TOML, hyperparameters and augmentations as text."""

from __future__ import annotations

import functools
import random

from hostile.mutation import LONG_NUMBER, spoiled_text, text_bytes
from hostile.trial import Arena, Attempt

_HPARAMS = (
    "batch_size=32,learning_rate=0.0005,enc_rnn_size=[256],z_size=4",
    "dec_rnn_size=[2,3,4],free_bits=48,max_beta=0.2,beta_rate=0.99999",
    "dec_rnn_size[1]=32,conditional=false,residual_encoder=True",
    "sampling_schedule=inverse_sigmoid,sampling_rate=1000,dropout_keep_prob=0.5",
)
_AUGMENT = (
    "drop_voice_probability=0.3,rotate_probability=0.2",
    "transpose=[-5,5],stretch=[0.9,1.1]",
    "velocity_scale=0.2",
)
_TOML_TOKENS = (
    "[" * 5000, "{" * 3000, "[[model]]", "[model]", "[converter]", "[decoder.core]", "base = ",
    'base = "cat-mel_2bar_small"', 'base = "../evil"', "z_size = -1", f"z_size = {LONG_NUMBER}",
    "z_size = 1e400", "z_size = nan", "z_size = true", "z_size = []", 'z_size = "x"',
    "z_size = 10000000000",
    "= 1", "a.b.c.d = 1", '"" = 1', "1979-05-27T07:32:00Z", 'type = "trio"', 'type = "x"',
    "slice_bars = 0", "slice_bars = 1000000000", "level_lengths = [0]", "rnn_size = [0]",
    "rnn_size = [[1]]", '"""', "'''", "\\u0000", "max_seq_len = 0", "__class__ = 1",
    "gap_bars = -3",
    "free_bits = inf", "split_count = 0",
)  # fmt: skip
_HPARAM_TOKENS = (
    "[", "]", "[0]", "[-1]", "[999]", "=", ",", "z_size", "enc_rnn_size=[]", "enc_rnn_size=[[1]]",
    "z_size=1e400", "z_size=10000000000000", "batch_size=-1", "dec_rnn_size=[0]", "nan", "True",
    "learning_rate=nan", "learning_rate=inf", "max_beta=-1", "name=x", "__init__=1",
)  # fmt: skip


def make(rng: random.Random, arena: Arena) -> Attempt:
    """Makes a configuration or a text of hyperparameters; see `runner.Make`."""
    if rng.random() < 0.3:
        hparams = spoiled_text(rng.choice(_HPARAMS), rng, _HPARAM_TOKENS)
        augment = spoiled_text(rng.choice(_AUGMENT), rng, _HPARAM_TOKENS)
        return functools.partial(_override, rng.choice(_names()), hparams, augment)
    path = arena.inputs / "mine.toml"
    text = _texts()[rng.randrange(len(_texts()))]
    path.write_bytes(text_bytes(spoiled_text(text, rng, _TOML_TOKENS), rng))
    return functools.partial(_read, str(path))


def _read(path: str) -> None:
    import tomli_w

    from musicvae.config import load_config, parse_config
    from musicvae.converters import build_converter

    config = load_config(path)
    build_converter(config.converter)
    tables = config.to_dict()
    tomli_w.dumps(tables)
    parse_config(tables, config.name, source="written")


def _override(name: str, hparams: str, augment: str) -> None:
    from musicvae.config import load_config

    load_config(name).override(hparams, augment)


@functools.cache
def _names() -> tuple[str, ...]:
    from musicvae.config import list_configs

    return tuple(config.name for config in list_configs())


@functools.cache
def _texts() -> tuple[str, ...]:
    import importlib.resources

    folder = importlib.resources.files("musicvae.configs")
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple((folder / name).read_text("utf-8") for name in found)


def start() -> None:
    """Reads all configurations, so that the first input does not."""
    from musicvae.converters import build_converter

    build_converter  # noqa: B018
    assert len(_texts()) >= 20
    assert len(_names()) >= 20
