"""Fixtures that several test modules share."""

from __future__ import annotations

import os
import pathlib

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

_CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
_SHARED = pathlib.Path(os.environ.get("MUSICVAE_SHARED", _CHECKOUT.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> pathlib.Path:
    """The folder with the whole golden set and real music; tests that need it skip without it."""
    if not (_SHARED / "golden").is_dir():
        pytest.skip("the shared folder with golden files and music is not here")
    return _SHARED


@pytest.fixture(scope="session")
def golden() -> pathlib.Path:
    """The small golden files that travel with the tests."""
    return _CHECKOUT / "tests" / "golden"
