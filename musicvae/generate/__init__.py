"""Trained models in use: sampling, encoding, decoding and interpolating.

    model = TrainedModel("groovae_4bar", batch_size=8, checkpoint_dir_or_path="run")
    sequences = model.sample(n=5, temperature=0.8)

Music is NoteSequences; `TrainedModel` has their tensors and latent vectors too.
"""

from __future__ import annotations

from typing import Any

from musicvae.errors import MultipleExamplesError, NoExamplesError
from musicvae.generate.tensor_model import Encoded
from musicvae.generate.trained_model import TrainedModel
from musicvae.model_choice import choose_model, shipped_models

MultipleExtractedExamplesError = MultipleExamplesError
NoExtractedExamplesError = NoExamplesError

__all__ = [
    "Encoded",
    "MultipleExamplesError",
    "MultipleExtractedExamplesError",
    "NoExamplesError",
    "NoExtractedExamplesError",
    "TrainedModel",
    "load_model",
    "shipped_models",
]


def load_model(
    config: str | None = None,
    run_dir: str | None = None,
    checkpoint_file: str | None = None,
    hparams: str = "",
    *,
    batch_size: int = 8,
    **options: Any,
) -> TrainedModel:
    """Loads the model that a command's flags mean.

    Args:
      config: as `choose_model`.
      run_dir: as `choose_model`.
      checkpoint_file: as `choose_model`.
      hparams: as `choose_model`.
      batch_size: how many pieces are worked on together.
      **options: seed, device, decoder_only and precision of TrainedModel.

    Raises:
      MusicVAEError: as `choose_model` and TrainedModel.
    """
    choice = choose_model(config, run_dir, checkpoint_file, hparams)
    return TrainedModel(
        choice.config, batch_size, choice.checkpoint, keep_hparams=choice.keep_hparams, **options
    )
