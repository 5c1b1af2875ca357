"""Tests of `musicvae-export`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from command_line import Ran, run_command_line
from tiny_models import write_run


def run(capfd, *arguments) -> Ran:
    """Runs the command; returns status, output and messages."""
    return run_command_line(capfd, "export", *arguments)


def test_a_shipped_model_is_exported_by_its_name_with_a_page(tmp_path, capfd) -> None:
    status, out, _ = run(
        capfd, "--config=cat-drums_2bar_small", "--demo", f"--output_dir={tmp_path}/page"
    )
    assert status == 0
    assert "MB written to" in out
    assert f"python3 -m http.server --directory {tmp_path}/page" in out
    assert (tmp_path / "page" / "index.html").is_file()
    assert json.loads((tmp_path / "page" / "config.json").read_text())["type"] == "MusicVAE"


def test_a_run_folder_is_exported_without_a_configuration(tmp_path, capfd) -> None:
    pytest.importorskip("onnx")
    write_run(tmp_path / "run", "cat-mel_2bar_small")
    where = f"--output_dir={tmp_path}/out"
    status, out, _ = run(
        capfd, f"--run_dir={tmp_path}/run", "--format=onnx", "--decoder_only", where
    )
    assert status == 0
    assert "decoder.onnx" in out
    described = json.loads((tmp_path / "out" / "model.json").read_text())
    assert described["config"] == "cat-mel_2bar_small"
    assert described["checkpoint_step"] == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config=cat-drums_2bar_small", "--format=onnx"], "missing --output_dir"),
        (["--config=cat-drums_2bar_small", "--output_dir=out"], "missing --format"),
        (["--format=onnx", "--output_dir=out"], "missing --config"),
        (
            ["--config=cat-drums_2bar_small", "--format=onnx", "--demo", "--output_dir=out"],
            "--demo plays models in a browser; give --format=magenta-js",
        ),
        (
            ["--config=hierdec-mel_16bar_small", "--format=magenta-js", "--output_dir=out"],
            "add --decoder_only",
        ),
        (
            [
                "--config=groovae_2bar_humanize",
                "--format=magenta-js",
                "--quantize=uint8",
                "--output_dir=out",
            ],
            "use float16",
        ),
    ],
)
def test_what_cannot_be_is_one_line_and_writes_nothing(
    arguments, message, tmp_path, monkeypatch, capfd
) -> None:
    monkeypatch.chdir(tmp_path)
    status, _, err = run(capfd, *arguments)
    assert status == 1
    (line,) = [line for line in err.splitlines() if line.startswith("musicvae-export: error")]
    assert message in line
    assert list(tmp_path.iterdir()) == []


def test_help_and_the_package_need_no_tensorflow_and_no_onnx() -> None:
    code = (
        "import sys; sys.argv = ['musicvae-export', '--help']\n"
        "from musicvae.cli import export\n"
        "try: export.run()\n"
        "finally: assert not {'tensorflow', 'onnx', 'note_seq'} & set(sys.modules), sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--quantize" in done.stdout
