"""Compares this project with what another implementation recorded, number by number.

Usage:
  python scripts/check_golden.py --models DIR
  python scripts/check_golden.py --data DIR --midi_root DIR

`--models` takes a folder in the form of golden/models: a folder a model with its checkpoint, its
sizes and what it computed. `--data` takes one in the form of golden/data: recorded examples a
configuration, and files.txt, the MIDI files below `--midi_root` that they came from. Both may be
given.

A line a configuration says how far each quantity is off, or how many examples differ; the last line
sums up. The exit status is 1 if anything is over its bound, differs or cannot be compared.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import sys
from collections.abc import Callable, Iterable, Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from musicvae.config import load_config
from musicvae.errors import ConfigError, MusicVAEError
from musicvae.tensorflow_start import start_tensorflow


def compared(names: Iterable[str], compare: Callable[[str], object]) -> Iterator[bool]:
    """Compares one name after the other, prints a line for each and yields whether it passed."""
    for name in names:
        try:
            comparison = compare(name)
        except (MusicVAEError, OSError, ValueError, KeyError) as error:
            print(f"{name}: cannot be compared: {error}", flush=True)
            yield False
            continue
        print(comparison, flush=True)
        for difference in getattr(comparison, "differences", ()):
            print(f"  {difference}", flush=True)
        yield bool(getattr(comparison, "passed", False))


def check_models(folder: pathlib.Path) -> list[bool]:
    """Compares every model below a folder; a verdict each."""
    start_tensorflow()
    import golden_models

    names = [path.name for path in golden_models.folders(folder)]
    return list(compared(names, lambda name: golden_models.compare_model(folder / name)))


def check_data(folder: pathlib.Path, midi_root: pathlib.Path) -> list[bool]:
    """Compares every configuration's examples in a folder; a verdict each."""
    import golden_data

    listing = folder / "files.txt"
    sequences = golden_data.read_sequences(listing, midi_root)
    recordings = {path.stem: path for path in sorted(folder.glob("*.npz"))}
    known = []
    for name in recordings:
        try:
            load_config(name)
            known.append(name)
        except ConfigError as error:
            print(f"{name}: not compared: {error}", flush=True)
    return list(
        compared(
            known,
            lambda name: golden_data.compare_data(recordings[name], listing, midi_root, sequences),
        )
    )


def main() -> int:
    """Parses the command line, compares and sums up; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--models", type=pathlib.Path, help="a folder like golden/models")
    parser.add_argument("--data", type=pathlib.Path, help="a folder like golden/data")
    parser.add_argument("--midi_root", type=pathlib.Path, help="what files.txt is relative to")
    arguments = parser.parse_args()
    if arguments.models is None and arguments.data is None:
        parser.error("give --models DIR, or --data DIR with --midi_root DIR")
    if arguments.data is not None and arguments.midi_root is None:
        parser.error("--data needs --midi_root, the folder that files.txt is relative to")
    for folder in (arguments.models, arguments.data, arguments.midi_root):
        if folder is not None and not folder.is_dir():
            parser.error(f"{folder} is not a folder")
    verdicts = []
    if arguments.models is not None:
        verdicts += check_models(arguments.models)
    if arguments.data is not None:
        verdicts += check_data(arguments.data, arguments.midi_root)
    if not verdicts:
        print("nothing to compare: no golden.npz and no NAME.npz found there", file=sys.stderr)
        return 1
    failed = len(verdicts) - sum(verdicts)
    print(f"{len(verdicts)} compared, {sum(verdicts)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
