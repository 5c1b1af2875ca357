"""Weights to start from may be named as those of a model that ships."""

from __future__ import annotations

import pytest
from small_music import write_drums

from musicvae.model_choice import shipped_models
from musicvae.training.options import TrainingOptions
from musicvae.training.run_spec import RunSpec, plan_training


@pytest.mark.parametrize("option", ["warm_start", "teacher"])
def test_a_bundled_models_name_stands_for_its_archive(tmp_path, option, monkeypatch):
    monkeypatch.chdir(tmp_path)
    music = write_drums(tmp_path / "music.tfrecord", pieces=1)
    name = "cat-drums_2bar_small"

    def planned() -> str:
        options = TrainingOptions(num_steps=1, **{option: name})
        spec = RunSpec("run", name, examples_path=str(music), options=options)
        return getattr(plan_training(spec).options, option)

    assert planned() == str(shipped_models()[name])
    (tmp_path / name).mkdir()
    assert planned() == name
