"""What the benchmarks share: the machine, timing two things in turn, and one line a case."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
import subprocess
from collections.abc import Callable

PEER_VERSIONS = (
    "import importlib.metadata as m, platform;"
    "print('python', platform.python_version(),"
    " *(f'{p} {m.version(p)}' for p in ('magenta', 'tensorflow', 'numpy', 'note-seq')), sep=', ')"
)


def machine_line() -> str:
    """Says what this runs on: processor, cores and system."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [
                line.split(":", 1)[1].strip() for line in file if line.startswith("model name")
            ]
        model = names[0] if names else model
    except OSError:
        pass
    return f"machine: {model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"


def versions_line(*packages: str) -> str:
    """Says which versions of Python and of these packages ours runs on."""
    versions = [f"{package} {importlib.metadata.version(package)}" for package in packages]
    return f"ours: {', '.join([f'python {platform.python_version()}', *versions])}"


def peer_line(python: str) -> str:
    """Says which versions the peer's environment has; a line."""
    code = PEER_VERSIONS.replace("import importlib.metadata as m", "import importlib_metadata as m")
    for program in (PEER_VERSIONS, code):
        result = subprocess.run([python, "-c", program], capture_output=True, text=True)
        if result.returncode == 0:
            return f"peer: {result.stdout.strip()}"
    return f"peer: {python}"


def in_turn(
    ours: Callable[[], float], theirs: Callable[[], float] | None, rounds: int
) -> tuple[list[float], list[float]]:
    """Measures two things in turn, so that what else the machine does meets both.

    Args:
      ours: returns the seconds that one run took.
      theirs: likewise, or None.
      rounds: how often each runs.

    Returns:
      the seconds of each.
    """
    mine, others = [], []
    for _ in range(rounds):
        mine.append(ours())
        if theirs is not None:
            others.append(theirs())
    return mine, others


def case_line(name: str, ours: list[float], theirs: list[float]) -> str:
    """Writes one case: medians and spread in seconds, and the peer's median over ours.

    Args:
      name: what was measured.
      ours: seconds of each run.
      theirs: likewise; may be empty.
    """
    line = f"{name}: ours {_spread(ours)}"
    if theirs:
        ratio = statistics.median(theirs) / statistics.median(ours)
        line += f", peer {_spread(theirs)}, ratio {ratio:.2f}"
    return line


def _spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.3f} s ({min(seconds):.3f} to {max(seconds):.3f})"
