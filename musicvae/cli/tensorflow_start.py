"""Starting TensorFlow without the page of notes that its C++ code prints about itself."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

from musicvae.errors import MusicVAEError


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
    """Holds standard error back while TensorFlow starts; shows it where something goes wrong."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
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
