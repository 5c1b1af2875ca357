"""Tests of the page of a studio that was started with a style."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from page_tools import Studio, started

from musicvae.checkpoints import open_checkpoint
from musicvae.codes import CodeTable
from musicvae.model_choice import choose_model
from musicvae.styles import fit_style, save_style

CONFIG = "cat-drums_2bar_small"


@pytest.fixture(scope="module")
def with_style(tmp_path_factory: Any) -> Iterator[str]:
    """The address of a studio with a style of six windows."""
    with open_checkpoint(choose_model(CONFIG).checkpoint) as checkpoint:
        step = checkpoint.step
    mu = np.random.default_rng(0).standard_normal((6, 256)).astype(np.float32)
    table = CodeTable(("song.mid",) * 6, np.arange(1, 7), mu, None, CONFIG, step)
    path = tmp_path_factory.mktemp("style") / "mine.style.npz"
    save_style(path, fit_style(table, 4))
    with started(f"--style={path}") as where:
        yield where


def test_the_page_walks_in_a_style_and_samples_from_it(browser: Any, with_style: str) -> None:
    open_studio = Studio.open(browser, with_style)
    page = open_studio.page
    first = open_studio.hits()
    assert "mine.style.npz" in page.inner_text(".samples summary")
    page.get_by_role("tab", name="Style").click()
    square = page.get_by_role("application", name="Style of your music")
    box = square.bounding_box()
    square.click(position={"x": 0.9 * box["width"], "y": 0.5 * box["height"]})
    open_studio.wait_for_name("Style 100 50")
    right = open_studio.hits()
    page.keyboard.press("Shift+ArrowLeft")
    open_studio.wait_for_name("Style 88 50")
    page.get_by_label("Axis 3").fill("2")
    with page.expect_request("**/api/style_point") as asked:
        page.keyboard.press("ArrowRight")
    assert [round(value, 1) for value in asked.value.post_data_json["position"]] == [
        *(1.5, 0.0),
        *(2.1, 0.0),
    ]
    assert first != right
    page.locator(".samples summary").click()
    with page.expect_request("**/api/sample") as asked:
        page.get_by_label("Drawn from").select_option("learned")
    assert asked.value.post_data_json["style"] is False
    with page.expect_request("**/api/pad_point") as asked:
        page.keyboard.press("1")
    page.context.close()
    assert open_studio.problems == []
