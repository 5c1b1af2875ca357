"""Tests of what the fit of a shipped model's prior takes from file names and recipes."""

from __future__ import annotations

import dataclasses
import pathlib
import tomllib

import numpy as np
import pytest

from musicvae.data.example_set import ExampleSet
from musicvae.formats.tfrecord import write_note_sequences
from musicvae.lazy_note_seq import NoteSequence
from musicvae.prior.fitting import FitOptions

SCRIPTS = pathlib.Path(__file__).resolve().parents[1] / "scripts"
RECIPES = tomllib.loads((SCRIPTS / "recipes.toml").read_text(encoding="utf-8"))


@pytest.fixture
def fit_prior(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import fit_prior

    return fit_prior


def test_groups_come_from_file_names_and_small_ones_are_none(fit_prior, tmp_path) -> None:
    styles = ["jazz-swing", "rock", "jazz", "punk", "rock-halftime", "rock"]
    names = [f"drummer1/session1/{k}_{style}_90_beat_4-4.mid" for k, style in enumerate(styles)]
    path = tmp_path / "music.tfrecord"
    write_note_sequences(path, [NoteSequence(filename=name) for name in [*names, "odd.mid"]])
    # The last piece of rock gives no example, so that it counts for nothing.
    examples = ExampleSet({}, np.array([0, 0, 1, 2, 3, 4, 6]))
    table = {"groups": {**RECIPES["datasets"]["groove"]["groups"], "least": 2}}
    labels = fit_prior.labels_of(path, table, examples)
    assert labels == ["jazz", "jazz", "rock", "jazz", None, "rock", None]
    groups, numbers = fit_prior.numbered(labels)
    assert groups == ["jazz", "rock"]
    assert numbers.tolist() == [0, 0, 1, 0, -1, 1, -1]
    assert fit_prior.labels_of(path, {}, examples) == [None] * 7


def test_a_recipe_changes_options_that_there_are(fit_prior) -> None:
    known = {field.name for field in dataclasses.fields(FitOptions)} | {"max_examples"}
    assert fit_prior.DEFAULTS.keys() <= known
    for recipe in RECIPES["models"].values():
        assert recipe.get("prior", {}).keys() <= known
