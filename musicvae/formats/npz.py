"""Arrays in an `.npz` file of a stranger's: nothing is unpickled, no claimed size is believed."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import numpy.typing as npt

_MAX_ARRAYS = 1000

Array = npt.NDArray[Any]


def read_arrays(content: bytes, max_bytes: int) -> dict[str, Array]:
    """Returns the arrays of a file, each checked against the bytes that are there for it.

    Args:
      content: what is in the file.
      max_bytes: the limit, also after unpacking.

    Raises:
      ValueError: it is damaged, or holds what it must not; the message says what.
    """
    if len(content) > max_bytes:
        raise ValueError(f"it is larger than {max_bytes:,} bytes")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > _MAX_ARRAYS or sum(m.file_size for m in members) > max_bytes:
                raise ValueError("it holds more than it may")
            return {m.filename.removesuffix(".npy"): _array(archive.read(m)) for m in members}
    except (MemoryError, ValueError):
        raise
    except Exception as error:
        # zipfile, zlib and numpy's reader of headers raise a dozen kinds.
        raise ValueError(str(error) or type(error).__name__) from error


def _array(content: bytes) -> Array:
    file = io.BytesIO(content)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("an array of an unknown format")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.hasobject or fortran:
        raise ValueError("an array of an unknown kind")
    data = content[file.tell() :]
    count = 1
    for length in shape:
        count *= length
    if count * dtype.itemsize != len(data):
        raise ValueError("an array that does not fit its bytes")
    return np.frombuffer(data, dtype).reshape(shape)
