"""Tests of the script that moves a model's latent codes to its prior."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
import tensorflow as tf
from tiny_models import tiny_config

from musicvae.converters import build_converter
from musicvae.models import Batch, MusicVAE, Posterior

SCRIPTS = pathlib.Path(__file__).resolve().parents[1] / "scripts"
EXAMPLES = 64
STEPS = 256


@pytest.fixture
def latent(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import standard_latent

    return standard_latent


def random_model(name: str) -> MusicVAE:
    """A model whose codes are off centre, of unequal lengths, and with unequal noise."""
    config = tiny_config(name)
    model = MusicVAE(config, build_converter(config.converter).spec, seed=3)
    random = np.random.default_rng(5)
    for key, scale in (("mu/kernel", 1.0), ("mu/bias", 0.5), ("sigma/kernel", 0.5)):
        variable = model.named_variables[f"encoder/{key}"]
        variable.assign(scale * random.standard_normal(variable.shape))
    for key, variable in model.named_variables.items():
        if "initial_state" in key:
            variable.assign(0.3 * random.standard_normal(variable.shape))
    return model


def random_batch(depth: int) -> Batch:
    """Examples of random steps, some pieces fuller than others."""
    random = np.random.default_rng(1)
    likely = random.dirichlet(np.full(depth, 0.05), EXAMPLES)
    steps = np.stack([random.choice(depth, STEPS, p=row) for row in likely])
    one_hot = tf.one_hot(steps, depth)
    return Batch(one_hot, one_hot, None, tf.fill([EXAMPLES], STEPS))


def reconstruction_loss(model: MusicVAE, batch: Batch) -> np.ndarray:
    """Each example's loss where the mean of its code is decoded."""
    eps = tf.zeros([EXAMPLES, model.config.hparams.z_size])
    losses = model.loss(
        batch, tf.constant(0), training=False, eps=eps, seed=[0, 1], sampling_probability=0.0
    )
    return losses.r_loss.numpy()


def test_codes_move_to_the_prior_and_decode_as_before(latent):
    model = random_model("hierdec-mel_16bar")
    batch = random_batch(90)
    codes = latent.codes_of(model, [batch])
    loss = reconstruction_loss(model, batch)
    assert np.ptp(loss) > 5.0
    latent.standardize_latent(model, codes)
    moved = latent.codes_of(model, [batch])
    np.testing.assert_allclose(reconstruction_loss(model, batch), loss, atol=0.01)
    mu, sigma = (part.numpy() for part in moved)
    covariance = np.cov(mu.T, bias=True) + np.diag((sigma**2).mean(0))
    np.testing.assert_allclose(mu.mean(0), 0.0, atol=1e-3)
    np.testing.assert_allclose(np.diag(covariance), 1.0, atol=0.05)
    assert moved.kl().numpy().mean() < 0.7 * codes.kl().numpy().mean()


def test_the_axes_give_back_every_code(latent):
    random = np.random.default_rng(2)
    mu = random.standard_normal([500, 4]) @ random.standard_normal([4, 4]) + [3.0, 0.0, -1.0, 2.0]
    axes = latent.principal_axes(mu, np.full([500, 4], 0.1))
    moved = (mu - axes.mean) @ np.linalg.inv(axes.axes).T
    np.testing.assert_allclose(axes.mean + moved @ axes.axes.T, mu)
    lengths = np.linalg.norm(axes.axes, axis=0)
    assert (np.diff(lengths) < 0).all()


@pytest.mark.parametrize("sigma", [0.01, 0.5, 1.0, 30.0])
def test_softplus_inverse(latent, sigma):
    assert np.log1p(np.exp(latent.softplus_inverse(np.array(sigma)))) == pytest.approx(sigma)


def test_a_flat_model_is_refused(latent):
    model = random_model("flat-mel_16bar")
    codes = Posterior(np.random.default_rng(0).standard_normal([20, 8]), np.ones([20, 8]))
    with pytest.raises(KeyError, match="hierarchical_level_0"):
        latent.standardize_latent(model, codes)
