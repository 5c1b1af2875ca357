"""Tests of the tf.data pipeline."""

from __future__ import annotations

import pathlib
import time

import numpy as np
import pytest
from small_music import write_drums, write_melodies

from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.data.batches import EvaluationBatches, TrainingBatches
from musicvae.data.examples import extract_examples
from musicvae.data.pipeline import Slices, evaluation_dataset, training_dataset
from musicvae.data.records import TFRecordSource

CONFIGS = ["cat-mel_2bar_small", "cat-drums_2bar_small", "groovae_2bar_hits_control_tfds"]


def _batches(name: str, folder: pathlib.Path, size: int = 6) -> TrainingBatches:
    config = load_config(name)
    write = write_melodies if config.converter.type == "melody" else write_drums
    path = write(folder / f"{name}.tfrecord", pieces=3, bars=6)
    examples = extract_examples(config.converter, TFRecordSource((str(path),)))
    converter = build_converter(config.converter)
    return TrainingBatches(examples, converter, size, augmentation=config.augmentation)


def _check(found: object, expected: object) -> None:
    assert isinstance(found, tuple) and isinstance(expected, tuple)
    for tensor, array in zip(found, expected, strict=True):
        if array.ndim == 3 and array.shape[-1] == 0:
            assert tensor is None
        else:
            np.testing.assert_array_equal(tensor, array)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_pipeline_gives_the_batches_in_order(name: str, tmp_path: pathlib.Path) -> None:
    batches = _batches(name, tmp_path)
    for step, batch in enumerate(training_dataset(batches, 0, 5)):
        _check(batch, batches.batch(step))
    assert step == 4


def test_a_resumed_run_sees_what_an_undisturbed_one_would_have_seen(
    tmp_path: pathlib.Path,
) -> None:
    batches = _batches("cat-mel_2bar_small", tmp_path)
    whole = list(training_dataset(batches, 0, 6))
    for batch, expected in zip(training_dataset(batches, 4, 2), whole[4:], strict=True):
        np.testing.assert_array_equal(batch.outputs, expected.outputs)


def test_processes_share_every_batch_among_them(tmp_path: pathlib.Path) -> None:
    batches = _batches("cat-drums_2bar_small", tmp_path)
    parts = [list(training_dataset(batches, 0, 3, Slices(3, own))) for own in ([0], [1, 2])]
    assert [len(part) for part in parts] == [3, 6]
    for step in range(3):
        together = [parts[0][step], *parts[1][2 * step : 2 * step + 2]]
        found = np.concatenate([batch.outputs for batch in together])
        np.testing.assert_array_equal(found, batches.batch(step).outputs)


def test_batches_travel_in_the_converter_s_own_types(tmp_path: pathlib.Path) -> None:
    batch = next(iter(training_dataset(_batches("cat-mel_2bar_small", tmp_path), 0, 1)))
    assert batch.outputs.dtype.name == "bool"
    assert batch.lengths.dtype.name == "int32"
    assert batch.outputs.shape == (6, 32, 90)


def test_batches_are_made_while_the_step_runs(tmp_path: pathlib.Path) -> None:
    batches = _batches("cat-drums_2bar_small", tmp_path)
    plain = batches.batch

    def slow(step: int, rows: slice = slice(None)) -> object:
        time.sleep(0.05)
        return plain(step, rows)

    batches.batch = slow  # type: ignore[assignment, method-assign]
    iterator = iter(training_dataset(batches, 0, 10))
    next(iterator)
    time.sleep(0.5)
    start = time.monotonic()
    for _ in range(4):
        next(iterator)
    assert time.monotonic() - start < 0.05


def test_evaluation_ends_with_a_partial_batch(tmp_path: pathlib.Path) -> None:
    config = load_config("groovae_2bar_humanize")
    path = write_drums(tmp_path / "drums.tfrecord", pieces=3, bars=6)
    examples = extract_examples(config.converter, TFRecordSource((str(path),)))
    batches = EvaluationBatches(examples, build_converter(config.converter), 4)
    found = list(evaluation_dataset(batches))
    assert [len(batch.lengths) for batch in found] == [4, 4, 1]
    for batch, expected in zip(found, batches, strict=True):
        _check(batch, expected)
