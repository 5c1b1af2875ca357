"""A learned prior: draws latent vectors where music lies.

    prior = load_prior("model.ckpt-200.prior.npz")
    z = prior.draw(np.random.default_rng(1), 8)
    z = prior.draw(np.random.default_rng(1), 8, [Target("note_density", "high")])

Along the informative axes of latent space a network leads noise to codes of music; along the others
a code is noise.

Axes: N draws, Z columns of z, K informative directions, A attributes.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from musicvae.errors import InputError
from musicvae.prior import DEFAULT_GUIDANCE, DEFAULT_TEMPERATURE
from musicvae.prior.axes import LatentAxes
from musicvae.prior.conditions import ConditionScale, Target
from musicvae.prior.network import FlowNetwork, in_blocks

Array = npt.NDArray[np.float32]

DEFAULT_STEPS = 16
DEFAULT_ANGLE = 0.5
MAX_SHARPNESS = 10.0
MAX_SPREAD = 2.0
MAX_TEMPERATURE = 100.0
# Rows that are worked on together, which with what belongs to them fit a processor core's cache.
_TOGETHER = 64
_STEPS_NEAR = 8


@dataclasses.dataclass(frozen=True)
class LatentPrior:
    """A learned prior of one model.

    Attributes:
      config: name of the model's configuration.
      step: training step of the checkpoint whose latent space it describes.
      examples: how many examples it was fitted to.
      axes: of latent space.
      network: over the first K axes.
      scale: the attributes that may be asked for.
      sharpness: how far draws go from a Gaussian towards codes of music; see network.py.
      spread: standard deviation of the noise that draws start from along the learnt axes, over 0;
        1 is as the network is fitted, less keeps to what is usual in the music.
      temperature: at which the model decodes new music of it unless another is asked for, at least
        0.
    """

    config: str
    step: int
    examples: int
    axes: LatentAxes
    network: FlowNetwork
    scale: ConditionScale
    sharpness: float = 1.0
    spread: float = 1.0
    temperature: float = DEFAULT_TEMPERATURE

    @property
    def z_size(self) -> int:
        """Z."""
        return len(self.axes.mean)

    def draw(
        self,
        generator: np.random.Generator,
        n: int,
        targets: Sequence[Target] = (),
        *,
        guidance: float = DEFAULT_GUIDANCE,
        steps: int = DEFAULT_STEPS,
    ) -> Array:
        """Draws latent vectors.

        Args:
          generator: where randomness comes from. The first of many draws are those of few.
          n: how many, at least 1.
          targets: attributes that are asked for.
          guidance: how strongly, 0 (not at all) or more; 1 is as the training music has them.
          steps: of the way from noise to a code, at least 1.

        Returns:
          float32 `[N, Z]`.

        Raises:
          InputError: a number is out of range, or the prior does not know an attribute.
        """
        if n < 1:
            raise InputError(f"n={n} must be at least 1")
        if steps < 1:
            raise InputError(f"steps={steps} must be at least 1")
        if not 0.0 <= guidance <= 100.0:
            raise InputError(f"guidance={guidance} is not in 0..100")
        attributes = len(self.scale.names)
        noise = generator.standard_normal((n, self.z_size + attributes), np.float32)
        condition = None
        if targets:
            condition = self.scale.features(targets, _uniform(noise[:, self.z_size :]))
        whitened = noise[:, : self.z_size].copy()
        directions = self.network.size.directions
        z = np.empty_like(whitened)
        for start in range(0, n, _TOGETHER):
            part = slice(start, start + _TOGETHER)
            rows = whitened[part]
            rows[:, :directions] = self.network.code(
                np.float32(self.spread) * rows[:, :directions],
                steps,
                None if condition is None else condition[part],
                guidance,
                self.sharpness,
            )
            moved = in_blocks(rows) @ self.axes.basis
            z[part] = self.axes.mean + moved.reshape(-1, self.z_size)[: len(rows)]
        return z

    def draw_near(
        self, generator: np.random.Generator, z: npt.ArrayLike, angle: float = DEFAULT_ANGLE
    ) -> Array:
        """Draws latent vectors near others, where music lies.

        Noise is mixed into each along the learnt axes, and the way back is the network's.

        Args:
          generator: where randomness comes from.
          z: float `[N, Z]`.
          angle: how far to go, over 0; pi / 2 forgets z along the learnt axes.

        Returns:
          float32 `[N, Z]`.

        Source: Meng et al. 2022, "SDEdit" (arXiv:2108.01073).
        """
        whitened = ((np.asarray(z, np.float32) - self.axes.mean) @ self.axes.projection()).astype(
            np.float32
        )
        own = whitened[:, : self.network.size.directions]
        noise = generator.standard_normal(own.shape, np.float32)
        mixed = np.float32(math.cos(angle)) * own + np.float32(math.sin(angle)) * noise
        own[:] = self.network.code(mixed, _STEPS_NEAR, angle=angle)
        near: Array = self.axes.mean + whitened @ self.axes.basis
        return near


def _uniform(normal: Array) -> Array:
    """Returns the shares of a standard normal distribution that lie below values."""
    shares: Array = np.vectorize(lambda x: 0.5 * (1.0 + math.erf(x / math.sqrt(2.0))))(
        normal
    ).astype(np.float32)
    return shares
