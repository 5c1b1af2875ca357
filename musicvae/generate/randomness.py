"""Where a model in use draws from: three independent streams, each repeatable by a seed.

Latent vectors, the noise of posteriors and the steps of decoding have streams of their own, so that
asking for more pieces with the same seed leaves the first ones' latent vectors as they were.
"""

from __future__ import annotations

import numpy as np

from musicvae.errors import InputError


class Randomness:
    """The streams of one model."""

    def __init__(self, seed: int | None) -> None:
        """Starts the streams.

        Args:
          seed: at least 0; None starts somewhere new.

        Raises:
          InputError: the seed is negative.
        """
        self._streams = _streams(seed)

    def prior(self, seed: int | None) -> np.random.Generator:
        """Returns the stream of latent vectors; with a seed a new one that starts there."""
        return self._stream(0, seed)

    def posterior(self, seed: int | None) -> np.random.Generator:
        """Returns the stream of the posteriors' noise; with a seed a new one that starts there."""
        return self._stream(1, seed)

    def decoder(self, seed: int | None) -> np.random.Generator:
        """Returns the stream of decoding's seeds; with a seed a new one that starts there."""
        return self._stream(2, seed)

    def _stream(self, number: int, seed: int | None) -> np.random.Generator:
        return (self._streams if seed is None else _streams(seed))[number]


def _streams(seed: int | None) -> list[np.random.Generator]:
    if seed is not None and seed < 0:
        raise InputError(f"seed={seed} must be at least 0")
    return [np.random.default_rng(part) for part in np.random.SeedSequence(seed).spawn(3)]
