from __future__ import annotations

import functools
import json

import pytest
from command_line import run_command_line
from pieces import drum_beat, melody
from tiny_models import write_run

from musicvae.attribute_vectors import load_vectors
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.formats.tfrecord import write_note_sequences


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


@pytest.fixture
def run(capfd):
    """Runs the command; returns status, output and messages."""
    return functools.partial(run_command_line, capfd, "attributes")


def test_vectors_a_picture_and_a_table_are_written_beside_the_checkpoint(run, run_dir, music):
    status, out, err = run(f"--run_dir={run_dir}", f"--examples_path={music}", "--num_tests=4")
    assert status == 0, err
    stem = run_dir / "train" / "model.ckpt-5.attributes"
    vectors = load_vectors(f"{stem}.npz", z_size=8)
    assert "c_diatonic" in vectors.names
    assert (run_dir / "train" / "model.ckpt-5.attributes.png").stat().st_size > 1000
    report = json.loads((run_dir / "train" / "model.ckpt-5.attributes.json").read_text())
    assert report["config"] == "cat-mel_2bar_small"
    assert report["music"] == "24 examples of 24 pieces in music.tfrecord"
    assert "| C diatonic |" in out
    assert "no vector for note_density" in err


def test_folders_give_a_vector_each_and_how_well_they_are_told_apart(run, run_dir, tmp_path):
    for name, lowest in (("low", 40), ("high", 70)):
        (tmp_path / name).mkdir()
        for k in range(4):
            piece = note_sequence_to_midi(melody(lowest=lowest + k))
            (tmp_path / name / f"{k}.mid").write_bytes(piece)
    folders = [tmp_path / "low", tmp_path / "high"]
    wanted = ("--num_tests=4", "--plot_format=svg", f"--output_dir={tmp_path}")
    status, out, err = run(f"--run_dir={run_dir}", f"--groups={folders[0]}", folders[1], *wanted)
    assert status == 0, err
    stem = tmp_path / "cat-mel_2bar_small.groups"
    assert load_vectors(f"{stem}.npz", z_size=8).names == ("low", "high")
    assert json.loads(stem.with_suffix(".groups.json").read_text())["music"].startswith("8 windows")
    assert stem.with_suffix(".groups.svg").is_file()
    assert "mean of 4 pieces" in out and "nearest to their own group" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "either --examples_path or --input_dir"),
        (["--examples_path=a", "--input_dir=b"], "either --examples_path or --input_dir"),
        (["--examples_path=nowhere.tfrecord"], "missing --config"),
        (["--examples_path=nowhere.tfrecord", "--config=cat-mel_2bar_smal"], "did you mean"),
    ],
)
def test_a_mistake_is_one_line(run, arguments, message):
    status, _, err = run(*arguments)
    assert status == 1
    assert err.startswith("musicvae-attributes: error: ")
    assert message in err
    assert err.count("\n") == 1


def test_a_first_file_without_an_example_is_no_obstacle_and_too_little_music_is_said(
    run, run_dir, tmp_path
):
    for name, piece in (("a", drum_beat()), ("b", melody())):
        (tmp_path / f"{name}.mid").write_bytes(note_sequence_to_midi(piece))
    status, _, err = run(f"--run_dir={run_dir}", f"--input_dir={tmp_path}")
    assert status == 1
    assert "need at least 8 pieces" in err
    assert "Traceback" not in err
