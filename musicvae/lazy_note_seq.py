"""The note_seq library, without the seconds that importing its package takes.

`import note_seq` loads pandas, bokeh, librosa and IPython for its audio and notebook functions: two
to five seconds and 200 MB in every process. Reading MIDI needs none of that. Here the package
stands as a module whose submodules load one by one when they are asked for:

    from musicvae.lazy_note_seq import NoteSequence, note_seq
    note_seq.sequences_lib.quantize_note_sequence(sequence, 4)

A name that only the whole package has (`note_seq.NoteSequence`, `note_seq.play_sequence`) still
works: it imports the rest then. The classes are the same ones whichever way they were reached.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import TYPE_CHECKING, Any

_NAME = "note_seq"


def _lazy_package() -> Any:
    if _NAME in sys.modules:
        return sys.modules[_NAME]
    spec = importlib.util.find_spec(_NAME)
    assert spec is not None and spec.loader is not None, "note-seq is a dependency of this package"
    loader = spec.loader
    package = importlib.util.module_from_spec(spec)

    def attribute(name: str) -> Any:
        if name.startswith("__") and name not in ("__all__", "__version__"):
            raise AttributeError(f"module '{_NAME}' has no attribute '{name}'")
        if importlib.util.find_spec(f"{_NAME}.{name}") is not None:
            return importlib.import_module(f"{_NAME}.{name}")
        del package.__dict__["__getattr__"]
        loader.exec_module(package)
        return getattr(package, name)

    package.__dict__["__getattr__"] = attribute
    sys.modules[_NAME] = package
    return package


note_seq = _lazy_package()

if TYPE_CHECKING:
    from note_seq.protobuf.music_pb2 import NoteSequence
else:
    NoteSequence = importlib.import_module(f"{_NAME}.protobuf.music_pb2").NoteSequence

__all__ = ["NoteSequence", "note_seq"]
