"""Tests that the cookbook's commands, its Python and the example do what they say.

They use the models that ship; for configurations of which none ships a model of random weights
stands in.
"""

from __future__ import annotations

import pathlib
import re
import runpy
import shlex
import sys
import tarfile
import tomllib
from collections.abc import Callable
from importlib import import_module

import pytest
from command_line import classifiers_trained_briefly, models_loaded_once
from pieces import drum_beat, melody
from tiny_models import write_run

from musicvae import model_choice
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.lazy_note_seq import NoteSequence

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
TEXT = (CHECKOUT / "docs" / "cookbook.md").read_text(encoding="utf-8")
MODULES = {
    name: target.split(":")[0]
    for name, target in tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"][
        "scripts"
    ].items()
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def command_lines() -> list[str]:
    return [line for block in blocks("sh") for line in block.splitlines()]


def long_tune() -> NoteSequence:
    piece = melody()
    for k in range(1, 4):
        for note in melody(lowest=60 + k).notes:
            copy = piece.notes.add()
            copy.CopyFrom(note)
            copy.start_time, copy.end_time = note.start_time + 4 * k, note.end_time + 4 * k
    piece.total_time = 16.0
    return piece


def sparse(piece: NoteSequence, missing: int) -> NoteSequence:
    """Returns a piece without a few of its notes, so that pieces differ in density."""
    del piece.notes[1 : 1 + missing]
    return piece


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory) -> Callable[[], dict[str, pathlib.Path]]:
    """The models that ship, and archives of random weights for the rest of those that are named."""
    shipped = model_choice.shipped_models()
    named = set(re.findall(r"--(?:config|models)=(\S+)", "\n".join(command_lines()))) | {
        "groovae_2bar_humanize",
        "groovae_2bar_tap_fixed_velocity",
        "groovae_2bar_add_closed_hh",
        "groovae_2bar_hits_control_tfds",
    }
    folder = tmp_path_factory.mktemp("models")
    for name in sorted(named - set(shipped)):
        write_run(folder / name, name)
        shipped[name] = folder / f"{name}.tar.gz"
        with tarfile.open(shipped[name], "w:gz") as tar:
            for file in (folder / name / "train").glob("model.ckpt-5.*"):
                tar.add(file, file.name)
    return lambda: shipped


@pytest.fixture(scope="module")
def workplace(tmp_path_factory) -> pathlib.Path:
    """A folder with the files that the cookbook names; later commands find earlier results."""
    folder = tmp_path_factory.mktemp("cookbook")
    pieces = {f"tune{k}": melody(lowest=lowest) for k, lowest in ((2, 55), (3, 64), (4, 50))}
    pieces |= {"tune": melody(), "taps": melody(), "long_tune": long_tune()}
    pieces |= {"groove": drum_beat(4), "other_groove": drum_beat(2)}
    for lowest in range(40, 76):
        pieces[f"songs/{lowest}"] = sparse(melody(lowest=lowest), lowest % 5)
        kind = "high" if lowest > 56 else "low"
        pieces[f"{kind}/{lowest}"] = sparse(melody(lowest=lowest), lowest % 5)
    for name in ("songs", "high", "low"):
        (folder / name).mkdir()
    for name, piece in pieces.items():
        (folder / f"{name}.mid").write_bytes(note_sequence_to_midi(piece))
    [kit] = blocks("toml")
    (folder / "kit.toml").write_text(kit)
    return folder


@pytest.fixture(scope="module", autouse=True)
def _in_little_time():
    with models_loaded_once(), classifiers_trained_briefly():
        yield


@pytest.fixture
def at_work(workplace, stand_ins, monkeypatch) -> pathlib.Path:
    monkeypatch.chdir(workplace)
    monkeypatch.setattr(model_choice, "shipped_models", stand_ins)
    return workplace


def test_the_cookbook_shows_every_mode() -> None:
    from musicvae.cli.generate_modes import MODES

    for mode in MODES:
        assert f"--mode={mode}" in TEXT
    assert len(command_lines()) >= len(MODES)


@pytest.mark.parametrize("line", command_lines())
def test_a_command_of_the_cookbook_works(line, at_work, capfd, monkeypatch) -> None:
    name, *arguments = shlex.split(line)
    module = import_module(MODULES[name])
    for flag in module.FLAGS:
        module.FLAGS[flag].unparse()
    before = set((at_work / "out").glob("**/*"))
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    with pytest.raises(SystemExit) as exit_info:
        module.run()
    assert exit_info.value.code == 0, capfd.readouterr().err
    assert set((at_work / "out").glob("**/*")) - before


def test_the_cookbooks_python_works(at_work) -> None:
    names: dict[str, object] = {"__name__": "cookbook"}
    for block in blocks("python"):
        exec(compile(block, "cookbook", "exec"), names)
    assert (at_work / "interpolation.svg").stat().st_size > 1000
    results = ("longer", "filled", "piece", "in_my_style", "higher")
    assert [len(names[name]) for name in results] == [1, 1, 1, 4, 2]


def test_the_tour_samples_interpolates_and_steers(at_work, monkeypatch, capsys) -> None:
    configs = "--configs=cat-drums_2bar_small,cat-mel_2bar_small"
    monkeypatch.setattr(sys, "argv", ["tour.py", configs, "--output_dir=tour", "--num_learnt=40"])
    runpy.run_path(str(CHECKOUT / "examples" / "tour.py"), run_name="__main__")
    pages = {page.stem for page in (at_work / "tour").glob("*.html")}
    for config in ("cat-drums_2bar_small", "cat-mel_2bar_small"):
        assert {f"{config} samples", f"{config} from one to another"} <= pages
    assert "cat-drums_2bar_small with note_density" in pages
    assert "cat-mel_2bar_small with average_interval" in pages
    assert "| vector |" in capsys.readouterr().out
