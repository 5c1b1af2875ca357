"""Classifiers tell what differs, and nothing else; long notes are found."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.evaluation.language_model import label_cost
from musicvae.evaluation.realism import (
    Realism,
    _features,
    _piece_network,
    share_of_long_notes,
)
from musicvae.evaluation.report import realism_table
from musicvae.evaluation.two_sample import area_under_curve, tell_apart
from musicvae.lazy_note_seq import NoteSequence

DRUMS = "cat-drums_2bar_small"


def network() -> tf.keras.Model:
    layers = [tf.keras.layers.Dense(32, "relu"), tf.keras.layers.Dense(1)]
    return tf.keras.Sequential([tf.keras.Input((4,)), *layers])


def normal(n: int, seed: int, mean: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, 1.0, (n, 4))


def test_the_area_under_a_curve_counts_pairs() -> None:
    assert area_under_curve(np.array([3.0, 4.0]), np.array([1.0, 2.0])) == 1.0
    assert area_under_curve(np.array([1.0]), np.array([1.0, 0.0, 2.0, 2.0])) == 0.375


def test_equal_things_are_not_told_apart_and_others_are() -> None:
    groups = np.arange(400)
    equal = tell_apart(network, normal(400, 1), groups, normal(400, 2), steps=300)
    assert equal is not None and 0.4 < equal.accuracy < 0.6
    other = tell_apart(network, normal(400, 1), groups, normal(400, 2, 4.0), steps=600)
    assert other is not None and other.accuracy > 0.85 and other.auc > 0.95


def test_knowing_the_pieces_does_not_help_to_tell_kinds_apart() -> None:
    # Windows of a piece are equal; by windows, not by pieces, halves would give it away.
    centres = normal(40, 3) * 5
    pieces = np.repeat(np.arange(40), 20)
    things = centres[pieces]

    others = normal(800, 4) * 5
    by_piece = tell_apart(network, things, pieces, others, steps=400)
    by_window = tell_apart(network, things, np.arange(800), others, steps=400)
    assert by_piece is not None and by_window is not None
    assert by_piece.auc < by_window.auc - 0.1


def test_too_few_pieces_tell_nothing() -> None:
    assert tell_apart(network, normal(90, 1), np.arange(90) // 30, normal(9, 2), steps=1) is None


def drum_rows(labels: np.ndarray) -> np.ndarray:
    rows = np.zeros((len(labels), 512), bool)
    rows[np.arange(len(labels)), labels] = True
    return rows


def test_features_are_drums_as_bits_and_what_differs_from_a_bar_before() -> None:
    converter = build_converter(load_config(DRUMS).converter)
    labels = np.zeros(32, int)
    labels[[0, 16, 20]] = [5, 1, 2]
    features = _features(converter, drum_rows(labels))
    assert features.shape == (32, 18)
    np.testing.assert_array_equal(np.flatnonzero(features[0]), [0, 2])
    np.testing.assert_array_equal(np.flatnonzero(features[16]), [0, 9 + 2])
    np.testing.assert_array_equal(np.flatnonzero(features[20]), [1, 9 + 1])


def test_bars_that_do_not_come_again_are_told_from_bars_that_do() -> None:
    converter = build_converter(load_config(DRUMS).converter)
    generator = np.random.default_rng(5)

    def patterns(*, again: bool) -> np.ndarray:
        bars = generator.choice([0, 1, 2, 5], (200, 2, 16))
        bars[:, 1] = bars[:, 0] if again else bars[:, 1]
        return np.stack([_features(converter, drum_rows(row)) for row in bars.reshape(200, 32)])

    told = tell_apart(
        lambda: _piece_network(32, 18), patterns(again=True), np.arange(200),
        patterns(again=False), steps=60,
    )  # fmt: skip
    assert told is not None and told.accuracy > 0.95


def test_notes_over_two_bars_are_found() -> None:
    def piece(seconds: float, *, drum: bool = False) -> NoteSequence:
        sequence = NoteSequence()
        sequence.notes.add(pitch=60, velocity=80, end_time=seconds, is_drum=drum)
        return sequence

    assert share_of_long_notes([piece(4.0), piece(4.125), piece(9.0, drum=True), piece(1)]) == 0.25


def test_music_of_the_language_costs_less_than_other_music() -> None:
    learnt = [np.tile([3, 3, 7, 9], 8)] * 5
    cost = label_cost(learnt)
    assert cost(learnt[0]) < cost(np.tile([9, 7, 3, 3], 8)) < cost(np.arange(32))


def test_the_table_says_which_prior_and_leaves_gaps_where_nothing_was_measured() -> None:
    table = realism_table(Realism(0.6, None, 0.7, 0.52, None, 0.25, 0.125, "learned"))
    assert table.rows == (
        ("told from held-out music, accuracy", "0.6", ""),
        ("z told from codes of held-out music, AUC", "0.7", "0.52"),
        ("5-gram cost over that of held-out music", "", ""),
        ("share with a note over two bars (held-out music 0.125)", "0.25", ""),
    )
    assert "Prior: learned." in table.note
