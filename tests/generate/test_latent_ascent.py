"""A few gradient steps make latent vectors explain what is known better."""

from __future__ import annotations

import numpy as np
import pytest
from pieces import melody
from tiny_models import tiny_config

import musicvae as mv
from musicvae.converters import build_converter
from musicvae.generate import window_filling
from musicvae.generate.latent_ascent import ascend
from musicvae.generate.piece_rows import read_rows
from musicvae.generate.results import Piece, SamplingOptions
from musicvae.models import MusicVAE

FIRST_BAR = np.arange(32)[:, np.newaxis] < 16


@pytest.fixture(scope="module")
def model() -> mv.Model:
    return mv.load("cat-mel_2bar_small", batch_size=8)


@pytest.fixture(scope="module")
def rows(model) -> np.ndarray:
    options = SamplingOptions()
    read = read_rows(model.trained.converter, Piece(melody(), "tune"), options)
    return np.repeat(read.rows[np.newaxis], 12, axis=0)


def likelihood(model: mv.Model, z: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return -(model.trained.step_losses(z, rows) * FIRST_BAR).sum(axis=(1, 2), dtype=np.float64)


def test_the_kept_steps_become_likelier_and_the_same_each_time(model, rows):
    z = model.trained.sample_z(12, seed=1)
    found = ascend(model.trained, z, rows, FIRST_BAR)
    before, after = likelihood(model, z, rows), likelihood(model, found, rows)
    assert (after > before).all()
    assert (after - before).mean() > 5.0
    np.testing.assert_array_equal(found, ascend(model.trained, z, rows, FIRST_BAR))


def test_what_cannot_be_improved_stays(model, rows):
    z = model.trained.sample_z(12, seed=1)
    np.testing.assert_array_equal(ascend(model.trained, z, rows, FIRST_BAR, steps=0), z)
    np.testing.assert_array_equal(ascend(model.trained, z, rows, np.zeros_like(FIRST_BAR)), z)


def test_steps_that_are_too_long_make_nothing_worse(model, rows, monkeypatch):
    from musicvae.generate import latent_ascent

    monkeypatch.setattr(latent_ascent, "_STEP_SIZE", 50.0)
    z = model.trained.sample_z(12, seed=1)
    np.testing.assert_array_equal(ascend(model.trained, z, rows, FIRST_BAR), z)


@pytest.mark.parametrize(
    "name",
    ["cat-mel_2bar_small", "nade-drums_2bar_reduced", "flat-trio_16bar_small",
     "hierdec-trio_16bar_small", "cat-mel_2bar_med_chords"],
)  # fmt: skip
def test_the_gradient_is_the_slope_of_the_likelihood(name):
    config = tiny_config(name)
    converter = build_converter(config.converter)
    network = MusicVAE(config, converter.spec, seed=7)
    for variable, value in network.named_variables.items():
        if variable.endswith("initial_state/kernel"):
            value.assign(20.0 * value)
    generator = np.random.default_rng(0)
    steps, parts = converter.num_steps, max(1, len(converter.spec.part_depths))
    outputs = np.zeros((2, steps, converter.spec.output_depth), np.float32)
    ends = np.cumsum([part.depth for part in converter.parts])
    for part, end in zip(converter.parts, ends, strict=True):
        labels = end - part.depth + generator.integers(part.depth, size=(2, steps))
        np.put_along_axis(outputs, labels[..., np.newaxis], 1.0, axis=2)
    known = generator.random((2, steps, parts)) < 0.5
    controls = None
    if converter.spec.control_depth:
        controls = np.zeros((2, steps, converter.spec.control_depth), np.float32)
    music = (outputs, known, np.full(2, steps, np.int32), controls)
    z = generator.standard_normal((2, 8)).astype(np.float32)
    value, slope = (a.numpy() for a in network.log_likelihood_and_gradient(z, *music))
    losses = network.step_losses(z, outputs, music[2], controls).numpy()
    np.testing.assert_allclose(value, -(losses * known).sum(axis=(1, 2)), rtol=1e-4)
    norm = np.linalg.norm(slope, axis=1, keepdims=True)
    assert (norm > 1e-3).all()
    # Far enough that rounding does not count, near enough that the slope is the same.
    way = slope / norm * np.clip(0.1 / norm, 0.005, 1.0)
    above, below = (
        network.log_likelihood_and_gradient(z + sign * way, *music)[0].numpy() for sign in (1, -1)
    )
    np.testing.assert_allclose((above - below) / 2, (slope * way).sum(axis=1), rtol=0.1)


def test_infilling_goes_on_from_where_the_gradient_leads(model, monkeypatch):
    seen, decoded = [], []
    real = model.trained.decode_to_tensors

    def ascended(model, z, rows, known, controls, *, steps):
        seen.append((known.copy(), steps))
        return np.full_like(z, 0.25)

    def recorded(z, *arguments, **keywords):
        decoded.append(np.asarray(z))
        return real(z, *arguments, **keywords)

    monkeypatch.setattr(window_filling, "ascend", ascended)
    monkeypatch.setattr(model.trained, "decode_to_tensors", recorded)
    model.infill(melody(), keep="1", seed=3)
    assert [steps for _, steps in seen] == [window_filling.ASCENT_STEPS] * 2
    np.testing.assert_array_equal(seen[0][0], FIRST_BAR)
    assert (decoded[1] == 0.25).all(axis=1).sum() == 4
