"""Servers that are broken or hostile cost one line, bounded in size and time."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import pathlib
import threading
import time
from collections.abc import Iterator

import pytest
from forged import tar_of

from musicvae import download
from musicvae.errors import CheckpointError


def _unstated(path: str) -> bytes:
    """A body without a stated length, cut or whole."""
    body = tar_of(b"x" * 50_000)
    body = gzip.compress(body, mtime=0) if path.endswith(".gz") else body
    return body[: len(body) // 2] if path.startswith("/cut") else body


@contextlib.contextmanager
def _serving(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _Hostile(http.server.BaseHTTPRequestHandler):
    """Answers with what its path names."""

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        part = tar_of(b"x" * 5000)[:5000]
        with contextlib.suppress(OSError):
            if self.path == "/416.tar":
                self.send_error(416)
            elif self.path == "/nonsense.tar":
                self.wfile.write(
                    b"HTTP/1.1 200 OK\r\nContent-Length: many\r\nx-goog-hash: md5=!\r\n"
                )
                self.wfile.write(b"ETag: \xff\xfe\r\n" + b"X: y\r\n" * 200 + b"\r\n" + part)
            elif self.path == "/elsewhere.tar":
                self.send_response(206)
                self.send_header("Content-Range", "bytes 7-5006/5007")
                self.send_header("Content-Length", str(len(part)))
                self.end_headers()
                self.wfile.write(part)
            elif self.path in ("/round.tar", "/file.tar"):
                to = "/round.tar" if self.path == "/round.tar" else "file:///etc/passwd"
                self.wfile.write(f"HTTP/1.0 302 Found\r\nLocation: {to}\r\n\r\n".encode())
                while True:
                    self.wfile.write(bytes(100_000))
            elif self.path == "/endless.tar":
                self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
                while True:
                    self.wfile.write(bytes(100_000))
            elif self.path == "/drip.tar":
                self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
                for _ in range(200):
                    self.wfile.write(b"x")
                    time.sleep(0.05)
            elif "unstated" in self.path:
                self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + _unstated(self.path))
            else:
                self.wfile.write(b"no HTTP at all")
        del asked

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def test_an_endless_body_ends_at_the_limit(tmp_path: pathlib.Path) -> None:
    with _serving(_Hostile) as url, pytest.raises(CheckpointError, match="over 3 MB"):
        download.fetch(f"{url}/endless.tar", folder=str(tmp_path), max_megabytes=3)
    assert all(path.stat().st_size <= 3_000_000 for path in tmp_path.iterdir())


@pytest.mark.parametrize(("name", "why"), [("round", "on and on"), ("file", "no web address")])
def test_a_server_that_leads_elsewhere_is_one_error(
    tmp_path: pathlib.Path, name: str, why: str
) -> None:
    with _serving(_Hostile) as url, pytest.raises(CheckpointError, match=why):
        download.fetch(f"{url}/{name}.tar", folder=str(tmp_path))


def test_a_body_that_only_drips_ends_in_time(tmp_path: pathlib.Path) -> None:
    with _serving(_Hostile) as url, pytest.raises(CheckpointError, match=r"over 1e-06 hours"):
        download.fetch(f"{url}/drip.tar", folder=str(tmp_path), max_hours=1e-6)


@pytest.mark.parametrize("name", ["unstated.tar", "unstated.tar.gz"])
def test_a_body_that_was_cut_without_a_stated_length_is_not_taken_for_whole(
    tmp_path: pathlib.Path, name: str
) -> None:
    with _serving(_Hostile) as url:
        with pytest.raises(CheckpointError, match="it broke off at"):
            download.fetch(f"{url}/cut-{name}", folder=str(tmp_path))
        assert not [path for path in tmp_path.iterdir() if path.suffix in (".tar", ".gz")]
        path = download.fetch(f"{url}/whole-{name}", folder=str(tmp_path))
    assert pathlib.Path(path).read_bytes() == _unstated(f"/whole-{name}")


@pytest.mark.parametrize("what", ["416", "nonsense", "elsewhere", "garbage"])
@pytest.mark.parametrize("resumed", [False, True])
def test_a_server_that_answers_nonsense_ends_in_one_error(
    tmp_path: pathlib.Path, what: str, resumed: bool
) -> None:
    with _serving(_Hostile) as address:
        url = f"{address.replace('//', '//me:secret@')}/{what}.tar"
        if resumed:
            part = download.cached_path(url, str(tmp_path)) + ".part"
            pathlib.Path(part).write_bytes(b"x" * 10)
            pathlib.Path(part + ".version").write_text('"1"')
        with pytest.raises(CheckpointError) as caught:
            download.fetch(url, folder=str(tmp_path))
        assert "secret" not in str(caught.value)
        assert not list(tmp_path.glob("*.tar"))


@pytest.mark.parametrize("url", ["http://[", "http://a:b", "http://", "https://x:99999/a.tar"])
def test_what_is_no_address_is_one_error(tmp_path: pathlib.Path, url: str) -> None:
    with pytest.raises(CheckpointError):
        download.fetch(url, folder=str(tmp_path))
