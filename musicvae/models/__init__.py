"""The models: encoders, decoders, the VAE that joins them, and what trains it.

    model = MusicVAE(config, spec, seed=0)
    step = TrainStep(model, AdamOptimizer(model.named_variables))
    step(batch, seed)

Nothing here knows of notes or files: a model is given a configuration and the shape of its
examples.
"""

from __future__ import annotations

from musicvae.models.decoders.base import Decoded
from musicvae.models.forward import MetricCounts, add_metric_counts, summarize
from musicvae.models.optimizer import AdamOptimizer
from musicvae.models.train_step import TrainStep
from musicvae.models.vae import (
    Batch,
    Losses,
    MusicVAE,
    Posterior,
    variable_shapes,
)
from musicvae.precision import Precision

__all__ = [
    "AdamOptimizer",
    "Batch",
    "Decoded",
    "Losses",
    "MetricCounts",
    "MusicVAE",
    "Posterior",
    "Precision",
    "TrainStep",
    "add_metric_counts",
    "summarize",
    "variable_shapes",
]
