"""Node, its packages and Chromium, for tests of the studio's page."""

from __future__ import annotations

import pathlib
import shutil

import pytest

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = CHECKOUT / "studio"
STATIC = CHECKOUT / "musicvae" / "studio" / "static"


def require_node() -> str:
    """Returns the path of npm; skips the test unless the page's packages are installed."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("Node is not installed")
    if not (SOURCE / "node_modules" / "vite").is_dir():
        pytest.skip("the page's packages are not installed; run `npm ci` in studio")
    return npm


def require_chromium() -> str:
    """Returns the path of a Chromium; skips the test unless one is there."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("Chromium is not installed; `apt-get install chromium`")
    return found
