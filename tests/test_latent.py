"""Paths between latent vectors are finite everywhere and reach both ends."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from musicvae.latent import lerp, slerp

SHARES = np.linspace(0.0, 1.0, 7)
PATHS = pytest.mark.parametrize("path", [lerp, slerp])


def _vector(seed: int, size: int = 16) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(size).astype(np.float32)


@PATHS
def test_both_ends_are_reached(path) -> None:
    a, b = _vector(1), _vector(2)
    points = path(a, b, SHARES)
    assert points.shape == (7, 16)
    assert points.dtype == np.float32
    np.testing.assert_allclose(points[0], a, atol=1e-6)
    np.testing.assert_allclose(points[-1], b, atol=1e-6)
    np.testing.assert_array_equal(path(a, b, float(SHARES[3])), points[3])


def test_an_arc_between_vectors_of_one_length_keeps_it_and_turns_evenly() -> None:
    a, b = _vector(1), _vector(2)
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    points = slerp(a, b, SHARES)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1.0, rtol=1e-5)
    turns = [np.dot(p, q) for p, q in itertools.pairwise(points)]
    np.testing.assert_allclose(turns, turns[0], rtol=1e-5)


def test_the_middle_of_two_axes_is_their_diagonal() -> None:
    np.testing.assert_allclose(
        slerp([1.0, 0.0], [0.0, 1.0], 0.5), [np.sqrt(0.5), np.sqrt(0.5)], rtol=1e-12
    )


@PATHS
def test_fault_04_equal_ends_stay_where_they_are(path) -> None:
    a = _vector(1)
    np.testing.assert_allclose(path(a, a, SHARES), np.tile(a, [7, 1]), rtol=1e-6)


@PATHS
def test_fault_04_opposite_ends_are_joined_by_finite_points(path) -> None:
    for size in (1, 2, 16):
        a = _vector(3, size)
        points = path(a, -2 * a, SHARES)
        assert np.all(np.isfinite(points))
        np.testing.assert_allclose(points[0], a, atol=1e-5)
        np.testing.assert_allclose(points[-1], -2 * a, atol=1e-5)
    if path is slerp:
        lengths = np.linalg.norm(points, axis=1) / np.linalg.norm(a)
        np.testing.assert_allclose(lengths, 1 + SHARES, rtol=1e-5)


@PATHS
def test_nearly_equal_and_nearly_opposite_ends_are_finite(path) -> None:
    a = _vector(1).astype(np.float64)
    for distance in 10.0 ** np.arange(-16, 1):
        for b in (a + distance * _vector(2), -a + distance * _vector(2)):
            points = path(a, b, SHARES)
            assert np.all(np.isfinite(points))
            np.testing.assert_allclose(points[-1], b, atol=1e-5)


@PATHS
def test_a_zero_vector_is_an_end_like_any_other(path) -> None:
    a = _vector(1)
    np.testing.assert_allclose(path(np.zeros(16, np.float32), a, SHARES)[3], a / 2, rtol=1e-6)
    assert not np.any(path(np.zeros(16), np.zeros(16), SHARES))
