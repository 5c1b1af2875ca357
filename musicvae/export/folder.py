"""A folder of files that belong together: all of them appear, or none.

Files are written in a temporary folder inside the one that they are for, and moved into place when
all are complete.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from musicvae.errors import InputError
from musicvae.files import check_writable, replace_all


@contextlib.contextmanager
def new_files(output_dir: Path, *, replacing: Sequence[str] = ()) -> Iterator[Path]:
    """Gives a temporary folder whose files are moved into place when the block ends.

    Args:
      output_dir: where they belong; made where it is missing. Its other files stay.
      replacing: glob patterns of files of an earlier export that are removed, unless they are
        written anew.

    Yields:
      The temporary folder, on the same disk.

    Raises:
      InputError: the folder cannot be written.
    """
    check_writable(output_dir / "export")
    try:
        with tempfile.TemporaryDirectory(dir=output_dir, prefix=".export-") as folder:
            yield Path(folder)
            files = sorted(file for file in Path(folder).rglob("*") if file.is_file())
            names = {file: output_dir / file.relative_to(folder) for file in files}
            for path in names.values():
                path.parent.mkdir(parents=True, exist_ok=True)
            old = {path for pattern in replacing for path in output_dir.glob(pattern)}
            for file in files:
                file.chmod(0o644)
            for path in sorted(old - set(names.values())):
                path.unlink()
            replace_all(names)
    except OSError as error:
        raise InputError(f"cannot write in '{output_dir}': {error.strerror}") from error
