"""The documentation site builds without a warning, and fetches nothing from anywhere."""

from __future__ import annotations

import importlib.util
import pathlib
import re
import subprocess
import sys

import pytest

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
SCRIPT = CHECKOUT / "scripts" / "build_docs.py"


@pytest.fixture(scope="module")
def build_docs():
    spec = importlib.util.spec_from_file_location("build_docs", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_site_builds_strictly_with_every_page(tmp_path):
    for package in ("zensical", "mkdocstrings", "mkdocstrings_handlers.python"):
        pytest.importorskip(package, reason="the extra docs is not installed")
    command = [sys.executable, SCRIPT, f"--folder={tmp_path / 'docs'}"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    site = tmp_path / "docs" / "site"
    for page in CHECKOUT.glob("docs/**/*.md"):
        place = page.relative_to(CHECKOUT / "docs").with_suffix("")
        folder = place.parent if place.name == "index" else place
        assert (site / folder / "index.html").exists(), page
    # What is public is described: signature, arguments, and the example that the tests run.
    model = (site / "api" / "model" / "index.html").read_text()
    assert "musicvae.generate.model.Model.interpolate" in model and "&gt;&gt;&gt;" in model
    extending = (site / "extending" / "index.html").read_text()
    assert "DensityConverter" in re.sub(r"<[^>]*>", "", extending)


def test_every_public_name_has_its_place_in_the_api_pages():
    import musicvae

    pages = "".join(path.read_text() for path in (CHECKOUT / "docs" / "api").glob("*.md"))
    for name in {*musicvae.__all__} - {"__version__"}:
        assert f"`mv.{name}`" in pages, name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a](nowhere.md)", r"docs/page.md: nowhere.md leads nowhere"),
        (
            "```python\n# tests/own_components/rhythm.py: Nothing\n```",
            "Nothing: no such definition",
        ),
        ("```python\n# tests/no_file.py: Nothing\n```", "tests/no_file.py: No such file"),
    ],
)
def test_a_page_that_names_what_is_not_there_is_an_error(
    build_docs, tmp_path, monkeypatch, text, message
):
    (tmp_path / "docs").mkdir()
    page = tmp_path / "docs" / "page.md"
    page.write_text(text)
    monkeypatch.setattr(build_docs, "DOCS", page.parent)
    if "nowhere" in text:
        monkeypatch.setattr(build_docs, "CHECKOUT", tmp_path)
    with pytest.raises(build_docs.DocsError, match=message):
        build_docs.with_links(page)


def test_links_in_code_stay_and_others_follow_their_pages(build_docs):
    page = CHECKOUT / "docs" / "shipped-models.md"
    text, linked = build_docs.with_links(page)
    assert CHECKOUT / "checkpoints" / "cat-drums_2bar_small.md" in linked
    assert "(checkpoints/cat-drums_2bar_small.md)" in text
    assert build_docs.with_code("`[a](b)`") == "`[a](b)`"


def test_a_page_without_a_place_in_the_navigation_is_an_error(build_docs, tmp_path):
    with pytest.raises(build_docs.DocsError, match="nav lacks"):
        build_docs.check_navigation({"project": {"nav": []}}, CHECKOUT / "docs")
    with pytest.raises(build_docs.DocsError, match="no such page"):
        build_docs.check_navigation({"project": {"nav": ["gone.md"]}}, CHECKOUT / "docs")


@pytest.mark.parametrize(
    "line",
    [
        '<script src="https://cdn.example.org/x.js"></script>',
        '<link rel="stylesheet" href="//fonts.example.org/css">',
        "@import url(https://fonts.example.org/css);",
        '<img alt="" src="http://example.org/x.png">',
    ],
)
def test_what_a_browser_would_fetch_elsewhere_is_an_error(build_docs, tmp_path, line):
    (tmp_path / "index.html").write_text(line)
    with pytest.raises(build_docs.DocsError, match="fetches"):
        build_docs.check_site(tmp_path)
    (tmp_path / "index.html").write_text('<a href="https://arxiv.org">paper</a>')
    build_docs.check_site(tmp_path)
