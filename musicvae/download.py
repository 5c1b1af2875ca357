"""Fetching trained models that others published, once, into a cache.

Magenta's checkpoints lie in a public bucket, one tar each; any other address works too. A download
that breaks off goes on where it stopped, and each file's hash is recorded beside it, so that a
change on this disk is noticed.

    ~/.cache/musicvae/groovae_4bar.tar          (or the folder that MUSICVAE_CACHE names)
    ~/.cache/musicvae/groovae_4bar.tar.json     its address, size and SHA-256
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import json
import os
import re
import time
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

from musicvae.errors import CheckpointError
from musicvae.files import atomic_file, sync_folder
from musicvae.formats.tar import ends_whole, is_archive

BUCKET = "https://storage.googleapis.com/magentadata/models/music_vae/checkpoints"
CACHE_VARIABLE = "MUSICVAE_CACHE"

PUBLISHED = {
    "cat-mel_2bar_big": "2-bar melodies",
    "hierdec-mel_16bar": "16-bar melodies",
    "hierdec-trio_16bar": "16-bar trios of melody, bass and drums",
    "cat-drums_2bar_small.lokl": "2-bar drums, for realistic samples",
    "cat-drums_2bar_small.hikl": "2-bar drums, for good reconstructions and interpolations",
    "nade-drums_2bar_full": "2-bar drums with 61 classes",
    "groovae_4bar": "4-bar drum performances",
    "groovae_2bar_humanize": "2-bar drums, adds dynamics and timing to a pattern",
    "groovae_2bar_tap_fixed_velocity": "2-bar drums, from a tapped rhythm",
    "groovae_2bar_add_closed_hh": "2-bar drums, adds hi-hats",
    "groovae_2bar_hits_control": "2-bar drums, follows given hits",
}
"""What Magenta published, by name."""

MAX_MEGABYTES = 4096
"""Largest download, where no other limit is given."""
MAX_HOURS = 12.0
"""Longest download, where no other limit is given."""

OnProgress = Callable[[int, int | None], None]

_CHUNK_BYTES = 2**20
_CONNECT_SECONDS, _READ_SECONDS = 15, 60
_ATTEMPTS = 5
_MAX_REDIRECTS = 10
_RECORD = ".json"


def is_address(text: str) -> bool:
    """Returns whether a text is a URL to fetch from."""
    return text.startswith(("http://", "https://"))


def without_password(url: str) -> str:
    """Returns an address as it may be shown and kept: without a user's name and password."""
    return re.sub(r"(?<=://)[^/?#]*@", "", url)


def cache_folder() -> str:
    """Returns the folder of downloaded checkpoints; the environment's MUSICVAE_CACHE decides."""
    import pooch

    return os.environ.get(CACHE_VARIABLE) or str(pooch.os_cache("musicvae"))


def cached_path(name_or_url: str, folder: str | None = None) -> str:
    """Returns where a download's file is, or will be.

    Args:
      name_or_url: one of PUBLISHED, or an http(s) address.
      folder: the cache; `cache_folder()` by default.

    Raises:
      CheckpointError: it is neither.
    """
    url = address_of(name_or_url)
    name = os.path.basename(urllib.parse.urlsplit(url).path) or "checkpoint"
    name = re.sub(r"[^\w.+-]", "_", urllib.parse.unquote(name)).lstrip(".")[-100:]
    if not url.startswith(f"{BUCKET}/"):
        digest = hashlib.sha256(without_password(url).encode("utf-8", "surrogatepass"))
        name = f"{digest.hexdigest()[:12]}-{name}"
    return os.path.join(folder or cache_folder(), name)


def address_of(name_or_url: str) -> str:
    """Returns the URL of a published model.

    Raises:
      CheckpointError: it is neither a published name nor a URL.
    """
    if is_address(name_or_url):
        try:
            urllib.parse.urlsplit(name_or_url).port  # noqa: B018
        except ValueError as error:
            shown = without_password(name_or_url)
            raise CheckpointError(f"'{shown}' is not an address: {error}") from error
        return name_or_url
    if name_or_url not in PUBLISHED:
        raise CheckpointError(
            f"'{name_or_url}' is not a published model; those are {', '.join(PUBLISHED)}"
        )
    return f"{BUCKET}/{name_or_url}.tar"


def fetch(
    name_or_url: str,
    *,
    folder: str | None = None,
    on_progress: OnProgress | None = None,
    max_megabytes: int = MAX_MEGABYTES,
    max_hours: float = MAX_HOURS,
) -> str:
    """Returns the path of a published model's archive, downloading it the first time.

    Args:
      name_or_url: one of PUBLISHED, or an http(s) address of a .tar, .tar.gz or .tgz.
      folder: the cache; `cache_folder()` by default.
      on_progress: called with the bytes that are here and those there are in all, if known.
      max_megabytes: a file that is larger, or says so, is refused.
      max_hours: how long it may take in all.

    Raises:
      CheckpointError: it cannot be downloaded; the message says what to fetch by hand and where to
        put it.
    """
    import pooch

    url, path = address_of(name_or_url), cached_path(name_or_url, folder)
    if os.path.exists(path):
        _check_copy(path, url)
        return path
    shown = without_password(url)
    pooch.get_logger().setLevel("ERROR")
    downloader = _ResumingDownloader(f"{path}.part", on_progress, max_megabytes, max_hours)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        # The first download records its hash; there is nothing yet to compare it with.
        pooch.retrieve(url, None, os.path.basename(path), os.path.dirname(path), None, downloader)
        if not is_archive(path):
            os.unlink(path)
            raise CheckpointError(f"{shown}: the download is not a tar archive; check the URL")
        sync_folder(os.path.dirname(path))
        _write_record(path, url)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise CheckpointError(
            f"cannot download {shown}: {_reason(error)}; fetch it by hand, save it as {path} and "
            "try again, or give its path as --checkpoint_file"
        ) from error
    return path


class _ResumingDownloader:
    """Downloads for pooch into a file that outlives an interruption, and goes on from it."""

    def __init__(
        self, part: str, on_progress: OnProgress | None, max_megabytes: int, max_hours: float
    ) -> None:
        self._part = part
        self._max_megabytes = max_megabytes
        self._max_hours = max_hours
        self._deadline = time.monotonic() + 3600.0 * max_hours
        self._on_progress = on_progress or (lambda done, total: None)

    def __call__(self, url: str, output_file: str, _: Any, check_only: bool = False) -> None:
        """Fetches `url` into `output_file`; an OSError if it cannot."""
        import requests

        assert not check_only, "availability is not asked for"
        for attempt in range(_ATTEMPTS):
            before = self._size()
            try:
                self._fetch(url)
                break
            except requests.RequestException as error:
                broke_off = error.response is None and self._size() > before
                if not broke_off or attempt == _ATTEMPTS - 1:
                    raise
        with open(self._part, "rb") as file:
            os.fsync(file.fileno())
        os.replace(self._part, output_file)
        _remove(self._validator_path)

    def _fetch(self, url: str) -> None:
        """Fetches what is missing of the file."""
        import requests

        headers = {"Accept-Encoding": "identity"}
        done, validator = self._size(), self._validator()
        if done and validator:
            headers |= {"Range": f"bytes={done}-", "If-Range": validator}
        with _opened(url, headers) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable and done:
                _remove(self._part)
                return self._fetch(url)
            response.raise_for_status()
            resumed = response.status_code == requests.codes.partial_content
            stated = response.headers.get("Content-Range", "")
            if resumed and not (done and _starts_at(stated, done)):
                # Another part than the one asked for: begin again, without asking for a part.
                _remove(self._part)
                if not done:
                    raise OSError("the server sends a part where the whole was asked for")
                return self._fetch(url)
            done = done if resumed else 0
            length = response.headers.get("Content-Length", "")
            total = done + int(length) if length.isdigit() else None
            self._check_size(url, total or done)
            with open(self._part, "ab" if resumed else "wb", opener=_no_link) as file:
                self._remember(response.headers)
                for part in _parts(response.raw):
                    self._check_size(url, done + len(part))
                    file.write(part)
                    done += len(part)
                    self._on_progress(done, total)
                    if time.monotonic() > self._deadline:
                        raise OSError(
                            f"it takes over {self._max_hours:g} hours; --max_hours allows more"
                        )
            is_cut = done != total if total is not None else not _is_whole(self._part)
            if is_cut:
                of = "" if total is None else f" of {total:,}"
                raise requests.ConnectionError(f"it broke off at {done:,}{of} bytes")
            self._check(url, response.headers.get("x-goog-hash", ""))

    def _check_size(self, url: str, num_bytes: int) -> None:
        if num_bytes > self._max_megabytes * 10**6:
            raise CheckpointError(
                f"{without_password(url)}: refused: it has over {self._max_megabytes:,} MB; "
                "--max_megabytes allows more"
            )

    def _check(self, url: str, stated: str) -> None:
        """Compares the whole file with the MD5 that Google's storage states."""
        match = re.search(r"md5=([\w+/=]+)", stated)
        if match and match[1] != base64.b64encode(_digest(self._part, "md5")).decode():
            _remove(self._part)
            raise OSError(f"what came from {without_password(url)} was damaged on the way")

    @property
    def _validator_path(self) -> str:
        return f"{self._part}.version"

    def _validator(self) -> str | None:
        """What tells this version of the file from a later one."""
        try:
            with open(self._validator_path, encoding="latin-1") as file:
                return file.read() or None
        except OSError:
            return None

    def _remember(self, headers: Any) -> None:
        etag = headers.get("ETag", "")
        version = headers.get("Last-Modified", "") if etag.startswith("W/") or not etag else etag
        content = version.encode("latin-1", "replace")
        with open(self._validator_path, "wb", opener=_no_link) as file:
            file.write(content)

    def _size(self) -> int:
        return os.path.getsize(self._part) if os.path.exists(self._part) else 0


def _no_link(path: str, flags: int) -> int:
    """Opens a file whose name can be guessed, but not through a link that waits there."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def _opened(url: str, headers: dict[str, str]) -> Any:
    """Returns the response of where an address leads to; bodies on the way are not read."""
    import requests

    class Session(requests.Session):
        """A session that reads no body of a redirection, which may never end."""

        def get_redirect_target(self, resp: Any) -> None:
            return None

    timeout = (_CONNECT_SECONDS, _READ_SECONDS)
    for _ in range(_MAX_REDIRECTS + 1):
        response = Session().get(url, headers=headers, stream=True, timeout=timeout)
        if not response.is_redirect:
            return response
        response.close()
        url = urllib.parse.urljoin(url, response.headers["Location"])
        if not is_address(url):
            raise OSError(f"the server leads to '{without_password(url)}', which is no web address")
    raise OSError("the server leads on and on to other addresses")


def _parts(stream: Any) -> Iterator[bytes]:
    """Yields a body as it comes in, however slowly, so that a deadline is noticed."""
    import requests
    import urllib3

    try:
        while part := stream.read1(_CHUNK_BYTES, decode_content=False):
            yield part
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.ReadTimeout(str(error)) from error
    except (urllib3.exceptions.HTTPError, http.client.HTTPException, ConnectionError) as error:
        raise requests.ConnectionError(str(error)) from error


def _is_whole(path: str) -> bool:
    """Whether a file of unknown length is no archive that was cut; of others nothing is known."""
    return not is_archive(path) or ends_whole(path)


def _check_copy(path: str, url: str) -> None:
    """Checks a file in the cache against what was recorded of it; records one put there by hand.

    Raises:
      CheckpointError: it has changed since it was recorded.
    """
    record = _read_record(path)
    if record is None:
        _write_record(path, url)
    elif record["size"] != os.path.getsize(path) or (
        record["modified"] != os.stat(path).st_mtime_ns
        and record["sha256"] != _digest(path, "sha256").hex()
    ):
        raise CheckpointError(
            f"{path}: the file has changed since it was downloaded; delete it to fetch it again, "
            f"or delete {path}{_RECORD} to accept it"
        )


def _read_record(path: str) -> dict[str, Any] | None:
    try:
        with open(path + _RECORD, encoding="utf-8") as file:
            record = json.load(file)
        return {key: record[key] for key in ("size", "modified", "sha256")}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _write_record(path: str, url: str) -> None:
    record = {
        "url": without_password(url),
        "size": os.path.getsize(path),
        "modified": os.stat(path).st_mtime_ns,
        "sha256": _digest(path, "sha256").hex(),
    }
    with atomic_file(path + _RECORD) as file:
        file.write(json.dumps(record, indent=1).encode())


def _digest(path: str, algorithm: str) -> bytes:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, algorithm).digest()


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _starts_at(content_range: str, start: int) -> bool:
    """Whether a part begins where it was asked to; without a header nothing says that."""
    return not content_range or content_range.startswith(f"bytes {start}-")


def _reason(error: Exception) -> str:
    """Says in a few words why a download failed."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answers {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return "the server does not answer in time"
    if isinstance(error, requests.ConnectionError):
        broke_off = str(error).startswith("it broke off")
        return str(error) if broke_off else "there is no connection to it"
    return getattr(error, "strerror", None) or without_password(str(error))
