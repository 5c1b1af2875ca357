from __future__ import annotations

import json
import subprocess
import sys

import pytest
from pieces import melody
from tiny_models import write_run

from musicvae.attribute_vectors import load_vectors
from musicvae.formats.tfrecord import write_note_sequences

COMMAND = [sys.executable, "-m", "musicvae.cli.attributes"]


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    write_run(folder, "cat-mel_2bar_small")
    return folder


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    path = tmp_path_factory.mktemp("music") / "music.tfrecord"
    write_note_sequences(path, [melody(lowest=lowest) for lowest in range(48, 72)])
    return path


def run(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=300
    )


def test_vectors_a_picture_and_a_table_are_written_beside_the_checkpoint(run_dir, music):
    result = run(f"--run_dir={run_dir}", f"--examples_path={music}", "--num_tests=4")
    assert result.returncode == 0, result.stderr
    stem = run_dir / "train" / "model.ckpt-5.attributes"
    vectors = load_vectors(f"{stem}.npz", z_size=8)
    assert "c_diatonic" in vectors.names
    assert (run_dir / "train" / "model.ckpt-5.attributes.png").stat().st_size > 1000
    report = json.loads((run_dir / "train" / "model.ckpt-5.attributes.json").read_text())
    assert report["config"] == "cat-mel_2bar_small"
    assert report["music"] == "24 examples of 24 pieces in music.tfrecord"
    assert "| C diatonic |" in result.stdout
    assert "no vector for note_density" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "either --examples_path or --input_dir"),
        (["--examples_path=a", "--input_dir=b"], "either --examples_path or --input_dir"),
        (["--examples_path=nowhere.tfrecord"], "missing --config"),
        (["--examples_path=nowhere.tfrecord", "--config=cat-mel_2bar_smal"], "did you mean"),
    ],
)
def test_a_mistake_is_one_line(arguments, message):
    result = run(*arguments)
    assert result.returncode == 1
    assert result.stderr.startswith("musicvae-attributes: error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_too_little_music_is_said(run_dir, tmp_path):
    write_note_sequences(tmp_path / "one.tfrecord", [melody()])
    result = run(f"--run_dir={run_dir}", f"--examples_path={tmp_path}/one.tfrecord")
    assert result.returncode == 1
    assert "need at least 8 pieces" in result.stderr
