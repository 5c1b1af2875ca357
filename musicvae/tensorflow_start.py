"""Starting TensorFlow without the page of notes that its C++ code prints about itself."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

from musicvae.errors import MusicVAEError

# TensorFlow imports Keras where it is there, which imports the others; nothing here needs them for
# that, and they take as long as TensorFlow itself.
_UNNEEDED = ("IPython", "h5py", "keras", "matplotlib", "pandas", "scipy", "sklearn")


def start_tensorflow() -> None:
    """Imports TensorFlow and has it look for devices, quietly.

    Its C++ code writes notes on oneDNN, CUDA and processor flags to standard error past all log
    levels. They are dropped unless the start fails; what it writes later is left alone.
    """
    with quiet_start():
        import tensorflow as tf

        tf.config.list_logical_devices()
        tf.constant(0) + 1


@contextlib.contextmanager
def quiet_start() -> Iterator[None]:
    """Holds standard error back while TensorFlow starts; shows it where something goes wrong.

    Imports are lean; see `lean_imports`.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            with lean_imports():
                yield
        except MusicVAEError:
            raise
        except BaseException:
            os.dup2(kept, 2)
            held.seek(0)
            sys.stderr.write(held.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


@contextlib.contextmanager
def lean_imports() -> Iterator[None]:
    """Imports TensorFlow without the large libraries that it would import without need.

    What was imported before stays; the others can be imported afterwards as ever. Garbage is not
    collected meanwhile: there is none, and looking for it among the million objects of an import
    takes a tenth of the time.
    """
    with _kept_out(_UNNEEDED), _no_collections():
        yield


@contextlib.contextmanager
def _no_collections() -> Iterator[None]:
    """Stops the garbage collector, if it runs."""
    runs = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if runs:
            gc.enable()


@contextlib.contextmanager
def _kept_out(names: Iterable[str]) -> Iterator[None]:
    """Lets importing these modules fail, as if they were not installed."""
    modules: dict[str, Any] = sys.modules
    absent = [name for name in names if name not in modules]
    modules.update(dict.fromkeys(absent))
    try:
        yield
    finally:
        for name in absent:
            if modules.get(name) is None:
                modules.pop(name, None)
