"""Sizes come from shapes, and a checkpoint that does not fit is explained in one message."""

from __future__ import annotations

import dataclasses
import json
import math
import pathlib
import types

import forged
import numpy as np
import pytest
from small_model import WEIGHTS, values

from musicvae.checkpoints import (
    check_fits,
    infer_hparams,
    model_shapes,
    open_checkpoint,
    save_checkpoint,
    size_overrides,
    substituted,
)
from musicvae.config import Config, list_configs, load_config, parse_config
from musicvae.errors import CheckpointMismatchError

SIZES = "enc_rnn_size=[12],dec_rnn_size=[10,12],z_size=8"


def _shapes_of(config: Config) -> dict[str, tuple[int, ...]]:
    """Stands for the models: one configuration fits the small model at its sizes, others do not."""
    columns = {"groovae_4bar": 5, "cat-mel_2bar_small": 90}.get(config.name, 7)
    z, last = config.hparams.z_size, config.hparams.dec_rnn_size[-1]
    return {
        "decoder/z_to_initial_state/kernel": (z, 2 * sum(config.hparams.dec_rnn_size)),
        "decoder/output_projection/kernel": (last, columns),
    }


def test_sizes_come_from_the_variables_shapes(saved: pathlib.Path) -> None:
    config = load_config("cat-drums_2bar_small")
    with open_checkpoint(saved) as checkpoint:
        sized = infer_hparams(config, checkpoint)
    assert sized.hparams.enc_rnn_size == (12,)
    assert sized.hparams.dec_rnn_size == (10, 12)
    assert sized.hparams.z_size == 8
    assert sized.hparams.max_seq_len == config.hparams.max_seq_len
    assert sized.converter == config.converter


def test_a_size_that_the_user_chose_stays(saved: pathlib.Path) -> None:
    config = load_config("cat-drums_2bar_small").override("z_size=99")
    with open_checkpoint(saved) as checkpoint:
        assert infer_hparams(config, checkpoint, keep=["z_size"]).hparams.z_size == 99


def test_a_decoder_alone_gives_its_sizes(tmp_path: pathlib.Path) -> None:
    decoder = {name: array for name, array in values(1).items() if name.startswith("decoder/")}
    with open_checkpoint(save_checkpoint(tmp_path, 1, decoder)) as checkpoint:
        hparams = infer_hparams(load_config("cat-drums_2bar_small"), checkpoint).hparams
    assert (hparams.z_size, hparams.dec_rnn_size) == (8, (10, 12))


def test_sizes_of_every_golden_model_are_inferred(shared: pathlib.Path) -> None:
    folders = sorted((shared / "golden" / "models").iterdir())
    assert len(folders) >= 17
    for folder in folders:
        recorded = json.loads((folder / "hparams.json").read_text())
        with open_checkpoint(folder) as checkpoint:
            hparams = infer_hparams(load_config(recorded["config"]), checkpoint).hparams
        for name in ("z_size", "enc_rnn_size", "dec_rnn_size", "nade_num_hidden"):
            if name in recorded["hparams"]:
                wanted = recorded["hparams"][name]
                found = getattr(hparams, name)
                assert found == (tuple(wanted) if isinstance(wanted, list) else wanted), folder.name


def test_sizes_of_every_named_configuration_are_inferred() -> None:
    configs = list_configs()
    assert len(configs) >= 22
    for config in configs:
        hparams = config.hparams
        sizes = {
            "z_size": hparams.z_size + 1,
            "enc_rnn_size": tuple(units + 1 for units in hparams.enc_rnn_size),
            "dec_rnn_size": tuple(7 + n for n in range(len(hparams.dec_rnn_size))),
        }
        if config.decoder.type == "nade":
            sizes["nade_num_hidden"] = 5
        changed = dataclasses.replace(config, hparams=hparams.replace(**sizes))
        stub = types.SimpleNamespace(weights=model_shapes(changed))
        assert infer_hparams(config, stub) == changed, config.name


def test_sizes_of_preprocessed_controls_are_inferred() -> None:
    tables = load_config("groovae_2bar_hits_control_tfds").to_dict()
    sizes = {"rnn_size": [9, 11], "control_preprocessing_rnn_size": [5, 6]}
    tables["decoder"] = {"type": "control_preprocessing", "core": {"type": "groove"}, **sizes}
    config = parse_config(tables, "mine", source="mine.toml")
    stub = types.SimpleNamespace(weights=model_shapes(config))
    plain = dataclasses.replace(config, hparams=load_config("groovae_4bar").hparams)
    hparams = infer_hparams(plain, stub).hparams
    assert hparams.control_preprocessing_rnn_size == (5, 6)
    assert hparams.dec_rnn_size == (9, 11)


def test_sizes_are_written_as_the_flag_takes_them() -> None:
    base = load_config("cat-drums_2bar_small").hparams
    assert (
        size_overrides(base.override(SIZES), base)
        == "z_size=8,enc_rnn_size=[12],dec_rnn_size=[10,12]"
    )
    assert base.override(size_overrides(base.override(SIZES), base)) == base.override(SIZES)
    assert size_overrides(base, base) == ""


def test_a_checkpoint_that_fits_passes_with_extra_variables(tmp_path: pathlib.Path) -> None:
    extra = {"decoder/cudnn/opaque_kernel": np.zeros(3, np.float32)}
    with open_checkpoint(save_checkpoint(tmp_path, 1, values(1) | extra)) as checkpoint:
        check_fits(load_config("groovae_4bar"), WEIGHTS, checkpoint)


def test_fault_02_a_wrong_config_names_the_first_variables_and_what_would_fit(
    saved: pathlib.Path,
) -> None:
    wanted = dict(WEIGHTS)
    wanted["decoder/output_projection/kernel"] = (12, 90)
    for number in range(5):
        wanted[f"decoder/multi_rnn_cell/cell_{number + 2}/lstm_cell/kernel"] = (24, 48)
    with open_checkpoint(saved) as checkpoint, pytest.raises(CheckpointMismatchError) as caught:
        check_fits(load_config("cat-mel_2bar_small"), wanted, checkpoint, shapes_of=_shapes_of)
    message = str(caught.value)
    assert f"{saved}: the checkpoint does not fit config 'cat-mel_2bar_small'" in message
    assert "it has no 'decoder/multi_rnn_cell/cell_2/lstm_cell/kernel'" in message
    assert "and 2 more" in message
    assert "'decoder/output_projection/kernel' is [12, 5] instead of [12, 90]" in message
    assert (
        "it fits --config=groovae_4bar --hparams=z_size=8,enc_rnn_size=[12],dec_rnn_size=[10,12]"
        in message
    )
    assert "\n" not in message


def test_where_only_sizes_differ_the_same_config_is_advised(saved: pathlib.Path) -> None:
    config = load_config("groovae_4bar").override("z_size=99")
    wanted = dict(WEIGHTS) | {"encoder/mu/kernel": (24, 99)}
    with (
        open_checkpoint(saved) as checkpoint,
        pytest.raises(CheckpointMismatchError, match=r"it fits --config=groovae_4bar .*z_size=8"),
    ):
        check_fits(config, wanted, checkpoint, shapes_of=_shapes_of)


def test_something_else_than_a_musicvae_is_called_so(tmp_path: pathlib.Path) -> None:
    prefix = save_checkpoint(tmp_path, 1, {"resnet/conv1": np.zeros([3, 3], np.float32)})
    with (
        open_checkpoint(prefix) as checkpoint,
        pytest.raises(CheckpointMismatchError, match="it does not look like a MusicVAE"),
    ):
        check_fits(load_config("groovae_4bar"), WEIGHTS, checkpoint, shapes_of=_shapes_of)


@pytest.mark.parametrize(
    "shapes",
    [
        {"encoder/mu/bias": ()},
        {"encoder/mu/bias": (), "decoder/z_to_initial_state/kernel": ()},
        {"encoder/mu/bias": (), "decoder/z_to_initial_state/kernel": (2**62, 0)},
        {"encoder/mu/bias": (0,)},
        {"decoder/nade/w_enc": ()},
        {name: (3,) for name in WEIGHTS if name.endswith("lstm_cell/bias")},
    ],
)
def test_shapes_that_no_model_has_are_a_misfit(
    tmp_path: pathlib.Path, shapes: dict[str, tuple[int, ...]]
) -> None:
    stored = WEIGHTS | shapes
    sizes = {name: 4 * math.prod(shape) for name, shape in stored.items()}
    entries = {n: forged.entry(shape, size=sizes[n]) for n, shape in stored.items()}
    config = load_config("groovae_4bar")
    with open_checkpoint(forged.write_checkpoint(tmp_path, entries, bytes(2**13))) as checkpoint:
        sized = infer_hparams(config, checkpoint)
        with pytest.raises(CheckpointMismatchError, match=r"does not fit .*'encoder/"):
            check_fits(sized, model_shapes(sized), checkpoint)


def test_names_are_substituted_by_patterns_in_turn() -> None:
    pairs = [(r"^decoder/", "old/"), (r"/cell_(\d)/", r"/layer\1/")]
    name = "decoder/multi_rnn_cell/cell_1/lstm_cell/bias"
    assert substituted(name, pairs) == "old/multi_rnn_cell/layer1/lstm_cell/bias"
    assert substituted(name, None) == name
