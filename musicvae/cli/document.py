"""The JSON document of `--json`: what a command made, for programs that call it.

With `--json`, standard output carries one document and nothing else; everything for people goes to
standard error. A command adds to its document with `record` and `append`, which do nothing without
`--json`; `run_command` opens the document and prints it. What the members mean is said in
document_fields.py and docs/json.md.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from contextvars import ContextVar
from logging import INFO, Handler, LogRecord
from typing import Any, TextIO, cast

from absl import flags, logging

from musicvae.cli.document_fields import COMMON, FIELDS

_NOT_SHOWN = {"help", "h", "json", "log"}


class Document:
    """A document in the making.

    Attributes:
      command: the command's name, without "musicvae-".
    """

    def __init__(self, name: str, output: TextIO) -> None:
        """Starts a document.

        Args:
          name: the command's full name: "musicvae-generate" or "musicvae models".
          output: where it is printed.
        """
        from musicvae import __version__

        self.command = name.removeprefix("musicvae").lstrip("- ")
        self._output: TextIO | None = output
        self._values: dict[str, Any] = {}
        self._notes: dict[str, None] = {}
        self._head = {"command": self.command, "version": __version__}

    def update(self, values: Mapping[str, Any]) -> None:
        """Sets members; those of the same name are replaced."""
        unknown = values.keys() - FIELDS.get(self.command, values).keys() - COMMON.keys()
        assert not unknown, f"document_fields.py does not describe {unknown} of {self.command}"
        self._values |= values

    def append(self, name: str, value: Any) -> None:
        """Adds an element to a member that is a list."""
        self.update({name: [*self._values.get(name, []), value]})

    def note(self, text: str) -> None:
        """Adds a message for the user; each stands once."""
        self._notes[text] = None

    def print(self, status: int) -> None:
        """Prints the document, once.

        Args:
          status: the command's exit status.
        """
        if self._output is None:
            return
        output, self._output = self._output, None
        whole = {**self._head, "status": status, "notes": list(self._notes), **self._values}
        # ASCII, so that any terminal and any bytes of a file's name come through.
        print(json.dumps(plain(whole), indent=2, allow_nan=False), file=output, flush=True)


_current: ContextVar[Document | None] = ContextVar("document", default=None)


def record(**values: Any) -> None:
    """Sets members of the running command's document.

    Args:
      **values: paths, numbers, arrays, dataclasses, and lists and mappings of them.
    """
    document = _current.get()
    if document is not None:
        document.update(values)


def append(name: str, value: Any) -> None:
    """Adds to a list in the running command's document.

    Args:
      name: the member.
      value: as for `record`.
    """
    document = _current.get()
    if document is not None:
        document.append(name, value)


def is_wanted() -> bool:
    """Says whether there is a document, where gathering what goes into it takes time."""
    return _current.get() is not None


def publish() -> None:
    """Prints the document now, for a command that serves until it is ended."""
    document = _current.get()
    if document is not None:
        document.print(0)


@contextlib.contextmanager
def recorded(name: str, output: TextIO, *, wanted: bool) -> Iterator[Document | None]:
    """Opens a command's document; until it closes, standard output is standard error.

    Args:
      name: the command's full name.
      output: where the document is to be printed.
      wanted: whether there is to be one.

    Yields:
      The document, or None.
    """
    if not wanted:
        yield None
        return
    document = Document(name, output)
    handler = _NoteHandler(document)
    token, before = _current.set(document), sys.stdout
    sys.stdout = cast(TextIO, sys.stderr)
    logging.get_absl_logger().addHandler(handler)
    try:
        yield document
    except Exception as fault:
        document.update({"error": f"{type(fault).__name__}: {fault}"})
        document.print(1)
        raise
    finally:
        logging.get_absl_logger().removeHandler(handler)
        sys.stdout = before
        _current.reset(token)


def given_flags(values: flags.FlagValues) -> dict[str, Any]:
    """Returns the value of every flag that a command has.

    Args:
      values: the command's flags.
    """
    return {name: values[name].value for name in sorted(set(values) - _NOT_SHOWN)}


class _NoteHandler(Handler):
    """Takes what a command tells the user into its document."""

    def __init__(self, document: Document) -> None:
        super().__init__(INFO)
        self._document = document

    def emit(self, record: LogRecord) -> None:
        self._document.note(record.getMessage())


def plain(value: Any) -> Any:
    """Returns a value as JSON knows it; what is not a finite number is null.

    Args:
      value: what `record` takes.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, Set):
        return sorted(map(plain, value))
    if isinstance(value, Sequence):
        return [plain(part) for part in value]
    return plain(value.tolist()) if hasattr(value, "tolist") else str(value)
