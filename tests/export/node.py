"""Node, Chromium and the packages of package.json, for tests that run exported models in them."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
from typing import Any

import pytest

FOLDER = pathlib.Path(__file__).parent
MODULES = FOLDER / "node_modules"
_SECONDS = 900


def require_node() -> None:
    """Skips the test unless Node and the packages are there."""
    if shutil.which("node") is None:
        pytest.skip("Node is not installed")
    if not (MODULES / "@magenta" / "music").is_dir():
        pytest.skip("@magenta/music is not installed; run `npm ci` in tests/export")


def require_chromium() -> str:
    """Returns the path of a Chromium; skips the test unless one is there."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("Chromium is not installed; `apt-get install chromium`")
    return found


def run_script(name: str, folder: pathlib.Path, request: Any) -> Any:
    """Runs a script of this folder with a JSON request; returns its JSON result."""
    asked, answered = folder / f"{name}.request.json", folder / f"{name}.result.json"
    asked.write_text(json.dumps(request))
    done = subprocess.run(
        ["node", str(FOLDER / name), str(asked), str(answered)],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(answered.read_text())
