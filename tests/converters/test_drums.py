"""Drum patterns: rolls, combinations, and back."""

from __future__ import annotations

import json

import numpy as np
import pytest
from handmade_music import BAR, converter_of, drum, labels, note, piece, reasons

from musicvae.components import Component, Options
from musicvae.converters import build_converter
from musicvae.converters.drum_classes import FULL, REDUCED, ROLAND, classify
from musicvae.errors import ConfigError

KICK, SNARE, HI_HAT, OPEN, LOW, MID, HIGH, CRASH, RIDE = range(9)


def _converter(**options):
    return build_converter(Component("drums", Options({"slice_bars": 2, **options})))


def test_the_tables_are_those_of_the_named_configurations(golden):
    configs = json.loads((golden / "configs.json").read_text())

    def table(config, key="pitch_classes"):
        return tuple(map(tuple, configs[config]["converter"][key]))

    assert table("cat-drums_2bar_small") == REDUCED
    assert table("nade-drums_2bar_full") == FULL
    assert table("groovae_4bar") == ROLAND
    assert table("groovae_4bar", "infer_pitch_classes") == REDUCED


def test_no_pitch_is_in_two_classes():
    for table in (REDUCED, FULL, ROLAND):
        pitches = [pitch for drum_class in table for pitch in drum_class]
        assert len(pitches) == len(set(pitches))


def test_pitches_beyond_midi_have_no_class():
    assert classify(np.array([-1, 36, 128, 2**31 - 1]), REDUCED).tolist() == [-1, 0, -1, -1]


def test_bits_are_powers_of_two_by_class():
    sequence = piece(drum(36, 0), drum(42, 0), drum(38, 4), drum(51, 16))
    (example,) = _converter().extract(sequence).examples
    expected = [0] * 32
    expected[0], expected[4], expected[16] = 1 + 4, 2, 256
    assert labels(example.outputs) == expected


def test_the_input_is_a_roll_with_a_bit_for_nothing():
    sequence = piece(drum(36, 0), drum(42, 0), drum(51, 16))
    (example,) = _converter().extract(sequence).examples
    assert example.inputs.shape == (32, 10)
    assert np.flatnonzero(example.inputs[0]).tolist() == [KICK, HI_HAT]
    assert np.flatnonzero(example.inputs[1]).tolist() == [9]
    assert np.flatnonzero(example.inputs[16]).tolist() == [RIDE]


def test_a_roll_can_be_the_output():
    sequence = piece(drum(35, 0), drum(82, 16))
    (reduced,) = _converter(roll_output=True).extract(sequence).examples
    assert np.argwhere(reduced.outputs).tolist() == [[0, KICK], [16, RIDE]]
    (full,) = _converter(classes="full", roll_output=True).extract(sequence).examples
    assert np.argwhere(full.outputs).tolist() == [[0, 1], [16, 60]]


def test_instruments_are_pooled_and_pitched_notes_ignored():
    sequence = piece(drum(36, 0, instrument=3), drum(38, 16, instrument=7), note(36, 8, 9))
    found = _converter().extract(sequence)
    assert np.flatnonzero(labels(found.examples[0].outputs)).tolist() == [0, 16]
    assert found.origins[0].tracks == (3, 7)


def test_unmapped_pitches_are_ignored_and_counted():
    sequence = piece(drum(36, 0), drum(36, 16), drum(20, 8), drum(90, 12))
    found = _converter().extract(sequence)
    assert np.flatnonzero(labels(found.examples[0].outputs)).tolist() == [0, 16]
    assert not found.examples[0].inputs[8, :9].any()
    (rejection,) = found.rejections
    assert rejection.reason == "unmapped_pitch"
    assert rejection.detail.startswith("2 drum notes")


def test_a_silent_bar_ends_a_pattern():
    def hits(*steps):
        return piece(*(drum(36, step) for step in steps))

    assert len(_converter().extract(hits(0, 16)).examples) == 1
    assert len(_converter().extract(hits(0, 15, 31, 32)).examples) == 2
    # From the step after one hit to the next there is a bar of silence.
    broken = _converter().extract(hits(15, 32))
    assert not broken.examples
    assert reasons(broken) == ["gap", "too_short"]
    assert "1 bars without drums follow from bar 2" in broken.rejections[0].detail


def test_a_piece_without_drums_says_so():
    found = _converter().extract(piece(note(60, 0, 64)))
    assert reasons(found) == ["no_drums"]


def test_equal_windows_count_once():
    beat = [drum(36 if step % 8 else 38, step) for step in range(0, 96, 4)]
    assert len(_converter().extract(piece(*beat)).examples) == 1
    assert len(_converter(dedupe=False).extract(piece(*beat)).examples) == 5


def test_a_pattern_turns_back_into_notes_of_one_step():
    converter = _converter()
    (example,) = converter.extract(piece(drum(36, 0), drum(59, 4), drum(38, 20))).examples
    back = converter.to_notes(example.outputs)
    found = [(n.pitch, n.start_time, n.end_time) for n in back.notes]
    assert found == [(36, 0.0, 0.125), (51, 0.5, 0.625), (38, 2.5, 2.625)]
    assert {(n.velocity, n.instrument, n.program, n.is_drum) for n in back.notes} == {
        (80, 9, 0, True)
    }
    assert back.total_time == 2 * BAR


def test_both_outputs_turn_back_into_the_same_notes():
    sequence = piece(*(drum(pitch, 3 * step) for step, (pitch, *_) in enumerate(REDUCED)))
    one_hot, roll = _converter(), _converter(roll_output=True)
    notes = [
        [(n.pitch, n.start_time) for n in c.to_notes(c.extract(sequence).examples[0].outputs).notes]
        for c in (one_hot, roll)
    ]
    assert notes[0] == notes[1]
    assert len(notes[0]) == 9


def test_drums_are_not_transposed():
    converter = converter_of("cat-drums_2bar_small")
    batch = {"hits": np.array([[1, 0, 5]], np.uint16)}
    assert converter.transpose(batch, np.array([3])) is batch


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": "reducd"}, r"classes = 'reducd'; did you mean 'reduced'\?"),
        ({"classes": "full"}, r"2\^61 combinations; set roll_output = true"),
    ],
)
def test_impossible_classes_are_an_error(options, message):
    with pytest.raises(ConfigError, match=message):
        _converter(**options)
