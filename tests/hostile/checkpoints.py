"""Checkpoints: TensorFlow's index and data files, `checkpoint` files, priors, attribute vectors.

Half of the indexes are spoiled bytes; the others have right checksums around numbers that lie.
"""

from __future__ import annotations

import functools
import io
import os
import pathlib
import random
import struct
import zipfile
from collections.abc import Mapping

import forged
import numpy as np

from hostile.mutation import TEXTS, spoiled, spoiled_text, text_bytes
from hostile.trial import Arena, Attempt, Fault
from musicvae.formats.tfrecord import masked_crc

_GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden" / "models"
_MODEL = _GOLDEN / "cat-mel_2bar_small"
PREFIX = "model.ckpt-7"
INDEX, DATA = f"{PREFIX}.index", f"{PREFIX}.data-00000-of-00001"
_STATE = (
    'model_checkpoint_path: "model.ckpt-7"\nall_model_checkpoint_paths: "model.ckpt-5"\n'
    'all_model_checkpoint_paths: "/home/x/run/train/model.ckpt-7"\n'
    "all_model_checkpoint_timestamps: 1700000000.5\nlast_preserved_timestamp: 1e9\n"
)
_LENGTHS = (0, 1, 2, 3, 2**31 - 1, 2**31, 2**40, 2**62, 2**63 - 1, 2**64 - 1)
_KINDS = ("index", "data", "state", "forged", "prior", "vectors", "run")


def make(rng: random.Random, arena: Arena) -> Attempt:
    """Makes a checkpoint; see `runner.Make`."""
    (kind,) = rng.choices(_KINDS, (20, 10, 10, 30, 12, 10, 8))
    if kind == "prior":
        path = arena.inputs / "model.ckpt-7.prior.npz"
        path.write_bytes(prior(rng))
        return functools.partial(_use_prior, path)
    if kind == "vectors":
        path = arena.inputs / "model.attributes.npz"
        path.write_bytes(_vectors(rng))
        return functools.partial(_use_vectors, path)
    members = dict(forged_files(rng) if kind == "forged" else sane())
    if kind == "index":
        members[INDEX] = spoiled(members[INDEX], rng, (b"\xff" * 9 + b"\x01",))
    elif kind == "data":
        members[DATA] = spoiled(members[DATA], rng)
    folder = arena.inputs
    if kind in ("state", "run"):
        members["checkpoint"] = text_bytes(spoiled_text(_STATE, rng, ("model.ckpt-7",)), rng)
    if kind == "run":
        folder = arena.inputs / "train"
        folder.mkdir()
        (arena.inputs / "config.toml").write_bytes(_remembered(rng))
        (arena.inputs / "eval").mkdir()
        (arena.inputs / "eval" / "evaluations.json").write_bytes(_evaluations(rng))
    for name, content in members.items():
        (folder / name).write_bytes(content)
    if kind == "run":
        return functools.partial(_use_run, str(arena.inputs))
    path = arena.inputs if kind == "state" or rng.random() < 0.3 else arena.inputs / PREFIX
    return functools.partial(use, str(path))


def use(path: str) -> None:
    """Opens what a path leads to, reads all of it, and its prior."""
    from musicvae.checkpoints import open_checkpoint
    from musicvae.prior import load_prior, prior_path

    with open_checkpoint(path) as checkpoint:
        for name in checkpoint.shapes:
            if checkpoint.dtypes[name] is not None:
                checkpoint.read(name)
        if os.path.exists(prior_path(checkpoint.prefix)):
            load_prior(prior_path(checkpoint.prefix))


def _use_run(path: str) -> None:
    from musicvae.checkpoints import RunFolder
    from musicvae.checkpoints.overview import describe_run_folder

    folder = RunFolder(path)
    list(describe_run_folder(folder))
    config = folder.resolve(None)
    with open(os.path.join(path, "config.toml"), "rb") as file:
        if not file.read().strip():
            raise Fault(f"an empty config.toml is {config.name}")
    use(path)


def _use_prior(path: pathlib.Path) -> None:
    from musicvae.prior import load_prior

    drawn = load_prior(path).draw(np.random.default_rng(0), 2)
    if not np.isfinite(drawn).all():
        raise Fault("the prior draws what is no number")


def _use_vectors(path: pathlib.Path) -> None:
    from musicvae.attribute_vectors.storage import load_vectors

    vectors = load_vectors(path)
    for name in vectors.names:
        if len(vectors.vector(name)) != vectors.vectors.shape[1]:
            raise Fault("a vector of another length")


@functools.cache
def sane() -> Mapping[str, bytes]:
    """Returns the files of a small sane checkpoint by name."""
    return {name: (_MODEL / name).read_bytes() for name in (INDEX, DATA)}


def forged_files(rng: random.Random) -> Mapping[str, bytes]:
    """Returns a checkpoint whose index has right checksums and numbers that lie."""
    data = rng.randbytes(rng.choice((0, 16, 4096)))
    entries: list[tuple[str, bytes]] = []
    for k in range(rng.choice((1, 2, 5, 40))):
        name = rng.choice((f"decoder/x{k}", "global_step", f"encoder/mu/kernel{k}", *TEXTS[:30]))
        shape = [rng.choice((*_LENGTHS, 4, 16)) for _ in range(rng.choice((0, 1, 2, 3, 254, 300)))]
        if rng.random() < 0.5:
            shape = [rng.choice((1, 2, 4)), 1]
        size = 4 * shape[0] if len(shape) == 2 and rng.random() < 0.8 else rng.choice(_LENGTHS)
        offset = rng.choice((0, 0, 0, 4, *_LENGTHS)) % 2**64
        content = data[offset : offset + min(size, 1 << 16)]
        entries.append(
            (
                name,
                forged.entry(
                    shape,
                    dtype=rng.choice((1, 1, 1, 3, 9, 7, 0, 19, 2**31, 99)),
                    shard=rng.choice((0, 0, 0, 0, 1, 2**31, 2**63)),
                    offset=offset,
                    size=size % 2**64,
                    checksum=masked_crc(content),
                ),
            )
        )
    entries.sort()
    if rng.random() < 0.1:
        rng.shuffle(entries)
    header = rng.choice(
        (forged.HEADER, forged.HEADER, b"", b"\x08\xff\xff\xff\xff\x0f", b"\x10\x01")
    )
    pairs = [(0, b"", header)]
    for name, value in entries:
        key = name.encode("utf-8", "surrogatepass")
        value = spoiled(value, rng) if rng.random() < 0.1 else value
        pairs.append((rng.choice((0, 0, 0, 1, 2**31)) if rng.random() < 0.1 else 0, key, value))
    block = forged.block(pairs)
    uses = [0] * rng.choice((1, 1, 1, 2, 5000)) if rng.random() < 0.2 else None
    index = forged.table([block], uses)
    if rng.random() < 0.1:
        index = index[:-8] + struct.pack("<Q", rng.getrandbits(64))
    return {INDEX: index, DATA: data}


@functools.cache
def _sane_prior() -> bytes:
    from musicvae.prior import prior_bytes
    from musicvae.prior.axes import latent_axes
    from musicvae.prior.conditions import QUANTILES, ConditionScale
    from musicvae.prior.latent_prior import LatentPrior
    from musicvae.prior.network import FlowNetwork, FlowSize

    generator = np.random.default_rng(2)
    size = FlowSize(directions=4, units=16, blocks=2, conditions=2)
    weights = {
        name: generator.standard_normal(shape).astype(np.float32)
        for name, shape in size.shapes().items()
    }
    axes = latent_axes(generator.standard_normal((60, 8)), np.full((60, 8), 0.5))
    quantiles = np.linspace(0.1, 0.6, QUANTILES, dtype=np.float32)[np.newaxis]
    scale = ConditionScale(("note_density",), quantiles)
    return prior_bytes(LatentPrior("tiny", 5, 60, axes, FlowNetwork(size, weights), scale))


def prior(rng: random.Random) -> bytes:
    """Returns a spoiled prior, or one with arrays that lie."""
    if rng.random() < 0.4:
        return spoiled(_sane_prior(), rng, (b"PK\x03\x04",))
    return _with_other_arrays(_sane_prior(), rng)


@functools.cache
def _sane_vectors() -> bytes:
    buffer = io.BytesIO()
    names = np.array(["note_density", "syncopation"])
    arrays = {"vectors": np.ones((2, 8), np.float32), "quartiles": np.ones((2, 2))}
    arrays |= {"means": np.ones((2, 2)), "counts": np.ones((2, 2), np.int64)}
    np.savez(buffer, names=names, left_out=np.array('{"range": "no notes"}'), **arrays)
    return buffer.getvalue()


def _vectors(rng: random.Random) -> bytes:
    if rng.random() < 0.4:
        return spoiled(_sane_vectors(), rng, (b"PK\x03\x04",))
    return _with_other_arrays(_sane_vectors(), rng)


def _with_other_arrays(content: bytes, rng: random.Random) -> bytes:
    """Returns an .npz in which some arrays are others: types, shapes, headers, pickles."""
    buffer = io.BytesIO()
    chosen = rng.random() * 0.5
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if rng.random() < chosen:
                data = _hostile_array(rng, data)
            new.writestr(zipfile.ZipInfo(name), data)
            if rng.random() < 0.02:
                new.writestr(zipfile.ZipInfo(rng.choice(("version.npy", "../evil.npy", ""))), data)
    return buffer.getvalue()


def _hostile_array(rng: random.Random, data: bytes) -> bytes:
    if rng.random() < 0.3:
        return spoiled(data, rng, (b"'|O'", b"(9999999999,)", b"9" * 5000, b"((((", b"True"))
    buffer = io.BytesIO()
    values = (
        np.array(rng.choice((0, 1, -1, 2**40, 2**63 - 1))),
        np.full(
            rng.choice(((0,), (4,), (8, 8), (2, 8), (1, 1, 1))), rng.choice((0.0, np.nan, 1e300))
        ),
        np.array(["x", "note_density"]),
        np.array(rng.choice(TEXTS[:20]) or "x"),
        np.array([{"a": 1}], dtype=object),
        np.zeros(2, "datetime64[s]"),
        np.zeros(2, [("a", "<f4"), ("b", "<i8")]),
        np.asfortranarray(np.ones((8, 8), np.float16)),
        np.array([b"\xff\xfe"]),
        np.ones((2, 8), complex),
    )
    np.lib.format.write_array(buffer, rng.choice(values), allow_pickle=True)
    return buffer.getvalue()


@functools.cache
def _config_text() -> str:
    import tomli_w

    from musicvae.config import load_config

    return tomli_w.dumps(load_config("cat-mel_2bar_small").to_dict())


def _remembered(rng: random.Random) -> bytes:
    return text_bytes(spoiled_text(_config_text(), rng), rng)


def _evaluations(rng: random.Random) -> bytes:
    text = '[{"step": 7, "scalars": {"loss": 1.5, "losses/r_loss": 1.0}, "data": "x"}]'
    return text_bytes(spoiled_text(text, rng, ("[]", "{}", "null", "NaN", "Infinity")), rng)


def start() -> None:
    """Imports the readers and what they are compared with."""
    from musicvae.checkpoints import open_checkpoint

    open_checkpoint(str(_MODEL)).close()
    _sane_prior(), _sane_vectors(), _config_text()
