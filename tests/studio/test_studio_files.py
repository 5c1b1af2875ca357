"""Which files the studio opens while it answers: none of the user's that was not given."""

from __future__ import annotations

import mimetypes
import os
import pathlib
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


class Watch:
    """Keeps which files this process opens, while it is on."""

    def __init__(self) -> None:
        self.is_on = False
        self.read: set[pathlib.Path] = set()
        self.written: set[pathlib.Path] = set()
        # A hook stays for as long as the process lives.
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.is_on or event != "open" or not isinstance(arguments[0], str | bytes):
            return
        path, mode, flags = arguments
        writes = flags & _WRITING or set(mode or "") & set("wax+")
        kept = self.written if writes else self.read
        kept.add(pathlib.Path(os.path.realpath(os.fsdecode(path))))


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


@pytest.fixture
def watched(watch: Watch) -> Iterator[Watch]:
    yield watch
    watch.is_on = False


def own_folders() -> list[pathlib.Path]:
    """Where Python, packages, this package and its models lie."""
    import musicvae.pretrained

    import musicvae

    roots = [sys.prefix, sys.base_prefix, *musicvae.__path__, *musicvae.pretrained.__path__]
    roots += [os.path.dirname(pytest.__file__) + "/.."]
    return [pathlib.Path(os.path.realpath(root)) for root in roots]


def outside(paths: set[pathlib.Path], folders: list[pathlib.Path]) -> list[str]:
    kept = [path for path in paths if not any(folder in path.parents for folder in folders)]
    return sorted(str(path) for path in kept if str(path) not in mimetypes.knownfiles)


def test_no_request_opens_a_file_that_was_not_given(
    client: Any, watched: Watch, beat: dict[str, str], tmp_path: Any, monkeypatch: Any
) -> None:
    secret, uploads = tmp_path / "secret", tmp_path / "uploads"
    secret.mkdir()
    uploads.mkdir()
    (secret / "song.mid").write_bytes(b"MThd")
    monkeypatch.chdir(secret)
    monkeypatch.setattr(tempfile, "tempdir", str(uploads))
    watched.is_on = True
    named = {**beat, "name": "song.mid"}
    answers = [
        client.post(path, json={"seed": 1, **body})
        for path, body in (
            ("/api/read", named),
            ("/api/read", {"midi": "song.mid", "name": "song.mid"}),
            ("/api/read", {**beat, "name": str(secret / "song.mid")}),
            ("/api/read", {**beat, "name": "../secret/song.mid"}),
            ("/api/job", {"mode": "reconstruct", "source": named}),
            ("/api/job", {"mode": "reconstruct", "source": {"id": "song.mid"}}),
            ("/api/sample", {"model": "song.mid", "count": 1}),
            ("/api/sample", {"chords": "song.mid", "count": 1}),
            ("/api/map", {"sources": [named]}),
            ("/api/file", {"clips": [{"notes": [], "name": "song.mid", "length": 4}]}),
            ("/api/file", {"clips": [{"notes": [], "length": 4}], "name": "../song.mid"}),
        )
    ]
    answers += [client.get(f"/{path}") for path in ("song.mid", "..%2fsong.mid", "api/song.mid")]
    watched.is_on = False
    statuses = [answer.status_code for answer in answers]
    assert statuses == [200, 400, 200, 200, 200, 404, 404, 400, 200, 200, 200, 404, 404, 404]
    assert outside(watched.read, [*own_folders(), uploads]) == []
    written = [path for path in watched.written if "__pycache__" not in path.parts]
    assert outside({*written}, [uploads]) == []
    assert written and [*uploads.iterdir()] == []
    assert (secret / "song.mid").read_bytes() == b"MThd" and len([*secret.iterdir()]) == 1
