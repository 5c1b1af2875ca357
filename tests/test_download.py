"""Downloads come whole, go on where they broke off, and say what to do where they cannot."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from forged import tar_of

from musicvae import download
from musicvae.config import load_config
from musicvae.errors import CheckpointError


class _Bucket(http.server.ThreadingHTTPServer):
    """A server of files on this machine that can break off."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.version = '"1"'
        self.breaks_at: list[int] = []
        self.md5: bytes | None = None
        self.ranges: list[str | None] = []
        self.sent_bytes = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Bucket

    def do_GET(self) -> None:
        server = self.server
        requested = self.headers.get("Range")
        server.ranges.append(requested)
        if self.path not in server.files:
            self.send_error(404)
            return
        body, start = server.files[self.path], 0
        if requested and self.headers.get("If-Range") == server.version:
            start = int(requested.removeprefix("bytes=").removesuffix("-"))
            if start >= len(body):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body) - start))
        self.send_header("ETag", server.version)
        if server.md5:
            self.send_header("x-goog-hash", f"md5={base64.b64encode(server.md5).decode()}")
        self.end_headers()
        end = server.breaks_at.pop(0) if server.breaks_at else len(body)
        with contextlib.suppress(OSError):
            server.sent_bytes += len(body[start:end])
            self.wfile.write(body[start:end])
            self.wfile.flush()
            if end < len(body):
                self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def bucket() -> Iterator[_Bucket]:
    server = _Bucket()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def model(bucket: _Bucket, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A published model on the server."""
    monkeypatch.setattr(download, "BUCKET", f"{bucket.url}/checkpoints")
    content = tar_of(os.urandom(3_000_000))
    bucket.files["/checkpoints/groovae_4bar.tar"] = content
    return content


def test_a_published_name_is_fetched_once_and_its_hash_recorded(
    bucket: _Bucket, model: bytes, tmp_path: pathlib.Path
) -> None:
    path = download.fetch("groovae_4bar", folder=str(tmp_path / "cache"))
    assert path == str(tmp_path / "cache" / "groovae_4bar.tar")
    assert pathlib.Path(path).read_bytes() == model
    record = json.loads(pathlib.Path(f"{path}.json").read_text())
    assert record["sha256"] == hashlib.sha256(model).hexdigest()
    assert record["url"] == f"{bucket.url}/checkpoints/groovae_4bar.tar"
    assert download.fetch("groovae_4bar", folder=str(tmp_path / "cache")) == path
    assert len(bucket.ranges) == 1
    assert sorted(os.listdir(tmp_path / "cache")) == ["groovae_4bar.tar", "groovae_4bar.tar.json"]


def test_progress_is_told_in_bytes(model: bytes, tmp_path: pathlib.Path) -> None:
    seen: list[tuple[int, int | None]] = []
    download.fetch("groovae_4bar", folder=str(tmp_path), on_progress=lambda *a: seen.append(a))
    assert seen[-1] == (len(model), len(model))
    assert len(seen) >= 3
    assert sorted(seen) == seen


def test_a_connection_that_breaks_goes_on_where_it_stopped(
    bucket: _Bucket, model: bytes, tmp_path: pathlib.Path
) -> None:
    bucket.breaks_at = [1_200_000, 2_500_000]
    path = download.fetch("groovae_4bar", folder=str(tmp_path))
    assert pathlib.Path(path).read_bytes() == model
    assert bucket.ranges[0] is None
    assert len(bucket.ranges) == 3
    assert bucket.sent_bytes < 1.5 * len(model)
    assert all(int(r.removeprefix("bytes=").removesuffix("-")) > 0 for r in bucket.ranges[1:])


def test_an_interrupted_download_goes_on_the_next_time(
    bucket: _Bucket, model: bytes, tmp_path: pathlib.Path
) -> None:
    def interrupt(done: int, total: int | None) -> None:
        if done > 1_500_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download.fetch("groovae_4bar", folder=str(tmp_path), on_progress=interrupt)
    assert not (tmp_path / "groovae_4bar.tar").exists()
    path = download.fetch("groovae_4bar", folder=str(tmp_path))
    assert pathlib.Path(path).read_bytes() == model
    assert bucket.ranges[1] is not None


def test_a_file_that_changed_meanwhile_is_fetched_anew(
    bucket: _Bucket, model: bytes, tmp_path: pathlib.Path
) -> None:
    bucket.breaks_at = [1_200_000]

    def change(done: int, total: int | None) -> None:
        bucket.version = '"2"'
        bucket.files["/checkpoints/groovae_4bar.tar"] = new

    new = tar_of(os.urandom(4_000_000))
    path = download.fetch("groovae_4bar", folder=str(tmp_path), on_progress=change)
    assert pathlib.Path(path).read_bytes() == new


def test_a_part_as_long_as_the_whole_is_no_obstacle(
    bucket: _Bucket, model: bytes, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "groovae_4bar.tar.part").write_bytes(bytes(len(model)))
    (tmp_path / "groovae_4bar.tar.part.version").write_text(bucket.version)
    path = download.fetch("groovae_4bar", folder=str(tmp_path))
    assert pathlib.Path(path).read_bytes() == model


def test_what_was_damaged_on_the_way_is_not_kept(
    bucket: _Bucket, model: bytes, tmp_path: pathlib.Path
) -> None:
    bucket.md5 = hashlib.md5(b"something else").digest()
    with pytest.raises(CheckpointError, match="damaged on the way"):
        download.fetch("groovae_4bar", folder=str(tmp_path))
    assert not (tmp_path / "groovae_4bar.tar").exists()
    bucket.md5 = hashlib.md5(model).digest()
    assert download.fetch("groovae_4bar", folder=str(tmp_path))


def test_a_copy_that_changed_on_this_disk_is_noticed(model: bytes, tmp_path: pathlib.Path) -> None:
    path = pathlib.Path(download.fetch("groovae_4bar", folder=str(tmp_path)))
    changed = bytearray(model)
    changed[-2000] ^= 1
    path.write_bytes(changed)
    with pytest.raises(CheckpointError, match="has changed since it was downloaded"):
        download.fetch("groovae_4bar", folder=str(tmp_path))


def test_a_file_put_there_by_hand_is_used_and_recorded(
    bucket: _Bucket, model: bytes, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "groovae_4bar.tar").write_bytes(model)
    assert download.fetch("groovae_4bar", folder=str(tmp_path))
    assert bucket.ranges == []
    assert (tmp_path / "groovae_4bar.tar.json").exists()


def test_any_address_works_and_files_of_one_name_do_not_meet(
    bucket: _Bucket, tmp_path: pathlib.Path
) -> None:
    for folder in ("a", "b"):
        bucket.files[f"/{folder}/my%20model.tar"] = tar_of(folder.encode())
    paths = [
        download.fetch(f"{bucket.url}/{folder}/my%20model.tar", folder=str(tmp_path))
        for folder in ("a", "b")
    ]
    assert [pathlib.Path(path).read_bytes() for path in paths] == [tar_of(b"a"), tar_of(b"b")]
    assert all(path.endswith("-my_model.tar") for path in paths)


def test_an_address_cannot_lead_out_of_the_cache(tmp_path: pathlib.Path) -> None:
    for address in ("http://x/..", "http://x/%2e%2e%2fetc%2fpasswd", "http://x/", "http://x/.a"):
        path = download.cached_path(address, str(tmp_path))
        assert os.path.dirname(path) == str(tmp_path)
        assert not os.path.basename(path).startswith(".")


def test_without_network_it_says_what_to_fetch_and_where_to_put_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setattr(download, "BUCKET", f"http://127.0.0.1:{port}")
    with pytest.raises(CheckpointError) as caught:
        download.fetch("groovae_4bar", folder=str(tmp_path))
    message = str(caught.value)
    assert f"cannot download http://127.0.0.1:{port}/groovae_4bar.tar" in message
    assert f"save it as {tmp_path / 'groovae_4bar.tar'}" in message
    assert "--checkpoint_file" in message
    assert "\n" not in message


def test_a_missing_file_gives_the_servers_answer(bucket: _Bucket, tmp_path: pathlib.Path) -> None:
    with pytest.raises(CheckpointError, match="the server answers 404"):
        download.fetch(f"{bucket.url}/nothing.tar", folder=str(tmp_path))
    assert os.listdir(tmp_path) == []


def test_a_web_page_is_not_taken_for_a_model(bucket: _Bucket, tmp_path: pathlib.Path) -> None:
    bucket.files["/model.tar"] = b"<html>please log in</html>"
    with pytest.raises(CheckpointError, match="not a tar archive"):
        download.fetch(f"{bucket.url}/model.tar", folder=str(tmp_path))
    assert not list(tmp_path.glob("*.tar"))


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="needs links that can be refused")
@pytest.mark.parametrize("name", ["groovae_4bar.tar.part", "groovae_4bar.tar.part.version"])
def test_an_unfinished_download_is_not_written_through_a_link(
    model: bytes, tmp_path: pathlib.Path, name: str
) -> None:
    cache, precious = tmp_path / "cache", tmp_path / "precious"
    cache.mkdir()
    precious.write_text("kept")
    (cache / name).symlink_to(precious)
    with pytest.raises(CheckpointError, match="cannot download"):
        download.fetch("groovae_4bar", folder=str(cache))
    assert precious.read_text() == "kept"


def test_more_megabytes_than_allowed_are_refused(model: bytes, tmp_path: pathlib.Path) -> None:
    with pytest.raises(CheckpointError, match=r"refused: it has over 2 MB; --max_megabytes"):
        download.fetch("groovae_4bar", folder=str(tmp_path), max_megabytes=2)
    assert download.fetch("groovae_4bar", folder=str(tmp_path), max_megabytes=4)


def test_a_download_is_on_the_disk_before_it_has_its_name(
    model: bytes, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []
    fsync, replace = os.fsync, os.replace

    def note_fsync(descriptor: int) -> None:
        events.append(f"sync {os.path.basename(os.readlink(f'/proc/self/fd/{descriptor}'))}")
        fsync(descriptor)

    def note_replace(source: str, target: str) -> None:
        events.append(f"rename {os.path.basename(source)}")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "replace", note_replace)
    download.fetch("groovae_4bar", folder=str(tmp_path))
    part = "groovae_4bar.tar.part"
    assert events.index(f"sync {part}") < events.index(f"rename {part}")


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(CheckpointError, match=r"'groovae_5bar' .* groovae_4bar"):
        download.fetch("groovae_5bar")


def test_every_published_name_is_a_configuration() -> None:
    assert len(download.PUBLISHED) >= 10
    for name in download.PUBLISHED:
        assert load_config(name)
        assert download.address_of(name).startswith("https://storage.googleapis.com/magentadata/")


def test_the_command_fetches_and_prints_the_path(bucket: _Bucket, tmp_path: pathlib.Path) -> None:
    bucket.files["/model.tar"] = tar_of(b"x")
    url = f"{bucket.url}/model.tar"
    result = _command(url, f"--cache_dir={tmp_path}")
    assert result.returncode == 0, result.stderr
    assert pathlib.Path(result.stdout.strip()).read_bytes() == tar_of(b"x")
    for arguments, message in (
        (("groovae_5bar",), "'groovae_5bar' is not a published model"),
        ((), "no model named"),
        ((f"{bucket.url}/no.tar",), "404"),
        (("http://[",), "is not an address"),
    ):
        result = _command(*arguments, f"--cache_dir={tmp_path}")
        assert result.returncode == 1
        assert message in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_the_command_lists_what_is_published() -> None:
    result = _command("--list")
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) == len(download.PUBLISHED)


def _command(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "musicvae.cli.download", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_password_is_not_kept(bucket: _Bucket, tmp_path: pathlib.Path) -> None:
    bucket.files["/my.tar"] = tar_of(b"x" * 500)
    path = download.fetch(
        f"http://me:secret@127.0.0.1:{bucket.server_port}/my.tar", folder=str(tmp_path)
    )
    assert "secret" not in pathlib.Path(path + ".json").read_text()
