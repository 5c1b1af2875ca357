"""Builds the sdist and wheel, checks them, and makes music with the wheel in a new environment.

    python -m pip install build twine
    python scripts/check_release.py --output_dir=dist

The wheel is built from the sdist, so that it shows if that lacks a file. With --reuse_packages the
new environment takes dependencies from the running one, and needs no network.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import site
import subprocess
import sys
import tempfile
import tomllib
import venv

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
CONFIG = "cat-drums_2bar_small"
# What PyPI takes unless its staff raise a project's limit.
MAX_FILE_BYTES = 100 * 2**20


class ReleaseError(Exception):
    """The release is not fit to be published."""


def main() -> int:
    """Builds and checks; the exit status is 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output_dir", type=pathlib.Path, default=CHECKOUT / "dist")
    parser.add_argument("--tag", help="tag that must be that of the version, such as v1.0.0")
    parser.add_argument("--reuse_packages", action="store_true")
    given = parser.parse_args()
    try:
        version = stated_version()
        if given.tag and given.tag != f"v{version}":
            raise ReleaseError(f"tag {given.tag} is not that of version {version}")
        files = build(given.output_dir, isolated=not given.reuse_packages)
        check_sizes(files)
        run(sys.executable, "-m", "twine", "check", "--strict", *files)
        [wheel] = (file for file in files if file.suffix == ".whl")
        with tempfile.TemporaryDirectory(prefix="musicvae-release-") as folder:
            make_music(wheel, pathlib.Path(folder), version, reuse=given.reuse_packages)
    except (ReleaseError, subprocess.CalledProcessError) as error:
        print(f"check_release: error: {error}", file=sys.stderr)
        return 1
    print(f"musicvae {version} is fit to be published: {', '.join(file.name for file in files)}")
    return 0


def stated_version() -> str:
    """Returns the version, of which the changelog must have a section.

    Raises:
      ReleaseError: it has none.
    """
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    version: str = project["project"]["version"]
    if f"\n## {version}" not in (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8"):
        raise ReleaseError(f"CHANGELOG.md has no section on {version}")
    return version


def build(folder: pathlib.Path, *, isolated: bool) -> list[pathlib.Path]:
    """Builds the sdist, and the wheel from it; returns both.

    Args:
      folder: where to.
      isolated: whether to build in an environment of its own, which needs a network.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = set(folder.iterdir())
    options = [] if isolated else ["--no-isolation"]
    run(sys.executable, "-m", "build", *options, "--outdir", folder, CHECKOUT)
    files = sorted(set(folder.iterdir()) - before)
    if [file.suffix for file in files] != [".whl", ".gz"]:
        raise ReleaseError(f"{folder} holds files of an earlier build; empty it first")
    return files


def check_sizes(files: list[pathlib.Path], most: int = MAX_FILE_BYTES) -> None:
    """Checks that PyPI takes the files.

    Args:
      files: the sdist and the wheel.
      most: bytes of a file.

    Raises:
      ReleaseError: one is too large.
    """
    for file in files:
        size = file.stat().st_size
        if size > most:
            raise ReleaseError(
                f"{file.name} has {size / 2**20:.1f} MiB, and PyPI takes {most / 2**20:.0f}; leave "
                "a model out, or ask PyPI for a higher limit"
            )


def make_music(wheel: pathlib.Path, folder: pathlib.Path, version: str, *, reuse: bool) -> None:
    """Installs the wheel in a new environment and samples from a model that ships.

    Raises:
      ReleaseError: the command does something else.
    """
    venv.create(folder / "env", with_pip=not reuse)
    scripts = folder / "env" / ("Scripts" if sys.platform == "win32" else "bin")
    python = scripts / "python"
    if reuse:
        [packages] = (folder / "env").glob("**/site-packages")
        # After its own packages; editable installs of the running environment stay out.
        (packages / "zz_reused.pth").write_text("\n".join(filter(is_there, sys.path)))
        pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps"]
    else:
        pip = [python, "-m", "pip", "install"]
    run(*pip, "--quiet", wheel)
    command = [scripts / "musicvae", "generate", f"--config={CONFIG}", "--num_outputs=2"]
    done = run(*command, "--seed=1", "--json", "--output_dir=music", cwd=folder)
    document = json.loads(done)
    where = run(python, "-c", "import musicvae; print(musicvae.__file__)", cwd=folder)
    if str(folder / "env") not in where:
        raise ReleaseError(f"the wheel is not what is run, but {where.strip()}")
    for sample in document["samples"]:
        if not (folder / sample["path"]).read_bytes().startswith(b"MThd"):
            raise ReleaseError(f"{sample['path']} is no MIDI file")
    if document["version"] != version or len(document["samples"]) != 2:
        raise ReleaseError(f"unexpected: {document}")


def is_there(path: str) -> bool:
    """Says whether a folder of packages is there."""
    return path in (*site.getsitepackages(), site.getusersitepackages()) or (
        path.endswith("site-packages") and pathlib.Path(path).is_dir()
    )


def run(*command: object, cwd: pathlib.Path = CHECKOUT) -> str:
    """Runs a command; returns what it prints, and shows its messages."""
    return subprocess.run(
        list(map(str, command)), cwd=cwd, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


if __name__ == "__main__":
    sys.exit(main())
