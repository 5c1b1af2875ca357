"""Makes scripts/golden_data.py importable."""

from __future__ import annotations

import importlib
import pathlib
import sys
import types

import pytest

_SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture(scope="session")
def golden_data() -> types.ModuleType:
    """The module scripts/golden_data.py."""
    sys.path.insert(0, str(_SCRIPTS))
    try:
        return importlib.import_module("golden_data")
    finally:
        sys.path.remove(str(_SCRIPTS))
