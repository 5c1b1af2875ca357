"""The commands that `--help` shows work as they stand, on files of these names."""

from __future__ import annotations

import importlib
import importlib.util
import json
import pathlib
import shlex
import shutil
import sys
import tarfile

import pytest
from pieces import drum_beat, melody
from small_music import drum_piece
from tiny_models import write_run

from musicvae import model_choice
from musicvae.checkpoints import RunFolder
from musicvae.cli import umbrella
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.formats.tfrecord import write_note_sequences
from musicvae.training.run_state import RunState, write_run_state

# So that an example does not take hours, of what is long.
SHORTER = {
    "train": ["--num_steps=2", "--num_workers=1"],
    "evaluate": ["--num_samples=4", "--num_pairs=1", "--num_workers=1", "--max_examples=8"],
    "attributes": ["--num_tests=2"],
    "prior": ["--num_steps=2", "--num_workers=1"],
    "preprocess": ["--num_workers=1"],
}
NEEDS_A_NETWORK = {
    "musicvae-download groovae_4bar",
    "musicvae-download https://example.org/my_model.tar",
}
QUICK = {"models", "doctor", "completion", "inspect", "convert", "decode"}
TINY = "batch_size=4,z_size=8,enc_rnn_size=[12],dec_rnn_size=[10,12]"


def examples() -> list[str]:
    """The command lines in the docstrings that `--help` prints, "\\" and indented ends joined."""
    found = []
    for name in umbrella.COMMANDS:
        doc = importlib.import_module(f"musicvae.cli.{name}").__doc__ or ""
        lines = doc.replace("\\\n", "").splitlines()
        for line in lines:
            words = line.split()
            if words and (words[0] == "musicvae" or words[0].startswith("musicvae-")):
                is_own = line.startswith("    ") or line.startswith("musicvae ")
                if is_own and "`" not in line:
                    found.append(" ".join(words))
            elif found and line.startswith("        --"):
                found[-1] += f" {' '.join(words)}"
    return found


def parts(line: str) -> tuple[str, list[str]]:
    """The command of a line, and its arguments without what the shell does with the output."""
    words = shlex.split(line.partition(" > ")[0])
    if words[0] == "musicvae":
        return words[1], words[2:]
    return words[0].removeprefix("musicvae-"), words[1:]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with everything that the examples name."""
    folder = tmp_path_factory.mktemp("place")
    beats = [drum_piece(k, bars=4) for k in range(40)]
    tunes = [melody(lowest=lowest) for lowest in range(40, 76)]
    for k, tune in enumerate(tunes):
        del tune.notes[1 : 1 + k % 5]
    for name in ("songs", "midi", "my_midi", "my_songs", "music"):
        (folder / name).mkdir()
        for k, piece in enumerate([*tunes, *beats[:3]]):
            (folder / name / f"{k}.mid").write_bytes(note_sequence_to_midi(piece))
    for k, name in enumerate(("jazz", "rock", "folk")):
        (folder / name).mkdir()
        for piece in (*range(12 * k, 12 * k + 12), *range(36 + 12 * k, 48 + 12 * k)):
            content = note_sequence_to_midi([*tunes, *beats][piece])
            (folder / name / f"{piece}.mid").write_bytes(content)
    files = {"song": tunes[0], "tune": tunes[1], "beat": drum_beat(), "a": beats[0], "b": beats[1]}
    for name, piece in files.items():
        (folder / f"{name}.mid").write_bytes(note_sequence_to_midi(piece))
    for name in ("music", "test", "other"):
        write_note_sequences(folder / f"{name}.tfrecord", [*tunes, *beats])
    write_run(folder / "run", "cat-mel_2bar_small")
    write_run(folder / "groove", "groovae_4bar")
    write_run_state(RunFolder(folder / "run"), RunState("music.tfrecord"))
    for archive, source in (("model.tar", "run"), ("groove.tar", "groove")):
        with tarfile.open(folder / archive, "w") as tar:
            for file in (folder / source / "train").glob("model.ckpt-5.*"):
                tar.add(file, file.name)
    return folder


@pytest.mark.parametrize("line", examples())
def test_the_flags_of_an_example_exist(line):
    command, arguments = parts(line)
    flags = importlib.import_module(f"musicvae.cli.{command}").FLAGS
    for word in arguments:
        if word.startswith("--"):
            name = word[2:].partition("=")[0].replace("no-", "no")
            assert name in flags or name.removeprefix("no") in flags, word


def test_every_command_has_an_example():
    assert {parts(line)[0] for line in examples()} == {*umbrella.COMMANDS}


def run(command: str, *arguments: str) -> int:
    """Runs a command with nothing of an earlier run left in its flags."""
    flags = importlib.import_module(f"musicvae.cli.{command}").FLAGS
    for name in flags:
        flags[name].unparse()
    with pytest.raises(SystemExit) as end:
        umbrella.run([command, *arguments])
    return end.value.code


@pytest.fixture
def at_work(place, tmp_path, monkeypatch):
    """A copy of the folder and of the models that ship: some commands write beside them."""
    shutil.copytree(place, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(sys, "argv", [])
    copies = {}
    for name, path in model_choice.shipped_models().items():
        copies[name] = pathlib.Path("shipped", path.name)
    shutil.copytree(path.parent, "shipped")
    monkeypatch.setattr(model_choice, "shipped_models", lambda: copies)


def check_example(line, capfd) -> None:
    command, arguments = parts(line)
    arguments = [*arguments, *SHORTER.get(command, [])]
    if command == "train" and "--mode=eval" not in arguments:
        arguments.append(f"--hparams={TINY}")
        shutil.rmtree("run")
    if "--codes=songs.npz" in arguments:
        model = "--config=cat-mel_2bar_small"
        assert run("encode", model, "--input_dir=songs", "--output_file=songs.npz") == 0
    if command == "generate" and "--style=mine.style.npz" in arguments:
        model = "--config=cat-mel_2bar_small"
        assert run("style", model, "--input_dir=my_songs", "--output=mine.style.npz") == 0
    if command == "decode":
        arguments.append("--max_rows=2")
    capfd.readouterr()
    status = run(command, *arguments, "--json")
    out, err = capfd.readouterr()
    assert status == 0, err
    assert json.loads(out)["status"] == 0


@pytest.mark.parametrize("line", [line for line in examples() if parts(line)[0] in QUICK])
def test_an_example_works(line, at_work, capfd):
    check_example(line, capfd)


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [line for line in examples() if parts(line)[0] not in {*QUICK, "studio"}],
)
def test_an_example_that_takes_longer_works(line, at_work, capfd):
    if line in NEEDS_A_NETWORK:
        pytest.skip("it fetches a file from the network")
    if line.startswith("musicvae-preprocess") and importlib.util.find_spec("apache_beam") is None:
        pytest.skip("Apache Beam (the extra beam) is not installed")
    check_example(line, capfd)
