"""How fast a folder of MIDI files becomes a TFRecord, and how that grows with the folder.

    python benchmarks/convert.py FOLDER [--peer PYTHON] [--rounds 3] [--copies 1,10] [--workers 2]

Every run is a fresh process: the time from the command to its end, imports included. With --peer
(the python of an environment that has Magenta) its converter runs in turn with ours. For each
number of copies of the folder, it prints the time a file and the memory of the largest process.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


def run(command: list[str]) -> tuple[float, float, float]:
    """Runs a command; returns its wall and processor seconds and the peak MiB of one process."""
    code = (
        "import resource, subprocess, sys;"
        "status = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL,"
        " stderr=subprocess.DEVNULL);"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(status, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)"
    )
    started = time.perf_counter()
    result = subprocess.run(
        [sys.executable, "-c", code, *command], capture_output=True, text=True, check=True
    )
    seconds = time.perf_counter() - started
    status, processor_seconds, mebibytes = map(float, result.stdout.split())
    if status:
        raise SystemExit(f"{' '.join(command)} ended with status {status:.0f}")
    return seconds, processor_seconds, mebibytes


def our_command(folder: pathlib.Path, output: pathlib.Path, workers: int) -> list[str]:
    return [
        sys.executable, "-m", "musicvae.cli.convert", "--recursive", f"--input_dir={folder}",
        f"--output_file={output}", f"--num_workers={workers}", "--log=ERROR",
    ]  # fmt: skip


def peer_command(python: str, folder: pathlib.Path, output: pathlib.Path) -> list[str]:
    program = os.path.join(os.path.dirname(python), "convert_dir_to_note_sequences")
    return [
        python, program, "--recursive", f"--input_dir={folder}", f"--output_file={output}",
        "--log=ERROR",
    ]  # fmt: skip


def show(name: str, runs: list[tuple[float, float, float]]) -> float:
    walls = [wall for wall, _, _ in runs]
    spread = f"{min(walls):.2f} to {max(walls):.2f}"
    processor = statistics.mean(processor for _, processor, _ in runs)
    memory = max(mebibytes for _, _, mebibytes in runs)
    mean = statistics.mean(walls)
    print(
        f"{name:<10} {mean:8.2f} s wall ({spread}), {processor:8.2f} s processor, {memory:6.0f} MiB"
    )
    return mean


def compare(arguments: argparse.Namespace, scratch: pathlib.Path) -> None:
    """Times ours and, in turn, the peer's on the folder as it is."""
    ours, theirs = [], []
    for _ in range(arguments.rounds):
        if arguments.peer:
            command = peer_command(arguments.peer, arguments.folder, scratch / "peer.tfrecord")
            theirs.append(run(command))
        command = our_command(arguments.folder, scratch / "ours.tfrecord", arguments.workers)
        ours.append(run(command))
    mean = show("musicvae", ours)
    if theirs:
        print(f"ratio      {show('Magenta', theirs) / mean:8.2f}")


def scale(arguments: argparse.Namespace, scratch: pathlib.Path) -> None:
    """Times ours on several copies of the folder."""
    for copies in arguments.copies:
        folder = scratch / "copies"
        for copy in range(copies):
            shutil.copytree(arguments.folder, folder / f"{copy:03d}")
        files = sum(1 for path in folder.rglob("*") if path.suffix.lower() in (".mid", ".midi"))
        seconds, _, mebibytes = run(
            our_command(folder, scratch / "scale.tfrecord", arguments.workers)
        )
        print(f"{files:7,} files {seconds / files * 1000:8.3f} ms a file, {mebibytes:6.0f} MiB")
        shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--peer", help="python of an environment with Magenta")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--copies", default="1,9", help="copies of the folder, with commas")
    arguments = parser.parse_args()
    arguments.copies = [int(copies) for copies in arguments.copies.split(",") if copies]
    with tempfile.TemporaryDirectory() as scratch:
        compare(arguments, pathlib.Path(scratch))
        scale(arguments, pathlib.Path(scratch))


if __name__ == "__main__":
    main()
