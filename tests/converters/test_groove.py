"""Drum performances: hits, velocities, offsets, and the inputs that lack some of them."""

from __future__ import annotations

import numpy as np
import pytest
from handmade_music import BAR, STEP, drum, note, piece, reasons

from musicvae.components import Component, Options
from musicvae.converters import build_converter

KICK, SNARE, HI_HAT, OPEN, LOW, MID, HIGH, CRASH, RIDE = range(9)
VELOCITY, OFFSET = 9, 18


def _converter(**options):
    return build_converter(Component("groove", Options({"split_bars": 2, **options})))


def _first(sequence, pitch_map="training", **options):
    return _converter(**options).extract(sequence, pitch_map=pitch_map).examples[0]


def _two_bars(*notes):
    return piece(*notes, drum(36, 31, velocity=127))


def test_a_row_has_hits_velocities_and_offsets():
    example = _first(_two_bars(drum(38, 4.25, velocity=64), drum(42, 7.5, velocity=127)))
    assert example.outputs.shape == (32, 27)
    assert example.outputs.dtype == np.float32
    snare, hi_hat = example.outputs[4], example.outputs[8]
    assert np.flatnonzero(snare).tolist() == [SNARE, VELOCITY + SNARE, OFFSET + SNARE]
    assert snare[[SNARE, VELOCITY + SNARE, OFFSET + SNARE]] == pytest.approx([1, 64 / 127, -0.5])
    assert hi_hat[[HI_HAT, VELOCITY + HI_HAT, OFFSET + HI_HAT]] == pytest.approx([1, 1, 1])


def test_of_two_hits_of_a_class_on_a_step_the_louder_stays():
    example = _first(
        _two_bars(drum(38, 4, velocity=50), drum(40, 4.2, velocity=60), drum(37, 4.1, velocity=20))
    )
    assert example.outputs[4, VELOCITY + SNARE] == pytest.approx(60 / 127)
    assert example.outputs[4, OFFSET + SNARE] == pytest.approx(-0.4)


def test_of_equally_loud_hits_the_first_note_stays():
    example = _first(_two_bars(drum(38, 4.2), drum(38, 4.0), drum(38, 3.9)))
    assert example.outputs[4, OFFSET + SNARE] == pytest.approx(-0.4)


def test_windows_do_not_overlap_and_may_be_silent():
    found = _converter().extract(piece(drum(36, 0), drum(36, 70), drum(36, 127)))
    assert [example.outputs[:, :9].sum() for example in found.examples] == [1, 0, 1, 1]
    assert [origin.bar for origin in found.origins] == [1, 3, 5, 7]
    assert [origin.seconds for origin in found.origins] == [0, 2 * BAR, 4 * BAR, 6 * BAR]


def test_bars_that_fill_no_window_are_left_out():
    assert len(_converter().extract(piece(drum(36, 0), drum(36, 40))).examples) == 1
    assert len(_converter(split_bars=4).extract(piece(drum(36, 0), drum(36, 40))).examples) == 0


def test_training_and_inference_know_different_pitches():
    sequence = _two_bars(drum(45, 4), drum(43, 8), drum(58, 12))
    training = np.argwhere(_first(sequence).outputs[:, :9]).tolist()
    inference = np.argwhere(_first(sequence, "inference").outputs[:, :9]).tolist()
    assert training == [[4, MID], [8, LOW], [12, LOW], [31, KICK]]
    assert inference == [[4, LOW], [8, LOW], [12, CRASH], [31, KICK]]


def test_humanize_clears_velocities_and_offsets_of_the_input():
    example = _first(_two_bars(drum(38, 4.25), drum(42, 4.25)), humanize=True)
    assert np.flatnonzero(example.inputs[4]).tolist() == [SNARE, HI_HAT]
    assert np.array_equal(example.inputs[:, :9], example.outputs[:, :9])
    assert example.outputs[4, OFFSET + SNARE] == pytest.approx(-0.5)


def test_tapify_moves_the_loudest_hit_to_one_column():
    sequence = _two_bars(drum(38, 4.25, velocity=40), drum(42, 4, velocity=30))
    example = _first(sequence, tapify=True)
    assert np.flatnonzero(example.inputs[4]).tolist() == [OPEN, VELOCITY + OPEN, OFFSET + OPEN]
    assert example.inputs[4, VELOCITY + OPEN] == pytest.approx(40 / 127)
    assert example.inputs[4, OFFSET + OPEN] == pytest.approx(-0.5)
    assert np.flatnonzero(example.inputs[5]).tolist() == []


def test_of_equally_loud_hits_tapify_takes_the_lower_class():
    sequence = _two_bars(drum(51, 4.25), drum(38, 4))
    assert np.flatnonzero(_first(sequence, tapify=True).inputs[4]).tolist() == [
        OPEN,
        VELOCITY + OPEN,
    ]


def test_fixed_velocities_clears_velocities_of_the_input():
    example = _first(_two_bars(drum(38, 4.25)), fixed_velocities=True)
    assert np.flatnonzero(example.inputs[4]).tolist() == [SNARE, OFFSET + SNARE]
    assert example.outputs[4, VELOCITY + SNARE] > 0


def test_add_instruments_removes_them_from_the_input():
    example = _first(_two_bars(drum(38, 4.25), drum(42, 4.25)), add_instruments=[HI_HAT])
    assert np.flatnonzero(example.inputs[4]).tolist() == [SNARE, VELOCITY + SNARE, OFFSET + SNARE]
    assert example.outputs[4, HI_HAT] == 1


def test_hits_can_be_the_control():
    converter = _converter(hits_as_controls=True)
    (example,) = converter.extract(_two_bars(drum(38, 4))).examples
    assert converter.spec.control_depth == 9
    assert example.controls.dtype == bool
    assert np.argwhere(example.controls).tolist() == [[4, SNARE], [31, KICK]]


def test_a_change_of_tempo_or_metre_rejects_the_piece():
    sequence = _two_bars(drum(38, 4))
    sequence.tempos.add(time=1.0, qpm=120.0)
    assert len(_converter().extract(sequence).examples) == 1
    sequence.tempos.add(time=2.0, qpm=121.0)
    found = _converter().extract(sequence)
    assert not found.examples
    assert found.rejections[0].reason == "tempo_change"
    assert found.rejections[0].seconds == 2.0
    sequence = _two_bars(drum(38, 4))
    sequence.time_signatures.add(time=1.0, numerator=3, denominator=4)
    assert reasons(_converter().extract(sequence)) == ["time_signature_change"]


def test_dropout_leaves_quiet_hits_out_of_the_input_more_often():
    converter = _converter(max_note_dropout_probability=0.8)
    velocities = np.zeros((2000, 32, 9), np.uint8)
    velocities[..., 0], velocities[..., 1] = 127, 13
    batch = {"velocities": velocities, "offsets": np.zeros((2000, 32, 9), np.float32)}
    dropped = converter.drop_notes(batch, np.random.default_rng(0))
    expanded = converter.expand(dropped)
    assert expanded.outputs[..., :2].all()
    lost = 1 - expanded.inputs[..., :2].mean(axis=(0, 1))
    # u ~ U(0, 0.8) a window: 0.4 of the weights 0.2 and 1 - 13/127 on average.
    assert lost == pytest.approx([0.4 * 0.2, 0.4 * (1 - 13 / 127)], abs=0.02)
    per_window = expanded.inputs[..., 1].mean(axis=1)
    assert per_window.min() < 0.35
    assert per_window.max() == 1.0
    assert "heard" not in batch


def test_dropout_comes_before_taps():
    converter = _converter(tapify=True, max_note_dropout_probability=0.8)
    velocities = np.zeros((1, 32, 9), np.uint8)
    velocities[0, 0, :2] = 100, 50
    heard = np.ones((1, 32, 9), bool)
    heard[0, 0, 0] = False
    batch = {"velocities": velocities, "offsets": np.zeros((1, 32, 9), np.float32), "heard": heard}
    taps = converter.expand(batch).inputs[0, 0]
    assert taps[VELOCITY + OPEN] == pytest.approx(50 / 127)


def test_the_same_seed_drops_the_same_notes():
    converter = _converter(max_note_dropout_probability=0.8)
    batch = converter.extract_compact(_two_bars(*(drum(42, step) for step in range(31)))).arrays
    one, other = (converter.drop_notes(batch, np.random.default_rng(5))["heard"] for _ in range(2))
    assert np.array_equal(one, other)


def test_without_dropout_nothing_is_dropped():
    batch = {"velocities": np.ones((1, 32, 9), np.uint8)}
    assert _converter().drop_notes(batch, np.random.default_rng(0)) is batch


def test_a_performance_turns_back_into_its_notes():
    converter = _converter()
    sequence = _two_bars(drum(38, 4.25, velocity=64), drum(42, 7.5, velocity=1))
    (example,) = converter.extract(sequence).examples
    back = converter.to_notes(example.outputs)
    found = [(n.pitch, n.velocity, n.start_time / STEP, n.end_time / STEP) for n in back.notes]
    assert found == [
        pytest.approx((38, 64, 4.25, 5.25)),
        pytest.approx((42, 1, 7.5, 8.5)),
        pytest.approx((36, 127, 31, 32)),
    ]
    assert {(n.instrument, n.program, n.is_drum) for n in back.notes} == {(9, 0, True)}


def test_notes_come_back_with_general_midi_pitches_unless_told_otherwise():
    rows = np.zeros((32, 27), np.float32)
    rows[0, :18] = 1
    converter = _converter()
    general = [n.pitch for n in converter.to_notes(rows).notes]
    roland = [n.pitch for n in converter.to_notes(rows, pitch_map="training").notes]
    assert general == [36, 38, 42, 46, 45, 48, 50, 49, 51]
    assert roland == [36, 38, 42, 46, 43, 47, 50, 49, 51]


def test_decoded_values_are_brought_into_range():
    rows = np.zeros((32, 27), np.float32)
    rows[:5, 0] = [1, 1, 0.51, 0.5, 1]
    rows[:5, VELOCITY] = [1.4, -0.1, 0.5, 1, 0.25]
    rows[:5, OFFSET] = [0, 1.7, 0, 0, -1.7]
    notes = _converter().to_notes(rows).notes
    found = [(n.velocity, n.start_time / STEP) for n in notes]
    assert found == [(127, 0.0), (1, 0.5), (64, 2.0), (32, 4.5)]


class TestFault08:
    """The groove converter failed, misread, shortened and misplaced."""

    def test_fault_08_an_unmapped_pitch_is_skipped_with_a_reason(self):
        found = _converter().extract(_two_bars(drum(20, 4), drum(90, 8)))
        assert len(found.examples) == 1
        (rejection,) = found.rejections
        assert rejection.reason == "unmapped_pitch"
        assert rejection.detail.startswith("2 drum notes")

    def test_fault_08_melodic_notes_are_no_drums(self):
        example = _first(_two_bars(note(36, 4, 8), note(60, 5, 9, program=3)))
        assert np.argwhere(example.outputs[:, :9]).tolist() == [[31, KICK]]
        assert reasons(_converter().extract(piece(note(36, 0, 64)))) == ["no_drums"]

    def test_fault_08_trailing_silent_bars_stay(self):
        sequence = piece(drum(36, 0), total_time=4 * BAR)
        found = _converter().extract(sequence)
        assert len(found.examples) == 2
        back = _converter().to_notes(found.examples[1].outputs)
        assert len(back.notes) == 0
        assert back.total_time == 2 * BAR

    def test_fault_08_a_note_that_rings_into_a_bar_is_no_silent_bar(self):
        ringing = piece(drum(36, 0), note(49, 8, 20, is_drum=True))
        assert not _converter().extract(ringing).examples

    def test_fault_08_no_note_starts_before_second_0(self):
        rows = np.zeros((32, 27), np.float32)
        rows[0, [KICK, VELOCITY, OFFSET]] = 1, 1, 1
        (found,) = _converter().to_notes(rows).notes
        assert found.start_time == 0.0
        assert found.end_time == pytest.approx(0.5 * STEP)

    def test_fault_08_one_pitch_map_is_used_for_checking_and_encoding(self):
        # The map is an argument of each call, so no state of the converter can differ.
        converter = _converter()
        sequence = _two_bars(drum(58, 4))
        one = converter.extract(sequence, pitch_map="inference").examples[0]
        converter.extract(sequence, pitch_map="training")
        other = converter.extract(sequence, pitch_map="inference").examples[0]
        assert np.array_equal(one.outputs, other.outputs)
        assert one.outputs[4, CRASH] == 1
