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

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from musicvae.prior.conditions import CONDITIONS, Target, parse_targets
    from musicvae.prior.latent_prior import LatentPrior
    from musicvae.prior.storage import load_prior, prior_bytes, prior_path, read_prior, save_prior

# How strongly samples follow the attributes asked for; 1 is as the training music has them.
DEFAULT_GUIDANCE = 1.5

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

_MODULES = {
    "CONDITIONS": "musicvae.prior.conditions",
    "LatentPrior": "musicvae.prior.latent_prior",
    "Target": "musicvae.prior.conditions",
    "load_prior": "musicvae.prior.storage",
    "parse_targets": "musicvae.prior.conditions",
    "prior_bytes": "musicvae.prior.storage",
    "prior_path": "musicvae.prior.storage",
    "read_prior": "musicvae.prior.storage",
    "save_prior": "musicvae.prior.storage",
}


def __getattr__(name: str) -> Any:
    """Imports a name on first use, so that a command's flags need no numpy."""
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name]), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
