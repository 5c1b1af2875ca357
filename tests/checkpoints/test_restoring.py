"""Variables get the stored values, whole or as far as they fit."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest
from small_model import values

from musicvae.checkpoints import (
    open_checkpoint,
    restore,
    restoring,
    save_checkpoint,
    stored_values,
    variable_table,
)
from musicvae.errors import CheckpointError, CheckpointMismatchError
from musicvae.formats.tf_bundle import read_bundle


def _variables() -> dict[str, Any]:
    import tensorflow as tf

    return {name: tf.Variable(tf.zeros(array.shape)) for name, array in values(0).items()}


@pytest.mark.parametrize("batch_bytes", [2**26, 3000])
def test_every_variable_gets_its_stored_value_and_no_warning(
    saved: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    batch_bytes: int,
) -> None:
    monkeypatch.setattr(restoring, "_BATCH_BYTES", batch_bytes)
    variables = _variables()
    caplog.set_level("INFO", "tensorflow")
    with open_checkpoint(saved) as checkpoint:
        assert restore(variables, checkpoint) == []
    for name, array in values(10).items():
        np.testing.assert_array_equal(variables[name].numpy(), array)
    assert not caplog.records


def test_a_missing_or_wrongly_shaped_variable_is_an_error(saved: pathlib.Path) -> None:
    import tensorflow as tf

    variables = _variables() | {"encoder/mu/kernel": tf.Variable(tf.zeros([24, 9]))}
    with (
        open_checkpoint(saved) as checkpoint,
        pytest.raises(CheckpointMismatchError, match=r"no 'encoder/mu/kernel' of shape \[24, 9\]"),
    ):
        restore(variables, checkpoint)


def test_a_warm_start_leaves_what_does_not_fit_and_names_it(saved: pathlib.Path) -> None:
    import tensorflow as tf

    variables = _variables()
    variables["encoder/mu/kernel"] = tf.Variable(tf.ones([24, 9]))
    variables["decoder/nade/w_enc"] = tf.Variable(tf.ones([9, 1, 6]))
    with open_checkpoint(saved) as checkpoint:
        left = restore(variables, checkpoint, ignore_missing=True)
    assert sorted(left) == ["decoder/nade/w_enc", "encoder/mu/kernel"]
    assert variables["encoder/mu/kernel"].numpy().min() == 1
    bias = "decoder/output_projection/bias"
    np.testing.assert_array_equal(variables[bias].numpy(), values(10)[bias])


def test_renamed_variables_are_found_by_substitution(tmp_path: pathlib.Path) -> None:
    renamed = {name.replace("decoder/", "old/", 1): array for name, array in values(4).items()}
    variables = _variables()
    with open_checkpoint(save_checkpoint(tmp_path, 4, renamed)) as checkpoint:
        restore(variables, checkpoint, substitutions=[("^decoder/", "old/")])
    bias = "decoder/output_projection/bias"
    np.testing.assert_array_equal(variables[bias].numpy(), values(4)[bias])


def test_damaged_values_are_one_error(folder: pathlib.Path) -> None:
    path = folder / "model.ckpt-10.data-00000-of-00001"
    data = bytearray(path.read_bytes())
    data[50] ^= 1
    path.write_bytes(data)
    with (
        open_checkpoint(folder) as checkpoint,
        pytest.raises(CheckpointError, match="cannot read the checkpoint"),
    ):
        restore(_variables(), checkpoint)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_weights_of_another_precision_become_float32(tmp_path: pathlib.Path, dtype: str) -> None:
    name = "encoder/mu/kernel"
    stored = {name: values(1)[name].astype(dtype)}
    with open_checkpoint(save_checkpoint(tmp_path, 1, stored)) as checkpoint:
        value = stored_values(checkpoint)(name, (24, 8))
        assert value.dtype == "float32"
        np.testing.assert_array_equal(value, stored[name].astype(np.float32))
        with pytest.raises(CheckpointError, match=f"'{name}' is stored as {dtype}"):
            restore({name: _variables()[name]}, checkpoint)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.full([24, 8], 7), "is stored as int64; store it as float32"),
        (np.full([24, 8], "x"), "is stored as a type that holds no weights"),
        (np.full([24, 8], 1j, np.complex64), "is stored as a type that holds no weights"),
        (np.full([24, 8], np.nan, np.float32), "has values that are not finite: .* earlier step"),
    ],
)
def test_what_is_no_weight_is_refused(
    tmp_path: pathlib.Path, value: np.ndarray, message: str
) -> None:
    name = "encoder/mu/kernel"
    with (
        open_checkpoint(save_checkpoint(tmp_path, 1, {name: value})) as checkpoint,
        pytest.raises(CheckpointError, match=f"'{name}' {message}"),
    ):
        stored_values(checkpoint)(name, (24, 8))


def test_a_damaged_variable_is_named(folder: pathlib.Path) -> None:
    path = folder / "model.ckpt-10.data-00000-of-00001"
    data = bytearray(path.read_bytes())
    name = "decoder/output_projection/kernel"
    data[read_bundle(str(folder / "model.ckpt-10")).entries[name].offset] ^= 1
    path.write_bytes(data)
    with open_checkpoint(folder) as checkpoint:
        read = stored_values(checkpoint)
        read("decoder/output_projection/bias", (5,))
        with pytest.raises(CheckpointError, match=f"the bytes of '{name}' are damaged") as caught:
            read(name, (12, 5))
    assert "\n" not in str(caught.value)


def test_the_variable_table_counts_values_and_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    count = sum(array.size for array in values(0).values())
    assert variable_table(_variables()) == (count, 4 * count)
    assert "24x8" in capsys.readouterr().out
