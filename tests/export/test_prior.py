"""Tests that an exported prior draws what the prior draws in Python."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from noise import GivenNoise  # noqa: E402
from runtimes import run_part  # noqa: E402

from musicvae.export import export_model  # noqa: E402
from musicvae.export.demo import DRAWS, write_demo  # noqa: E402
from musicvae.export.onnx_files import export_onnx  # noqa: E402
from musicvae.export.source import read_source  # noqa: E402
from musicvae.export.tensorflow_files import export_saved_model, export_tflite  # noqa: E402
from musicvae.model_choice import choose_model  # noqa: E402

NAME = "cat-drums_2bar_small"
EXPORTS = {"onnx": export_onnx, "tflite": export_tflite, "savedmodel": export_saved_model}


@pytest.fixture(scope="module")
def source():
    return read_source(choose_model(NAME), decoder_only=True)


@pytest.mark.parametrize("file_format", EXPORTS)
def test_a_prior_draws_the_same_latent_vectors_in_every_runtime(
    file_format, source, tmp_path
) -> None:
    # A spread that is not the usual one has to be heard in all of them.
    source = dataclasses.replace(source, prior=dataclasses.replace(source.prior, spread=0.8))
    noise = np.random.default_rng(3).standard_normal((5, source.prior.z_size)).astype(np.float32)
    expected = source.prior.draw(GivenNoise(noise), 5)
    EXPORTS[file_format](source, tmp_path)
    found = run_part(tmp_path, "prior", {"noise": noise})["z"]
    assert np.abs(expected - source.prior.axes.mean).max() > 0.5
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_model_without_a_learned_prior_is_exported_without_one(source, tmp_path) -> None:
    files = export_onnx(dataclasses.replace(source, prior=None), tmp_path)
    assert "prior.onnx" not in {file.name for file in files}
    described = json.loads((tmp_path / "model.json").read_text())
    assert "prior" not in described
    assert "N(0, 1)" in described["decoder"]["inputs"]["z"]["meaning"]


def test_the_standard_prior_replaces_an_earlier_export_with_a_learned_one(tmp_path) -> None:
    choice = choose_model(NAME)
    for prior, there in ((None, True), ("standard", False)):
        export_model(choice, "onnx", tmp_path, decoder_only=True, prior=prior)
        assert (tmp_path / "prior.onnx").exists() == there


def test_a_demonstration_has_draws_of_the_learned_prior(source, tmp_path) -> None:
    names = {file.name for file in write_demo(source, tmp_path)}
    z = np.fromfile(tmp_path / DRAWS, "<f4").reshape(-1, source.prior.z_size)
    np.testing.assert_array_equal(z[:4], source.prior.draw(np.random.default_rng(0), 4))
    assert f"const file = '{DRAWS}'" in (tmp_path / "index.html").read_text()
    assert DRAWS in names


def test_a_demonstration_without_a_learned_prior_samples_in_magenta_js(source, tmp_path) -> None:
    (page,) = write_demo(dataclasses.replace(source, prior=None), tmp_path)
    assert "const file = null" in page.read_text()
