"""How do conversion, preprocessing and the search for examples grow with the number of files?

    python benchmarks/scale.py [--files 1000,5000,20000] [--workers 2] [--config cat-mel_2bar_small]

Synthetic MIDI (synthetic_midi.py) is converted to a TFRecord, which is then searched for examples
as training does, with a cache on disk, and preprocessed with Apache Beam where that is installed. A
line says, for each number of files, the time, the time a file, and the peak memory of the largest
process, each step a process of its own. Below stands what 1,500,000 files would take at the rate of
the largest set.
"""

from __future__ import annotations

import argparse
import importlib.util
import pathlib
import sys
import tempfile

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


def commands(
    options: argparse.Namespace, scratch: pathlib.Path, count: int
) -> dict[str, list[str]]:
    """Returns what is run on so many files, by its name."""
    midi, record = scratch / "midi", scratch / f"music-{count}.tfrecord"
    unique = scratch / f"unique-{count}.tfrecord"
    cache = tempfile.mkdtemp(dir=scratch)
    module = [sys.executable, "-m"]
    workers = str(options.workers)
    found = {
        "convert": [
            *module, "musicvae.cli.convert", f"--input_dir={midi}", "--recursive", "--log=ERROR",
            f"--output_file={record}", f"--num_workers={workers}",
        ],
        "search for examples": [
            sys.executable, "-c", _SEARCH, options.config, str(record), cache, workers,
        ],
    }  # fmt: skip
    if importlib.util.find_spec("apache_beam") and not options.no_beam:
        found["preprocess"] = [
            *module, "musicvae.cli.preprocess", f"--input_tfrecord={record}", "--output_shards=4",
            f"--output_tfrecord={unique}", f"--config={options.config}",
            f"--num_workers={workers}", "--log=ERROR",
        ]  # fmt: skip
    return found


def main() -> None:
    """Runs each step at each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", default="1000,5000,20000", help="sizes, with commas, rising")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--config", default="cat-mel_2bar_small")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", help="where files are made, and stay; none: a temporary one")
    parser.add_argument("--no_beam", action="store_true", help="leave preprocessing out")
    parser.add_argument("--peer", help="not used: convert.py compares with the peer")
    options = parser.parse_args()
    print(common.machine_line())
    print(common.versions_line("tensorflow", "numpy"), flush=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        last: dict[str, float] = {}
        for count in map(int, options.files.split(",")):
            folder = pathlib.Path(options.folder or scratch)
            write_files(folder / "midi", count, options.seed)
            for name, command in commands(options, folder, count).items():
                seconds, processor, mebibytes = run(command)
                last[name] = seconds / count
                print(
                    f"{name}, {count:,} files: {seconds:.1f} s ({processor:.1f} s of processor), "
                    f"{1e3 * seconds / count:.2f} ms a file, {mebibytes:.0f} MiB",
                    flush=True,
                )
    for name, seconds in last.items():
        print(f"{name}, {PAPERS_FILES:,} files: about {PAPERS_FILES * seconds / 3600:.1f} hours")


if __name__ == "__main__":
    main()
