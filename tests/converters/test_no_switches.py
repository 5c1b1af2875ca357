"""Nothing but converters/ asks which representation it deals with."""

from __future__ import annotations

import ast
import pathlib
from collections.abc import Iterator

import pytest

import musicvae
from musicvae.config import list_configs
from musicvae.converters import CONVERTERS, build_converter

PACKAGE = pathlib.Path(musicvae.__file__).parent
ROOT = PACKAGE.parent
CLASSES = {
    name
    for kind in CONVERTERS.names()
    for name in (CONVERTERS.get(kind).__name__, CONVERTERS.get(kind).Config.__name__)
} | {"Converter", "DrumConverter", "PerformanceConverter"}
COMPACT = {
    name for config in list_configs() for name in build_converter(config.converter).no_windows()
} | {"heard"}
HOLDERS = {"converter", "_converter", "reader"}


def switches(source: str) -> Iterator[str]:
    """Yields what a module asks of a representation that only its converter should know."""
    for node in ast.walk(ast.parse(source)):
        text = ast.unparse(node)
        if isinstance(node, ast.Call) and text.startswith("isinstance("):
            named = {name.id for name in ast.walk(node.args[1]) if isinstance(name, ast.Name)}
            if named & CLASSES:
                yield text
        elif isinstance(node, ast.Compare | ast.Subscript) and _type_of_held(node):
            yield text
        elif isinstance(node, ast.Attribute) and node.attr in ("type", "config"):
            if _held(node.value):
                yield text
        elif _is_compact_array(node) or _makes_compact(node):
            yield text


def _held(node: ast.expr) -> bool:
    """Whether an expression is some object's converter."""
    return (isinstance(node, ast.Name) and node.id in HOLDERS) or (
        isinstance(node, ast.Attribute) and node.attr in HOLDERS
    )


def _type_of_held(node: ast.AST) -> bool:
    """Whether a look-up or a comparison goes by a converter's class."""
    return any(
        isinstance(call, ast.Call)
        and ast.unparse(call.func) == "type"
        and any(map(_held, call.args))
        for call in ast.iter_child_nodes(node)
    )


def _is_compact_array(node: ast.AST) -> bool:
    """Whether a node looks up an array of a compact form by its name."""
    if not (isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)):
        return False
    holder = ast.unparse(node.value)
    return node.slice.value in COMPACT and any(
        word in holder for word in ("arrays", "compact", "batch", "windows", "own")
    )


def _makes_compact(node: ast.AST) -> bool:
    """Whether a node makes a compact form to be expanded, array by array."""
    return (
        isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith(".expand")
        and any(
            isinstance(key, ast.Constant) and key.value in COMPACT
            for argument in node.args
            if isinstance(argument, ast.Dict)
            for key in argument.keys
        )
    )


@pytest.mark.parametrize("folder", ["musicvae", "scripts", "benchmarks"])
def test_no_representation_switch_outside_converters(folder: str) -> None:
    paths = sorted((ROOT / folder).rglob("*.py"))
    assert paths
    found = [
        f"{path.relative_to(ROOT)}: {switch}"
        for path in paths
        if path.parent != PACKAGE / "converters"
        for switch in switches(path.read_text())
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "isinstance(model.converter, (A, GrooveConverter))",
        "isinstance(converter.config, GrooveConfig)",
        "config.converter.type == 'drums'",
        "TABLE[type(source.converter)]",
        "getattr(converter.config, 'slice_bars', 1)",
        "found.arrays['velocities']",
        "reader.expand({'labels': labels})",
    ],
)
def test_a_switch_is_seen(source: str) -> None:
    assert list(switches(source))
