"""Directions between groups of music."""

from __future__ import annotations

import math

import numpy as np
import pytest

from musicvae.attribute_vectors.groups import group_vectors
from musicvae.errors import InputError


def windows(centres, files_each=4, windows_each=3, seed=0):
    generator = np.random.default_rng(seed)
    mu, files, labels = [], [], []
    for label, centre in centres.items():
        for k in range(files_each):
            mu.append(np.array(centre) + 0.1 * generator.standard_normal((windows_each, 3)))
            files += [f"{k}.mid"] * windows_each
            labels += [label] * windows_each
    return np.concatenate(mu), files, labels


def test_a_vector_leads_from_the_other_groups_to_its_own():
    found = group_vectors(*windows({"jazz": [1, 0, 0], "rock": [0, 1, 0]}))
    assert found.vectors.names == ("jazz", "rock")
    np.testing.assert_allclose(found.vectors.vector("rock"), [-1, 1, 0], atol=0.2)
    np.testing.assert_allclose(
        found.vectors.vector("jazz"), -found.vectors.vector("rock"), atol=1e-6
    )
    three = group_vectors(*windows({"a": [3, 0, 0], "b": [0, 3, 0], "c": [0, 0, 3]}))
    np.testing.assert_allclose(three.vectors.vector("a"), [3, -1.5, -1.5], atol=0.2)


def test_a_long_file_weighs_no_more_than_a_short_one():
    mu = np.array([[0.0]] * 9 + [[2.0]] + [[5.0]])
    found = group_vectors(mu, ["long"] * 9 + ["short"] + ["x"], ["a"] * 10 + ["b"])
    assert found.vectors.vector("b") == pytest.approx(4.0)
    assert found.files == (2, 1)


def test_how_well_they_tell_groups_apart_is_found_from_other_files():
    apart = group_vectors(*windows({"a": [1, 0, 0], "b": [0, 1, 0]}))
    assert apart.accuracy == 1.0
    same = group_vectors(*windows({"a": [0, 0, 0], "b": [0, 0, 0]}, files_each=30))
    assert 0.2 < same.accuracy < 0.8
    assert math.isnan(group_vectors(*windows({"a": [1], "b": [0]}, files_each=1)).accuracy)


def test_one_group_is_refused():
    with pytest.raises(InputError, match="two groups at least, and there is one: a"):
        group_vectors(*windows({"a": [1, 0, 0]}))
