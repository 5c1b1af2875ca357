"""`musicvae COMMAND`: one name for all commands, what it says of the machine, and completion."""

from __future__ import annotations

import importlib
import pathlib
import subprocess
import sys
import tomllib

import pytest

from musicvae.cli import doctor, umbrella
from musicvae.processor import bfloat16_in

PROJECT = pathlib.Path(__file__).resolve().parents[2] / "pyproject.toml"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "musicvae.cli.umbrella", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_installed_command_is_one_of_the_umbrella():
    scripts = tomllib.loads(PROJECT.read_text())["project"]["scripts"]
    installed = {name.removeprefix("musicvae-") for name in scripts if name.startswith("musicvae-")}
    assert len(installed) > 5
    assert installed <= {*umbrella.COMMANDS}
    for name in umbrella.COMMANDS:
        assert callable(importlib.import_module(f"musicvae.cli.{name}").run)


def test_bare_it_shows_in_about_ten_lines_what_to_paste(capsys):
    with pytest.raises(SystemExit) as end:
        umbrella.run([])
    shown = capsys.readouterr().out
    assert end.value.code == 0 and "musicvae generate --config=" in shown
    assert len(shown.splitlines()) <= 11


def test_a_commands_flags_and_status_are_its_own():
    listed = run("models")
    assert listed.returncode == 0 and "cat-drums_2bar_small" in listed.stdout
    wrong = run("generate", "--num_output=3")
    assert wrong.returncode == 2 and "did you mean --num_outputs" in wrong.stderr


def test_an_unknown_command_is_answered_with_the_nearest_one():
    wrong = run("generat")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith(
        "musicvae: error: unknown command 'generat'; did you mean 'generate'"
    )


def test_help_and_the_overview_start_without_tensorflow():
    code = (
        "import sys\nfrom musicvae.cli import umbrella\n"
        "try: umbrella.run(['--help'])\nexcept SystemExit: print('tensorflow' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.endswith("False\n") and "doctor" in found.stdout


def test_the_doctor_names_versions_machine_and_models(capsys):
    assert doctor.main([]) == 0
    shown = capsys.readouterr().out
    for line in (
        "musicvae ",
        "tensorflow ",
        "bfloat16 instructions ",
        "GPUs ",
        "models that ship ",
    ):
        assert f"\n{line}" in f"\n{shown}"


def test_bfloat16_is_read_from_the_processors_features():
    assert bfloat16_in("model name: x\nflags\t\t: fpu avx512f avx512_bf16 vnni\n") is True
    assert bfloat16_in("flags\t\t: fpu avx2\n") is False
    assert bfloat16_in("Features\t: fp asimd bf16\n") is True
    assert bfloat16_in("nothing") is None


def test_bare_generate_shows_what_to_paste_too(capsys, monkeypatch):
    from musicvae.cli import generate

    monkeypatch.setattr(sys, "argv", ["musicvae-generate"])
    with pytest.raises(SystemExit) as end:
        generate.run()
    shown = capsys.readouterr().out
    assert end.value.code == 0 and shown == f"{umbrella.OVERVIEW}\n"
    assert shown.count("\n  musicvae generate ") >= 3
