"""Choosing a trained model's latent axes so that what it encodes lies where its prior is.

Free bits and a small weight of the KL divergence leave the codes of music far from N(0, I): off
centre, in a narrower ball, longer in some directions than in others. The decoder does not mind, but
a z drawn from the prior is then none that it was trained on. An affine change of z, z' = A(z - m),
moves the codes to mean 0 and covariance I, and the decoder's first kernel takes its inverse: what
is encoded decodes as before, at a smaller divergence, and draws of the prior are like codes of
music.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

_FIRST = "decoder/hierarchical_level_0/initial_state/"
_MU, _SIGMA = "encoder/mu/", "encoder/sigma/"


class Codes(NamedTuple):
    """What a model encodes examples as: q(z|x), a normal distribution of each.

    Attributes:
      mu: float64 `[N, Z]`.
      sigma: float64 `[N, Z]`, standard deviations.
    """

    mu: np.ndarray
    sigma: np.ndarray

    def kl_bits(self) -> float:
        """Returns the mean divergence from N(0, I), in bits."""
        terms = self.mu**2 + self.sigma**2 - 1.0 - 2.0 * np.log(self.sigma)
        return float(0.5 * terms.sum(1).mean() / np.log(2.0))


class Axes(NamedTuple):
    """New axes of z: z = mean + axes @ z'.

    Attributes:
      mean: float64 `[Z]`.
      axes: float64 `[Z, Z]`, a column for each of z', the longest first.
    """

    mean: np.ndarray
    axes: np.ndarray

    def inverse(self) -> np.ndarray:
        """Returns float64 `[Z, Z]`, the axes' inverse."""
        return np.linalg.inv(self.axes)


def principal_axes(codes: Codes) -> Axes:
    """Returns the axes in which codes have mean 0 and covariance I, over examples and noise."""
    centred = codes.mu - codes.mu.mean(0)
    covariance = centred.T @ centred / len(centred) + np.diag((codes.sigma**2).mean(0))
    variances, directions = np.linalg.eigh(covariance)
    return Axes(codes.mu.mean(0), directions[:, ::-1] * np.sqrt(variances[::-1]))


def codes_of(model: Any, batches: Iterable[Any]) -> Codes:
    """Returns what a model encodes batches of inputs and lengths as."""
    import tensorflow as tf

    encode = tf.function(model.encode, reduce_retracing=True)
    posteriors = [encode(batch.inputs, batch.lengths) for batch in batches]
    return Codes(
        *(
            np.concatenate([part.numpy() for part in parts]).astype(np.float64)
            for parts in zip(*posteriors, strict=True)
        )
    )


def standardize_latent(model: Any, codes: Codes) -> None:
    """Changes a hierarchical model's latent axes to the principal axes of its codes.

    Means change exactly. The noise is turned with the axes, and its part along each is kept; as the
    encoder can only say it through softplus and a linear map, the map that fits best is taken.

    Args:
      model: whose conductor's first states alone see z; its weights are changed.
      codes: what it encodes music as, a few times more examples than z has numbers.

    Raises:
      KeyError: the model has no conductor.
    """
    variables = model.named_variables
    first_kernel, first_bias = (variables[_FIRST + part] for part in ("kernel", "bias"))
    found = principal_axes(codes)
    inverse = found.inverse()
    kernel = variables[_MU + "kernel"].numpy() @ inverse.T
    bias = inverse @ (variables[_MU + "bias"].numpy() - found.mean)
    noise = np.sqrt(codes.sigma**2 @ (inverse**2).T)
    old = np.concatenate([softplus_inverse(codes.sigma), np.ones([len(noise), 1])], 1)
    fit = np.linalg.lstsq(old, softplus_inverse(noise))[0]
    variables[_SIGMA + "kernel"].assign(variables[_SIGMA + "kernel"].numpy() @ fit[:-1])
    variables[_SIGMA + "bias"].assign(variables[_SIGMA + "bias"].numpy() @ fit[:-1] + fit[-1])
    variables[_MU + "kernel"].assign(kernel)
    variables[_MU + "bias"].assign(bias)
    first_bias.assign(first_bias.numpy() + found.mean @ first_kernel.numpy())
    first_kernel.assign(found.axes.T @ first_kernel.numpy())


def softplus_inverse(values: np.ndarray) -> np.ndarray:
    """Returns x of log(1 + exp(x)) = values, which are over 0."""
    return values + np.log(-np.expm1(-values))
