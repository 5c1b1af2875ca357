"""The models: encoders, decoders, the VAE that joins them, and its optimizer.

    model = MusicVAE(config, spec, seed=0)
    losses = model.loss(batch, step=0, training=True)
    decoded = model.decode(z, length=32)

Nothing here knows of notes or files: a model is given a configuration and the shape of its
examples.
"""

from __future__ import annotations

from musicvae.batch import Batch
from musicvae.models.decoders.base import Decoded
from musicvae.models.forward import MetricCounts, add_metric_counts, summarize
from musicvae.models.halves import variable_shapes
from musicvae.models.losses import Losses, Objective
from musicvae.models.optimizer import AdamOptimizer
from musicvae.models.posterior import Posterior
from musicvae.models.vae import MusicVAE
from musicvae.precision import Precision

__all__ = [
    "AdamOptimizer",
    "Batch",
    "Decoded",
    "Losses",
    "MetricCounts",
    "MusicVAE",
    "Objective",
    "Posterior",
    "Precision",
    "add_metric_counts",
    "summarize",
    "variable_shapes",
]
