"""The random changes of training, on drums and groove."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from small_music import write_drums

from musicvae.augmentation import Augmentation
from musicvae.components import Component, Options
from musicvae.config import load_config
from musicvae.converters import Converter, build_converter
from musicvae.converters.examples import Compact
from musicvae.data.augmenting import augmented
from musicvae.data.batches import EvaluationBatches, TrainingBatches
from musicvae.data.example_set import ExampleSet
from musicvae.data.examples import extract_examples
from musicvae.data.records import TFRecordSource
from musicvae.errors import ConfigError

CATEGORICAL = load_config("cat-drums_2bar_small").converter
ROLL = load_config("nade-drums_2bar_full").converter
GROOVE = load_config("groovae_4bar").converter
TAP = load_config("groovae_2bar_tap_fixed_velocity").converter
HI_HAT = load_config("groovae_2bar_add_closed_hh").converter
KINDS = [CATEGORICAL, ROLL, GROOVE, TAP]
WINDOWS = 400

KICK, SNARE, CLOSED = range(3)


def _compact(converter: Converter, drums: tuple[int, ...] = (KICK, SNARE, CLOSED)) -> Compact:
    """Returns windows whose drums hit every so many steps, from a step of their own."""
    is_groove = converter.spec.output_depth == 27
    columns = 61 if converter.spec.input_depth == 62 else 9
    hits = np.zeros((WINDOWS, converter.num_steps, columns), bool)
    for drum in drums:
        hits[:, drum :: 5 + drum, drum] = True
    if is_groove:
        loudness = np.arange(1, 1 + hits.size).reshape(hits.shape) % 120 + 1
        return {
            "velocities": np.where(hits, loudness, 0).astype(np.uint8),
            "offsets": np.where(hits, loudness / 240.0, 0.0).astype(np.float32),
        }
    bits = (hits * (np.uint64(1) << np.arange(columns, dtype=np.uint64))).sum(-1)
    return {"hits": bits.astype(np.uint16 if columns == 9 else np.uint64)}


def _played(converter: Converter, batch: Compact) -> np.ndarray:
    """Returns which drums hit where: bool `[B, T, C]`."""
    if "velocities" in batch:
        return batch["velocities"] > 0
    return converter.expand(batch).inputs[..., :-1]


def _augmented(converter: Converter, batch: Compact, seed: int = 0, **options: float) -> Compact:
    return augmented(batch, converter, Augmentation(**options), np.random.default_rng(seed))


@pytest.mark.parametrize("kind", KINDS)
def test_one_drum_is_dropped_from_the_whole_window_so_often(kind: Component) -> None:
    converter = build_converter(kind)
    before = _compact(converter)
    after = _augmented(converter, before, drop_voice_probability=0.25)
    assert {n: a.dtype for n, a in after.items()} == {n: a.dtype for n, a in before.items()}
    old, new = _played(converter, before), _played(converter, after)
    dropped = old.any(1) & ~new.any(1)
    assert dropped.sum(1).max() == 1
    assert 0.15 < dropped.any(1).mean() < 0.35
    assert set(np.flatnonzero(dropped.any(0))) == {KICK, SNARE, CLOSED}
    kept = ~dropped[:, np.newaxis]
    for name in before.keys() - {"hits"}:
        np.testing.assert_array_equal(after[name], np.where(kept, before[name], 0))
    np.testing.assert_array_equal(new, old & kept)


@pytest.mark.parametrize("kind", KINDS)
def test_a_dropped_drum_is_in_neither_inputs_nor_outputs(kind: Component) -> None:
    converter = build_converter(kind)
    before = _compact(converter)
    after = _augmented(converter, before, drop_voice_probability=1.0)
    # As if the piece had been without it: what is made of the batch knows nothing else.
    dropped = _played(converter, before).any(1) & ~_played(converter, after).any(1)
    assert (dropped.sum(1) == 1).all()
    full = converter.expand(after)
    for drum in (KICK, SNARE, CLOSED):
        others = tuple({KICK, SNARE, CLOSED} - {drum})
        without = converter.expand(_compact(converter, others))
        rows = dropped[:, drum]
        np.testing.assert_array_equal(full.outputs[rows] > 0, without.outputs[rows] > 0)
        np.testing.assert_array_equal(full.inputs[rows] > 0, without.inputs[rows] > 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_single_drum_is_never_dropped(kind: Component) -> None:
    converter = build_converter(kind)
    before = _compact(converter, (SNARE,))
    after = _augmented(converter, before, drop_voice_probability=1.0)
    for name, array in before.items():
        np.testing.assert_array_equal(after[name], array)


def test_the_drum_that_a_model_learns_to_add_is_never_dropped() -> None:
    converter = build_converter(HI_HAT)
    assert converter.config.add_instruments == (CLOSED,)
    after = _augmented(converter, _compact(converter), drop_voice_probability=1.0)
    counts = _played(converter, after).any(1).sum(0)
    assert counts[CLOSED] == WINDOWS
    assert counts[KICK] + counts[SNARE] == WINDOWS


@pytest.mark.parametrize("kind", KINDS)
def test_so_many_windows_take_some_drums_from_another_window(kind: Component) -> None:
    converter = build_converter(kind)
    before = _compact(converter)
    half = WINDOWS // 2
    for name, array in _compact(converter, (SNARE, CLOSED + 1)).items():
        before[name][:half] = array[:half]
    after = _augmented(converter, before, mix_probability=0.5)
    assert {n: a.dtype for n, a in after.items()} == {n: a.dtype for n, a in before.items()}
    old, new = _played(converter, before), _played(converter, after)
    # A drum of a window is as it was, or as the other kind of window has it.
    other = np.concatenate([old[half:], old[:half]])
    as_before, as_other = (old == new).all(1), (other == new).all(1)
    assert (as_before | as_other).all()
    # Half are mixed, half with the other kind, and a half of three differing drums changes.
    changed = ~as_before
    assert 0.15 < changed.any(1).mean() < 0.3
    assert set(np.flatnonzero(changed.any(0))) == {KICK, CLOSED, CLOSED + 1}
    assert changed.sum(1).max() == 3
    for name in before.keys() - {"hits"}:
        np.testing.assert_array_equal(after[name] != 0, new)


@pytest.mark.parametrize("kind", KINDS)
def test_so_many_windows_start_at_another_of_their_beats(kind: Component) -> None:
    converter = build_converter(kind)
    before = _compact(converter)
    after = _augmented(converter, before, rotate_probability=0.5)
    beats = converter.num_steps // 4
    shifts = []
    for row in range(WINDOWS):
        fits = [
            beat
            for beat in range(beats)
            if all(
                np.array_equal(after[name][row], np.roll(array[row], 4 * beat, axis=0))
                for name, array in before.items()
            )
        ]
        assert len(fits) == 1
        shifts += fits
    assert 0.4 < np.mean(np.array(shifts) > 0) < 0.6
    assert set(shifts) == set(range(beats))


@pytest.mark.parametrize("kind", [CATEGORICAL, GROOVE])
def test_drum_changes_are_drawn_anew_every_epoch(kind: Component, tmp_path) -> None:
    converter = build_converter(kind)
    path = write_drums(tmp_path / "drums.tfrecord", pieces=1)
    found = extract_examples(kind, TFRecordSource((str(path),)))
    one = ExampleSet({name: array[:1] for name, array in found.arrays.items()}, found.sources[:1])
    change = Augmentation(drop_voice_probability=0.3, rotate_probability=0.3)

    def epochs(augmentation: Augmentation | None) -> list[bytes]:
        batches = TrainingBatches(one, converter, 1, seed=4, augmentation=augmentation)
        return [batches.batch(step).outputs.tobytes() for step in range(30)]

    (plain,) = set(epochs(None))
    changed = epochs(change)
    assert len(set(changed)) > 8
    assert 5 < changed.count(plain) < 25, "0.49 of them are left as they are"
    assert epochs(change) == changed
    (evaluated,) = EvaluationBatches(one, converter, 1)
    assert evaluated.outputs.tobytes() == plain


def test_drum_changes_to_melodies_are_an_error(tmp_path) -> None:
    config = load_config("cat-mel_2bar_small")
    config = dataclasses.replace(config, augmentation=Augmentation(rotate_probability=0.5))
    converter = build_converter(config.converter)
    path = write_drums(tmp_path / "drums.tfrecord")
    examples = extract_examples(CATEGORICAL, TFRecordSource((str(path),)))
    with pytest.raises(ConfigError, match="are for drum configurations"):
        TrainingBatches(examples, converter, 4, augmentation=config.augmentation)


def test_drums_of_other_sizes_can_be_changed_too() -> None:
    converter = build_converter(Component("drums", Options({"slice_bars": 1})))
    after = _augmented(converter, _compact(converter), rotate_probability=1.0)
    assert not (after["hits"] == _compact(converter)["hits"]).all(1).any()
