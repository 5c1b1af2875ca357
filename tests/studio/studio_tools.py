"""Studios as tests start them."""

from __future__ import annotations

from typing import Any

import pytest


def start(given: Any = None, **choice: Any) -> Any:
    """Starts a studio with a loaded model, and a style of it where one is given."""
    for package in ("fastapi", "uvicorn", "httpx2"):
        pytest.importorskip(package, reason=f"{package} (extra 'studio', or dev) is not installed")
    from musicvae.generate.trained_model import TrainedModel
    from musicvae.model_choice import choose_model
    from musicvae.studio.session import Studio

    def load(chosen: Any) -> TrainedModel:
        keep = chosen.keep_hparams
        return TrainedModel(chosen.config, 32, chosen.checkpoint, device="CPU", keep_hparams=keep)

    studio = Studio(choose_model(**choice), load, given)
    studio.models.get()
    return studio


def client_of(studio: Any) -> Any:
    """Returns Starlette's client of a studio."""
    from starlette.testclient import TestClient

    from musicvae.studio.app import create_app

    return TestClient(create_app(studio), base_url="http://127.0.0.1")
