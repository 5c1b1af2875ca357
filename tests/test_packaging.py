"""Tests that what is installed is what is in the checkout."""

from __future__ import annotations

import pathlib
import tomllib

import musicvae

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_package_is_installed() -> None:
    folders = [path.parent for path in (CHECKOUT / "musicvae").rglob("__init__.py")]
    found = {".".join(folder.relative_to(CHECKOUT).parts) for folder in folders}
    mapped = set(PROJECT["tool"]["setuptools"]["package-dir"])
    assert len(found) > 5
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == found | mapped


def test_data_files_are_installed_with_their_package() -> None:
    data = PROJECT["tool"]["setuptools"]["package-data"]
    for path in (CHECKOUT / "musicvae").rglob("*"):
        if path.is_file() and path.suffix not in (".py", ".pyc"):
            home = next(folder for folder in path.parents if (folder / "__init__.py").exists())
            package = ".".join(home.relative_to(CHECKOUT).parts)
            inside = path.relative_to(home)
            assert any(inside.match(pattern) for pattern in data.get(package, [])), path


def test_one_version_is_stated() -> None:
    assert PROJECT["project"]["version"] == musicvae.__version__
    citation = (CHECKOUT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {musicvae.__version__}\n" in citation
