"""Small models to use."""

from __future__ import annotations

import pathlib

import pytest
import tiny_models

from musicvae.generate import TrainedModel


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pathlib.Path]:
    """Run folders of small models by configuration."""
    folders = {}
    for name in ("groovae_2bar_humanize", "cat-mel_2bar_small", "groovae_2bar_hits_control_tfds"):
        folders[name] = tmp_path_factory.mktemp(name)
        tiny_models.write_run(folders[name], name)
    return folders


@pytest.fixture(scope="session")
def groove(runs: dict[str, pathlib.Path]) -> TrainedModel:
    return TrainedModel("groovae_2bar_humanize", 4, runs["groovae_2bar_humanize"])


@pytest.fixture(scope="session")
def melody(runs: dict[str, pathlib.Path]) -> TrainedModel:
    return TrainedModel("cat-mel_2bar_small", 4, runs["cat-mel_2bar_small"])


@pytest.fixture(scope="session")
def hits_control(runs: dict[str, pathlib.Path]) -> TrainedModel:
    name = "groovae_2bar_hits_control_tfds"
    return TrainedModel(name, 4, runs[name])
