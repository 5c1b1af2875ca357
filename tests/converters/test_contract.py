"""What every converter promises, one from outside the package included."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any

import numpy as np
import pytest
from small_music import drum_piece, melody_piece

from musicvae.components import Component, Options
from musicvae.config import load_config
from musicvae.converters import (
    CONVERTERS,
    Converter,
    Example,
    build_converter,
    drum_converter,
    performance_converter,
)
from musicvae.lazy_note_seq import NoteSequence

OWN = Component("own_components.rhythm:RhythmConverter", Options({"bars": 2}))
NAMED = [
    "cat-mel_2bar_small",
    "cat-mel_2bar_med_chords",
    "cat-drums_2bar_small",
    "nade-drums_2bar_full",
    "groovae_2bar_humanize",
    "groovae_2bar_hits_control_tfds",
    "hierdec-trio_16bar",
    "hier-multiperf_vel_1bar_med_chords",
]
COMPONENTS = [*(load_config(name).converter for name in NAMED), OWN]
BARS = 20


def band() -> NoteSequence:
    """Returns melody, bass and drums of `BARS` bars, with a chord a bar."""
    piece = NoteSequence()
    piece.CopyFrom(drum_piece(1, BARS))
    for instrument, program, low in ((0, 0, 60), (1, 33, 36)):
        for note in melody_piece(instrument, BARS, low, low + 12).notes:
            added = piece.notes.add()
            added.CopyFrom(note)
            added.instrument, added.program = instrument, program
    for bar in range(BARS):
        chord = piece.text_annotations.add(text="CFG"[bar % 3], time=2.0 * bar)
        chord.annotation_type = NoteSequence.TextAnnotation.CHORD_SYMBOL
    return piece


@pytest.fixture(scope="module", params=COMPONENTS, ids=[*NAMED, "from outside"])
def converter(request: pytest.FixtureRequest) -> Converter:
    return build_converter(request.param)


@pytest.fixture(scope="module")
def found(converter: Converter) -> Any:
    extraction = converter.extract_compact(band())
    assert extraction.origins, extraction.rejections
    return extraction


def test_all_registered_converters_are_here() -> None:
    assert {component.type for component in COMPONENTS} == {*CONVERTERS.names(), OWN.type}


def test_it_is_a_frozen_value_that_travels_to_workers(converter: Converter) -> None:
    assert pickle.loads(pickle.dumps(converter)) == converter
    with pytest.raises(dataclasses.FrozenInstanceError):
        converter.config = None


def test_shapes_and_types_are_those_of_the_spec(converter: Converter, found: Any) -> None:
    spec, batch = converter.spec, converter.expand(found.arrays)
    count, steps = len(found.origins), converter.num_steps
    assert batch.inputs.shape == (count, steps, spec.input_depth)
    assert batch.outputs.shape == (count, steps, spec.output_depth)
    assert batch.controls.shape == (count, steps, spec.control_depth)
    assert batch.lengths.shape == ((count, spec.num_segments) if spec.num_segments else (count,))
    assert batch.lengths.dtype == np.int32
    for array in batch[:3]:
        assert array.dtype in (np.dtype(bool), np.dtype(np.float32))


def test_compact_and_full_form_say_the_same(converter: Converter, found: Any) -> None:
    for k, example in enumerate(map(Example, *converter.expand(found.arrays))):
        for name, array in converter.compact(example).items():
            np.testing.assert_array_equal(array, found.arrays[name][k], name)


def test_no_windows_have_the_arrays_of_windows(converter: Converter, found: Any) -> None:
    nothing = converter.no_windows()
    assert {*nothing} == {*found.arrays}
    for name, array in nothing.items():
        assert array.shape == (0, *found.arrays[name].shape[1:]), name
        assert array.dtype == found.arrays[name].dtype, name


def test_a_silent_piece_gives_nothing_and_says_why(converter: Converter) -> None:
    nothing = converter.extract_compact(NoteSequence(total_time=4.0))
    assert not nothing.origins
    assert nothing.rejections


def test_parts_are_all_columns_of_the_outputs(converter: Converter, found: Any) -> None:
    assert sum(part.depth for part in converter.parts) == converter.spec.output_depth
    assert len({part.name for part in converter.parts}) == len(converter.parts)
    labels = converter.step_labels(converter.expand(found.arrays).outputs)
    assert labels.shape == (len(found.origins), converter.num_steps, len(converter.parts))
    assert labels.dtype == np.int64
    assert len(np.unique(labels)) > 1


def test_equal_steps_have_equal_labels_and_others_differ(converter: Converter, found: Any) -> None:
    if performance_converter(converter) is not None:
        pytest.skip("velocity and timing are no part of a label")
    outputs = converter.expand(found.arrays).outputs[:1]
    steps = outputs.reshape(-1, outputs.shape[-1])
    labels = converter.step_labels(outputs).reshape(len(steps), -1)
    _, of_steps = np.unique(steps, axis=0, return_inverse=True)
    _, of_labels = np.unique(labels, axis=0, return_inverse=True)
    pairs = {*zip(of_steps.ravel().tolist(), of_labels.ravel().tolist(), strict=True)}
    assert len(pairs) == len({*of_steps.ravel().tolist()}) == len({*of_labels.ravel().tolist()})


def test_a_control_says_what_its_columns_are(converter: Converter) -> None:
    assert any(converter.control) == bool(converter.spec.control_depth)


def test_shorter_windows_are_filled_up_to_the_usual_length(converter: Converter) -> None:
    assert converter.bars >= 1
    shorter = converter.with_bars(1)
    if shorter is None:
        pytest.skip("all windows have one length")
    assert shorter.bars == 1
    assert shorter.num_steps * converter.bars == converter.num_steps
    arrays = shorter.extract_compact(band()).arrays
    lead = shorter.num_steps if converter.bars > 1 else 0
    padded = converter.expand(converter.pad(arrays, converter.num_steps, lead))
    short = shorter.expand(arrays)
    assert padded.outputs.shape[1] == converter.num_steps
    here = slice(lead, lead + shorter.num_steps)
    np.testing.assert_array_equal(padded.outputs[:, here], short.outputs)


def test_notes_last_as_long_as_the_window(converter: Converter, found: Any) -> None:
    outputs = converter.expand(found.arrays).outputs[0]
    sequence = converter.to_notes(outputs, qpm=90.0)
    assert sequence.total_time == pytest.approx(converter.bars * 4 * 60.0 / 90.0)
    assert len(sequence.notes)
    assert sequence.tempos[0].qpm == 90.0


def test_what_a_decoder_gives_has_a_compact_form(converter: Converter, found: Any) -> None:
    batch = converter.expand(found.arrays)
    if converter.spec.num_segments:
        pytest.skip("where segments end is not in the outputs alone")
    compact = converter.compact_outputs(batch.outputs[0], batch.controls[0])
    arrays = {name: array[np.newaxis] for name, array in compact.items()}
    np.testing.assert_array_equal(converter.expand(arrays).outputs[0], batch.outputs[0])


def test_transposing_by_nothing_changes_nothing(converter: Converter, found: Any) -> None:
    same = converter.transpose(found.arrays, np.zeros(len(found.origins), np.int64))
    for name, array in found.arrays.items():
        np.testing.assert_array_equal(same[name], array, name)


def test_a_lenient_converter_finds_at_least_as_much(converter: Converter, found: Any) -> None:
    assert len(converter.lenient().extract_compact(band()).origins) >= len(found.origins)


def test_drums_are_mixed_dropped_and_rotated_without_a_change_of_shape(
    converter: Converter, found: Any
) -> None:
    drums = drum_converter(converter)
    if drums is None:
        assert performance_converter(converter) is None
        pytest.skip("not of drums alone")
    count, generator = len(found.origins), np.random.default_rng(0)
    taken = generator.random((count, drums.num_classes)) < 0.5
    for changed in (
        drums.mix(found.arrays, generator.permutation(count), taken),
        drums.drop_voice(found.arrays, np.ones(count, bool), generator),
        drums.rotate(found.arrays, np.ones(count, np.int64)),
        drums.drop_notes(found.arrays, generator),
    ):
        outputs = drums.expand(changed).outputs
        assert outputs.shape == (count, drums.num_steps, drums.spec.output_depth)
