"""Graphs for XLA, the compiler that makes a whole loop one program.

A few operations have no form there, or one whose shape depends on values. While a graph is traced
under `for_xla`, the modules that use them take others that give the same.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator

_IS_FOR_XLA: contextvars.ContextVar[bool] = contextvars.ContextVar("is_for_xla", default=False)


@contextlib.contextmanager
def for_xla(wanted: bool = True) -> Iterator[None]:
    """Traces what is inside for XLA.

    Args:
      wanted: False changes nothing.
    """
    token = _IS_FOR_XLA.set(wanted or _IS_FOR_XLA.get())
    try:
        yield
    finally:
        _IS_FOR_XLA.reset(token)


def is_for_xla() -> bool:
    """Whether the graph that is being traced is for XLA."""
    return _IS_FOR_XLA.get()
