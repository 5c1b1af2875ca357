"""Tests of `musicvae-evaluate`."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from command_line import Ran, classifiers_trained_briefly, run_command_line
from pieces import drum_beat
from small_music import drum_piece, write_drums
from tiny_models import write_run

from musicvae.checkpoints import RunFolder
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.training.run_state import RunState, write_run_state

SHIPPED = "cat-drums_2bar_small"


def run(capfd, *arguments) -> Ran:
    """Runs the command; returns status, output and messages."""
    return run_command_line(capfd, "evaluate", *arguments)


@pytest.fixture(scope="module", autouse=True)
def _classifiers_trained_briefly():
    with classifiers_trained_briefly():
        yield


@pytest.fixture(scope="module")
def midi(tmp_path_factory):
    """A folder of MIDI with a broken file and a subfolder."""
    folder = tmp_path_factory.mktemp("midi")
    (folder / "more").mkdir()
    for k in range(4):
        piece = drum_piece(k)
        (folder / f"{'more/' if k > 1 else ''}beat{k}.mid").write_bytes(
            note_sequence_to_midi(piece)
        )
    (folder / "broken.mid").write_bytes(b"MThd")
    return folder


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    return write_drums(tmp_path_factory.mktemp("training") / "train.tfrecord", pieces=3)


def test_a_shipped_model_is_measured_on_a_folder_of_midi(midi, training, tmp_path, capfd):
    status, out, err = run(
        capfd,
        f"--config={SHIPPED}",
        f"--input_dir={midi}",
        "--recursive",
        f"--train_examples_path={training}",
        "--num_samples=12",
        "--interpolation",
        "--num_pairs=2",
        f"--output_dir={tmp_path / 'out'}",
    )
    assert status == 0, err
    assert "broken.mid: skipped" in err
    found = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert found["config"] == SHIPPED
    assert found["held_out"]["pieces"] == 4
    assert found["held_out"]["examples"] == found["reconstruction"]["examples"] == 12
    for mode in ("teacher_forced", "sampled"):
        assert 0.0 <= found["reconstruction"][mode]["accuracy"] <= 1.0
    assert found["samples"]["count"] == 12
    # Three of the four pieces are training pieces, so most held-out examples are copies.
    assert found["samples"]["novelty"]["held_out_exact_copies"] == pytest.approx(9 / 12)
    assert found["samples"]["novelty"]["training_examples"] == 9
    assert found["interpolation"]["pairs"] == 2
    assert len(found["interpolation"]["shares"]) == 11
    page = (tmp_path / "out" / "report.html").read_text()
    for title in ("Reconstruction", "Similarity of samples", "Distance to the nearest", "Sample 1"):
        assert title in page
    assert page.count("<svg") >= 4
    pictures = {path.stem for path in (tmp_path / "out").glob("*.svg")}
    assert pictures == {"samples", "novelty", "interpolation"}
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".")]
    assert "| accuracy |" in out and "| share of exact copies |" in out


def test_the_same_seed_gives_the_same_figures_and_max_examples_bounds_them(
    training, tmp_path, capfd
):
    for name in ("one", "two"):
        status, _, err = run(
            capfd,
            f"--config={SHIPPED}",
            f"--examples_path={training}",
            "--max_examples=5",
            "--num_samples=4",
            "--seed=3",
            f"--output_dir={tmp_path / name}",
        )
        assert status == 0, err
    one, two = ((tmp_path / name / "evaluation.json").read_bytes() for name in ("one", "two"))
    assert one == two
    found = json.loads(one)
    assert found["held_out"]["examples"] == 5
    assert found["training"] is None
    assert "distance to the training music" in found["left_out"]


def test_a_run_folder_knows_its_music(training, tmp_path, capfd):
    write_run(tmp_path / "run", "groovae_2bar_humanize")
    held_out = write_drums(tmp_path / "held_out.tfrecord", pieces=2)
    paths = RunState(str(training), None, str(held_out), 0)
    write_run_state(RunFolder(tmp_path / "run"), paths)
    arguments = (f"--run_dir={tmp_path / 'run'}", "--num_samples=2", f"--output_dir={tmp_path}")
    status, out, err = run(capfd, *arguments)
    assert status == 0, err
    found = json.loads((tmp_path / "evaluation.json").read_text())
    assert found["held_out"]["name"] == "held_out.tfrecord"
    assert found["training"]["name"] == "train.tfrecord"
    assert re.search(r"\| hits, F1 \| \S+ \| \S+ \| 1 \| \S+ \| \S+ \| 1 \|", out)
    write_run_state(RunFolder(tmp_path / "run"), RunState("gone", None, str(held_out), 0))
    status, _, err = run(capfd, *arguments)
    assert status == 0
    assert "measuring without the training music" in err


def test_help_needs_no_tensorflow():
    code = (
        "import sys; sys.argv = ['musicvae-evaluate', '--help']\n"
        "from musicvae.cli.evaluate import run\n"
        "try:\n    run()\nfinally:\n    assert 'tensorflow' not in sys.modules\n"
        "    assert 'numpy' not in sys.modules"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert shown.returncode == 0, shown.stderr
    assert "--interpolation" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config=" + SHIPPED], "missing --output_dir"),
        (["--output_dir=out", "--config=" + SHIPPED], "give music that the model was not trained"),
        (["--output_dir=out", "--config=no-such"], "unknown config"),
        (
            ["--output_dir=out", "--config=" + SHIPPED, "--examples_path=a", "--input_dir=b"],
            "exclude each other",
        ),
        (["--output_dir=out", "--config=" + SHIPPED, "--examples_path=nowhere"], "nowhere"),
        (["--output_dir=out", "--config=" + SHIPPED, "--input_dir=nowhere"], "does not exist"),
        (
            [
                *("--output_dir=out", "--config=" + SHIPPED, "--input_dir=."),
                "--train_examples_path=nowhere",
            ],
            "nowhere",
        ),
    ],
)
def test_a_mistake_is_one_line(arguments, message, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "beat.mid").write_bytes(note_sequence_to_midi(drum_beat()))
    status, _, err = run(capfd, *arguments)
    assert status == 1
    assert err.startswith("musicvae-evaluate: error: ")
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_music_without_an_example_is_said_in_one_line(tmp_path, capfd):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "short.mid").write_bytes(note_sequence_to_midi(drum_piece(1, bars=1)))
    status, _, err = run(
        capfd,
        f"--config={SHIPPED}",
        f"--input_dir={tmp_path / 'in'}",
        f"--output_dir={tmp_path / 'out'}",
    )
    assert status == 1
    assert "gives an example for this configuration" in err.splitlines()[-1]
