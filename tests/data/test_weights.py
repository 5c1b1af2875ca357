"""Tests of weights behind the paths of examples."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
from small_music import write_drums

from musicvae.config import load_config
from musicvae.data.examples import load_examples
from musicvae.data.records import TFRecordSource
from musicvae.data.weights import file_weights, weighted_patterns
from musicvae.errors import InputError

DRUMS = load_config("cat-drums_2bar_small").converter


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("music")
    write_drums(folder / "a.tfrecord", 2)
    write_drums(folder / "b.tfrecord", 3)
    return folder


def test_a_path_has_the_weight_behind_it_or_1() -> None:
    assert weighted_patterns("a.tfrecord:2, b*.tfrecord ,c@8.tfrecord:0.25") == [
        ("a.tfrecord", 2.0),
        ("b*.tfrecord", 1.0),
        ("c@8.tfrecord", 0.25),
    ]


@pytest.mark.parametrize("path", ["C:music.tfrecord", "D:\\music\\a.tfrecord", "gs://bucket/a"])
def test_the_colon_of_a_drive_or_of_an_address_begins_no_weight(path: str) -> None:
    assert weighted_patterns(path) == [(path, 1.0)]


@pytest.mark.parametrize("weight", ["0", "-1", "much", "nan", "inf", "1e9"])
def test_what_is_no_weight_is_named(weight: str) -> None:
    with pytest.raises(InputError, match=f"a.tfrecord:{weight}.*over 0 and up to 1000"):
        weighted_patterns(f"a.tfrecord:{weight}")


def test_a_file_that_has_two_weights_is_refused(folder: pathlib.Path) -> None:
    with pytest.raises(InputError, match="with the weights 2 and 1; list it once"):
        file_weights(f"{folder}/a.tfrecord:2,{folder}/*.tfrecord")


def test_examples_carry_the_weight_of_their_file_from_memory_and_from_a_cache(
    folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    source = TFRecordSource((f"{folder}/a.tfrecord:0.5,{folder}/b.tfrecord",))
    for cache in (None, tmp_path, tmp_path):
        examples = load_examples(DRUMS, source, cache_dir=cache)
        assert examples.weights is not None
        np.testing.assert_array_equal(examples.weights[examples.sources < 2], 0.5)
        np.testing.assert_array_equal(examples.weights[examples.sources >= 2], 1.0)
        assert set(examples.sources) == {0, 1, 2, 3, 4}


def test_examples_of_paths_without_weights_have_none(folder: pathlib.Path) -> None:
    assert load_examples(DRUMS, TFRecordSource((f"{folder}/*.tfrecord",))).weights is None
