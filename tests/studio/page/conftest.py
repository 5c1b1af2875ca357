"""A studio that runs, and its page in a headless Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from page_tools import Studio, require_chromium, started

_SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The address of a studio that was started by its command."""
    with started() as where:
        yield where


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = require_chromium()
    with api.sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=_SWITCHES)


@pytest.fixture
def studio(browser: Any, address: str) -> Iterator[Callable[..., Studio]]:
    """Opens pages; at the end none has logged an error or asked another host for anything."""
    opened: list[Studio] = []

    def open_page(**options: Any) -> Studio:
        opened.append(Studio.open(browser, address, **options))
        return opened[-1]

    yield open_page
    for each in opened:
        each.page.context.close()
        assert each.problems == []
        assert [url for url in each.asked if not url.startswith((address, "blob:", "data:"))] == []
        assert any(url.endswith("/api/sample") for url in each.asked)
