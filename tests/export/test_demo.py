"""Tests that the demonstration page plays a model in a browser."""

from __future__ import annotations

import pytest
from node import require_chromium, require_node, run_script

from musicvae.errors import InputError
from musicvae.export import export_model
from musicvae.model_choice import choose_model


def use_page(choice, folder, **options):
    """Writes a demonstration and uses it in Chromium."""
    require_node()
    chromium = require_chromium()
    export_model(choice, "magenta-js", folder / "demo", demo=True, **options)
    request = {"folder": str(folder / "demo"), "chromium": chromium}
    request["picture"] = str(folder / "page.png")
    return run_script("demo.cjs", folder, request)


def check_page(found) -> None:
    assert found["errors"] == []
    assert found["sampled"].endswith("notes")
    assert not found["sampled"].startswith("0 ")
    assert found["rects"] > 0
    assert found["label"] == "Stop"
    assert found["heard"]
    assert found["stopped"]
    assert found["midi"] == "MThd"


def test_the_demonstration_page_plays_without_an_error(tmp_path) -> None:
    found = use_page(choose_model("cat-drums_2bar_small"), tmp_path)
    check_page(found)
    assert found["varied"].endswith("notes")
    assert found["morphed"].endswith("notes")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "decoder_only"),
    [
        ("cat-mel_2bar_small", False),
        ("groovae_2bar_hits_control_tfds", False),
        ("hierdec-trio_16bar_small", True),
    ],
)
def test_it_plays_models_of_every_kind(name, decoder_only, tmp_path) -> None:
    found = use_page(choose_model(name), tmp_path, decoder_only=decoder_only)
    check_page(found)
    assert ("varied" in found) != decoder_only


def test_a_demonstration_is_of_a_model_for_magenta_js(tmp_path, small) -> None:
    with pytest.raises(InputError, match=r"--demo.*--format=magenta-js"):
        export_model(small("cat-drums_2bar_small").choice, "onnx", tmp_path, demo=True)
    assert list(tmp_path.iterdir()) == []
