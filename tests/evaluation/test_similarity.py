from __future__ import annotations

import numpy as np
import pytest

from musicvae.evaluation.similarity import jensen_shannon, nearest_distances, overlap


def test_equal_distributions_do_not_diverge_whatever_their_counts():
    assert jensen_shannon([1, 3], [2, 6]) == 0.0
    assert overlap([1, 3], [2, 6]) == 1.0


def test_distributions_with_nothing_in_common_diverge_by_one_bit():
    assert jensen_shannon([1, 0], [0, 5]) == pytest.approx(1.0)
    assert overlap([1, 0], [0, 5]) == 0.0


def test_the_divergence_of_a_sure_thing_and_a_coin_is_known():
    # m = (3/4, 1/4); (log2(4/3) + (log2(2/3) + log2(2)) / 2) / 2
    expected = (np.log2(4 / 3) + 0.5 * np.log2(2 / 3) + 0.5 * np.log2(2)) / 2
    assert jensen_shannon([1, 0], [1, 1]) == pytest.approx(expected) == pytest.approx(0.3113, 1e-3)
    assert overlap([1, 0], [1, 1]) == 0.5


def test_the_nearest_counts_and_a_copy_is_at_distance_0():
    others = np.array([[1, 2, 3, 4], [1, 1, 1, 1]])
    pieces = np.array([[1, 2, 3, 4], [1, 1, 1, 7], [9, 9, 9, 9], [1, 2, 1, 1]])
    assert nearest_distances(pieces, others).tolist() == [0.0, 0.25, 1.0, 0.25]


def test_a_label_that_the_others_lack_equals_none_of_them():
    # 300 is beyond all labels; 5 lies between two of them.
    others = np.array([[4, 6]])
    assert nearest_distances(np.array([[300, 6], [5, 5], [-1, 6]]), others).tolist() == [
        0.5,
        1.0,
        0.5,
    ]


def test_of_a_pieces_variants_the_nearest_counts():
    others = np.array([[5, 7, 9]])
    found = nearest_distances(np.array([[4, 6, 8]]), others, variants=[lambda x: x + 1])
    assert found.tolist() == [0.0]
    assert nearest_distances(np.array([[4, 6, 8]]), others).tolist() == [1.0]


def test_many_kinds_of_labels_stay_apart():
    others = np.arange(70_000).reshape(-1, 2)
    pieces = np.array([[256, 257], [256, 300], [65_536, 65_537], [0, 65_537]])
    assert nearest_distances(pieces, others).tolist() == [0.0, 0.5, 0.0, 0.5]


def test_progress_counts_pieces():
    seen: list[int] = []
    nearest_distances(np.array([[1], [2]]), np.array([[1]]), progress=seen.append)
    assert seen == [1, 2]
