from __future__ import annotations

import numpy as np

from musicvae.evaluation.report import _distances as distances
from musicvae.evaluation.report import copies, novelty_table
from musicvae.evaluation.sample_study import Novelty

NOVELTY = Novelty(
    7, np.array([0.0, 0.25, 0.25, 1.0]), np.array([0.5, 1.0]), labels=4, transpositions=(-5, 5)
)


def test_copies_are_those_at_distance_0():
    assert copies(NOVELTY) == (0.25, 0.0)
    table = novelty_table(NOVELTY)
    assert table.rows[0] == ("share of exact copies", "0.25", "0")
    assert table.rows[-1] == ("distance, mean", "0.375", "0.75")
    assert "nearest of 7 training examples, transposed by -5 to 5 semitones" in table.note


def test_distances_are_shown_in_steps_with_copies_by_themselves():
    bars = distances(NOVELTY)
    assert bars.names == ("copy", "1", "2", "3", "4")
    assert bars.series == {
        "samples": [0.25, 0.5, 0.0, 0.0, 0.25],
        "held-out music": [0.0, 0.0, 0.5, 0.0, 0.5],
    }


def test_many_steps_share_a_bar_and_none_is_lost():
    far = Novelty(1, np.arange(101) / 768, np.arange(101) / 768, 768, (0, 0))
    bars = distances(far)
    assert bars.names[:3] == ("copy", "1-5", "6-10")
    for series in bars.series.values():
        assert series[0] == 1 / 101 and set(series[1:]) == {5 / 101}
        assert len(series) == 21


def test_only_copies_are_one_bar():
    same = Novelty(1, np.zeros(3), np.zeros(2), 32, (0, 0))
    assert distances(same).names == ("copy",)
    assert distances(same).series["samples"] == [1.0]
