"""Every configuration's examples, held against recorded ones."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
from handmade_music import read_sequences

_FOLDER = pathlib.Path(__file__).resolve().parents[1] / "golden" / "data"
_CONFIGS = sorted(path.stem for path in _FOLDER.glob("*.npz") if path.stem != "sequences")


@pytest.fixture(scope="module")
def sequences():
    return read_sequences(_FOLDER / "sequences.npz")


@pytest.fixture(scope="module")
def shared_sequences(golden_data, shared):
    pytest.importorskip("note_seq")
    return golden_data.read_sequences(shared / "golden/data/files.txt", shared / "data/midi")


def _recording(config: str) -> dict:
    with np.load(_FOLDER / f"{config}.npz") as file:
        return {name: file[name] for name in file.files}


def test_there_are_recordings_of_every_representation():
    assert len(_CONFIGS) == 14


@pytest.mark.parametrize("config", _CONFIGS)
def test_recorded_examples_are_found_and_turned_back(golden_data, sequences, config):
    comparison = golden_data.compare_recording(config, _recording(config), sequences)
    assert comparison.differences == ()
    assert comparison.passed
    assert comparison.examples > 0


@pytest.mark.parametrize("config", _CONFIGS)
def test_every_recorded_example_is_found_and_turned_back(
    golden_data, shared, shared_sequences, config
):
    folder = shared / "golden" / "data"
    comparison = golden_data.compare_data(
        folder / f"{config}.npz", folder / "files.txt", shared / "data/midi", shared_sequences
    )
    assert comparison.differences == ()
    assert comparison.examples > 0


def test_the_comparison_sees_an_example_that_is_missing(golden_data, sequences):
    recording = _recording("cat-mel_2bar_small")
    number = next(key.split("/")[0] for key in recording if key.endswith("/outputs"))
    del sequences[int(number)].notes[-20:]
    try:
        comparison = golden_data.compare_recording("cat-mel_2bar_small", recording, sequences)
    finally:
        sequences[int(number)] = read_sequences(_FOLDER / "sequences.npz")[int(number)]
    assert comparison.differing_examples > 0
    assert not comparison.passed


def test_the_comparison_sees_a_changed_step(golden_data, sequences):
    recording = _recording("groovae_4bar")
    key = next(key for key in recording if key.endswith("/outputs"))
    recording[key] = recording[key].copy()
    recording[key][0, 0, 9:] += 0.01
    comparison = golden_data.compare_recording("groovae_4bar", recording, sequences)
    assert comparison.differing_examples == 1


def test_the_comparison_sees_a_changed_note(golden_data, sequences):
    recording = _recording("cat-drums_2bar_small")
    key = next(key for key in recording if key.endswith("/notes"))
    recording[key] = recording[key].copy()
    recording[key][0, 2] += 1
    comparison = golden_data.compare_recording("cat-drums_2bar_small", recording, sequences)
    assert comparison.differing_decodings == 1
