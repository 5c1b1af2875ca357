"""A model as notebooks name it: an encoder and a decoder. `TrainedModel` is what computes."""

from __future__ import annotations

import dataclasses

from musicvae.components import Component
from musicvae.errors import ConfigError

_WHERE = "take one of musicvae.lstm_models, or write your own as docs/configurations.md says"


@dataclasses.dataclass(frozen=True)
class MusicVAE:
    """An encoder and a decoder by their types; their sizes stand in the hyperparameters.

    Attributes:
      encoder: of musicvae.lstm_models.
      decoder: likewise.
    """

    encoder: Component
    decoder: Component

    def __post_init__(self) -> None:
        for name in ("encoder", "decoder"):
            given = getattr(self, name)
            if not isinstance(given, Component):
                raise ConfigError(f"{name} is a {type(given).__name__}; {_WHERE}")
