"""A real server: ten clients at once, long uploads, and its end."""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
from typing import Any

import pytest
from event_loops import run_apart

httpx = pytest.importorskip("httpx2", reason="httpx2 is not installed")
pytest.importorskip("uvicorn", reason="the extra 'studio' is not installed")
from musicvae.studio.serving import HOST, free_socket  # noqa: E402


@pytest.fixture(scope="module")
def http(address: str) -> Any:
    with httpx.Client(base_url=address, timeout=120) as client:
        yield client


def test_ten_clients_at_once_get_their_own_answers(http: Any, address: str) -> None:
    clips = http.post("/api/sample", json={"count": 4, "seed": 1}).json()["clips"]
    corners = [{"id": clip["id"]} for clip in clips]

    def walk(tab: int) -> list[Any]:
        with httpx.Client(base_url=address, timeout=120) as client:
            places = [{"x": tab / 9, "y": step / 4} for step in range(5)]
            return [
                client.post(
                    "/api/pad_point",
                    json={"corners": corners, "seed": tab, "tab": f"tab {tab}", **place},
                ).json()["clip"]
                for place in places
            ]

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        together = list(pool.map(walk, range(10)))
    alone = [walk(tab) for tab in range(10)]
    assert together == alone
    assert len({json.dumps(clip["notes"]) for walked in alone for clip in walked}) > 25


def test_an_upload_of_100_mb_is_refused_in_a_line_and_the_server_goes_on(http: Any) -> None:
    headers = {"content-type": "application/json"}
    reply = http.post("/api/read", content=b"x" * 100_000_000, headers=headers)
    assert (reply.status_code, reply.json()) == (
        413,
        {"error": "the request has over 16 MiB, the limit"},
    )
    chunks = (b"x" * 1_000_000 for _ in range(100))
    assert http.post("/api/read", content=chunks, headers=headers).status_code == 413
    assert http.get("/api/health").json()["ready"]


def test_another_sites_page_is_refused_in_a_line_and_the_server_goes_on(http: Any) -> None:
    headers = {"origin": "http://evil.example"}
    reply = http.post("/api/sample", json={"count": 1}, headers=headers)
    assert (reply.status_code, reply.json()) == (
        403,
        {"error": "the page 'http://evil.example' may not use this server"},
    )
    assert http.get("/api/health").json()["ready"]


def test_what_is_not_http_harms_nobody(http: Any, address: str) -> None:
    port = int(address.rstrip("/").rpartition(":")[2])
    for data in (b"\0\xff\0\xff" * 1000, b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 10_000, b"GET"):
        with socket.create_connection((HOST, port), timeout=10) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
    assert http.get("/api/health").json()["ready"]


def test_the_server_listens_on_this_machine_alone(address: str) -> None:
    assert address.startswith("http://127.0.0.1:")
    port = int(address.rstrip("/").rpartition(":")[2])
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)}
    for other in others - {HOST, "127.0.1.1", "::1"}:
        with pytest.raises(OSError):
            socket.create_connection((other, port), timeout=2)


def test_a_port_that_is_taken_gives_the_next_free_one() -> None:
    with free_socket(0) as first:
        port = first.getsockname()[1]
        with free_socket(port) as second:
            assert second.getsockname()[1] != port


def test_a_replys_body_does_not_wait_for_its_head_to_be_acknowledged() -> None:
    async def no_delay() -> int:
        found = asyncio.get_running_loop().create_future()

        async def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted = writer.get_extra_info("socket")
            found.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(connected, sock=(listener := free_socket(0))):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            writer.close()
            return await asyncio.wait_for(found, 10)

    assert run_apart(no_delay()) == 1


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
def test_the_command_says_its_address_and_ends_by_ctrl_c(tmp_path: pathlib.Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "musicvae.cli.studio", "--port=0", "--no-open"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("The studio is at http://127.0.0.1:")
    address = line.split()[4]
    assert httpx.get(f"{address}api/health", timeout=60).json()["ready"]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0 and "The studio is closed." in out
    assert "Traceback" not in err
