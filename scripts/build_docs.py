"""Builds the documentation site: build/docs/site/index.html, with no network.

    python scripts/build_docs.py
    python scripts/build_docs.py --serve

The pages are those of docs/ and what they link to elsewhere in the checkout: model cards,
benchmarks, scripts. Links that lead nowhere, pages without a place in the navigation, and anything
that a reader's browser would fetch from another host are errors. It needs the extra `docs`.
"""

from __future__ import annotations

import argparse
import ast
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from typing import Any

import tomli_w

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
DOCS = CHECKOUT / "docs"
PAGES_ELSEWHERE = ("CONTRIBUTING.md", "CHANGELOG.md")

_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_NAMED = re.compile(r"^```(\w+)\n# ([\w./-]+/[\w./-]+)(?:: (.*))?\n```$", re.MULTILINE)
_CODE = re.compile(r"(^```.*?^```|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
_FETCHED = re.compile(
    r"<(?:script|img|iframe|source|video|audio)\b[^>]*\bsrc=[\"']?(?:https?:)?//[^>]*>"
    r"|<link\b[^>]*\bhref=[\"']?(?:https?:)?//[^>]*>"
    r"|@import\s+(?:url\()?[\"']?(?:https?:)?//[^;]*"
    r"|url\([\"']?(?:https?:)?//[^)]*\)"
)


class DocsError(Exception):
    """The site cannot be built; the message says which page is wrong."""


def main() -> int:
    """Builds the site, or serves it while it is written."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=pathlib.Path, default=CHECKOUT / "build" / "docs")
    parser.add_argument("--serve", action="store_true", help="serve the site on this machine")
    given = parser.parse_args()
    try:
        stage(given.folder)
        if given.serve:
            return run_zensical(given.folder, "serve")
        status = run_zensical(given.folder, "build", "--strict", "--clean")
        if status == 0:
            check_site(given.folder / "site")
            print(f"Documentation: {given.folder / 'site' / 'index.html'}")
        return status
    except DocsError as error:
        print(f"build_docs: error: {error}", file=sys.stderr)
        return 1


def stage(folder: pathlib.Path) -> None:
    """Gathers the pages, their pictures and what they link to, and the site's configuration.

    Args:
      folder: where to; an earlier site there is replaced.

    Raises:
      DocsError: a link leads nowhere, or the navigation and the pages differ.
    """
    shutil.rmtree(folder, ignore_errors=True)
    target = folder / "docs"
    waiting = [path for path in DOCS.rglob("*") if path.is_file()]
    waiting += [CHECKOUT / name for name in PAGES_ELSEWHERE]
    staged: set[pathlib.Path] = set()
    while waiting:
        path = waiting.pop()
        if path in staged:
            continue
        staged.add(path)
        place = target / place_of(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".md":
            text, linked = with_links(path)
            place.write_text(text, encoding="utf-8")
            waiting += linked
        else:
            shutil.copyfile(path, place)
    config = tomllib.loads((CHECKOUT / "zensical.toml").read_text(encoding="utf-8"))
    check_navigation(config, target)
    config["project"]["plugins"]["mkdocstrings"]["handlers"]["python"]["paths"] = [str(CHECKOUT)]
    (folder / "zensical.toml").write_bytes(tomli_w.dumps(config).encode())


def place_of(path: pathlib.Path) -> pathlib.Path:
    """Returns where a file of the checkout stands in the site, relative to its pages."""
    if path.is_relative_to(DOCS):
        return path.relative_to(DOCS)
    place = path.relative_to(CHECKOUT)
    return place.with_name("index.md") if place.name == "README.md" else place


def with_links(path: pathlib.Path) -> tuple[str, list[pathlib.Path]]:
    """Returns a page with its links as they are in the site, and the files that it links to.

    Raises:
      DocsError: a link leads nowhere.
    """
    linked: list[pathlib.Path] = []

    def moved(match: re.Match[str]) -> str:
        picture, text, address = match.groups()
        if "://" in address or address.startswith(("#", "mailto:")):
            return match.group()
        name, mark, anchor = address.partition("#")
        file = pathlib.Path(os.path.normpath(path.parent / name))
        if not file.exists():
            raise DocsError(f"{path.relative_to(CHECKOUT)}: {address} leads nowhere")
        if file == CHECKOUT / "README.md":
            file = DOCS / "index.md"
        if file.is_dir():
            return text
        linked.append(file)
        place = os.path.relpath(place_of(file), place_of(path).parent)
        return f"{picture}[{text}]({place}{mark}{anchor})"

    parts = _CODE.split(with_code(path.read_text(encoding="utf-8")))
    # Odd parts are code. A link's text may hold code, so that links are sought in what is joined.
    kept = {f"\0{k}\0": part for k, part in enumerate(parts) if k % 2}
    joined = "".join(f"\0{k}\0" if k % 2 else part for k, part in enumerate(parts))
    joined = _LINK.sub(moved, joined)
    return re.sub(r"\0\d+\0", lambda match: kept[match.group()], joined), linked


def with_code(text: str) -> str:
    """Returns a page with the code that its blocks name in place of the names.

    A block of one line, "# path/to/file.py: Name, Other", becomes these definitions, and
    "# path/to/file.toml" the whole file, so that a page shows what the tests run.

    Raises:
      DocsError: there is no such file or definition.
    """

    def shown(match: re.Match[str]) -> str:
        language, name, wanted = match.groups()
        try:
            code = (CHECKOUT / name).read_text(encoding="utf-8")
        except OSError as error:
            raise DocsError(f"{name}: {error.strerror}") from error
        if wanted:
            code = "\n\n\n".join(_definition(code, each.strip()) for each in wanted.split(","))
        return f"```{language}\n{code.strip()}\n```"

    return _NAMED.sub(shown, text)


def _definition(code: str, name: str) -> str:
    """Returns the source of a module's class, function or constant, with its decorators."""
    for node in ast.parse(code).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        if getattr(node, "name", None) == name or name in names:
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
            return "\n".join(code.splitlines()[first - 1 : node.end_lineno])
    raise DocsError(f"{name}: no such definition")


def check_navigation(config: dict[str, Any], pages: pathlib.Path) -> None:
    """Checks that the navigation names every page of docs/, and no page that is not there.

    Raises:
      DocsError: it does not.
    """
    named = set(_names(config["project"]["nav"]))
    missing = sorted(name for name in named if not (pages / name).exists())
    if missing:
        raise DocsError(f"zensical.toml: {missing} in nav: no such page")
    lacking = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} - named
    if lacking:
        raise DocsError(f"zensical.toml: nav lacks {sorted(lacking)} of docs/")


def _names(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    else:
        for part in nav.values() if isinstance(nav, dict) else nav:
            yield from _names(part)


def run_zensical(folder: pathlib.Path, *arguments: str) -> int:
    """Runs zensical in a folder; returns its exit status."""
    command = [sys.executable, "-m", "zensical", *arguments]
    return subprocess.run(command, cwd=folder, check=False).returncode


def check_site(site: pathlib.Path) -> None:
    """Checks that a browser fetches nothing from another host.

    Raises:
      DocsError: a page or style sheet does.
    """
    files = [path for kind in ("html", "css") for path in site.rglob(f"*.{kind}")]
    if not files:
        raise DocsError(f"{site}: no page was built")
    for path in files:
        found = _FETCHED.search(path.read_text(encoding="utf-8"))
        if found:
            raise DocsError(f"{path.relative_to(site)} fetches {found.group()[:120]}")


if __name__ == "__main__":
    sys.exit(main())
