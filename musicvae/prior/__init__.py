"""Learned priors: where in latent space music lies, and draws from there.

The prior that a model is trained with, N(0, I), is wider than the codes of its training music: most
draws from it decode to something that no music is like. A learned prior is a small network, fitted
to the codes of the training music, that draws where they are, and where music has much or little of
an attribute. It lies beside its checkpoint; models that ship have one, `musicvae-prior` fits one to
a model of your own, and sampling uses it by itself.

    >>> import numpy as np
    >>> from musicvae.model_choice import shipped_models
    >>> from musicvae.prior import Target, load_prior, prior_path
    >>> prior = load_prior(prior_path(shipped_models()["cat-drums_2bar_small"]))
    >>> prior.draw(np.random.default_rng(1), 8).shape == (8, prior.z_size)
    True
    >>> dense = prior.draw(np.random.default_rng(1), 8, [Target("note_density", "high")])

posteriors.py    the codes of training music, and its attributes
fitting.py       fits the network to them (needs TensorFlow; drawing does not)
axes.py          which directions of latent space have information
network.py       the network, its equations and their sources
conditions.py    attributes as conditions
latent_prior.py  the prior: draws
storage.py       on disk, beside the checkpoint
choice.py        which prior a command draws from

Source: Engel, Hoffman and Roberts 2018, "Latent constraints" (arXiv:1711.05772), for the aim; for
the way, network.py.
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
# At which models decode, unless another is asked for or their prior has one of its own.
DEFAULT_TEMPERATURE = 0.5

__all__ = [
    "CONDITIONS",
    "DEFAULT_GUIDANCE",
    "DEFAULT_TEMPERATURE",
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
