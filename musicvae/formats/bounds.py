"""What one music file may cost, and the error for a file that cannot be used.

Files from the internet lie: a MIDI header announces four gigabytes, a zip archive of 40 kB unpacks
to as much, a note lasts a year. Nothing a file says about its own size is believed.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

from musicvae.errors import InputError

MAX_SECONDS = 24 * 3600.0
MAX_EVENTS = 5_000_000


@dataclasses.dataclass(frozen=True)
class FileBounds:
    """Limits for one file.

    Attributes:
      max_bytes: longest file that is opened, also after unpacking.
      max_read_seconds: how long reading it may take.
      max_memory_bytes: how much memory reading it may take.
    """

    max_bytes: int = 16 << 20
    max_read_seconds: float = 60.0
    max_memory_bytes: int = 1 << 30


class MusicFileError(InputError):
    """A music file cannot be used.

    Attributes:
      reason: a stable code by which such files are counted: "truncated".
      detail: a sentence that says what is wrong and where.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type[MusicFileError], tuple[str, str]]:
        """Lets it travel between processes."""
        return type(self), (self.reason, self.detail)


@contextlib.contextmanager
def reasons_for(reason: str, what: str) -> Iterator[None]:
    """Turns whatever a library raises over a file into the reason why it cannot be used.

    Args:
      reason: the code.
      what: who failed, for people: "its archive cannot be unpacked".

    Raises:
      MusicFileError: something was raised inside; of other kinds, only MemoryError passes.
    """
    try:
        yield
    except (MusicFileError, MemoryError):
        raise
    except Exception as error:
        raise MusicFileError(reason, f"{what}: {sentence_of(error)}") from error


def sentence_of(error: BaseException) -> str:
    """Returns an exception in one line: its text, or its kind where it has none."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def check_length(seconds: float) -> None:
    """Checks that music is not implausibly long.

    Args:
      seconds: when its last note ends.

    Raises:
      MusicFileError: it is over a day.
    """
    if not seconds <= MAX_SECONDS:
        raise MusicFileError(
            "too_long", f"its last note ends after {seconds / 3600:.1f} hours; the limit is 24"
        )
