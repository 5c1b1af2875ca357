"""Tests that what scripts and benchmarks import from the package is there."""

from __future__ import annotations

import ast
import importlib
import pathlib

import pytest

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
PROGRAMS = sorted(
    path.relative_to(CHECKOUT).as_posix()
    for folder in ("scripts", "benchmarks")
    for path in (CHECKOUT / folder).rglob("*.py")
)


def imported_names(source: str) -> list[tuple[str, str]]:
    """Returns module and name of every import from the package, inside functions too."""
    return [
        (node.module, alias.name)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("musicvae")
        for alias in node.names
        if node.module is not None
    ]


@pytest.mark.parametrize("program", PROGRAMS)
def test_imports_from_the_package_resolve(program: str) -> None:
    source = (CHECKOUT / program).read_text(encoding="utf-8")
    for module, name in imported_names(source):
        found = importlib.import_module(module)
        if not hasattr(found, name):
            importlib.import_module(f"{module}.{name}")
