"""Chords and keys as controls: stated, inferred, written and transposed."""

from __future__ import annotations

import numpy as np
import pytest
from handmade_music import BAR, add_chords, converter_of, labels, note, piece, reasons, scale

from musicvae.components import Component, Options
from musicvae.converters import build_converter
from musicvae.converters.harmony import NO_CLASS, class_of_figure, figure_of_class


def _converter(**options):
    return build_converter(Component("melody", Options({"slice_bars": 2, **options})))


def _chords(sequence, **options):
    found = _converter(chord_encoding="triad", **options).extract(sequence)
    return [labels(example.controls[:, :49]) for example in found.examples]


def _keys(sequence, **options):
    found = _converter(condition_on_key=True, **options).extract(sequence)
    return [labels(example.controls[:, -12:]) for example in found.examples]


@pytest.mark.parametrize(
    ("figure", "number"),
    [
        ("N.C.", 0),
        ("C", 1),
        ("B", 12),
        ("Cm", 13),
        ("Caug", 25),
        ("C+", 25),
        ("Cdim", 37),
        ("Bdim", 48),
        ("G7", 8),
        ("F#m7b5", 43),
        ("Ebmaj7", 4),
        ("Eb/G", 4),
        ("Cb", 12),
        ("E##m", 19),
        ("Bb-7", 23),
        ("Gsus4", NO_CLASS),
        ("C5", NO_CLASS),
        ("foo", NO_CLASS),
        ("", NO_CLASS),
    ],
)
def test_chord_symbols_have_these_classes(figure, number):
    assert class_of_figure(figure) == number


def test_every_class_has_a_figure_of_that_class():
    assert [class_of_figure(figure_of_class(number)) for number in range(49)] == list(range(49))


def test_fault_06_chords_keep_the_last_12_classes():
    rows = np.zeros((48, 49), bool)
    rows[np.arange(48), np.arange(1, 49)] = True
    back = _converter(chord_encoding="triad").to_notes(np.eye(90)[[0] * 48], rows)
    roots = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]
    expected = [root + kind for kind in ("", "m", "aug", "dim") for root in roots]
    assert [annotation.text for annotation in back.text_annotations] == expected
    assert [annotation.time for annotation in back.text_annotations][:3] == [0.0, 0.125, 0.25]


def test_a_repeated_chord_is_written_once():
    rows = np.eye(49)[[0] * 4 + [1] * 8 + [0] * 4]
    back = _converter(chord_encoding="triad").to_notes(np.eye(90)[[0] * 16], rows)
    assert [(a.time, a.text) for a in back.text_annotations] == [(0.5, "C"), (1.5, "N.C.")]


def test_stated_chords_hold_until_the_next():
    sequence = add_chords(piece(*scale(2)), [(0.5, "C"), (2.0, "G7")])
    assert _chords(sequence) == [[0] * 4 + [1] * 12 + [8] * 16]


def test_a_chord_goes_on_after_a_change_of_tempo():
    sequence = add_chords(piece(*scale(5)), [(0.0, "C"), (3.5, "Am")])
    sequence.tempos.add(time=4.0, qpm=121.0)
    assert _chords(sequence)[0] == [1] * 28 + [22] * 4
    assert _chords(sequence)[1] == [22] * 32


def test_equal_windows_count_twice_where_their_chord_symbols_differ():
    same = [note(60, 4 * beat, 4 * beat + 4) for beat in range(16)]
    chords = [(0.0, "C"), (BAR, "C7"), (2 * BAR, "C"), (3 * BAR, "C7")]
    # C and C7 are one class, but not one symbol.
    assert _chords(add_chords(piece(*same), chords)) == [[1] * 32] * 2


@pytest.mark.parametrize("figure", ["Gsus4", "foo", ""])
def test_a_chord_without_a_class_rejects_its_section(figure):
    sequence = add_chords(piece(*scale(4)), [(0.0, "C"), (6.0, figure)])
    found = _converter(chord_encoding="triad").extract(sequence)
    assert not found.examples
    (rejection,) = found.rejections
    assert rejection.reason == "chords"
    assert f"'{figure}'" in rejection.detail


def test_a_chord_without_a_class_outside_every_window_does_no_harm():
    sequence = add_chords(piece(*scale(2), note(60, 80, 84)), [(0.0, "C"), (10.0, "Gsus4")])
    assert _chords(sequence) == [[1] * 32]


def test_two_chords_on_one_step_reject_the_section():
    sequence = add_chords(piece(*scale(4)), [(0.0, "C"), (2.0, "G"), (2.01, "F")])
    found = _converter(chord_encoding="triad").extract(sequence)
    assert found.rejections[0].detail == "the chords G and F begin on one step"
    assert _chords(add_chords(piece(*scale(2)), [(0.0, "C"), (0.01, "C")])) == [[1] * 32]


def test_chords_are_inferred_where_none_are_stated():
    c_major, a_minor, f_major, g_major = (60, 64, 67), (57, 60, 64), (53, 57, 60), (55, 59, 62)
    notes = [
        note(pitch, 16 * bar, 16 * bar + 16)
        for bar, chord in enumerate((c_major, a_minor, f_major, g_major))
        for pitch in chord
    ]
    windows = _chords(piece(*notes))
    assert windows == [[1] * 16 + [22] * 16, [22] * 16 + [6] * 16, [6] * 16 + [8] * 16]


def test_harmony_is_inferred_without_the_programs_that_are_left_out():
    notes = [note(pitch, 0, 32) for pitch in (60, 64, 67)]
    others = [note(pitch, 0, 32, instrument=1, program=60) for pitch in (61, 66, 70, 73)]
    alone = _chords(piece(*notes, *others), valid_programs=[0])
    assert alone == [[1] * 32]
    assert _chords(piece(*notes, *others)) != alone * 2


def test_metres_without_a_number_of_chords_are_rejected():
    sequence = piece(*scale(2))
    sequence.time_signatures[0].numerator = sequence.time_signatures[0].denominator = 8
    found = _converter(chord_encoding="triad").extract(sequence)
    assert found.rejections[0].detail == "no chords are inferred in 8/8"


def test_a_piece_too_long_for_inference_says_so():
    found = _converter(chord_encoding="triad").extract(piece(*scale(510)))
    assert not found.examples
    assert "chords" in reasons(found)
    assert "1000" in found.rejections[-1].detail


def test_keys_are_those_of_the_key_signatures():
    sequence = piece(*scale(2))
    sequence.key_signatures.add(time=0.0, key=0)
    sequence.key_signatures.add(time=3.0, key=5)
    assert _keys(sequence) == [[0] * 24 + [5] * 8]


def test_before_the_first_key_signature_it_holds_already():
    sequence = piece(*scale(2))
    sequence.key_signatures.add(time=3.0, key=5)
    assert _keys(sequence) == [[5] * 32]


def test_keys_are_inferred_where_none_are_stated():
    # D major and nothing else.
    notes = [
        note(pitch, 4 * i, 4 * i + 4) for i, pitch in enumerate([62, 64, 66, 67, 69, 71, 73, 74])
    ]
    assert _keys(piece(*notes)) == [[2] * 32]


def test_inferred_chords_come_with_inferred_keys():
    notes = [
        note(pitch, 4 * i, 4 * i + 4) for i, pitch in enumerate([62, 64, 66, 67, 69, 71, 73, 74])
    ]
    sequence = piece(*notes)
    sequence.key_signatures.add(time=0.0, key=7)
    assert _keys(sequence) == [[7] * 32]
    assert _keys(sequence, chord_encoding="triad") == [[2] * 32]


def test_stated_chords_without_a_key_signature_are_rejected_where_a_key_is_asked_for():
    sequence = add_chords(piece(*scale(2)), [(0.0, "C")])
    found = _converter(chord_encoding="triad", condition_on_key=True).extract(sequence)
    assert reasons(found) == ["no_key"]


def test_chords_and_keys_stand_side_by_side():
    converter = _converter(chord_encoding="triad", condition_on_key=True)
    sequence = add_chords(piece(*scale(2)), [(0.0, "G7")])
    sequence.key_signatures.add(time=0.0, key=3)
    (example,) = converter.extract(sequence).examples
    assert converter.spec.control_depth == 61
    assert np.argwhere(example.controls[:1]).tolist() == [[0, 8], [0, 52]]


def test_harmony_is_transposed_as_far_as_the_melody():
    converter = converter_of("cat-mel_2bar_med_chords")
    batch = {
        "labels": np.array([[41, 0], [41, 0], [88, 0], [0, 0]], np.uint8),
        "chords": np.array([[12, 0], [13, 48], [1, 25], [1, 24]], np.uint8),
        "keys": np.array([[11, 0], [0, 1], [2, 3], [4, 5]], np.uint8),
    }
    moved = converter.transpose(batch, np.array([1, -2, 5, 3]))
    assert moved["labels"].tolist() == [[42, 0], [39, 0], [89, 0], [0, 0]]
    assert moved["chords"].tolist() == [[1, 0], [23, 46], [2, 26], [4, 15]]
    assert moved["keys"].tolist() == [[0, 1], [10, 11], [3, 4], [7, 8]]
