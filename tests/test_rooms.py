"""The package's layout: files that stay small, imports that go one way, names of the field."""

from __future__ import annotations

import ast
import pathlib
import re
from collections.abc import Iterator

import pytest

import musicvae

PACKAGE = pathlib.Path(musicvae.__file__).parent
ROOT = PACKAGE.parent
MODULES = sorted(PACKAGE.rglob("*.py"))
MAX_LINES = 400
# Notebooks find a configuration's converter on it, as they do in Magenta.
LAZILY_UPWARDS = {("config", "config_map")}
OTHER_WORDS = {
    "barren", "carried", "extent", "fertile", "kit", "lesson", "likeness", "lookup", "member",
    "metre", "musicality", "opening", "outcome", "placement", "prepared", "recognition",
    "remembered", "repair", "repairs", "said", "tally", "turned", "usual", "wish", "wishes",
}  # fmt: skip
# "as Decoder.", "forward: how.": the reader would have to look at another place.
ELSEWHERE = re.compile(
    r"(^\s*As|[,:;] as) (`\w+`|[A-Z]+[a-z]\w*(\.\w+)?)\.?$|: how\.$", re.MULTILINE
)
# Nouns that once stood for several things.
ONE_CLASS = {
    "Batch", "HierarchicalOptions", "Key", "Outcome", "Piece", "Progress", "Reconstruction", "Voice"
}  # fmt: skip
OTHER_NAMES = {"Job", "Place", "Take", "Writer", "Written", "look_up", "written"}


def public_names(body: list[ast.stmt]) -> Iterator[str]:
    """Yields the names that a module's or a class's body gives to its users."""
    for node in body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name
        if isinstance(node, ast.FunctionDef) and (
            not node.name.startswith("_") or node.name == "__init__"
        ):
            yield from (argument.arg for argument in ast.walk(node.args) if _is_argument(argument))
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name
            yield from public_names(node.body)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (
                name.id
                for name in targets
                if isinstance(name, ast.Name) and not name.id.startswith("_")
            )


def _is_argument(node: ast.AST) -> bool:
    return isinstance(node, ast.arg)


def words(name: str) -> set[str]:
    """Returns a name's words in lower case: `SamplingOptions` has sampling and options."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def imports(source: str, *, lazy: bool) -> Iterator[str]:
    """Yields the rooms that a module imports: when it is imported itself, or within functions."""

    def visit(node: ast.AST, within: bool) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            if isinstance(child, ast.ImportFrom) and within == lazy:
                module = str(child.module)
                if module == "musicvae":
                    yield from (alias.name for alias in child.names)
                elif module.startswith("musicvae."):
                    yield module.split(".")[1]
            yield from visit(child, within or isinstance(child, ast.FunctionDef))

    return visit(ast.parse(source), False)


def room_of(path: pathlib.Path) -> str:
    """Returns the package or module right below musicvae that a file is in."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def graph(*, lazy: bool) -> dict[str, set[str]]:
    """Returns which rooms each room imports."""
    found: dict[str, set[str]] = {}
    for path in MODULES:
        if path.parent == PACKAGE and path.name == "__init__.py":
            continue
        room = room_of(path)
        found.setdefault(room, set())
        for each in (False, True) if lazy else (False,):
            found[room] |= set(imports(path.read_text(), lazy=each)) - {room}
    return found


def circle(edges: dict[str, set[str]]) -> list[str]:
    """Returns rooms of which each imports the next, in a circle; empty where there is none."""
    done: set[str] = set()

    def search(room: str, way: list[str]) -> list[str]:
        if room in way:
            return [*way[way.index(room) :], room]
        if room in done:
            return []
        for other in sorted(edges.get(room, ())):
            found = search(other, [*way, room])
            if found:
                return found
        done.add(room)
        return []

    return next((found for room in sorted(edges) if (found := search(room, []))), [])


def test_no_file_has_over_400_lines() -> None:
    folders = ("scripts", "tests", "benchmarks", "examples")
    files = [*MODULES, *(path for name in folders for path in (ROOT / name).rglob("*.py"))]
    long = {
        str(path.relative_to(ROOT)): count
        for path in files
        if "node_modules" not in path.parts
        if (count := len(path.read_text().splitlines())) > MAX_LINES
    }
    assert not long


@pytest.mark.parametrize("lazy", [False, True], ids=["at import", "within functions too"])
def test_imports_go_one_way(lazy: bool) -> None:
    edges = graph(lazy=lazy)
    for room, other in LAZILY_UPWARDS:
        edges[room].discard(other)
    assert not circle(edges)


def test_a_circle_is_seen() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]


def test_models_know_neither_notes_nor_data() -> None:
    assert not graph(lazy=True)["models"] & {"converters", "data", "formats", "generate"}


def test_a_docstring_says_it_where_one_reads() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        if ELSEWHERE.search(ast.get_docstring(node) or "")
    ]
    assert not found, "\n".join(found)


def test_public_names_are_words_of_the_field() -> None:
    found = {
        f"{path.relative_to(PACKAGE)}: {name}"
        for path in MODULES
        for name in [path.stem, *public_names(ast.parse(path.read_text()).body)]
        if words(name) & OTHER_WORDS or name in OTHER_NAMES
    }
    assert not found, "\n".join(sorted(found))


def test_a_noun_stands_for_one_class() -> None:
    places: dict[str, list[str]] = {}
    for path in MODULES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and node.name in ONE_CLASS:
                places.setdefault(node.name, []).append(str(path.relative_to(PACKAGE)))
    assert not {name: paths for name, paths in places.items() if len(paths) > 1}
