"""The examples with which packages and modules introduce themselves run as they stand."""

from __future__ import annotations

import ast
import doctest
import importlib
import io
import pathlib
import re

import pytest

PACKAGE = pathlib.Path(__file__).resolve().parents[1] / "musicvae"
ARCHITECTURE = PACKAGE.parent / "docs" / "architecture.md"
SLOW = {"musicvae.training", "musicvae.codes", "musicvae.generate"}


def introductions() -> dict[str, str]:
    """Module -> its docstring, of those that have an example."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if ">>>" in text:
            parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
            found[".".join(part for part in parts if part != "__init__")] = text
    return found


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else [])
        for name in introductions()
    ],
)
def test_an_introduction_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = dict(vars(importlib.import_module(name)))
    example = doctest.DocTestParser().get_doctest(introductions()[name], names, name, name, 0)
    out = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(example, out=out.write)
    assert runner.summarize(verbose=False).failed == 0, out.getvalue()


def test_packages_that_a_newcomer_meets_have_an_example():
    packages = {"generate", "training", "converters", "codes", "export", "attribute_vectors"}
    packages |= {"models", "prior", "styles"}
    assert {f"musicvae.{name}" for name in packages} <= introductions().keys()


def test_the_architecture_page_names_every_room():
    page = ARCHITECTURE.read_text(encoding="utf-8")
    named = set(re.findall(r"^      ([\w.]+/?)", page, re.MULTILINE))
    for path in PACKAGE.iterdir():
        if path.is_dir() and (path / "__init__.py").exists():
            assert f"{path.name}/" in named, path.name
        elif path.suffix == ".py":
            assert path.name in named, path.name
