"""Trained models in use.

model = TrainedModel("groovae_4bar", batch_size=8, checkpoint_dir_or_path="run")
sequences = model.sample(n=5, temperature=0.8)
"""

from musicvae.errors import MultipleExamplesError, NoExamplesError
from musicvae.inference.loading import load_model
from musicvae.inference.sources import shipped_models
from musicvae.inference.tensor_model import Encoded
from musicvae.inference.trained_model import TrainedModel

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
