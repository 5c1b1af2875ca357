"""The notebooks of the documentation run from top to bottom, and open in Jupyter."""

from __future__ import annotations

import ast
import pathlib
import re

import pytest

import musicvae as mv
from musicvae.generate.notebook_view import view

NOTEBOOKS = pathlib.Path(__file__).resolve().parents[1] / "docs" / "notebooks"
NAMES = sorted(path.stem for path in NOTEBOOKS.glob("*.md"))


def cells(name: str) -> list[str]:
    text = (NOTEBOOKS / f"{name}.md").read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_tour_training_and_groove_are_there():
    assert {"tour", "train_on_your_own", "groove"} <= {*NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_jupyter_finds_every_cell(name):
    jupytext = pytest.importorskip("jupytext", reason="jupytext (extra docs) is not installed")
    notebook = jupytext.read(NOTEBOOKS / f"{name}.md")
    assert notebook.metadata["kernelspec"]["language"] == "python"
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert code == [cell.strip("\n") for cell in cells(name)]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_from_top_to_bottom(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for number, cell in enumerate(cells(name)):
        place = f"{name}, cell {number}"
        *before, last = ast.parse(cell).body
        shown = isinstance(last, ast.Expr)
        exec(compile(ast.Module(before if shown else [*before, last], []), place, "exec"), names)
        if shown:
            value = eval(compile(ast.Expression(last.value), place, "eval"), names)
            if isinstance(value, mv.Result):
                assert "<iframe" in value._repr_html_()


@pytest.mark.slow
@pytest.mark.parametrize("page", ["index", "coming-from-magenta"])
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    [block] = cells(f"../{page}")
    exec(compile(block, page, "exec"), {})


def test_a_result_is_shown_in_a_frame_that_fetches_nothing():
    from pieces import drum_beat

    from musicvae.generate.results import Sample

    shown = view([Sample(drum_beat(), 'a "b" <c>')], "title")
    assert shown.startswith('<iframe srcdoc="') and shown.endswith("</iframe>")
    inside = shown.removeprefix('<iframe srcdoc="').partition('"')[0]
    assert "&lt;svg" in inside and "<" not in inside
    assert not re.search(r"(src|href)=&quot;https?:", inside)
