"""Tables of codes on disk: `.npz` for numpy, `.parquet` for pandas, polars, DuckDB and R.

Both have the columns file, bar, mu and sigma, and say which model encoded them. What people made
themselves may have mu alone. Such files may be strangers': nothing in them is unpickled.
"""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from musicvae.codes.table import CodeTable
from musicvae.errors import InputError, MissingExtraError
from musicvae.files import atomic_file

MAX_BYTES = 2**31
_ENDINGS = (".npz", ".parquet")
_BROKEN = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, TypeError)


def check_codes_path(path: str | os.PathLike[str]) -> None:
    """Checks a file's ending, and that what writes it is there.

    Raises:
      InputError: the ending is unknown.
      MissingExtraError: pyarrow is missing.
    """
    ending = Path(path).suffix.lower()
    if ending not in _ENDINGS:
        raise InputError(f"'{os.fspath(path)}': end the name in .npz or .parquet")
    if ending == ".parquet":
        _parquet()


def save_codes(path: str | os.PathLike[str], table: CodeTable) -> None:
    """Writes a table; an old file is replaced.

    Args:
      path: ends with .npz or .parquet.
      table: what to write.

    Raises:
      InputError: the ending is unknown, or the file cannot be written.
      MissingExtraError: pyarrow is missing.
    """
    check_codes_path(path)
    is_parquet = Path(path).suffix.lower() == ".parquet"
    content = _parquet_bytes(table) if is_parquet else _npz_bytes(table)
    with atomic_file(path) as file:
        file.write(content)


def load_codes(path: str | os.PathLike[str]) -> CodeTable:
    """Reads a table.

    Args:
      path: ends with .npz or .parquet; the column mu is needed, all others may lack.

    Raises:
      InputError: there is none, or it is broken.
      MissingExtraError: pyarrow is missing.
    """
    check_codes_path(path)
    name = os.fspath(path)
    try:
        if os.stat(path).st_size > MAX_BYTES:
            raise InputError(f"'{name}' is larger than {MAX_BYTES:,} bytes")
        if Path(path).suffix.lower() == ".parquet":
            return _read_parquet(path)
        if not zipfile.is_zipfile(path):
            raise ValueError("it is no .npz file")
        with np.load(path, allow_pickle=False) as arrays:
            return _table({key: arrays[key] for key in arrays.files})
    except FileNotFoundError as error:
        raise InputError(f"no codes at '{name}'; `musicvae-encode` writes them") from error
    except _BROKEN as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"'{name}' holds no table of codes: {reason}") from error


def _npz_bytes(table: CodeTable) -> bytes:
    arrays: dict[str, npt.NDArray[Any]] = {
        "file": np.array(table.files, dtype=np.str_),
        "bar": table.bars,
        "mu": table.mu,
        "config": np.array(table.config),
        "step": np.array(table.step),
    }
    if table.sigma is not None:
        arrays["sigma"] = table.sigma
    buffer = io.BytesIO()
    # numpy's own writer takes no array of the name "file".
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, allow_pickle=False)
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy"), member.getvalue(), zipfile.ZIP_DEFLATED
            )
    return buffer.getvalue()


def _parquet_bytes(table: CodeTable) -> bytes:
    pyarrow, parquet = _parquet()
    columns: dict[str, Any] = {"bar": pyarrow.array(table.bars)}
    if table.files:
        columns = {"file": pyarrow.array(list(table.files)), **columns}
    for name, codes in (("mu", table.mu), ("sigma", table.sigma)):
        if codes is not None:
            columns[name] = pyarrow.FixedSizeListArray.from_arrays(
                pyarrow.array(np.ascontiguousarray(codes).ravel()), codes.shape[1]
            )
    made = pyarrow.table(columns).replace_schema_metadata(
        {"config": table.config, "step": str(table.step)}
    )
    buffer = io.BytesIO()
    parquet.write_table(made, buffer, compression="zstd")
    return buffer.getvalue()


def _read_parquet(path: str | os.PathLike[str]) -> CodeTable:
    pyarrow, parquet = _parquet()
    try:
        read = parquet.read_table(path)
    except pyarrow.ArrowException as error:
        raise ValueError(str(error)) from error
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name in ("file", "bar", "mu", "sigma"):
        if name in read.column_names:
            arrays[name] = np.array(read[name].to_pylist())
    kept = {key.decode(): value.decode() for key, value in (read.schema.metadata or {}).items()}
    arrays["config"] = np.array(kept.get("config", ""))
    arrays["step"] = np.array(int(kept.get("step", "-1")))
    return _table(arrays)


def _table(arrays: dict[str, npt.NDArray[Any]]) -> CodeTable:
    if "mu" not in arrays:
        raise ValueError(f"it has no mu, only {', '.join(sorted(arrays)) or 'nothing'}")
    mu = _codes(arrays["mu"], "mu")
    sigma = _codes(arrays["sigma"], "sigma") if "sigma" in arrays else None
    if sigma is not None and sigma.shape != mu.shape:
        raise ValueError(f"sigma is {list(sigma.shape)}, mu {list(mu.shape)}")
    files = tuple(str(name) for name in arrays.get("file", ()))
    bars = np.asarray(arrays.get("bar", np.ones(len(mu))), np.int64)
    if len(files) not in (0, len(mu)) or bars.shape != (len(mu),):
        raise ValueError(f"{len(mu)} codes of {len(files)} files and {len(bars)} bars")
    config, step = str(arrays.get("config", "")), int(arrays.get("step", -1))
    return CodeTable(files, bars, mu, sigma, config, step)


def _codes(array: npt.NDArray[Any], name: str) -> npt.NDArray[np.float32]:
    if array.ndim != 2 or not array.size or array.dtype.kind not in "fiu":
        raise ValueError(f"{name} is {list(array.shape)} of {array.dtype}, not numbers [N, Z]")
    codes = array.astype(np.float32)
    if not np.isfinite(codes).all():
        raise ValueError(f"{name} has values that are not finite")
    return codes


def _parquet() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("a table that ends in .parquet", "pyarrow", "parquet") from error
    return pyarrow, pyarrow.parquet
