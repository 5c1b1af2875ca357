"""Choosing a trained model's latent axes so that what it encodes lies where its prior is.

Free bits and a small weight of the KL divergence leave the codes of music far from N(0, I): off
centre, in a narrower ball, longer in some directions than in others. The decoder does not mind, but
a z drawn from the prior is then none that it was trained on. An affine change of z, z' = A(z - m),
moves the codes to mean 0 and covariance I, and the decoder's first kernel takes its inverse: what
is encoded decodes as before, at a smaller divergence, and draws of the prior are like codes of
music.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from musicvae.models import Posterior

_FIRST = "decoder/hierarchical_level_0/initial_state/"
_MU, _SIGMA = "encoder/mu/", "encoder/sigma/"


class Axes(NamedTuple):
    """New axes of z: z = mean + axes @ z'.

    Attributes:
      mean: float64 `[Z]`.
      axes: float64 `[Z, Z]`, a column for each of z', the longest first.
    """

    mean: np.ndarray
    axes: np.ndarray


def principal_axes(mu: np.ndarray, sigma: np.ndarray) -> Axes:
    """Returns the axes in which codes have mean 0 and covariance I, over examples and noise.

    Args:
      mu: float64 `[N, Z]`.
      sigma: float64 `[N, Z]`, standard deviations.
    """
    centred = mu - mu.mean(0)
    covariance = centred.T @ centred / len(centred) + np.diag((sigma**2).mean(0))
    variances, directions = np.linalg.eigh(covariance)
    return Axes(mu.mean(0), directions[:, ::-1] * np.sqrt(variances[::-1]))


def codes_of(model: Any, batches: Iterable[Any]) -> Posterior:
    """Returns q(z|x) of batches of inputs and lengths, as one."""
    import tensorflow as tf

    from musicvae.models import Posterior

    encode = tf.function(model.encode, reduce_retracing=True)
    posteriors = [encode(batch.inputs, batch.lengths) for batch in batches]
    return Posterior(*(tf.concat(parts, 0) for parts in zip(*posteriors, strict=True)))


def standardize_latent(model: Any, codes: Posterior) -> None:
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
    mu, sigma = (np.asarray(part, np.float64) for part in codes)
    found = principal_axes(mu, sigma)
    inverse = np.linalg.inv(found.axes)
    noise = np.sqrt(sigma**2 @ (inverse**2).T)
    old = np.concatenate([softplus_inverse(sigma), np.ones([len(noise), 1])], 1)
    fit = np.linalg.lstsq(old, softplus_inverse(noise))[0]
    change_dense(variables, _SIGMA, fit[:-1], fit[-1])
    change_dense(variables, _MU, inverse.T, -inverse @ found.mean)
    first_bias.assign(first_bias.numpy() + found.mean @ first_kernel.numpy())
    first_kernel.assign(found.axes.T @ first_kernel.numpy())


def change_dense(
    variables: Mapping[str, Any], prefix: str, matrix: np.ndarray, added: np.ndarray
) -> None:
    """Makes a dense layer's y be y @ matrix + added.

    Args:
      variables: the model's, by name.
      prefix: what the names of the layer's kernel and bias begin with.
      matrix: float64 `[Z, Z]`.
      added: float64 `[Z]`.
    """
    kernel, bias = (variables[prefix + part] for part in ("kernel", "bias"))
    kernel.assign(kernel.numpy() @ matrix)
    bias.assign(bias.numpy() @ matrix + added)


def softplus_inverse(values: np.ndarray) -> np.ndarray:
    """Returns x of log(1 + exp(x)) = values, which are over 0."""
    return values + np.log(-np.expm1(-values))
