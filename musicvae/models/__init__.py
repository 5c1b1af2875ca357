"""The models: encoders, decoders, the VAE that joins them, and its optimizer.

A model is made of a configuration, which has the sizes and names the encoder and the decoder, and
of the shape of its examples. It knows of no notes and no files: converters give it arrays, and make
music of what it gives.

    >>> import numpy as np
    >>> from musicvae.config import ExampleSpec, load_config
    >>> from musicvae.models import Batch, MusicVAE
    >>> config = load_config("cat-drums_2bar_small")
    >>> config = config.override("z_size=4,enc_rnn_size=[8],dec_rnn_size=[8]")
    >>> model = MusicVAE(config, ExampleSpec(input_depth=10, output_depth=512), seed=0)
    >>> inputs = np.zeros((3, 32, 10), np.float32)
    >>> outputs = np.eye(512, dtype=np.float32)[np.zeros((3, 32), int)]
    >>> lengths = np.full(3, 32, np.int32)
    >>> losses = model.loss(Batch(inputs, outputs, None, lengths), step=0, training=True)
    >>> losses.r_loss.shape, losses.kl.shape
    (TensorShape([3]), TensorShape([3]))
    >>> posterior = model.encode(inputs, lengths)
    >>> model.decode(posterior.mu, length=32, temperature=0.5).outputs.shape
    TensorShape([3, 32, 512])

vae.py            the model: loss, encode, decode
encoders.py       a sequence to one vector; posterior.py reads q(z|x) off it
decoders/         p(x|z), by the names that configurations use
lstm.py           the recurrence and its gradient
lstm_layer.py, lstm_stack.py, stack_steps.py  layers of it; bidirectional.py reads both ways
forward.py        how a pass is made (dropout, seed, dtype), and metrics as counts
losses.py, schedules.py, optimizer.py, distillation.py  what training needs

Axes: B batch, T time step, D columns of a step, Z columns of z.

Source: Roberts et al. 2018, "A hierarchical latent vector model for learning long-term structure in
music" (arXiv:1803.05428).
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
