"""Starting processes that have no need of the program that starts them."""

from __future__ import annotations

import contextlib
import sys
import threading
import types
from collections.abc import Iterator

_LOCK = threading.Lock()


@contextlib.contextmanager
def without_main() -> Iterator[None]:
    """Hides the program from processes that start: they need nothing of it, and would run it.

    So a script needs no `if __name__ == "__main__"` to use them.
    """
    with _LOCK:
        main = sys.modules.get("__main__")
        sys.modules["__main__"] = types.ModuleType("__main__")
        try:
            yield
        finally:
            if main is not None:
                sys.modules["__main__"] = main
