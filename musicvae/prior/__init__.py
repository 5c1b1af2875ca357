"""Learned priors: where in latent space music lies, and draws from there.

Codes of music fill a small part of N(0, I), which a trained model's prior is: a draw from it is
seldom one. A small network, fitted to the codes of a model's training music, draws such as they
are, and such as have much or little of an attribute.

    fit = fit_prior(posteriors, "cat-drums_2bar_small", step=200)    (musicvae.prior.fitting)
    save_prior(prior_path("train/model.ckpt-200"), fit.prior)
    z = fit.prior.draw(np.random.default_rng(1), 8, [Target("note_density", "high")])

Fitting needs TensorFlow, drawing does not.

Source: Engel, Hoffman and Roberts 2018, "Latent constraints" (arXiv:1711.05772), for the aim; for
the way, see network.py.
"""

from musicvae.prior.conditions import CONDITIONS, Target, parse_targets
from musicvae.prior.latent_prior import DEFAULT_GUIDANCE, LatentPrior
from musicvae.prior.storage import load_prior, prior_bytes, prior_path, read_prior, save_prior

__all__ = [
    "CONDITIONS",
    "DEFAULT_GUIDANCE",
    "LatentPrior",
    "Target",
    "load_prior",
    "parse_targets",
    "prior_bytes",
    "prior_path",
    "read_prior",
    "save_prior",
]
