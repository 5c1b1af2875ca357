"""A studio with models that ship or are small, as an application and as a server."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from small_music import drum_piece, melody_piece
from studio_tools import client_of, start
from tiny_models import write_run

from musicvae.formats.midi_writing import note_sequence_to_midi

Post = Callable[..., Any]


@pytest.fixture(scope="session")
def studio() -> Iterator[Any]:
    """A studio with the drum model that ships."""
    found = start(config="cat-drums_2bar_small")
    yield found
    found.close()


@pytest.fixture(scope="session")
def client(studio: Any) -> Iterator[Any]:
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
def address(studio: Any) -> Iterator[str]:
    """Where a real server with the drum model listens."""
    from musicvae.studio.serving import StudioServer, free_socket

    with StudioServer(studio, free_socket(0)).running() as where:
        yield where


@pytest.fixture(scope="session")
def tiny_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    """Makes clients of studios with small untrained models, by configuration."""
    studios = []

    def make(name: str) -> Any:
        folder = tmp_path_factory.mktemp(name)
        write_run(folder, name)
        studios.append(start(run_dir=str(folder)))
        return client_of(studios[-1])

    yield make
    for studio in studios:
        studio.close()


def as_source(sequence: Any, name: str) -> dict[str, str]:
    """Returns a piece as a dropped MIDI file."""
    return {"midi": base64.b64encode(note_sequence_to_midi(sequence)).decode(), "name": name}


@pytest.fixture(scope="session")
def beat() -> dict[str, str]:
    return as_source(drum_piece(1, bars=4), "beat.mid")


@pytest.fixture(scope="session")
def tune() -> dict[str, str]:
    return as_source(melody_piece(1, bars=4), "tune.mid")
