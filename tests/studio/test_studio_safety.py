"""Whose requests are answered, and how much of them is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from event_loops import run_apart

from musicvae.studio.safety import MAX_BODY_BYTES, MAX_DROPPED_BYTES, Guard

JSON = [(b"content-type", b"application/json")]


class Exchange:
    """A request to a guarded application, which says what reached it."""

    def __init__(self, port: int | None = 8000) -> None:
        self.bodies: list[bytes] = []
        self.taken = 0
        self.guard = Guard(self._echo, port)

    async def _echo(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        self.bodies.append(message["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    def __call__(
        self,
        headers: list[tuple[bytes, bytes]],
        parts: list[bytes] = [b""],  # noqa: B006
        method: str = "POST",
    ) -> tuple[int, Any]:
        if not any(name == b"host" for name, _ in headers):
            headers = [(b"host", b"127.0.0.1:8000"), *headers]
        waiting, sent = list(parts), []

        async def receive() -> Any:
            part = waiting.pop(0)
            self.taken += len(part)
            return {"type": "http.request", "body": part, "more_body": bool(waiting)}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": method, "path": "/api/sample", "headers": headers}
        run_apart(self.guard(scope, receive, send))
        return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.mark.parametrize("host", [b"127.0.0.1:8000", b"localhost:8000"])
def test_this_machines_own_page_is_answered(host: bytes) -> None:
    exchange = Exchange()
    status, _ = exchange([*JSON, (b"host", host), (b"origin", b"http://" + host)], [b"{}"])
    assert status == 200 and exchange.bodies == [b"{}"]


@pytest.mark.parametrize(
    "host",
    [
        *(b"evil.example:8000", b"127.0.0.1.evil.example:8000", b"127.0.0.1:8001", b"127.0.0.1"),
        *(b"", b"[::1", b"evil@127.0.0.1:8000", b"127.0.0.1:8000/x", b"127.0.0.1:99999", b"0:8000"),
    ],
)
def test_a_host_that_is_not_this_machine_is_refused(host: bytes) -> None:
    exchange = Exchange()
    status, reply = exchange([*JSON, (b"host", host)], [b"{}"])
    assert status == 403 and "is not this machine" in reply["error"] and not exchange.bodies


@pytest.mark.parametrize(
    "origin",
    [
        *(b"null", b"http://evil.example", b"https://127.0.0.1:8000", b"http://127.0.0.1:8001"),
        *(b"http://localhost.evil.example:8000", b"file://", b""),
    ],
)
def test_another_origin_is_refused(origin: bytes) -> None:
    exchange = Exchange()
    status, reply = exchange([*JSON, (b"origin", origin)], [b"{}"])
    assert status == 403 and "may not use this server" in reply["error"] and not exchange.bodies


def test_another_sites_page_cannot_load_anything_either() -> None:
    exchange = Exchange()
    site = (b"sec-fetch-site", b"cross-site")
    assert exchange([site, (b"sec-fetch-mode", b"no-cors")], method="GET")[0] == 403
    # A link to the studio is followed.
    assert exchange([site, (b"sec-fetch-mode", b"navigate")], method="GET")[0] == 200


@pytest.mark.parametrize("kind", [b"", b"text/plain", b"application/x-www-form-urlencoded"])
def test_what_is_not_json_is_refused(kind: bytes) -> None:
    exchange = Exchange()
    status, reply = exchange([(b"content-type", kind)], [b"{}"])
    assert status == 415 and "application/json" in reply["error"] and not exchange.bodies


def test_a_body_in_parts_arrives_whole() -> None:
    exchange = Exchange()
    assert exchange(JSON, [b'{"co', b'unt": 1', b"}"])[0] == 200
    assert exchange.bodies == [b'{"count": 1}']


def test_a_body_that_says_it_is_too_long_never_reaches_the_application() -> None:
    exchange = Exchange()
    length = (b"content-length", str(MAX_BODY_BYTES + 1).encode())
    status, reply = exchange([*JSON, length], [b"x" * 1000] * 3)
    assert status == 413 and "16 MiB" in reply["error"] and not exchange.bodies


def test_a_client_that_asks_first_is_refused_before_it_sends() -> None:
    exchange = Exchange()
    headers = [*JSON, (b"content-length", b"100000000"), (b"expect", b"100-continue")]
    assert exchange(headers, [b"x"])[0] == 413 and exchange.taken == 0


def test_a_body_without_a_length_is_cut_off() -> None:
    exchange = Exchange()
    part = b"x" * (1 << 20)
    parts = [part] * (MAX_DROPPED_BYTES // len(part) + 100)
    assert exchange(JSON, parts)[0] == 413
    assert not exchange.bodies and exchange.taken <= MAX_DROPPED_BYTES + len(part)


@pytest.mark.parametrize("length", [b"-1", b"abc", b"1e9", b"9" * 40])
def test_a_length_that_is_none_does_not_let_a_body_in(length: bytes) -> None:
    exchange = Exchange()
    part = b"x" * (1 << 20)
    assert exchange([*JSON, (b"content-length", length)], [part] * 20)[0] == 413
    assert not exchange.bodies


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[" * 200_000, b'{"count": ' + b"9" * 5000 + b"}", b"\xff\xfe", b"[]", b'"x"',
     b'{"seed": 1e400}', b'{"count": NaN}', b'{"temperature": Infinity}'],
)  # fmt: skip
def test_bodies_of_nonsense_get_one_line(client: Any, body: bytes) -> None:
    reply = client.post("/api/sample", content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 400
    assert [*reply.json()] == ["error"] and "\n" not in reply.json()["error"]


@pytest.mark.parametrize(
    "path",
    ["/../app.py", "/%2e%2e/app.py", "/..%2fapp.py", "/static/../../app.py", "//etc/passwd",
     "/%2fetc/passwd", "/assets/..%2f..%2f..%2fapp.py", "/\\..\\app.py"],
)  # fmt: skip
def test_no_path_leads_out_of_the_page(client: Any, path: str) -> None:
    reply = client.get(path)
    assert reply.status_code in (404, 405) and "create_app" not in reply.text


def test_replies_cannot_be_framed_or_sniffed(client: Any) -> None:
    headers = client.get("/api/health").headers
    assert headers["x-frame-options"] == "DENY" and headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-cache"
    assert "access-control-allow-origin" not in headers
