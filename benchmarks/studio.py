"""From pointer to notes: how long does a place on the studio's pad take, over HTTP?

    python benchmarks/studio.py [--configs cat-drums_2bar_small,...] [--moves 200] [--tabs 10]

A server as users start it runs in a process of its own; the client is this one. For each model the
pad's corners are encoded first, as the page does; then one tab moves its pointer about and waits
for the notes of each place, and ten tabs do it at once. Figures are milliseconds from sending a
request to having read its notes: median, 95th percentile and largest. The goal is a median of at
most 60 ms for one tab with a 2-bar model on two cores.

`--start` instead measures seconds from starting the command to its address, and to the first notes.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import http.client
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import common

CONFIGS = (
    *("cat-drums_2bar_small", "cat-mel_2bar_small", "nade-drums_2bar_reduced"),
    *("groovae_2bar_humanize", "groovae_2bar_tap_fixed_velocity", "groovae_2bar_add_closed_hh"),
)
GOAL_MS = 60.0
_WARM_MOVES = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--configs", default=",".join(CONFIGS))
    parser.add_argument("--moves", type=int, default=200)
    parser.add_argument("--tabs", type=int, default=10)
    parser.add_argument("--start", action="store_true")
    options = parser.parse_args()
    print(common.machine_line())
    print(common.versions_line("tensorflow", "fastapi", "uvicorn"))
    if options.start:
        measure_start(options.configs.split(",")[0])
        return
    with served(options.configs.split(",")[0]) as port:
        for config in options.configs.split(","):
            corners = corners_of(port, config)
            one = walk(port, config, corners, options.moves, 0)
            print(f"{config}, one tab: {row(one)}; goal {GOAL_MS:g} ms", flush=True)
            with concurrent.futures.ThreadPoolExecutor(options.tabs) as pool:
                moves = max(options.moves // options.tabs, 1)
                walks = [
                    pool.submit(walk, port, config, corners, moves, tab)
                    for tab in range(options.tabs)
                ]
                together = [each for found in walks for each in found.result()]
            print(f"{config}, {options.tabs} tabs: {row(together)}", flush=True)


def row(milliseconds: Sequence[float]) -> str:
    ordered = sorted(milliseconds)
    late = ordered[min(int(0.95 * len(ordered)), len(ordered) - 1)]
    median = statistics.median(ordered)
    return f"median {median:.1f} ms, p95 {late:.1f}, largest {ordered[-1]:.1f} of {len(ordered)}"


@contextlib.contextmanager
def served(config: str) -> Iterator[int]:
    """Starts the studio and gives its port."""
    command = [sys.executable, "-m", "musicvae.cli.studio", f"--config={config}", "--port=0"]
    process = subprocess.Popen([*command, "--no-open"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if "studio is at" not in line:
            raise SystemExit(f"the studio did not start: {line}")
        yield int(line.split("127.0.0.1:")[1].split("/")[0])
    finally:
        process.terminate()
        process.wait(30)


def post(connection: http.client.HTTPConnection, path: str, body: Any) -> Any:
    data = json.dumps(body)
    connection.request("POST", path, data, {"Content-Type": "application/json"})
    reply = connection.getresponse()
    found = json.loads(reply.read())
    if reply.status != 200:
        raise SystemExit(f"{path}: {reply.status} {found}")
    return found


def corners_of(port: int, config: str) -> list[dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    clips = post(connection, "/api/sample", {"model": config, "count": 4, "seed": 1})["clips"]
    corners = [{"clip": clip} for clip in clips]
    body = {"model": config, "corners": corners, "size": 2, "seed": 1}
    return [{"id": name} for name in post(connection, "/api/pad", body)["corners"]]


def walk(port: int, config: str, corners: list[Any], moves: int, tab: int) -> list[float]:
    """Moves a pointer about; returns the milliseconds that each place took."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    generator = random.Random(tab)
    taken = []
    for move in range(-_WARM_MOVES, moves):
        body = {
            "model": config,
            "corners": corners,
            "x": generator.random(),
            "y": generator.random(),
            "seed": 1,
            "tab": str(tab),
        }
        start = time.perf_counter()
        clip = post(connection, "/api/pad_point", body)["clip"]
        if move >= 0:
            taken.append(1000 * (time.perf_counter() - start))
        assert clip is not None, "nobody else moves this tab's pointer"
    return taken


def measure_start(config: str) -> None:
    start = time.perf_counter()
    with served(config) as port:
        address = time.perf_counter() - start
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        post(connection, "/api/sample", {"count": 4})
        print(f"{config}: address after {address:.2f} s, ", end="")
        print(f"first notes after {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
