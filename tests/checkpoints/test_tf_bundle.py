"""Index and data files are read without TensorFlow, and damage is noticed."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import forged
import numpy as np
import pytest
from small_model import values

from musicvae.errors import CheckpointError
from musicvae.formats.tf_bundle import read_bundle


def test_names_shapes_and_values_are_those_that_tensorflow_wrote(saved: pathlib.Path) -> None:
    bundle = read_bundle(str(saved / "model.ckpt-10"))
    for name, array in values(10).items():
        assert bundle.entries[name].shape == array.shape
        np.testing.assert_array_equal(bundle.read(name), array)
    assert bundle.read("global_step").dtype == np.int64
    assert bundle.read("global_step") == 10


def test_many_variables_over_several_blocks_are_all_found(tmp_path: pathlib.Path) -> None:
    from musicvae.checkpoints import save_checkpoint

    arrays = {f"layer_{i}/kernel_{'x' * (i % 70)}": np.full([i % 5], i) for i in range(3000)}
    bundle = read_bundle(save_checkpoint(tmp_path, 1, arrays))
    assert set(bundle.entries) == {*arrays, "global_step"}
    np.testing.assert_array_equal(bundle.read("layer_2999/kernel_" + "x" * 59), [2999] * 4)


def test_reading_does_not_import_tensorflow(saved: pathlib.Path) -> None:
    code = (
        "import sys; from musicvae.checkpoints import open_checkpoint;"
        f"checkpoint = open_checkpoint({str(saved)!r}); checkpoint.read('encoder/mu/bias');"
        "assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_flipped_bit_in_the_data_is_noticed(folder: pathlib.Path) -> None:
    path = folder / "model.ckpt-10.data-00000-of-00001"
    data = bytearray(path.read_bytes())
    entry = read_bundle(str(folder / "model.ckpt-10")).entries["encoder/mu/kernel"]
    data[entry.offset + 5] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=r"'encoder/mu/kernel' is damaged"):
        read_bundle(str(folder / "model.ckpt-10")).read("encoder/mu/kernel")


def test_every_damage_to_an_index_is_one_error(folder: pathlib.Path) -> None:
    path = folder / "model.ckpt-10.index"
    whole = path.read_bytes()
    generator = np.random.default_rng(0)
    for position in generator.integers(0, len(whole), 300):
        damaged = bytearray(whole)
        damaged[position] ^= int(generator.integers(1, 256))
        path.write_bytes(damaged)
        try:
            bundle = read_bundle(str(folder / "model.ckpt-10"))
        except CheckpointError:
            continue
        assert set(values(10)) <= set(bundle.entries)
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match="damaged"):
            read_bundle(str(folder / "model.ckpt-10"))


_LISTED = (0, b"", forged.HEADER)
_EMPTY = forged.entry([0])


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(
            forged.table([forged.block([_LISTED, (0, b"a", forged.entry([2**40], size=8))])]),
            id="a shape of a terabyte",
        ),
        pytest.param(
            forged.table([forged.block([_LISTED, (0, b"a", forged.entry([2**62] * 300))])]),
            id="300 dimensions",
        ),
        pytest.param(
            forged.table([forged.block([_LISTED, (0, b"a", forged.entry([0], shard=1))])]),
            id="a data file that does not exist",
        ),
        pytest.param(
            forged.table([forged.block([_LISTED, (0, b"a", forged.entry([2**64 - 1]))])]),
            id="a negative size",
        ),
        pytest.param(
            forged.table([forged.block([_LISTED, *((i, b"a", _EMPTY) for i in range(5000))])]),
            id="names that grow without end",
        ),
        pytest.param(
            forged.table([forged.block([_LISTED, (0, b"a", _EMPTY)])], [0] * 1000),
            id="one block listed a thousand times",
        ),
        pytest.param(
            forged.table([forged.block([_LISTED, *((0, b"%d" % i, b"") for i in range(100_002))])]),
            id="a hundred thousand variables",
        ),
    ],
)
def test_an_index_that_promises_the_impossible_is_refused(
    tmp_path: pathlib.Path, table: bytes
) -> None:
    (tmp_path / "model.ckpt-1.index").write_bytes(table)
    with pytest.raises(CheckpointError, match="damaged"):
        read_bundle(str(tmp_path / "model.ckpt-1"))


def test_an_index_that_points_outside_of_its_data_file_is_refused(tmp_path: pathlib.Path) -> None:
    entries = {"a": forged.entry([2], size=8, offset=2**50)}
    bundle = read_bundle(forged.write_checkpoint(tmp_path, entries, bytes(8)))
    with pytest.raises(CheckpointError, match="cut short: 8 of 1,125,899,906,842,632 bytes"):
        bundle.check_data()


def test_a_variable_that_is_not_there_is_named(saved: pathlib.Path) -> None:
    with pytest.raises(CheckpointError, match="no variable 'decoder/nade/w_enc'"):
        read_bundle(str(saved / "model.ckpt-9")).read("decoder/nade/w_enc")
