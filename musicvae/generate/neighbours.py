"""A user's piece as codes, to be looked for among those of others.

Axes: N windows, Z columns of z.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from musicvae.generate.performing import fit
from musicvae.generate.results import Piece, SamplingOptions

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel


def codes_of_piece(
    model: TrainedModel, piece: Piece, options: SamplingOptions | None = None
) -> tuple[list[int], npt.NDArray[np.float32]]:
    """Encodes every window of a piece; one that is shorter than a window is filled up.

    Args:
      model: a trained model with its encoder.
      piece: the piece.
      options: what is asked for.

    Returns:
      The bar at which each window begins, from 1, and mu, float32 `[N, Z]`.

    Raises:
      NoExamplesError: the model can read nothing of it.
    """
    options = options or SamplingOptions()
    sequence = options.drum_map.as_general_midi(piece.sequence)
    found = model.converter.extract(sequence, pitch_map="inference")
    if not found.examples:
        window = fit(model, piece, options)
        return [window.bar], model.encode_examples([window.example], seed=0).mu
    encoded = model.encode_examples(found.examples, seed=0)
    return [origin.bar for origin in found.origins], encoded.mu
