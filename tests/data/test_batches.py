"""Tests of batches: what is random in them, and what is not."""

from __future__ import annotations

import numpy as np
import pytest
from small_music import write_drums, write_melodies

from musicvae.augmentation import Augmentation
from musicvae.config import load_config
from musicvae.converters import Batch, build_converter
from musicvae.data.batches import EvaluationBatches, TrainingBatches
from musicvae.data.example_set import ExampleSet
from musicvae.data.examples import extract_examples
from musicvae.data.records import TFRecordSource

MELODY = load_config("cat-mel_2bar_small")
GROOVE = load_config("groovae_2bar_tap_fixed_velocity_note_dropout")


@pytest.fixture(scope="module")
def melodies(tmp_path_factory: pytest.TempPathFactory) -> ExampleSet:
    path = write_melodies(tmp_path_factory.mktemp("music") / "melodies.tfrecord", pieces=5, bars=6)
    return extract_examples(MELODY.converter, TFRecordSource((str(path),)))


@pytest.fixture(scope="module")
def beats(tmp_path_factory: pytest.TempPathFactory) -> ExampleSet:
    path = write_drums(tmp_path_factory.mktemp("music") / "drums.tfrecord", pieces=5, bars=8)
    return extract_examples(GROOVE.converter, TFRecordSource((str(path),)))


def _melody_batches(examples: ExampleSet, size: int = 10, **settings: object) -> TrainingBatches:
    converter = build_converter(MELODY.converter)
    return TrainingBatches(examples, converter, size, **settings)  # type: ignore[arg-type]


def _equal(a: Batch, b: Batch) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def _pitches(batch: Batch) -> set[int]:
    return set(np.unique(batch.outputs.argmax(-1))) - {0, 1}


def test_the_same_seed_gives_the_same_batches(melodies: ExampleSet) -> None:
    settings = {"augmentation": Augmentation((-3, 3)), "max_per_source": 2}
    one = _melody_batches(melodies, seed=5, **settings)
    other = _melody_batches(melodies, seed=5, **settings)
    assert all(_equal(one.batch(step), other.batch(step)) for step in (0, 3, 9))
    assert not _equal(one.batch(0), _melody_batches(melodies, seed=6, **settings).batch(0))
    assert not _equal(one.batch(0), one.batch(1))


def test_slices_are_rows_of_the_whole_batch(melodies: ExampleSet) -> None:
    batches = _melody_batches(melodies, augmentation=Augmentation((-5, 5)))
    whole = batches.batch(4)
    for begin, end in ((0, 5), (5, 10)):
        part = batches.batch(4, slice(begin, end))
        assert _equal(part, Batch(*(array[begin:end] for array in whole)))


def test_batches_do_not_stop_at_the_end_of_an_epoch(melodies: ExampleSet) -> None:
    batches = _melody_batches(melodies, size=len(melodies) - 1)
    assert len(batches.batch(1).lengths) == len(melodies) - 1
    assert batches.batches_per_epoch == len(melodies) / (len(melodies) - 1)


def test_fault_09_transpositions_are_drawn_anew_every_epoch(melodies: ExampleSet) -> None:
    still = _melody_batches(melodies, size=len(melodies))
    moved = _melody_batches(melodies, size=len(melodies), augmentation=Augmentation((-5, 5)))
    lowest, highest = min(_pitches(still.batch(0))), max(_pitches(still.batch(0)))
    epochs = [_pitches(moved.batch(step)) for step in range(20)]
    assert min(min(epoch) for epoch in epochs) == lowest - 5
    assert max(max(epoch) for epoch in epochs) == highest + 5
    # A batch is an epoch here: its first example moves by another amount in another epoch.
    lifts = set()
    for step in range(20):
        before, after = still.batch(step).outputs[0], moved.batch(step).outputs[0]
        lifts.add(int(after.argmax(-1).max() - before.argmax(-1).max()))
    assert len(lifts) > 5


def test_fault_09_windows_are_drawn_anew_every_epoch(melodies: ExampleSet) -> None:
    batches = _melody_batches(melodies, size=5, max_per_source=1)
    assert batches.examples_per_epoch == 5
    epochs = {batches.batch(step).outputs.sum(0).tobytes() for step in range(12)}
    assert len(epochs) > 8


def test_fault_09_dropped_notes_are_drawn_anew_every_epoch(beats: ExampleSet) -> None:
    converter = build_converter(GROOVE.converter)
    batches = TrainingBatches(beats, converter, len(beats), seed=1)
    heard = [batches.batch(step).inputs.sum() for step in range(10)]
    assert len(set(heard)) > 5
    played = {round(float(batches.batch(step).outputs.sum()), 1) for step in range(10)}
    assert len(played) == 1


def test_fault_10_a_set_smaller_than_a_batch_still_fills_it(melodies: ExampleSet) -> None:
    few = ExampleSet({k: v[:3] for k, v in melodies.arrays.items()}, melodies.sources[:3])
    batch = _melody_batches(few, size=16).batch(0)
    assert batch.outputs.shape[0] == 16
    rows, counts = np.unique(batch.outputs.reshape(16, -1), axis=0, return_counts=True)
    assert len(rows) == 3
    assert counts.min() >= 5


def test_fault_10_evaluation_uses_a_last_partial_batch(melodies: ExampleSet) -> None:
    converter = build_converter(MELODY.converter)
    batches = EvaluationBatches(melodies, converter, 10)
    sizes = [len(batch.lengths) for batch in batches]
    assert sizes == [10, 10, 5]
    assert len(batches) == 3
    assert batches.num_examples == len(melodies) == 25


def test_evaluation_has_every_example_once_unchanged(melodies: ExampleSet) -> None:
    converter = build_converter(MELODY.converter)
    seen = np.concatenate([b.outputs for b in EvaluationBatches(melodies, converter, 7)])
    np.testing.assert_array_equal(seen, converter.expand(melodies.arrays).outputs)


def test_fault_13_the_cap_on_windows_is_training_s_alone(melodies: ExampleSet) -> None:
    assert MELODY.converter.options["max_tensors_per_input"] == 5
    converter = build_converter(MELODY.converter)
    per_piece = np.bincount(melodies.sources).tolist()
    assert per_piece == [5, 5, 5, 5, 5]
    capped = _melody_batches(melodies, max_per_source=2)
    assert capped.examples_per_epoch == 10
    assert EvaluationBatches(melodies, converter, 10).num_examples == 25


def test_fewer_evaluation_batches_are_a_fixed_sample_of_the_whole_set(
    melodies: ExampleSet,
) -> None:
    converter = build_converter(MELODY.converter)
    sample = EvaluationBatches(melodies, converter, 4, max_batches=3)
    assert sample.num_examples == 12
    first = np.concatenate([batch.outputs for batch in sample])
    again = np.concatenate(
        [batch.outputs for batch in EvaluationBatches(melodies, converter, 4, max_batches=3)]
    )
    np.testing.assert_array_equal(first, again)
    head = converter.expand(melodies.take(np.arange(12))).outputs
    assert not np.array_equal(first, head)
