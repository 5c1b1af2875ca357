"""Tests of the script that makes a checkpoint of a decoder's raw files."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from musicvae.checkpoints import open_checkpoint

SCRIPTS = pathlib.Path(__file__).resolve().parents[1] / "scripts"


@pytest.fixture
def raw(tmp_path: pathlib.Path) -> pathlib.Path:
    """A folder with a decoder's kernel and an encoder's."""
    manifest = {}
    for name in ("decoder/output_projection/kernel", "encoder/mu/kernel"):
        file = name.replace("/", "_")
        np.arange(6, dtype="<f4").tofile(tmp_path / file)
        manifest[name] = {"filename": file, "shape": [2, 3]}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return tmp_path


def test_the_decoder_stands_in_a_checkpoint_under_its_names(
    raw: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    command = [sys.executable, str(SCRIPTS / "teacher_checkpoint.py"), str(raw)]
    subprocess.run([*command, str(tmp_path / "checkpoint")], check=True, timeout=300)
    with open_checkpoint(tmp_path / "checkpoint") as checkpoint:
        assert list(checkpoint.weights) == ["decoder/output_projection/kernel"]
        values = checkpoint.read("decoder/output_projection/kernel")
    assert values.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"shape": [2, 4]}, "6 values, its shape is"),
        ({"shape": [1 << 20, 1 << 20]}, "at most"),
        ({"filename": "../../outside"}, "No such file"),
    ],
)
def test_a_manifest_that_does_not_fit_its_files_is_named(
    raw: pathlib.Path, monkeypatch: pytest.MonkeyPatch, change: dict, reason: str
) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import teacher_checkpoint

    manifest = json.loads((raw / "manifest.json").read_text())
    manifest["decoder/output_projection/kernel"].update(change)
    (raw / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(SystemExit, match=reason):
        teacher_checkpoint.read_decoder(raw)
