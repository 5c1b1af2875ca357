"""The NoteSequence message, imported without the rest of note_seq.

`import note_seq` pulls in pandas, bokeh, IPython and librosa, which takes seconds; the message
itself is one generated file that needs protobuf alone. Protobuf keeps one class per message however
often its file is loaded, so `NoteSequence` here and `note_seq.NoteSequence` are the same class.
"""

from __future__ import annotations

import importlib.util
import pathlib
from typing import Any


def _load_messages() -> Any:
    """Returns the module of generated messages, loaded from note_seq's own file."""
    package = importlib.util.find_spec("note_seq")
    if package is not None and package.origin is not None:
        path = pathlib.Path(package.origin).parent / "protobuf" / "music_pb2.py"
        if path.is_file():
            spec = importlib.util.spec_from_file_location("musicvae.converters._music_pb2", path)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    from note_seq.protobuf import music_pb2

    return music_pb2


music_pb2: Any = _load_messages()
NoteSequence: Any = music_pb2.NoteSequence
CHORD_SYMBOL: int = NoteSequence.TextAnnotation.CHORD_SYMBOL
