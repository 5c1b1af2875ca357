"""Tests of teaching a conductor the codes of a shorter model."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from small_music import write_melodies
from tiny_models import tiny_config, write_run

from musicvae.checkpoints import RunFolder, open_checkpoint, restore
from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.models import MusicVAE
from musicvae.models.decoders.base import Request

SCRIPTS = pathlib.Path(__file__).resolve().parents[1] / "scripts"


@pytest.fixture
def conductor_codes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import conductor_codes

    return conductor_codes


def correlated(n: int, depth: int) -> np.ndarray:
    generator = np.random.default_rng(1)
    return generator.normal(size=(n, depth)) @ generator.normal(size=(depth, depth)) + 2.0


def test_codes_come_back_from_embeddings_that_keep_all_components(conductor_codes) -> None:
    mu = correlated(500, 6)
    sigma = np.tile(np.linspace(0.1, 2.0, 6), (500, 1))
    for size in (6, 9):
        basis = conductor_codes.find_basis(mu, sigma, size)
        embeddings = (mu - basis.mean) @ basis.to_embedding
        assert embeddings.shape == (500, size)
        np.testing.assert_allclose(basis.mean + embeddings @ basis.rows, mu, atol=1e-4)
        np.testing.assert_allclose(embeddings[:, :6].std(0), 0.35, rtol=1e-4)


def test_an_error_of_an_embedding_counts_as_that_of_its_code_in_units_of_noise(
    conductor_codes,
) -> None:
    mu = correlated(500, 6)
    sigma = np.tile(np.linspace(0.1, 2.0, 6), (500, 1))
    basis = conductor_codes.find_basis(mu, sigma, 6)
    error = np.random.default_rng(2).normal(size=6)
    worth = np.sum(basis.weights * error**2)
    np.testing.assert_allclose(worth, np.sum((error @ basis.rows / sigma[0]) ** 2), rtol=1e-4)


def test_fewer_components_are_those_that_say_most(conductor_codes) -> None:
    mu = correlated(500, 6)
    sigma = np.ones((500, 6))
    errors = []
    for size in range(1, 7):
        basis = conductor_codes.find_basis(mu, sigma, size)
        back = basis.mean + (mu - basis.mean) @ basis.to_embedding @ basis.rows
        errors.append(((back - mu) ** 2).mean())
    assert errors == sorted(errors, reverse=True) and errors[-1] < 1e-8


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("hierdec-mel_16bar_small", ["cat-mel_2bar_small"]),
        (
            "hierdec-trio_16bar_small",
            ["cat-mel_2bar_small"] * 2 + ["cat-drums_2bar_small"],
        ),
    ],
)
def test_the_core_decodes_an_embedding_as_the_short_model_its_code(
    conductor_codes, tmp_path: pathlib.Path, long: str, short: list[str]
) -> None:
    runs = []
    for number, name in enumerate(short):
        runs.append(tmp_path / str(number))
        write_run(runs[-1], name)
    codes = conductor_codes.CodeModels(short, runs)
    depth = sum(model.config.hparams.z_size for model in codes.models)
    config = load_config(long).override("z_size=8,enc_rnn_size=[12],dec_rnn_size=[10,12]")
    basis = conductor_codes.find_basis(
        correlated(500, depth), np.ones((500, depth)), config.hparams.dec_rnn_size[-1]
    )
    model = MusicVAE(config, build_converter(config.converter).spec, seed=1)
    weights = conductor_codes.core_weights(codes, basis, model.named_variables)
    for name, value in weights.items():
        model.named_variables[name].assign(value)
    embedding = tf.random.stateless_normal([4, len(basis.weights)], [3, 4])
    code = basis.mean + embedding @ basis.rows
    core = model.decoder._core
    request = Request(32, 0.0, [1, 2])
    found = core.sample(core.precompute(embedding, model.dtype), request).outputs.numpy()
    start = first = 0
    for part in codes.models:
        size, columns = part.config.hparams.z_size, part.spec.output_depth
        own = part.decode(code[:, start : start + size], 32, temperature=0.0).outputs.numpy()
        np.testing.assert_array_equal(found[:, :, first : first + columns], own)
        start, first = start + size, first + columns


def test_drums_are_heard_as_the_roll_of_their_class(conductor_codes) -> None:
    config = tiny_config("cat-drums_2bar_small")
    model = MusicVAE(config, build_converter(config.converter).spec, seed=0)
    steps = np.eye(512, dtype=np.float32)[[[0, 5]]]
    roll = conductor_codes.as_inputs(steps, model).numpy()
    assert roll[0].tolist() == [[0] * 9 + [1], [1, 0, 1] + [0] * 7]


@pytest.mark.slow
def test_a_conductor_learns_codes_and_goes_on_where_it_stopped(tmp_path: pathlib.Path) -> None:
    write_run(tmp_path / "cat-mel_2bar_small", "cat-mel_2bar_small")
    write_melodies(tmp_path / "music.tfrecord", 12, bars=20)
    command = [
        sys.executable,
        str(SCRIPTS / "train_conductor.py"),
        "--config=hierdec-mel_16bar_small",
        f"--run_dir={tmp_path / 'run'}",
        f"--examples_path={tmp_path / 'music.tfrecord'}",
        f"--eval_examples_path={tmp_path / 'music.tfrecord'}",
        f"--codes={tmp_path / 'cat-mel_2bar_small'}",
        "--hparams=batch_size=8,z_size=8,enc_rnn_size=[12],dec_rnn_size=[10,12],learning_rate=0.01",
        "--eval_every_steps=30",
    ]
    for steps in (30, 60):
        subprocess.run([*command, f"--num_steps={steps}"], check=True, timeout=600)
    results = json.loads((tmp_path / "run" / "eval" / "evaluations.json").read_text())
    assert [entry["step"] for entry in results] == [30, 60]
    run = RunFolder(tmp_path / "run")
    config = run.resolve(None, "")
    model = MusicVAE(config, build_converter(config.converter).spec, seed=5)
    with open_checkpoint(tmp_path / "run" / "first") as first, open_checkpoint(run.latest) as last:
        restore(model.named_variables, last)
        changed = {
            name.split("/")[0]
            for name in first.weights
            if not np.array_equal(first.read(name), last.read(name))
        }
    assert changed == {"encoder", "decoder"}
