"""Melodies: what is one, how it is written down, and back."""

from __future__ import annotations

import numpy as np
import pytest
from handmade_music import BAR, converter_of, labels, note, piece, reasons, scale

from musicvae.components import Component, Options
from musicvae.converters import build_converter
from musicvae.errors import ConfigError


def _converter(**options):
    return build_converter(Component("melody", Options({"slice_bars": 2, **options})))


def _labels(sequence, **options):
    return [labels(example.outputs) for example in _converter(**options).extract(sequence).examples]


def test_pitches_holds_and_note_offs_have_these_labels():
    sequence = piece(
        note(60, 0, 4),  # C4 is 60 - 21 + 2 = 41
        note(62, 4, 6),  # a rest of two steps follows
        note(21, 8, 9),
        note(108, 9, 32),  # held to the end: no note-off
    )
    expected = [41, 0, 0, 0, 43, 0, 1, 0, 2, 89] + [0] * 22
    assert _labels(sequence) == [expected]


def test_a_note_that_ends_within_the_last_bar_gets_a_note_off():
    assert _labels(piece(note(60, 0, 20)))[0][20] == 1
    assert 1 not in _labels(piece(note(60, 0, 32)))[0]


def test_of_notes_that_start_together_the_highest_counts():
    sequence = piece(note(60, 0, 20), note(72, 0, 8), note(64, 0, 32), note(70, 20, 32))
    assert _labels(sequence)[0][:9] == [72 - 19, 0, 0, 0, 0, 0, 0, 0, 1]


def test_a_later_note_cuts_an_earlier_one():
    short = piece(note(60, 0, 24), note(62, 8, 10))
    found = _labels(piece(note(60, 0, 24), note(62, 8, 10), note(64, 20, 32)))[0]
    assert found == [41] + [0] * 7 + [43, 0, 1] + [0] * 9 + [45] + [0] * 11
    assert not _labels(short)  # the cut leaves less than two bars


def test_a_bar_of_rest_ends_a_melody():
    notes = [*scale(2), *scale(2, first_step=48, instrument=0)]
    assert len(_labels(piece(*notes))) == 1  # twice the same two bars
    assert len(_labels(piece(*notes), dedupe=False)) == 2
    assert len(_labels(piece(*notes), gap_bars=2, dedupe=False)) == 4


def test_a_rest_of_less_than_a_bar_does_not_end_a_melody():
    held = piece(*scale(1), note(60, 31, 32), note(72, 40, 48))
    assert len(_labels(held)) == 2
    broken = piece(*scale(1), note(72, 32, 48))
    broken.notes[3].end_time -= 0.01  # still quantized to the bar line: 16 steps of rest
    found = _converter().extract(broken)
    assert reasons(found) == ["gap", "too_short"]
    assert "1 bars without notes follow from bar 2" in found.rejections[0].detail


def test_a_melody_starts_at_the_bar_of_its_first_note():
    sequence = piece(*scale(2, first_step=16 * 3 + 5), total_time=12)
    (origin, *_) = _converter().extract(sequence).origins
    assert origin.bar == 4
    assert origin.seconds == 3 * BAR
    assert _labels(sequence)[0][:6] == [0, 0, 0, 0, 0, 41]


def test_windows_hop_one_bar_and_forget_what_sounded_before():
    sequence = piece(note(60, 0, 18), note(64, 24, 48))
    first, second = _labels(sequence)
    assert first == [41] + [0] * 17 + [1] + [0] * 5 + [45] + [0] * 7
    # The note-off of a note from before the window is no event of the window.
    assert second == [0] * 8 + [45] + [0] * 23


def test_equal_windows_of_one_section_count_once():
    same = [note(60, 4 * beat, 4 * beat + 4) for beat in range(24)]
    assert len(_labels(piece(*same))) == 1
    assert len(_labels(piece(*same), dedupe=False)) == 5
    found = _converter().extract(piece(*same))
    assert "duplicate" in reasons(found)
    assert [origin.bar for origin in found.origins] == [1]  # the first of them
    twice = piece(*same)
    twice.tempos.add(time=2 * BAR, qpm=121.0)
    twice.tempos.add(time=4 * BAR, qpm=120.0)
    assert len(_labels(twice)) == 3  # one in each section


def test_each_instrument_gives_melodies_of_its_own():
    notes = [*scale(2, instrument=3), note(90, 0, 32, instrument=1)]
    extraction = _converter().extract(piece(*notes))
    assert [origin.tracks for origin in extraction.origins] == [(1,), (3,)]


def test_only_the_programs_of_the_configuration_count():
    sequence = piece(*scale(2, program=32))
    found = converter_of("cat-mel_2bar_small").extract(sequence)
    assert not found.examples
    (rejection,) = found.rejections
    assert rejection.reason == "program_not_allowed"
    assert rejection.track == 0
    assert "32" in rejection.detail
    assert len(converter_of("flat-mel_16bar").extract(piece(*scale(16, program=32))).examples) == 1


def test_notes_out_of_range_and_drums_are_left_out_with_a_reason():
    sequence = piece(*scale(2), note(20, 8, 12), note(109, 8, 12), note(60, 0, 4, instrument=1))
    sequence.notes[-1].is_drum = True
    found = _converter().extract(sequence)
    assert labels(found.examples[0].outputs)[8] == 60 + 14 - 19
    details = {rejection.reason: rejection for rejection in found.rejections}
    assert details["out_of_range"].detail == (
        "1 note is below pitch 21 and 1 note is above pitch 108"
    )
    assert details["only_drums"].track == 1


def test_past_the_longest_melody_the_rest_is_lost():
    long = piece(*scale(103))
    found = _converter(dedupe=False).extract(long)
    assert len(found.examples) == 99
    assert reasons(found) == ["too_long"]


@pytest.mark.parametrize(
    ("numerator", "denominator"), [(3, 4), (6, 8), (5, 4), (4, 3), (0, 4), (4, 0)]
)
def test_other_metres_than_four_quarters_give_nothing(numerator, denominator):
    sequence = piece(*scale(4))
    sequence.time_signatures[0].numerator = numerator
    sequence.time_signatures[0].denominator = denominator
    found = _converter().extract(sequence)
    assert not found.examples
    (rejection,) = found.rejections
    assert rejection.reason == "time_signature"
    assert f"{numerator}/{denominator}" in rejection.detail


def test_two_two_is_as_good_as_four_four():
    sequence = piece(*scale(2))
    sequence.time_signatures[0].numerator = sequence.time_signatures[0].denominator = 2
    assert len(_converter().extract(sequence).examples) == 1


def test_a_change_of_tempo_or_metre_cuts_the_piece():
    sequence = piece(*scale(8))
    assert len(_labels(sequence)) == 7
    sequence.tempos.add(time=4 * BAR, qpm=100.0)
    found = _converter().extract(sequence)
    assert [origin.bar for origin in found.origins] == [1, 2, 3, 5, 6, 7]


def test_a_melody_turns_back_into_its_notes():
    sequence = piece(note(60, 0, 4), note(62, 4, 6), note(21, 8, 9), note(108, 9, 32))
    converter = _converter()
    (example,) = converter.extract(sequence).examples
    back = converter.to_notes(example.outputs)
    assert [(n.pitch, n.start_time, n.end_time) for n in back.notes] == [
        (n.pitch, n.start_time, n.end_time) for n in sequence.notes
    ]
    assert {(n.velocity, n.instrument, n.program, n.is_drum) for n in back.notes} == {
        (80, 0, 0, False)
    }
    assert back.total_time == 2 * BAR


def test_velocity_and_program_of_the_notes_can_be_chosen():
    rows = np.eye(90)[[41] + [0] * 31]
    (found,) = _converter().to_notes(rows, velocity=99, program=7).notes
    assert (found.velocity, found.program) == (99, 7)


def test_transposing_moves_every_note_and_nothing_else():
    batch = {"labels": np.array([[41, 0, 1, 45], [41, 0, 1, 45]], np.uint8)}
    moved = _converter().transpose(batch, np.array([3, -2]))
    assert moved["labels"].tolist() == [[44, 0, 1, 48], [39, 0, 1, 43]]
    assert batch["labels"].tolist() == [[41, 0, 1, 45]] * 2


def test_transposing_stops_at_the_range():
    batch = {"labels": np.array([[3, 0, 40, 0], [88, 0, 40, 0], [0, 0, 0, 0]], np.uint8)}
    moved = _converter().transpose(batch, np.array([-5, 5, 5]))
    assert moved["labels"].tolist() == [[2, 0, 39, 0], [89, 0, 41, 0], [0, 0, 0, 0]]


def test_an_unknown_chord_encoding_is_answered_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"chord_encoding = 'triads'; did you mean 'triad'\?"):
        _converter(chord_encoding="triads")
