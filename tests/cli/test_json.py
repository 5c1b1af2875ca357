"""`--json`: standard output is one JSON document of what a command made, whatever happens."""

from __future__ import annotations

import importlib
import json
import math
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest
from pieces import melody
from tiny_models import write_run

from musicvae.cli import umbrella
from musicvae.cli.document import plain
from musicvae.cli.document_fields import COMMON, FIELDS
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.formats.tfrecord import write_note_sequences

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "json.md"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a run folder, songs, and the songs as a TFRecord."""
    folder = tmp_path_factory.mktemp("place")
    write_run(folder / "run", "cat-mel_2bar_small")
    pieces = [melody(lowest=lowest) for lowest in range(40, 76)]
    for k, piece in enumerate(pieces):
        # Without every k-th note, so that pieces differ in density.
        del piece.notes[1 : 1 + k % 5]
    write_note_sequences(folder / "songs.tfrecord", pieces)
    (folder / "songs").mkdir()
    for k in range(3):
        (folder / "songs" / f"{k}.mid").write_bytes(note_sequence_to_midi(pieces[k]))
    (folder / "songs" / "broken.mid").write_bytes(b"MThd")
    return folder


@pytest.fixture
def run(capfd, monkeypatch, place):
    """Runs a command in the folder; returns its document and what it says to people."""
    monkeypatch.chdir(place)

    def run(command, *arguments, status=0):
        flags = importlib.import_module(f"musicvae.cli.{command}").FLAGS
        for name in flags:
            flags[name].unparse()
        monkeypatch.setattr(sys, "argv", [])
        with pytest.raises(SystemExit) as end:
            umbrella.run([command, "--json", *arguments])
        out, err = capfd.readouterr()
        assert end.value.code == status, err
        document = json.loads(out, parse_constant=pytest.fail)
        assert (document["command"], document["status"]) == (command, status)
        assert document.keys() <= FIELDS[command].keys() | COMMON.keys()
        for path in map(pathlib.Path, document.get("files", [])):
            assert path.exists()
        return document, err

    return run


def test_the_page_describes_every_member_of_every_command():
    page = PAGE.read_text(encoding="utf-8")
    assert {*umbrella.COMMANDS, ""} == FIELDS.keys()
    for command, fields in {"every command": COMMON, **FIELDS}.items():
        [section] = re.findall(rf"^## (?:`musicvae {command}`|{command})\n(.*?)(?=^## |\Z)", page,
                               re.MULTILINE | re.DOTALL) or [""]  # fmt: skip
        if command:
            assert section, f"docs/json.md has no section on {command}"
        for name, text in fields.items():
            assert f"| `{name}` | {text} |" in (section or page)


@pytest.mark.parametrize("command", umbrella.COMMANDS)
def test_every_command_has_the_flag_and_a_wrong_line_is_a_document(command, run):
    document, err = run(command, "--no_such_flag=1", status=2)
    assert "unknown flag --no_such_flag" in document["error"]
    assert document["error"] in err


def test_help_stays_help(capfd):
    with pytest.raises(SystemExit):
        umbrella.run(["models", "--json", "--help"])
    assert "--[no]json" in capfd.readouterr().out


def test_an_error_is_a_document_with_the_same_status(run):
    document, err = run("generate", "--config=cat-mel_2bar_smal", status=1)
    assert "did you mean 'cat-mel_2bar_small'" in document["error"]
    assert document["error"] in err and "Traceback" not in err


def test_a_fault_of_ours_is_a_document_too():
    code = (
        "from musicvae.cli.flags import command_flags, run_command\n"
        "def main(rest): print('begun'); raise ValueError('a bug')\n"
        "run_command('musicvae-x', '', command_flags(), main, arguments=['--json'])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert json.loads(found.stdout)["error"] == "ValueError: a bug"
    assert found.returncode == 1 and "begun" in found.stderr


def test_generate_names_files_seed_model_and_notes(run):
    document, err = run("generate", "--run_dir=run", "--num_outputs=2", "--html", "--log=ERROR")
    assert [sample["title"] for sample in document["samples"]] == ["sample 1", "sample 2"]
    assert all(pathlib.Path(sample["path"]).exists() for sample in document["samples"])
    assert document["model"]["config"] == "cat-mel_2bar_small"
    assert document["model"]["hparams"]["z_size"] == document["model"]["z_size"] == 8
    assert (document["flags"]["temperature"], document["temperatures"]) == (None, [0.5])
    assert [path[-5:] for path in document["files"]] == [".html"]
    # What is not shown is kept.
    assert any(f"seed {document['seed']}" in note for note in document["notes"])
    assert "seed" not in err


def test_generate_tells_of_each_task_of_a_folder(run):
    document, _ = run(
        "generate", "--run_dir=run", "--mode=reconstruct", "--input_dir=songs", "--num_outputs=1"
    )
    assert {task["state"] for task in document["tasks"]} == {"done", "skipped"}
    [skipped] = [task for task in document["tasks"] if task["state"] == "skipped"]
    assert skipped["inputs"] == ["broken.mid"] and skipped["reason"]


def test_convert_counts_and_names_what_it_wrote(run):
    document, err = run("convert", "--input_dir=songs", "--output_file=new.tfrecord")
    assert document["totals"]["sequences"] == 3
    assert document["files"] == ["new.tfrecord"]
    assert "files" in err


def test_train_names_the_run_and_its_evaluations(run):
    sizes = "batch_size=4,z_size=3,enc_rnn_size=[4],dec_rnn_size=[5]"
    document, _ = run(
        *("train", "--config=cat-mel_2bar_small", "--run_dir=new_run", f"--hparams={sizes}"),
        *("--examples_path=songs.tfrecord", "--eval_examples_path=songs.tfrecord"),
        *("--num_steps=2", "--eval_every_steps=2", "--num_workers=1", "--seed=3"),
    )
    assert (document["step"], document["seed"], document["config"]) == (2, 3, "cat-mel_2bar_small")
    assert document["hparams"]["batch_size"] == 4
    assert pathlib.Path(f"{document['checkpoint']}.index").exists()
    [evaluation] = document["evaluations"]
    assert evaluation["step"] == 2 and evaluation["scalars"]["loss"] > 0


def test_inspect_describes_music_and_checkpoints(run):
    document, _ = run("inspect", "songs/0.mid", "run", "--config=cat-mel_2bar_small")
    music, folder, checkpoint = document["inspected"]
    assert music["kind"] == "music" and music["pieces"][0]["tracks"][0]["num_notes"] == 16
    assert folder["config"] == "cat-mel_2bar_small"
    assert checkpoint["step"] == 5 and "cat-mel_2bar_small" in checkpoint["fits"]


def test_encode_and_decode_name_tables_and_music(run):
    table, _ = run("encode", "--run_dir=run", "--input_dir=songs", "--output_file=codes.npz")
    assert (table["num_files"], table["z_size"]) == (3, 8)
    near, _ = run("encode", "--run_dir=run", "--codes=codes.npz", "--input_midi_1=songs/0.mid")
    assert near["neighbours"][0]["file"].endswith("0.mid")
    music, _ = run(*("decode", "--run_dir=run", "--codes=codes.npz"), "--output_dir=decoded")
    assert len(music["files"]) == table["num_windows"]


@pytest.mark.slow
def test_evaluate_attributes_and_prior_give_their_figures(run):
    source = ("--run_dir=run", "--examples_path=songs.tfrecord", "--num_workers=1")
    report, err = run("evaluate", *source, "--num_samples=4", "--output_dir=report")
    assert report["figures"]["reconstruction"]["examples"] > 0
    assert "Report:" in err
    vectors, _ = run("attributes", *source[:2], "--num_tests=4")
    assert vectors["vectors"] and len(vectors["files"]) == 3
    prior, _ = run("prior", *source, "--num_steps=3")
    assert prior["num_examples"] > 0 and prior["loss"] > 0


def test_export_names_files_and_size(run):
    document, _ = run("export", "--config=cat-drums_2bar_small", "--demo", "--output_dir=page")
    assert document["bytes"] == sum(pathlib.Path(file).stat().st_size for file in document["files"])


def test_lists_are_documents(run):
    assert "cat-drums_2bar_small" in [model["name"] for model in run("models")[0]["models"]]
    assert len(run("train", "--list_configs")[0]["configs"]) >= 23
    assert run("download", "--list")[0]["models"]
    assert run("completion", "bash")[0]["script"].startswith("_musicvae()")
    assert "GPUs" in run("doctor")[0]["found"]


def test_the_umbrella_lists_commands(capfd):
    with pytest.raises(SystemExit):
        umbrella.run(["--json"])
    assert json.loads(capfd.readouterr().out)["commands"] == umbrella.COMMANDS
    with pytest.raises(SystemExit) as end:
        umbrella.run(["generat", "--json"])
    assert end.value.code == 2
    assert "did you mean 'generate'" in json.loads(capfd.readouterr().out)["error"]


def test_values_become_plain_ones():
    values = {"array": np.array([[1.5, math.nan]]), "set": {2, 1}, "path": PAGE, 3: np.int64(4)}
    assert plain(values) == {"array": [[1.5, None]], "set": [1, 2], "path": str(PAGE), "3": 4}
