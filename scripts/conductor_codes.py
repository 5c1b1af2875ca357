"""Teaching a conductor the codes of a shorter model, before the whole model is trained.

A hierarchical model of 16 bars in segments of two is a model of two bars, played eight times, under
a conductor that says which two bars come when. Where a model of two bars exists, its codes are what
the conductor has to say:

    encoder of two bars:  x_s -> code c_s            for each segment s, not trained
    basis:                e_s = scaled principal components of c_s, in (-1, 1)
    encoder, conductor:   x -> z -> e'_1 ... e'_S     trained so that e' comes near e
    core decoder:         that of two bars, its first kernels multiplied by the basis

A trio's segment has a code for each part; the components are those of all of them side by side.
Errors count in units of the codes' own noise, so that what a code does not say is not learnt.

Axes: B batch, S segments of L steps, D columns of a step, C columns of a segment's codes, H of an
embedding.

Source: the decoder of Roberts et al. 2018, section 3.2; the regression is ours.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from musicvae.batch import Batch
from musicvae.checkpoints import infer_hparams, open_checkpoint, stored_values
from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.errors import ConfigError
from musicvae.models import Losses, MusicVAE, schedules
from musicvae.models.forward import Forward
from musicvae.models.random_numbers import fold

Tensor = Any

# Embeddings are the conductor's outputs, between -1 and 1: their components have this deviation.
EMBEDDING_DEVIATION = 0.35
_DRUM_CLASSES = 9
_Z, _EMBEDDINGS = 0, 1
_NATS_PER_BIT = float(np.log(2.0))


class Basis(NamedTuple):
    """How codes and embeddings belong together: code = mean + embedding @ rows.

    Attributes:
      mean: float32 `[C]`.
      rows: float32 `[H, C]`.
      to_embedding: float32 `[C, H]`, which takes code - mean to the embedding.
      weights: float32 `[H]`, what an error of an embedding is worth: the variance, in units of the
        codes' noise, that a unit of it stands for.
    """

    mean: Any
    rows: Any
    to_embedding: Any
    weights: Any


def find_basis(mu: np.ndarray, sigma: np.ndarray, size: int) -> Basis:
    """Returns the principal components of codes, in units of their noise.

    Args:
      mu: float64 `[N, C]`, N over C.
      sigma: float64 `[N, C]`, standard deviations of the codes' noise.
      size: H; where there are fewer components, the rest of an embedding means nothing.
    """
    noise = np.sqrt((sigma**2).mean(0))
    mean = mu.mean(0)
    whitened = (mu - mean) / noise
    variances, directions = np.linalg.eigh(whitened.T @ whitened / len(whitened))
    largest = np.argsort(variances)[::-1][:size]
    deviations, directions = np.sqrt(variances[largest]), directions[:, largest]
    units = deviations / EMBEDDING_DEVIATION
    rows = (directions * units).T * noise
    to_embedding = directions / units / noise[:, None]
    rest = size - len(units)
    return Basis(
        np.asarray(mean, np.float32),
        np.pad(rows, [(0, rest), (0, 0)]).astype(np.float32),
        np.pad(to_embedding, [(0, 0), (0, rest)]).astype(np.float32),
        np.pad(units**2, (0, rest)).astype(np.float32),
    )


class CodeModels:
    """The shorter models, one for each part of a step."""

    def __init__(self, names: Sequence[str], archives: Sequence[pathlib.Path]) -> None:
        """Loads them.

        Args:
          names: their configurations, one a part.
          archives: their checkpoints.

        Raises:
          ConfigError: their sequences are not equally long.
        """
        self.models = []
        for name, archive in zip(names, archives, strict=True):
            config = load_config(name)
            with open_checkpoint(archive) as checkpoint:
                self.models.append(
                    MusicVAE(
                        infer_hparams(config, checkpoint),
                        build_converter(config.converter).spec,
                        initial_values=stored_values(checkpoint, None),
                    )
                )
        lengths = {model.config.hparams.max_seq_len for model in self.models}
        if len(lengths) > 1:
            raise ConfigError(f"the models {', '.join(names)} are of different lengths: {lengths}")
        [self.length] = lengths

    def encode(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the codes of all segments of a batch.

        Args:
          outputs: float32 `[B, S * L, D]`.

        Returns:
          mu and sigma, float32 `[B * S, C]`, the parts side by side.
        """
        segments = tf.reshape(outputs, [-1, self.length, outputs.shape[-1]])
        lengths = tf.fill([tf.shape(segments)[0]], self.length)
        depths = [model.spec.output_depth for model in self.models]
        parts = tf.split(segments, depths, -1)
        found = [
            model.encode(as_inputs(part, model), lengths)
            for model, part in zip(self.models, parts, strict=True)
        ]
        return tf.concat([f.mu for f in found], 1), tf.concat([f.sigma for f in found], 1)


def as_inputs(outputs: Tensor, model: MusicVAE) -> Tensor:
    """Returns a part's steps as its model hears them.

    Args:
      outputs: float32 `[N, L, D]`, one-hot.
      model: hears the same, or drums as a roll with a bit for no hit.
    """
    if model.spec.input_depth == model.spec.output_depth:
        return outputs
    numbers = np.arange(2**_DRUM_CLASSES)
    bits = (numbers[:, None] >> np.arange(_DRUM_CLASSES)) & 1
    roll = np.concatenate([bits, (numbers == 0)[:, None]], 1)
    assert roll.shape == (model.spec.output_depth, model.spec.input_depth)
    return tf.tensordot(outputs, tf.constant(roll, tf.float32), 1)


class ConductorObjective:
    """How far a model's embeddings are from the codes of its segments, and the KL divergence.

    An Objective of training.
    """

    def __init__(self, codes: CodeModels, basis: Basis) -> None:
        """Takes the shorter models and the basis of their codes."""
        self._codes, self._basis = codes, basis

    def __call__(
        self, model: MusicVAE, batch: Batch, step: Tensor, *, eps: Tensor, seed: Tensor
    ) -> Losses:
        """Returns the losses; `r_loss` is half the squared error in units of the codes' noise."""
        hparams = model.config.hparams
        outputs = tf.cast(batch.outputs, tf.float32)
        mu, _ = self._codes.encode(outputs)
        targets = (mu - self._basis.mean) @ self._basis.to_embedding
        posterior = model.encode(
            batch.inputs, batch.lengths, batch.controls, training=True, seed=fold(seed, _Z)
        )
        if eps is None:
            eps = tf.random.stateless_normal(tf.shape(posterior.mu), fold(seed, _Z))
        z, kl = posterior.sample(eps), posterior.kl()
        forward = Forward(
            fold(seed, _EMBEDDINGS), keep_prob=hparams.dropout_keep_prob, dtype=model.dtype
        )
        embeddings = model.decoder.embeddings(z, forward)
        shape = tf.shape(embeddings)
        errors = embeddings - tf.reshape(targets, shape)
        r_loss = 0.5 * tf.reduce_sum(self._basis.weights * errors**2, [1, 2])
        kl_loss = tf.reduce_mean(tf.maximum(kl - hparams.free_bits * _NATS_PER_BIT, 0.0))
        beta = schedules.beta(step, hparams)
        return Losses(
            loss=tf.reduce_mean(r_loss) + beta * kl_loss,
            r_loss=r_loss,
            kl=kl,
            kl_bits=tf.reduce_mean(kl) / _NATS_PER_BIT,
            kl_loss=kl_loss,
            beta=beta,
            sampling_probability=tf.constant(0.0),
            metrics={},
            metric_counts={},
            outputs=embeddings,
            posterior=posterior,
            z=z,
        )


def codes_of(codes: CodeModels, batches: Iterable[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Returns mu and sigma, float64 `[N, C]`, of all segments of some batches."""
    encode = tf.function(codes.encode, reduce_retracing=True)
    found = [encode(tf.cast(batch.outputs, tf.float32)) for batch in batches]
    mu, sigma = (np.concatenate(parts).astype(np.float64) for parts in zip(*found, strict=True))
    return mu, sigma


def core_weights(codes: CodeModels, basis: Basis, names: Iterable[str]) -> dict[str, np.ndarray]:
    """Returns the weights of core decoders that take embeddings in place of codes.

    Args:
      codes: the shorter models, whose decoders they are.
      basis: of their codes.
      names: the variables of the whole model; of a part of several, those of core_decoder_K.

    Returns:
      Variable of the whole model -> float32.
    """
    names = set(names)
    found: dict[str, np.ndarray] = {}
    end = 0
    for number, model in enumerate(codes.models):
        size = model.config.hparams.z_size
        part = slice(end, end + size)
        end += size
        prefix = "core_decoder/"
        if len(codes.models) > 1:
            prefix += f"core_decoder_{number}/"
        values = {
            name: variable.numpy()
            for name, variable in model.named_variables.items()
            if name.startswith("decoder/")
        }
        for kernel, bias, first in _latent_kernels(values, model.spec.output_depth):
            seen = values[kernel][first : first + size]
            values[bias] = values[bias] + basis.mean[part] @ seen
            rows = basis.rows[:, part] @ seen
            before, after = values[kernel][:first], values[kernel][first + size :]
            values[kernel] = np.concatenate([before, rows, after])
        found.update({prefix + name: value for name, value in values.items()})
    missing = sorted(set(found) - names)
    if missing:
        raise ConfigError(f"the model has no variable {missing[0]}; its core decoders differ")
    return found


def _latent_kernels(values: Mapping[str, np.ndarray], depth: int) -> list[tuple[str, str, int]]:
    """Returns the kernels that read z, each with its bias and the first row that does."""
    initial = "decoder/z_to_initial_state/"
    lowest = "decoder/multi_rnn_cell/cell_0/lstm_cell/"
    assert initial + "kernel" in values
    return [
        (initial + "kernel", initial + "bias", 0),
        (lowest + "kernel", lowest + "bias", depth),
    ]
