"""What a release is made with: workflows, templates, the image and the published files."""

from __future__ import annotations

import importlib.util
import pathlib
import re
import subprocess
import sys
import tomllib

import pytest

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
YAML_FILES = sorted(
    path.relative_to(CHECKOUT).as_posix() for path in CHECKOUT.glob(".github/**/*.yml")
)
VERSION = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"]


def load(name: str) -> dict:
    yaml = pytest.importorskip("yaml", reason="PyYAML, a part of the extra docs, is not installed")
    loaded = yaml.safe_load((CHECKOUT / name).read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    # YAML 1.1 reads the key "on" as true.
    return {"on" if key is True else key: value for key, value in loaded.items()}


def steps(workflow: dict) -> list[dict]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("name", YAML_FILES)
def test_every_file_for_the_forge_can_be_read(name):
    assert load(name)


@pytest.mark.parametrize("name", [name for name in YAML_FILES if "workflows" in name])
def test_workflows_ask_for_little_and_run_what_is_there(name):
    workflow = load(name)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job["runs-on"] and job["steps"]
    for step in steps(workflow):
        if step.get("uses", "").startswith("actions/checkout"):
            assert step["with"] == {"persist-credentials": False}
        assert ("run" in step) != ("uses" in step)
        for script in re.findall(r"(?:scripts|tests)/[\w./-]+", step.get("run", "")):
            assert (CHECKOUT / script).exists(), script
        for extras in re.findall(r"\.\[([\w,]+)\]", step.get("run", "")):
            known = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
            assert set(extras.split(",")) <= known["optional-dependencies"].keys()


def test_tests_run_on_three_systems_and_three_pythons():
    matrix = load(".github/workflows/ci.yml")["jobs"]["test"]["strategy"]["matrix"]
    assert [each.partition("-")[0] for each in matrix["os"]] == ["ubuntu", "macos", "windows"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
    classifiers = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["classifiers"]
    for python in matrix["python"]:
        assert f"Programming Language :: Python :: {python}" in classifiers


def test_a_tag_is_checked_and_then_published_without_a_stored_password():
    release = load(".github/workflows/release.yml")
    assert release["on"] == {"push": {"tags": ["v*"]}}
    publish = release["jobs"]["publish"]
    assert publish["needs"] == "build"
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["environment"]["name"] == "pypi"
    assert any("gh-action-pypi-publish" in step.get("uses", "") for step in publish["steps"])
    assert any("check_release.py" in step.get("run", "") for step in steps(release))
    assert "secrets." not in (CHECKOUT / ".github/workflows/release.yml").read_text()


def test_issue_templates_ask_for_what_helps():
    templates = [name for name in YAML_FILES if "ISSUE_TEMPLATE" in name and "config" not in name]
    assert len(templates) >= 2
    for name in templates:
        template = load(name)
        assert template["name"] and template["description"]
        ids = [part["id"] for part in template["body"]]
        assert len(ids) == len(set(ids)) > 0
    assert "musicvae doctor" in (CHECKOUT / ".github/ISSUE_TEMPLATE/bug.yml").read_text()


def test_the_image_is_slim_runs_the_umbrella_and_not_as_root():
    lines = (CHECKOUT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    words = [line.split() for line in lines if line and not line.startswith((" ", "#"))]
    assert [each[1] for each in words if each[0] == "FROM"] == ["python:3.12-slim"] * 2
    last = words[max(k for k, each in enumerate(words) if each[0] == "FROM") :]
    assert ["USER", "1000"] in last and ["ENTRYPOINT", '["musicvae"]'] in last
    copied = [each[1:-1] for each in words if each[0] == "COPY" and "--from=build" not in each]
    ignored = (CHECKOUT / ".dockerignore").read_text().splitlines()
    for source in (source for each in copied for source in each):
        assert (CHECKOUT / source).exists()
        assert f"!{source}" in ignored


def test_the_changelog_has_a_section_on_the_version():
    changelog = (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (\S+)", changelog, re.MULTILINE)
    assert VERSION in sections[:2]
    assert len(sections) == len(set(sections))


def test_a_file_that_is_too_large_for_pypi_is_refused(tmp_path):
    spec = importlib.util.spec_from_file_location(
        "check_release", CHECKOUT / "scripts" / "check_release.py"
    )
    check_release = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(check_release)
    wheel = tmp_path / "musicvae-1.0.0-py3-none-any.whl"
    wheel.write_bytes(bytes(3 * 2**20))
    check_release.check_sizes([wheel], most=3 * 2**20)
    with pytest.raises(check_release.ReleaseError, match=r"whl has 3.0 MiB, and PyPI takes 2;"):
        check_release.check_sizes([wheel], most=2 * 2**20)


@pytest.mark.slow
def test_the_wheel_passes_every_check_and_makes_music_in_a_clean_environment(tmp_path):
    for package in ("build", "twine"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    script = CHECKOUT / "scripts" / "check_release.py"
    command = [sys.executable, script, f"--output_dir={tmp_path / 'dist'}", "--reuse_packages"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"musicvae {VERSION} is fit to be published" in done.stdout
    names = sorted(path.name for path in (tmp_path / "dist").iterdir())
    assert names == [f"musicvae-{VERSION}-py3-none-any.whl", f"musicvae-{VERSION}.tar.gz"]
    wrong = subprocess.run([*command, "--tag=v0.0.1"], capture_output=True, text=True)
    assert wrong.returncode == 1 and "tag v0.0.1 is not that of version" in wrong.stderr
