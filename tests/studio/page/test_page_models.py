"""Tests of the page with models of every kind."""

from __future__ import annotations

from typing import Any

import pytest
from page_tools import Studio, started
from tiny_models import write_run


@pytest.mark.slow
def test_chords_are_typed_and_played_over(browser: Any, tmp_path: Any) -> None:
    write_run(tmp_path, "cat-mel_2bar_med_chords")
    with started(f"--run_dir={tmp_path}") as address:
        open_studio = Studio.open(browser, address)
        page = open_studio.page
        chords = page.get_by_role("textbox", name="Chords")
        key = page.get_by_role("combobox", name="Key")
        assert chords.input_value() == "C G Am F"
        chords.fill("Dm G")
        with page.expect_request("**/api/pad_point") as asked:
            chords.press("Enter")
        assert asked.value.post_data_json["chords"] == "Dm G"
        assert page.input_value(".clip-name") == "Pad 50 50"
        with page.expect_request("**/api/pad_point") as asked:
            key.select_option("Dm")
        assert asked.value.post_data_json["key"] == "Dm"
        page.context.close()
    assert open_studio.problems == []


@pytest.mark.slow
def test_every_model_that_ships_is_chosen_and_plays(studio: Any) -> None:
    open_studio = studio()
    page = open_studio.page
    picker = page.locator(".model select")
    names = picker.locator("option").evaluate_all("options => options.map(o => o.value)")
    assert len(names) >= 9
    # The first one last: a studio goes on with the model that was chosen last.
    for name in [*names[1:], names[0]]:
        with page.expect_response(
            lambda reply: reply.url.endswith("/api/pad_point") and reply.status == 200
        ) as answer:
            picker.select_option(name)
        assert answer.value.json()["clip"]["model"] == name
        page.wait_for_selector("#roll .note")
        assert page.locator(".toast.error").count() == 0
