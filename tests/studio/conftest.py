"""A studio with models that ship or are small, as an application and as a server."""

from __future__ import annotations

import base64
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra 'studio' is not installed")
pytest.importorskip("uvicorn", reason="the extra 'studio' is not installed")
httpx = pytest.importorskip("httpx", reason="httpx is not installed")

from small_music import drum_piece, melody_piece  # noqa: E402
from tiny_models import write_run  # noqa: E402

from musicvae.formats.midi_writing import note_sequence_to_midi  # noqa: E402
from musicvae.generate.trained_model import TrainedModel  # noqa: E402
from musicvae.model_choice import ModelChoice, choose_model  # noqa: E402
from musicvae.studio.app import create_app  # noqa: E402
from musicvae.studio.serving import StudioServer, free_socket  # noqa: E402
from musicvae.studio.session import Studio  # noqa: E402

Post = Callable[..., Any]


def load(choice: ModelChoice) -> TrainedModel:
    return TrainedModel(
        choice.config, 32, choice.checkpoint, device="CPU", keep_hparams=choice.keep_hparams
    )


def start(**choice: Any) -> Studio:
    """Starts a studio with a loaded model."""
    studio = Studio(choose_model(**choice), load)
    studio.models.get()
    return studio


def client_of(studio: Studio) -> Any:
    from starlette.testclient import TestClient

    return TestClient(create_app(studio), base_url="http://127.0.0.1")


@pytest.fixture(scope="session")
def studio() -> Iterator[Studio]:
    """A studio with the drum model that ships."""
    found = start(config="cat-drums_2bar_small")
    yield found
    found.close()


@pytest.fixture(scope="session")
def client(studio: Studio) -> Iterator[Any]:
    with client_of(studio) as found:
        yield found


@pytest.fixture(scope="session")
def post(client: Any) -> Post:
    """Posts to an address of the API and returns the reply's JSON, which must be a success."""

    def send(path: str, **body: Any) -> Any:
        reply = client.post(path, json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    return send


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where a real server with the drum model listens."""
    found = start(config="cat-drums_2bar_small")
    with StudioServer(found, free_socket(0)).running() as where:
        yield where


@pytest.fixture(scope="session")
def tiny_client(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Clients of studios with small untrained models, by configuration."""

    def make(name: str) -> Any:
        folder = tmp_path_factory.mktemp(name)
        write_run(folder, name)
        return client_of(start(run_dir=str(folder)))

    return make


def as_source(sequence: Any, name: str) -> dict[str, str]:
    """Returns a piece as a dropped MIDI file."""
    return {"midi": base64.b64encode(note_sequence_to_midi(sequence)).decode(), "name": name}


@pytest.fixture
def beat() -> dict[str, str]:
    return as_source(drum_piece(1, bars=4), "beat.mid")


@pytest.fixture
def tune() -> dict[str, str]:
    return as_source(melody_piece(1, bars=4), "tune.mid")


@pytest.fixture
def midi_files() -> pathlib.Path:
    return pathlib.Path(__file__).parents[1] / "reported"
