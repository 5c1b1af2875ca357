from __future__ import annotations

import numpy as np
import pytest
from pieces import melody
from tiny_models import write_run

from musicvae.errors import InputError
from musicvae.evaluation.interpolation_study import (
    study_chart,
    study_interpolation,
    study_table,
)
from musicvae.evaluation.language_model import NGramModel
from musicvae.generate import TrainedModel

ABAB = np.array([0, 1] * 8)


def test_probabilities_of_all_labels_sum_to_one():
    model = NGramModel([ABAB, np.array([2, 2, 1])], 4)
    for history in ((), (0,), (1, 0), (3,), (0, 1, 0, 1, 0, 1), (3, 3, 0)):
        assert sum(model.probability(k, history) for k in range(4)) == pytest.approx(1.0)


def test_a_bigram_is_what_witten_and_bell_say():
    model = NGramModel([np.array([0, 1, 0, 2])], 3, order=2)
    # After nothing: 0 twice, 1 and 2 once, three kinds; after 0: 1 and 2 once each, two kinds.
    first = (1 + 3 * (1 / 3)) / (4 + 3)
    assert model.probability(1, ()) == pytest.approx(first)
    assert model.probability(1, (0,)) == pytest.approx((1 + 2 * first) / (2 + 2))


def test_the_usual_costs_less_than_the_unusual():
    model = NGramModel([ABAB], 3)
    assert model.cost(ABAB) < model.cost(np.array([0, 0, 1, 1] * 4)) < model.cost(np.full(16, 2))


def test_only_the_last_labels_of_a_history_count():
    model = NGramModel([ABAB], 3, order=3)
    assert model.probability(0, (2, 2, 0, 1)) == model.probability(0, (0, 1))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    write_run(folder, "cat-mel_2bar_small")
    return TrainedModel("cat-mel_2bar_small", 16, folder)


def examples(model, lows):
    return [model.one_example(melody(lowest=low)) for low in lows]


def test_both_ways_begin_at_the_start_and_the_mixed_one_ends_at_the_end(model):
    held_out, known = examples(model, (50, 55, 62)), examples(model, range(45, 70))
    study = study_interpolation(model, held_out, known, pairs=6, places=5)
    assert study.latent_distance[0] == study.mixed_distance[0] == 0.0
    assert study.mixed_distance[-1] == pytest.approx(0.5)  # every second step is a new note
    assert np.all(np.diff(study.mixed_distance) > 0)
    for cost in (study.latent_cost, study.mixed_cost):
        assert cost[[0, -1]] == pytest.approx([1.0, 1.0])
    assert study.mixed_cost[2] > 1.0  # a mixture of two scales is unusual
    again = study_interpolation(model, held_out, known, pairs=6, places=5)
    np.testing.assert_array_equal(study.latent_cost, again.latent_cost)


def test_the_figure_and_the_table_show_every_place(model):
    known = examples(model, (50, 55, 62))
    study = study_interpolation(model, known, known, pairs=2, places=4)
    assert study_table(study).markdown().count("\n") == 5
    drawing = study_chart(study)
    assert "latent space" in drawing.description
    assert "mixing steps" in drawing.description


def test_one_piece_is_no_pair(model):
    with pytest.raises(InputError, match="at least 2 held-out"):
        study_interpolation(model, examples(model, (50,)), examples(model, (50,)))
