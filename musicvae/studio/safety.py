"""What stands between the network and the API: whose requests are answered, and how long they are.

A page of any website can send requests to a server on the user's machine, and by a name of its own
that leads to 127.0.0.1 read the answers. So the Host and the Origin must be this machine's, bodies
are JSON, and one that is too long is dropped as it comes, not kept.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

MAX_BODY_BYTES = 16 << 20
# A client that is still sending does not hear the refusal, so what it sends is taken and dropped,
# up to here.
MAX_DROPPED_BYTES = 256 << 20

LOCAL_HOSTS = frozenset(("127.0.0.1", "localhost"))

_HEADERS = (
    (b"cache-control", b"no-cache"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
        b"connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
)
_WITH_BODIES = ("POST", "PUT", "PATCH", "DELETE")


class Guard:
    """Middleware that refuses what is not from this machine, not JSON, or too long."""

    def __init__(self, app: Application, port: int | None = None) -> None:
        """Wraps an application.

        Args:
          app: the application.
          port: the server's; None lets any port of this machine pass, for tests.
        """
        self._app = app
        self._port = port

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answers a request, or passes it on."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        reason = self._foreign(headers)
        if reason is not None:
            await _refuse(send, 403, reason)
            return
        length = headers.get(b"content-length", "")
        announced = int(length) if length.isdecimal() and len(length) < 19 else 0
        if announced > MAX_BODY_BYTES:
            expects = headers.get(b"expect", "").lower() == "100-continue"
            if announced <= MAX_DROPPED_BYTES and not expects:
                await _drop(receive)
            await _refuse(send, 413, _too_large())
            return
        if scope["method"] in _WITH_BODIES:
            kind = headers.get(b"content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json":
                shown = f"'{kind[:60]}'" if kind else "nothing"
                await _refuse(
                    send, 415, f"Content-Type says {shown}; send JSON as application/json"
                )
                return
            body = await _read(receive)
            if body is None:
                await _refuse(send, 413, _too_large())
                return
            receive = _replay(body, receive)
        # What went wrong has been answered and logged by the application.
        with contextlib.suppress(Exception):
            await self._app(scope, receive, _with_headers(send))

    def _foreign(self, headers: MutableMapping[bytes, str]) -> str | None:
        """Says why a request is not this machine's own; None where it is."""
        host = headers.get(b"host", "")
        if not self._is_own(f"http://{host}"):
            return f"the host '{host[:80]}' is not this machine; use 127.0.0.1"
        origin = headers.get(b"origin")
        if origin is not None and not self._is_own(origin):
            return f"the page '{origin[:80]}' may not use this server"
        is_cross_site = origin is None and headers.get(b"sec-fetch-site") == "cross-site"
        if is_cross_site and headers.get(b"sec-fetch-mode") != "navigate":
            return "another site's page may not use this server"
        return None

    def _is_own(self, address: str) -> bool:
        try:
            parts = urlsplit(address)
            port = parts.port or 80
        except ValueError:
            return False
        if parts.scheme != "http" or parts.hostname not in LOCAL_HOSTS or "@" in parts.netloc:
            return False
        if parts.path or parts.query or parts.fragment:
            return False
        return self._port is None or port == self._port


async def _read(receive: Receive) -> bytes | None:
    """Returns a body; None of one that is too long, which is dropped."""
    parts, length = list[bytes](), 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        part = message.get("body", b"")
        length += len(part)
        if length > MAX_BODY_BYTES:
            parts.clear()
            await _drop(receive, length)
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


async def _drop(receive: Receive, length: int = 0) -> None:
    """Takes what a client sends, and keeps nothing."""
    while length <= MAX_DROPPED_BYTES:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            return
        length += len(message.get("body", b""))


def _replay(body: bytes, receive: Receive) -> Receive:
    """Returns what gives a body that has been read, and then what comes after it."""
    is_given = False

    async def again() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name.lower() for name, _ in message.get("headers", ())}
            added = [pair for pair in _HEADERS if pair[0] not in present]
            message["headers"] = [*message.get("headers", ()), *added]
        await send(message)

    return sent


def _too_large() -> str:
    return f"the request has over {MAX_BODY_BYTES >> 20} MiB, the limit"


async def _refuse(send: Send, status: int, reason: str) -> None:
    body = json.dumps({"error": reason}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *_HEADERS,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
