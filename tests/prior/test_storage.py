"""A prior's file keeps the prior, and a stranger's file does no harm."""

from __future__ import annotations

import dataclasses
import io
import pathlib
import zipfile

import numpy as np
import pytest

from musicvae.errors import InputError
from musicvae.prior import (
    LatentPrior,
    Target,
    load_prior,
    prior_bytes,
    prior_path,
    read_prior,
    save_prior,
)
from musicvae.prior.axes import latent_axes
from musicvae.prior.conditions import QUANTILES, ConditionScale
from musicvae.prior.network import FlowNetwork, FlowSize


def some_prior(z_size: int = 8, step: int = 5, *, factor: float = 1.0) -> LatentPrior:
    """A prior of random weights, the same each time."""
    generator = np.random.default_rng(2)
    mu = generator.standard_normal((100, z_size)) * np.linspace(2, 0.1, z_size)
    size = FlowSize(directions=4, units=16, blocks=2, conditions=2)
    weights = {
        name: (factor * generator.standard_normal(shape) / shape[0] ** 0.5).astype(np.float32)
        for name, shape in size.shapes().items()
    }
    quantiles = np.linspace(0.1, 0.6, QUANTILES, dtype=np.float32)[np.newaxis]
    return LatentPrior(
        "tiny",
        step,
        100,
        latent_axes(mu, np.full(mu.shape, 0.5)),
        FlowNetwork(size, weights),
        ConditionScale(("note_density",), quantiles),
        sharpness=1.5,
        spread=0.9,
        temperature=0.7,
    )


def with_groups(*groups: str) -> LatentPrior:
    """The same prior with groups, whose weights are random too."""
    prior = some_prior()
    size = dataclasses.replace(prior.network.size, conditions=2 + len(groups))
    own = np.random.default_rng(4).standard_normal((2 + len(groups), size.units))
    weights = {
        name: own.astype(np.float32) if name.endswith("/condition") else matrix
        for name, matrix in prior.network.weights.items()
    }
    scale = dataclasses.replace(prior.scale, groups=groups)
    return dataclasses.replace(prior, network=FlowNetwork(size, weights), scale=scale)


def changed(content: bytes, **arrays: np.ndarray) -> bytes:
    """A prior's file with some arrays in place of its own."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            array = io.BytesIO(old.read(name))
            if name.removesuffix(".npy") in arrays:
                array = io.BytesIO()
                value = arrays[name.removesuffix(".npy")]
                np.lib.format.write_array(array, value, allow_pickle=value.dtype.hasobject)
            new.writestr(name, array.getvalue())
        for name in arrays.keys() - {n.removesuffix(".npy") for n in old.namelist()}:
            array = io.BytesIO()
            np.lib.format.write_array(array, arrays[name])
            new.writestr(f"{name}.npy", array.getvalue())
    return buffer.getvalue()


def test_a_prior_is_read_as_it_was_written(tmp_path: pathlib.Path) -> None:
    prior = some_prior()
    path = prior_path(tmp_path / "model.ckpt-5")
    assert path.name == "model.ckpt-5.prior.npz"
    assert prior_path("models/drums.tar.gz") == pathlib.Path("models/drums.prior.npz")
    save_prior(path, prior)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    read = load_prior(path)
    assert (read.config, read.step, read.examples) == ("tiny", 5, 100)
    assert read.scale.names == ("note_density",)
    assert read.sharpness == 1.5
    assert read.spread == pytest.approx(0.9)
    assert read.temperature == 0.7
    z = read.draw(np.random.default_rng(1), 50)
    # 8 bits a weight move a draw by little.
    expected = prior.draw(np.random.default_rng(1), 50)
    assert np.abs(z - expected).max() < 0.1 * expected.std()
    save_prior(tmp_path / "again.npz", read)
    np.testing.assert_array_equal(
        load_prior(tmp_path / "again.npz").draw(np.random.default_rng(1), 50), z
    )


def test_groups_are_kept(tmp_path: pathlib.Path) -> None:
    prior = with_groups("jazz", "Hip Hop")
    save_prior(tmp_path / "prior.npz", prior)
    read = load_prior(tmp_path / "prior.npz")
    assert read.scale.groups == ("jazz", "Hip Hop")
    asked = [
        read.draw(np.random.default_rng(1), 5, [Target("group", g)]) for g in ("jazz", "Hip Hop")
    ]
    assert not np.allclose(*asked)


def test_the_same_prior_is_the_same_file() -> None:
    assert prior_bytes(some_prior()) == prior_bytes(some_prior())


def test_numpy_reads_the_file_too(tmp_path: pathlib.Path) -> None:
    save_prior(tmp_path / "prior.npz", some_prior())
    with np.load(tmp_path / "prior.npz", allow_pickle=False) as arrays:
        assert int(arrays["step"]) == 5


@pytest.mark.parametrize("length", [0, 1, 50, 2000, -1])
def test_a_file_cut_short_is_one_line(length: int) -> None:
    with pytest.raises(InputError, match=r"'x' holds no prior .*musicvae-prior") as raised:
        read_prior(prior_bytes(some_prior())[:length], "x")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("version", np.array(2)),
        ("sharpness", np.array(0.0, np.float32)),
        ("sharpness", np.array(1e6, np.float32)),
        ("sharpness", np.array(np.nan, np.float32)),
        ("spread", np.array(0.0, np.float32)),
        ("spread", np.array(9.0, np.float32)),
        ("temperature", np.array(-1.0, np.float32)),
        ("temperature", np.array(1e9, np.float32)),
        ("size", np.array([4, 2**40, 2, 2])),
        ("size", np.array([4, 16, 2**40, 2])),
        ("size", np.array([9, 16, 2, 2])),
        ("size", np.array([4, 16, 2, 4])),
        ("size", np.array([4, 16])),
        ("in", np.array(["a"] * 64).reshape(4, 16)),
        ("in", np.zeros((4, 17), np.int8)),
        ("in/scale", np.full(16, np.nan, np.float32)),
        ("basis", np.zeros((8, 7), np.float16)),
        ("attributes", np.array(["joy"])),
        ("groups", np.array(["jazz"])),
        ("quantiles", np.zeros(3, np.float32)),
        ("mean", np.array([{}], dtype=object)),
        ("config", np.array([object()], dtype=object)),
    ],
)
def test_a_hostile_array_is_refused(name: str, value: np.ndarray) -> None:
    with pytest.raises(InputError, match="'x' holds no prior of this version"):
        read_prior(changed(prior_bytes(some_prior()), **{name: value}), "x")


def test_an_array_that_claims_to_be_huge_takes_no_memory() -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f4", "fortran_order": False, "shape": (2**40,)}
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("version.npy", header.getvalue() + b"1234")
    with pytest.raises(InputError, match="does not fit its bytes"):
        read_prior(buffer.getvalue(), "x")


def test_a_header_that_is_no_python_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        header = b"{'descr': ((((((" + b" " * 20 + b"\n"
        archive.writestr("version.npy", b"\x93NUMPY\x01\x00" + bytes([len(header), 0]) + header)
    with pytest.raises(InputError, match="'x' holds no prior"):
        read_prior(buffer.getvalue(), "x")


def test_a_bomb_is_not_unpacked() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for k in range(3):
            archive.writestr(f"{k}.npy", bytes(30 * 2**20))
    assert len(buffer.getvalue()) < 2**20
    with pytest.raises(InputError, match="more than it may"):
        read_prior(buffer.getvalue(), "x")


def test_a_missing_file_says_what_makes_one(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match=r"nowhere.npz.*musicvae-prior"):
        load_prior(tmp_path / "nowhere.npz")


def test_a_file_without_sharpness_and_spread_draws_as_it_was_fitted() -> None:
    content = prior_bytes(some_prior())
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            if name not in ("sharpness.npy", "spread.npy", "temperature.npy"):
                new.writestr(name, old.read(name))
    read = read_prior(buffer.getvalue(), "x")
    assert (read.sharpness, read.spread, read.temperature) == (1.0, 1.0, 0.5)
