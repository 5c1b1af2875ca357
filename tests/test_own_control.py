"""A control of a user's own: trained on, and followed when generating."""

from __future__ import annotations

import importlib
import pathlib
import shutil
import sys

import numpy as np
import pytest
from pieces import melody
from small_music import write_melodies

from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.generate.controls import controls_for
from musicvae.generate.results import Piece, SamplingOptions

OWN = pathlib.Path(__file__).parent / "own_components"


@pytest.fixture
def own(tmp_path, monkeypatch) -> pathlib.Path:
    package = tmp_path / "lib" / "my_pkg"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    for name in ("rhythm.py", "density.py"):
        shutil.copy(OWN / name, package)
    shutil.copy(OWN / "density.toml", tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "lib")
    monkeypatch.chdir(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "my_pkg"]:
        del sys.modules[name]
    importlib.invalidate_caches()
    return tmp_path


def test_a_control_is_computed_from_the_piece_to_follow(own):
    config = load_config("density.toml")
    converter = build_converter(config.converter)
    options = SamplingOptions(control=Piece(melody(), "tune.mid"))
    [control] = controls_for(converter, config.name, options)
    assert control.shape == (32, 1)
    # Eighth notes: a note begins on every second step.
    assert np.unique(control).tolist() == [0.5]


@pytest.mark.slow
def test_a_model_with_a_control_of_its_own_trains_and_follows_a_piece(own):
    from test_own_components import _run

    write_melodies(own / "music.tfrecord", pieces=20)
    (own / "busy.mid").write_bytes(note_sequence_to_midi(melody()))
    config = ("--config=density.toml", "--run_dir=run")
    _run(
        own, "train", *config, "--examples_path=music.tfrecord", "--num_steps=2", "--num_workers=1"
    )
    _run(own, "generate", *config, "--control_midi=busy.mid", "--output_dir=out", "--num_outputs=2")
    assert len(list((own / "out").glob("*.mid"))) == 2
