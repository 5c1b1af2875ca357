"""Tests of the page's source, and that the page in the package is built from it."""

from __future__ import annotations

import filecmp
import pathlib
import subprocess

from page_tools import SOURCE, STATIC, require_node


def files(folder: pathlib.Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def run(npm: str, *arguments: str) -> str:
    done = subprocess.run(
        [npm, *arguments], cwd=SOURCE, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


def test_the_page_in_the_package_is_built_from_its_source(tmp_path) -> None:
    run(require_node(), "run", "build", "--", "--outDir", str(tmp_path))
    assert files(tmp_path) == files(STATIC)
    different = filecmp.cmpfiles(tmp_path, STATIC, files(STATIC), shallow=False)[1:]
    assert different == ([], []), "run `npm run build` in studio and commit what it writes"


def test_the_page_is_small_and_names_no_other_host() -> None:
    sizes = {name: (STATIC / name).stat().st_size for name in files(STATIC)}
    assert {"index.html", "assets/studio.js", "assets/studio.css"} <= sizes.keys()
    assert sum(sizes.values()) < 1_000_000
    for name in sizes:
        text = (STATIC / name).read_text(encoding="utf-8")
        for harmless in ("http://www.w3.org/", "https://www.w3.org/"):
            text = text.replace(harmless, "")
        assert "://" not in text, name


def test_the_page_s_own_tests_pass() -> None:
    assert " passed" in run(require_node(), "test")
