"""How do conversion, preprocessing and the search for examples grow with the number of files?

    python benchmarks/scale.py [--files 1000,5000,20000] [--workers 2] [--config cat-mel_2bar_small]

Synthetic MIDI (synthetic_midi.py) is converted to a TFRecord, which is then searched for examples
as training does, with a cache on disk, and preprocessed with Apache Beam where that is installed. A
line says, for each number of files, the time, the processor's time a file, and the peak memory of
the largest process, each step a process of its own. With --kill the largest set is converted once
more, killed in its middle and begun again; the output must be the same. Below stands what 1,500,000
files would take at the rate of the largest set.
"""

from __future__ import annotations

import argparse
import filecmp
import importlib.util
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import common
from convert import run
from synthetic_midi import write_files

PAPERS_FILES = 1_500_000
_SEARCH = (
    "import sys, tempfile;"
    "from musicvae.config import load_config;"
    "from musicvae.data.examples import load_examples;"
    "from musicvae.data.records import TFRecordSource;"
    "name, path, folder, workers = sys.argv[1:];"
    "found = load_examples(load_config(name).converter, TFRecordSource((path,)),"
    " num_workers=int(workers), cache_dir=folder);"
    "assert len(found)"
)


def set_of(folder: pathlib.Path, scratch: pathlib.Path, count: int, seed: int) -> pathlib.Path:
    """Returns a folder of the first files: links to the subfolders of all.

    Args:
      folder: where files are made, and stay.
      scratch: where the links are put.
      count: how many files, a multiple of 1,000 if there are more already.
      seed: of the set.
    """
    write_files(folder / "midi", count, seed)
    found = scratch / f"midi-{count}"
    found.mkdir()
    for part in sorted((folder / "midi").iterdir()):
        if 1000 * int(part.name) < count:
            (found / part.name).symlink_to(part)
    return found


def conversion(options: argparse.Namespace, midi: pathlib.Path, record: pathlib.Path) -> list[str]:
    """Returns the command that converts a folder."""
    return [
        sys.executable, "-m", "musicvae.cli.convert", f"--input_dir={midi}", "--recursive",
        "--log=ERROR", f"--output_file={record}", f"--num_workers={options.workers}",
    ]  # fmt: skip


def commands(
    options: argparse.Namespace, scratch: pathlib.Path, midi: pathlib.Path, count: int
) -> dict[str, list[str]]:
    """Returns what is run on so many files, by its name."""
    record, unique = scratch / f"music-{count}.tfrecord", scratch / f"unique-{count}.tfrecord"
    cache = tempfile.mkdtemp(dir=scratch)
    found = {
        "convert": conversion(options, midi, record),
        "search for examples": [
            *(sys.executable, "-c", _SEARCH, options.config),
            *(str(record), cache, str(options.workers)),
        ],
    }
    if importlib.util.find_spec("apache_beam") and count <= options.most_beam:
        found["preprocess"] = [
            sys.executable, "-m", "musicvae.cli.preprocess", f"--input_tfrecord={record}",
            "--output_shards=4", f"--output_tfrecord={unique}", f"--config={options.config}",
            f"--num_workers={options.workers}", "--log=ERROR",
        ]  # fmt: skip
    return found


def resumed(
    options: argparse.Namespace, scratch: pathlib.Path, midi: pathlib.Path, count: int
) -> str:
    """Kills a conversion when half of its work is there, begins again, and says what came."""
    record, whole = scratch / "again.tfrecord", scratch / f"music-{count}.tfrecord"
    journal = record.with_name(f"{record.name}.partial") / "chunks"
    process = subprocess.Popen(conversion(options, midi, record), start_new_session=True)
    half = whole.stat().st_size / 2
    while process.poll() is None and (not journal.exists() or journal.stat().st_size < half):
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    _, processor, mebibytes = run(conversion(options, midi, record))
    if not filecmp.cmp(record, whole, shallow=False):
        raise SystemExit("a conversion that was killed and begun again gave another file")
    return (
        f"convert, killed at half of {count:,} files and begun again: {processor:.1f} s of "
        f"processor for the rest, {mebibytes:.0f} MiB, the same file"
    )


def main() -> None:
    """Runs each step at each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", default="1000,5000,20000", help="sizes, with commas, rising")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--config", default="cat-mel_2bar_small")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", help="where files are made, and stay; none: a temporary one")
    parser.add_argument("--most_beam", type=int, default=PAPERS_FILES, help="no more files in Beam")
    parser.add_argument("--kill", action="store_true", help="kill a conversion, and begin again")
    parser.add_argument("--peer", help="not used: convert.py compares with the peer")
    options = parser.parse_args()
    print(common.machine_line())
    print(common.versions_line("tensorflow", "numpy"), flush=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        scratch = pathlib.Path(name)
        last: dict[str, float] = {}
        for count in map(int, options.files.split(",")):
            midi = set_of(pathlib.Path(options.folder or scratch), scratch, count, options.seed)
            for step, command in commands(options, scratch, midi, count).items():
                seconds, processor, mebibytes = run(command)
                last[step] = processor / count
                print(
                    f"{step}, {count:,} files: {seconds:.1f} s, {processor:.1f} s of processor, "
                    f"{1e3 * processor / count:.2f} ms a file, {mebibytes:.0f} MiB",
                    flush=True,
                )
        if options.kill:
            print(resumed(options, scratch, midi, count), flush=True)
    for step, seconds in last.items():
        hours = PAPERS_FILES * seconds / 3600
        print(f"{step}, {PAPERS_FILES:,} files: about {hours:.1f} hours of one processor")


if __name__ == "__main__":
    main()
