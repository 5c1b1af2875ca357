from __future__ import annotations

import numpy as np
import pytest

from musicvae.config import load_config
from musicvae.converters import NO_LABEL, Example, build_converter
from musicvae.data.example_set import ExampleSet
from musicvae.evaluation.step_labels import (
    drawn_set,
    each_example,
    joined,
    labels_of_set,
)


def converter(name: str):
    return build_converter(load_config(name).converter)


def test_a_melodys_label_is_the_column_of_its_row():
    rows = np.eye(90)[[3, 0, 89]]
    assert converter("cat-mel_2bar_small").step_labels(rows).tolist() == [[3], [0], [89]]


def test_rows_past_the_end_are_nothing():
    rows = np.zeros((2, 90))
    rows[0, 5] = 1
    assert converter("cat-mel_2bar_small").step_labels(rows).tolist() == [[5], [NO_LABEL]]


def test_drums_have_the_same_label_as_combination_and_as_roll():
    roll = np.zeros((1, 9))
    roll[0, [0, 2]] = 1
    assert converter("nade-drums_2bar_reduced").step_labels(roll).tolist() == [[5]]
    combination = np.eye(512)[[5]]
    assert converter("cat-drums_2bar_small").step_labels(combination).tolist() == [[5]]


def test_of_a_groove_only_the_hits_count():
    rows = np.zeros((2, 27))
    rows[:, 1] = 1.0
    rows[0, 10], rows[1, 10], rows[1, 19] = 0.9, 0.7, -1.0
    assert converter("groovae_2bar_humanize").step_labels(rows).tolist() == [[2], [2]]


def test_a_trio_has_three_labels_which_join_into_one():
    trio = converter("flat-trio_16bar")
    rows = np.zeros((3, 692))
    for step, columns in enumerate(((4, 90 + 7, 180 + 300), (4, 90 + 7, 180 + 301), (5, 91, 180))):
        rows[step, list(columns)] = 1
    labels = trio.step_labels(rows)
    assert labels.tolist() == [[4, 7, 300], [4, 7, 301], [5, 1, 0]]
    assert len(set(joined(trio, labels).tolist())) == 3
    assert trio.pitched_parts == (0, 1)


@pytest.mark.parametrize(
    ("name", "parts"),
    [("cat-mel_2bar_small", (0,)), ("cat-drums_2bar_small", ()), ("groovae_4bar", ())],
)
def test_only_melodies_have_pitches(name, parts):
    assert converter(name).pitched_parts == parts


def melodies(rows: list[list[int]]) -> ExampleSet:
    mel = converter("cat-mel_2bar_small")
    nothing = np.zeros((32, 0), bool)
    outputs = np.eye(90, dtype=bool)[np.array(rows)]
    compact = [mel.compact(Example(row, row, nothing, np.array(32))) for row in outputs]
    arrays = {key: np.stack([part[key] for part in compact]) for key in compact[0]}
    return ExampleSet(arrays, np.arange(len(rows)))


def test_a_sets_labels_are_those_of_its_examples_in_order():
    rows = [[2 + k] + [0] * 31 for k in range(3)]
    examples = melodies(rows)
    mel = converter("cat-mel_2bar_small")
    assert labels_of_set(mel, examples)[..., 0].tolist() == rows
    assert [mel.step_labels(e.outputs)[0, 0] for e in each_example(mel, examples)] == [2, 3, 4]


def test_a_drawn_set_is_repeatable_and_in_order():
    examples = melodies([[2 + k] + [0] * 31 for k in range(20)])
    drawn = drawn_set(examples, 6, seed=3)
    assert len(drawn) == 6
    assert drawn.sources.tolist() == sorted(drawn.sources.tolist())
    assert drawn.sources.tolist() == drawn_set(examples, 6, seed=3).sources.tolist()
    assert drawn.sources.tolist() != drawn_set(examples, 6, seed=4).sources.tolist()
    labels = labels_of_set(converter("cat-mel_2bar_small"), drawn)
    assert (labels[:, 0, 0] - 2).tolist() == drawn.sources.tolist()
    assert drawn_set(examples, None, 0) is drawn_set(examples, 20, 0) is examples
