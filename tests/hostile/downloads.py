"""Servers that answer a download with nonsense, other parts, other places, too much or for ever."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import os
import pathlib
import random
import socket
import tarfile
import threading

from hostile.mutation import number, spoiled
from hostile.trial import Arena, Attempt, Fault

_MOST_MEGABYTES = 1
_STATUS = (200, 200, 200, 206, 206, 416, 204, 301, 302, 307, 404, 500, 503, 100, 999, 0)
_PLACES = (
    "/other.tar",
    "http://127.0.0.1:9/x",
    "file:///etc/passwd",
    "//",
    "http://[",
    "ftp://x/y",
    "/m.tar",
)
_HEADERS = (
    "Content-Range: bytes 0-10/11", "Content-Range: bytes 7-99/100", "Content-Range: nonsense",
    "ETag: \xff\xfe", 'ETag: "1"', "ETag: W/x", "x-goog-hash: md5=!", "x-goog-hash: md5=AAAA",
    "Content-Encoding: gzip", "Content-Encoding: br", "Transfer-Encoding: chunked",
    "X: " + "y" * 70_000,
    "Set-Cookie: a=b", "no colon", "Content-Length: 5", "Connection: keep-alive", "", "\0: \0",
    *("X: y",) * 2,
)  # fmt: skip


class _Server:
    """A server on this machine that sends what it is told, whatever it is asked."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        self.is_endless = False
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                connection.recv(1 << 16)
                connection.sendall(
                    self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                )
                while self.is_endless:
                    connection.sendall(bytes(1 << 16))


@functools.cache
def _server() -> _Server:
    return _Server()


def make(rng: random.Random, arena: Arena) -> Attempt:
    """Makes a server's answers; see `runner.Make`."""
    server = _server()
    body = _body(rng)
    server.answers = [_answer(rng, body) for _ in range(rng.choice((1, 1, 2, 6)))]
    server.is_endless = rng.random() < 0.05
    for k, answer in enumerate(server.answers):
        (arena.inputs / f"answer{k}").write_bytes(answer)
    url = f"http://me:secret@127.0.0.1:{server.port}/m.tar"
    if rng.random() < 0.3:
        from musicvae.download import cached_path

        part = pathlib.Path(cached_path(url, str(arena.output / "cache")) + ".part")
        part.parent.mkdir()
        part.write_bytes(rng.randbytes(rng.choice((0, 10, 5000))))
        part.with_name(f"{part.name}.version").write_bytes(
            rng.choice((b'"1"', b"", b"\xff\r\nX: y"))
        )
    return functools.partial(_fetch, url, str(arena.output / "cache"))


def _body(rng: random.Random) -> bytes:
    content = rng.randbytes(rng.choice((0, 700, 100_000)))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=rng.choice(("w", "w:gz"))) as tar:
        member = tarfile.TarInfo("model.ckpt-1.index")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    body = buffer.getvalue()
    return body if rng.random() < 0.6 else spoiled(body, rng)


def _answer(rng: random.Random, body: bytes) -> bytes:
    chance = rng.random()
    if chance < 0.05:
        return rng.randbytes(rng.choice((0, 1, 500)))
    status = rng.choice(_STATUS)
    lines = [f"HTTP/1.{rng.choice('0119')} {status} {rng.choice(('OK', '', 'x' * 5000))}"]
    if chance < 0.5:
        lines.append(f"Content-Length: {len(body)}")
    elif chance < 0.7:
        lines.append(f"Content-Length: {number(rng)}")
    if status in (301, 302, 307):
        lines.append(f"Location: {rng.choice(_PLACES)}")
    lines += rng.sample(_HEADERS, rng.choice((0, 0, 1, 3)))
    if rng.random() < 0.02:
        lines += ["X: y"] * 300
    head = "\r\n".join(lines).encode("utf-8", "surrogatepass") + b"\r\n\r\n"
    answer = head + body
    return spoiled(answer, rng) if rng.random() < 0.2 else answer


def _fetch(url: str, cache: str) -> None:
    from musicvae.download import fetch
    from musicvae.errors import MusicVAEError

    try:
        path = fetch(url, folder=cache, max_megabytes=_MOST_MEGABYTES)
    except MusicVAEError as error:
        if "secret" in str(error):
            raise Fault(f"the password is shown: {error}") from error
        _check_kept(cache)
        raise
    fetch(url, folder=cache)
    if os.path.dirname(path) != cache:
        raise Fault(f"{path} is not in the cache")
    _check_kept(cache)
    with open(f"{path}.json", encoding="utf-8") as file:
        record = file.read()
    digest = hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
    if "secret" in record or digest not in record:
        raise Fault(f"what is recorded: {record}")


def _check_kept(cache: str) -> None:
    """Checks that no more is kept than may come."""
    for folder, _, names in os.walk(cache):
        for name in names:
            if os.path.getsize(os.path.join(folder, name)) > (_MOST_MEGABYTES + 1) * 10**6:
                raise Fault(f"{name} is larger than it may be")


def start() -> None:
    """Imports what fetches."""
    import pooch  # noqa: F401
    import requests  # noqa: F401

    from musicvae import download  # noqa: F401
