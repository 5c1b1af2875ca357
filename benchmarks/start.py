"""How soon is everything there: commands, notebooks, and the pictures of `--plot`?

    python benchmarks/start.py [--rounds 5]

All in turn, a round after another, each in a process of its own:

- `import tensorflow`, as it comes, without SciPy and scikit-learn, and without all that it imports
  only because it is there (these two, pandas, Keras, matplotlib);
- `from musicvae import TrainedModel` in Python, as a notebook does it;
- `musicvae-generate` from process start to five MIDI files, and to eight with and without `--plot`.

Ratios are to the import without SciPy and scikit-learn.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import common

CONFIG = "cat-drums_2bar_small"
_LEAN = (
    "import sys; sys.modules.update(dict.fromkeys("
    "('IPython', 'h5py', 'keras', 'matplotlib', 'pandas', 'scipy', 'sklearn')));"
)
_PLAIN = "import sys; sys.modules.update(dict.fromkeys(('scipy', 'sklearn')));"
_FIRST = "import tensorflow as tf; tf.constant(0) + 1"
PROGRAMS = {
    "import tensorflow": _FIRST,
    "import tensorflow, no SciPy": _PLAIN + _FIRST,
    "import tensorflow, lean": _LEAN + _FIRST,
    "from musicvae import TrainedModel": (
        "from musicvae import TrainedModel; import tensorflow as tf; tf.constant(0) + 1"
    ),
}
BASE = "import tensorflow, no SciPy"
COMMANDS = {
    "musicvae-generate, 5 files": ["--num_outputs=5"],
    "musicvae-generate, 8 files": ["--num_outputs=8"],
    "musicvae-generate, 8 files, --plot": ["--num_outputs=8", "--plot"],
}


def run_program(program: str) -> float:
    """Returns the seconds that a Python takes for a program."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    return time.perf_counter() - start


def run_command(flags: list[str]) -> float:
    """Returns the seconds from process start to the end of `musicvae-generate`."""
    command = pathlib.Path(sys.executable).with_name("musicvae-generate")
    with tempfile.TemporaryDirectory() as folder:
        arguments = [command, f"--config={CONFIG}", f"--output_dir={folder}", *flags]
        start = time.perf_counter()
        subprocess.run(arguments, check=True, capture_output=True)
        seconds = time.perf_counter() - start
        wanted = int(flags[0].partition("=")[2])
        assert len(list(pathlib.Path(folder).glob("*.mid"))) == wanted, f"{flags}: files missing"
    return seconds


def main() -> None:
    """Runs all in turn and prints medians, spread and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peer", help="not used: sample.py --start compares with the peer")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    print(common.machine_line())
    print(common.versions_line("tensorflow", "numpy"), flush=True)
    found: dict[str, list[float]] = {name: [] for name in (*PROGRAMS, *COMMANDS)}
    run_command(COMMANDS["musicvae-generate, 8 files, --plot"])  # files are in memory from here on
    for _ in range(options.rounds):
        for name, program in PROGRAMS.items():
            found[name].append(run_program(program))
        for name, flags in COMMANDS.items():
            found[name].append(run_command(flags))
    base = statistics.median(found[BASE])
    for name, seconds in found.items():
        line = common.case_line(name, seconds, [])
        print(f"{line}, {statistics.median(seconds) / base:.2f} times '{BASE}'")
    plain, plotted = (statistics.median(found[name]) for name in list(COMMANDS)[1:])
    print(f"--plot adds {plotted - plain:.2f} s for eight pictures")


if __name__ == "__main__":
    main()
