"""Tests of the order of examples."""

from __future__ import annotations

import numpy as np

from musicvae.data.epochs import EpochOrder

SOURCES = np.repeat(np.arange(5), [1, 7, 3, 20, 2])


def test_an_epoch_has_every_example_once_and_shuffled() -> None:
    order = EpochOrder(SOURCES, seed=1)
    epoch = order.epoch(0)
    assert sorted(epoch) == list(range(33))
    assert list(epoch) != list(range(33))
    assert order.examples_per_epoch == 33


def test_epochs_differ() -> None:
    order = EpochOrder(SOURCES, seed=1)
    assert list(order.epoch(0)) != list(order.epoch(1))


def test_the_same_seed_gives_the_same_order() -> None:
    one, other = EpochOrder(SOURCES, seed=1, max_per_source=4), EpochOrder(SOURCES, 1, 4)
    np.testing.assert_array_equal(one.epoch(5), other.epoch(5))
    assert list(one.epoch(5)) != list(EpochOrder(SOURCES, 2, 4).epoch(5))


def test_an_epoch_takes_no_more_than_so_many_of_a_piece() -> None:
    order = EpochOrder(SOURCES, seed=3, max_per_source=4)
    taken = order.epoch(0)
    assert order.examples_per_epoch == len(taken) == 1 + 4 + 3 + 4 + 2
    assert len(set(taken)) == len(taken)
    assert np.bincount(SOURCES[taken]).tolist() == [1, 4, 3, 4, 2]


def test_every_epoch_takes_other_windows_of_a_piece() -> None:
    order = EpochOrder(SOURCES, seed=3, max_per_source=4)
    chosen = [frozenset(i for i in order.epoch(e) if SOURCES[i] == 3) for e in range(50)]
    assert len(set(chosen)) > 40
    assert len(frozenset().union(*chosen)) == 20


def test_windows_of_a_piece_are_taken_equally_often() -> None:
    order = EpochOrder(np.zeros(10, np.int64), seed=0, max_per_source=3)
    counts = np.bincount(np.concatenate([order.epoch(e) for e in range(1000)]), minlength=10)
    assert counts.sum() == 3000
    assert counts.min() > 240 and counts.max() < 360


def test_the_stream_runs_on_over_the_end_of_an_epoch() -> None:
    order = EpochOrder(SOURCES, seed=1)
    stream = order.at(0, 100)
    expected = np.concatenate([order.epoch(e) for e in range(4)])[:100]
    np.testing.assert_array_equal(stream, expected)
    np.testing.assert_array_equal(order.at(40, 30), expected[40:70])


def weights_of_pieces(*weights: float) -> np.ndarray:
    return np.array(weights)[SOURCES]


def test_an_example_of_weight_2_is_taken_twice_as_often_and_one_of_a_half_half_as_often() -> None:
    order = EpochOrder(SOURCES, seed=1, weights=weights_of_pieces(1, 1, 2, 0.5, 1))
    counts = np.mean([np.bincount(order.epoch(e), minlength=33) for e in range(200)], 0)
    assert order.examples_per_epoch == len(order.epoch(0)) == 1 + 7 + 2 * 3 + 10 + 2
    np.testing.assert_array_equal(counts[SOURCES == 2], 2.0)
    np.testing.assert_array_equal(counts[SOURCES == 1], 1.0)
    np.testing.assert_allclose(counts[SOURCES == 3], 0.5, atol=0.15)
    assert order.examples_by_weight == {0.5: 10, 1.0: 10, 2.0: 6}


def test_a_weight_multiplies_what_is_left_of_a_piece_of_many_windows() -> None:
    order = EpochOrder(SOURCES, 1, 4, weights_of_pieces(1, 1, 1, 2.5, 1))
    counts = np.bincount(SOURCES[order.epoch(3)])
    assert counts.tolist() == [1, 4, 3, 10, 2]
    assert order.examples_per_epoch == 20


def test_weights_of_1_leave_the_order_as_it_is() -> None:
    plain = EpochOrder(SOURCES, 5, 4)
    weighted = EpochOrder(SOURCES, 5, 4, np.ones(len(SOURCES)))
    np.testing.assert_array_equal(plain.epoch(2), weighted.epoch(2))


def test_examples_of_different_weights_are_shuffled_together() -> None:
    order = EpochOrder(SOURCES, seed=1, weights=weights_of_pieces(1, 1, 1, 2, 1))
    heavy = SOURCES[order.epoch(0)] == 3
    assert 0 < heavy[:20].sum() < 20
