"""says what is installed and what this machine can do; for a first look, and for bug reports.

musicvae doctor
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Iterator

from musicvae.cli.document import record
from musicvae.cli.flags import command_flags, run_command

FLAGS = command_flags()

_NAME = "musicvae doctor"
_PACKAGES = ("tensorflow", "numpy", "note-seq", "pretty_midi", "mido", "tf-slim", "matplotlib")
_WORDS = {True: "yes", False: "no", None: "unknown"}


def main(_: list[str]) -> int:
    """Prints a line for each thing."""
    found = dict((*versions(), *machine(), *devices(), *programs()))
    for name, value in found.items():
        print(f"{name:24}{value}")
    record(found=found)
    return 0


def versions() -> Iterator[tuple[str, str]]:
    """Yields the versions of Python, this package and what it stands on."""
    from musicvae import __version__

    yield "musicvae", __version__
    yield "Python", f"{platform.python_version()} ({sys.executable})"
    for package in _PACKAGES:
        try:
            yield package, importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            yield package, "not installed"


def machine() -> Iterator[tuple[str, str]]:
    """Yields the system, its cores, and whether bfloat16 is fast."""
    from musicvae.data.conversion import num_cores
    from musicvae.processor import has_bfloat16_instructions

    yield "system", platform.platform()
    yield "cores", str(num_cores())
    yield "bfloat16 instructions", _WORDS[has_bfloat16_instructions()]


def devices() -> Iterator[tuple[str, str]]:
    """Yields the GPUs that TensorFlow can use, and where models are."""
    from musicvae.download import cache_folder
    from musicvae.model_choice import shipped_models
    from musicvae.tensorflow_start import quiet_start

    with quiet_start():
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
    yield "GPUs", ", ".join(gpu.name.removeprefix("/physical_device:") for gpu in gpus) or "none"
    shipped = shipped_models()
    folder = os.path.dirname(next(iter(shipped.values()), "")) or "none"
    yield "models that ship", f"{len(shipped)} in {folder}"
    yield "downloaded models", str(cache_folder())


def programs() -> Iterator[tuple[str, str]]:
    """Yields the programs that are used where they are there."""
    without = {"fluidsynth": "--wav uses the built-in sounds", "node": "exports cannot be tested"}
    for program, consequence in without.items():
        yield program, shutil.which(program) or f"not found; {consequence}"


def run() -> None:
    """Runs the command."""
    run_command(_NAME, __doc__, FLAGS, main)


if __name__ == "__main__":
    run()
