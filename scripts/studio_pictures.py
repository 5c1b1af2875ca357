"""Takes the pictures of docs/studio.md from a studio that runs.

    musicvae-studio --no-open --port=8000
    python scripts/studio_pictures.py --address=http://127.0.0.1:8000/ --output_dir=docs/images

It needs Chromium and what `pip install -e '.[dev]'` installs.
"""

from __future__ import annotations

import io
import pathlib
import shutil
from typing import Any

import numpy as np
from absl import app, flags
from PIL import Image

_ADDRESS = flags.DEFINE_string("address", "http://127.0.0.1:8000/", "Address of the studio.")
_OUTPUT = flags.DEFINE_string("output_dir", "docs/images", "Folder for the pictures.")

_DESKTOP = {"viewport": {"width": 1440, "height": 900}}
_PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
_SWITCHES = ["--no-sandbox", "--disable-gpu"]


def _open(browser: Any, **look: Any) -> Any:
    page = browser.new_context(**look).new_page()
    page.set_default_timeout(240_000)
    page.goto(_ADDRESS.value)
    page.wait_for_selector("#roll .note")
    page.wait_for_timeout(4000)
    return page


def _settle(page: Any) -> None:
    """Waits until nothing is asked for, and closes what was said."""
    page.wait_for_timeout(3000)
    for _ in range(100):
        if not page.locator(".toast.wait").count():
            break
        page.wait_for_timeout(500)
    while page.locator(".toast button").count():
        page.locator(".toast button").first.click()


def _place(page: Any, x: float, y: float) -> dict[str, float]:
    box = page.locator("#pad").bounding_box()
    return {"x": box["width"] * (0.1 + 0.8 * x), "y": box["height"] * (0.1 + 0.8 * y)}


def _dark(browser: Any) -> Any:
    """Drums between four samples, playing, with variations on the shelf."""
    page = _open(browser, color_scheme="dark", **_DESKTOP)
    page.select_option(".model select", "cat-drums_2bar_small")
    _settle(page)
    measure = page.get_by_role("button", name="Measure them for this model")
    if measure.count():
        measure.click()
    page.wait_for_selector(".attributes label")
    page.locator("#pad").click(position=_place(page, 0.36, 0.14))
    page.get_by_role("button", name="Similar", exact=True).first.click()
    _settle(page)
    return page


def _light(browser: Any) -> Any:
    """Melodies, in the palette."""
    page = _open(browser, color_scheme="light", **_DESKTOP)
    page.select_option(".model select", "cat-mel_2bar_small")
    page.wait_for_function("() => /C[0-9]/.test(document.querySelector('.labels').textContent)")
    page.wait_for_timeout(3000)
    page.get_by_role("tab", name="Palette").click()
    page.locator("#pad").click(position=_place(page, 0.75, 1))
    _settle(page)
    page.get_by_role("button", name="Morph to the top left corner").click()
    _settle(page)
    return page


def _phone(browser: Any) -> Any:
    page = _open(browser, color_scheme="dark", **_PHONE)
    page.select_option(".model select", "cat-drums_2bar_small")
    _settle(page)
    page.locator("#pad").tap(position=_place(page, 0.72, 0.7))
    _settle(page)
    return page


def main(_: list[str]) -> None:
    """Takes three pictures."""
    from playwright.sync_api import sync_playwright

    folder = pathlib.Path(_OUTPUT.value)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_SWITCHES)
        for name, take in (("dark", _dark), ("light", _light), ("phone", _phone)):
            pixels = np.asarray(Image.open(io.BytesIO(take(browser).screenshot())).convert("RGB"))
            # Six bits a colour: two thirds of the size, and no difference to the eye.
            picture = Image.fromarray(np.minimum(pixels // 4 * 4 + 2, 255).astype(np.uint8))
            picture.save(folder / f"studio-{name}.png", optimize=True)


if __name__ == "__main__":
    app.run(main)
