"""Bars of several instruments: tokens, segments, and which bars are examples."""

from __future__ import annotations

import numpy as np
import pytest
from handmade_music import BAR, STEP, add_chords, drum, labels, note, piece, reasons

from musicvae.components import Component, Options
from musicvae.converters import build_converter

ON, OFF, SHIFT, VELOCITY, PROGRAM, DRUMS, END = 0, 128, 255, 352, 360, 488, 489


def _converter(**options):
    return build_converter(Component("multitrack", Options(options)))


def _segments(example):
    """The tokens of each segment, as many as its length says."""
    tokens = np.array(labels(example.outputs)).reshape(8, 64)
    return [row[:length].tolist() for row, length in zip(tokens, example.length, strict=True)]


def _duo(*notes):
    """A bar with a piano chord and a bass note, and what else there is."""
    return piece(
        note(60, 0, 8, velocity=80, program=0, instrument=0),
        note(64, 0, 8, velocity=80, program=0, instrument=0),
        note(40, 4, 12, velocity=17, program=33, instrument=1),
        *notes,
        total_time=BAR,
    )


def test_a_bar_is_written_as_these_tokens():
    (example,) = _converter().extract(_duo()).examples
    piano = [PROGRAM, VELOCITY + 4, ON + 60, ON + 64, SHIFT + 48, OFF + 60, OFF + 64, SHIFT + 48]
    bass = [PROGRAM + 33, SHIFT + 24, VELOCITY + 1, ON + 40, SHIFT + 48, OFF + 40, SHIFT + 24]
    assert _segments(example) == [[*piano, END], [*bass, END]] + [[END]] * 6
    assert example.length.tolist() == [9, 8, 1, 1, 1, 1, 1, 1]
    assert example.length.dtype == np.int32


def test_rows_beyond_a_segments_length_are_zeros():
    (example,) = _converter().extract(_duo()).examples
    counts = example.outputs.reshape(8, 64, 490).any(axis=-1)
    assert counts.sum(axis=1).tolist() == example.length.tolist()


def test_tracks_are_sorted_by_program_with_drums_last():
    sequence = _duo(drum(36, 0), note(72, 0, 4, program=12, instrument=5))
    found = _converter().extract(sequence)
    programs = [segment[0] - PROGRAM for segment in _segments(found.examples[0])[:4]]
    assert programs == [0, 12, 33, 128]
    assert found.origins[0].tracks == (0, 5, 1, 9)


def test_tracks_of_one_program_are_in_the_order_of_a_set_of_their_numbers():
    # Of the instruments 7, 8, 9 and 10 a set gives 8, 9, 10, 7.
    notes = [note(60 + number, 0, 8, instrument=number, program=48) for number in (7, 8, 9, 10)]
    (example,) = _converter().extract(piece(*notes, total_time=BAR)).examples
    assert [segment[2] for segment in _segments(example)[:4]] == [68, 69, 70, 67]


def test_a_pitch_struck_again_while_it_sounds_is_cut_first_in_first_out():
    sequence = _duo(
        note(50, 0, 12, instrument=2, program=5), note(50, 4, 8, instrument=2, program=5)
    )
    track = _segments(_converter().extract(sequence).examples[0])[1]
    on, off = ON + 50, OFF + 50
    assert track[2:-2] == [on, SHIFT + 24, on, SHIFT + 24, off, SHIFT + 24, off]
    back = _converter().to_notes(_converter().extract(sequence).examples[0].outputs)
    held = [(n.start_time / STEP, n.end_time / STEP) for n in back.notes if n.pitch == 50]
    assert held == [pytest.approx((0, 8)), pytest.approx((4, 12))]


def test_notes_are_cut_at_the_bar_line_and_not_taken_up_again():
    held = piece(
        note(60, 0, 24, instrument=0), note(72, 8, 16, instrument=1, program=40), total_time=2 * BAR
    )
    found = _converter(min_total_events=1).extract(held)
    assert [origin.bar for origin in found.origins] == [1]
    assert _segments(found.examples[0])[0] == [PROGRAM, VELOCITY + 4, 60, SHIFT + 96, OFF + 60, END]
    assert reasons(found) == []


def test_a_note_that_rounds_to_the_next_bar_leaves_an_empty_track_that_counts_as_drums():
    sequence = _duo(note(72, 15.99, 16, program=12, instrument=5))
    segments = _segments(_converter().extract(sequence).examples[0])
    # It keeps its place by its own program, 12.
    assert segments[1] == [DRUMS, SHIFT + 96, END]


def test_each_bar_is_an_example():
    first, second = _duo(), _duo()
    for each in second.notes:
        first.notes.add(
            pitch=each.pitch + 1,
            velocity=each.velocity,
            start_time=each.start_time + BAR,
            end_time=each.end_time + BAR,
            instrument=each.instrument,
            program=each.program,
        )
    first.total_time = 2 * BAR
    found = _converter().extract(first)
    assert [(o.bar, o.seconds) for o in found.origins] == [(1, 0.0), (2, BAR)]
    assert _segments(found.examples[1])[0][2:4] == [61, 65]


def test_bars_with_too_few_or_too_many_of_anything_are_rejected():
    few_tracks = piece(*(note(60 + step, step, step + 1) for step in range(8)), total_time=BAR)
    few_events = piece(note(60, 0, 16), note(40, 15.99, 16, instrument=1), total_time=BAR)
    crowd = [note(60, 0, 8, instrument=number, program=number) for number in range(9)]
    busy = [
        note(40 + step, step / 2, step / 2 + 0.5, instrument=2, program=5) for step in range(32)
    ]
    for sequence, reason, track in (
        (few_tracks, "too_few_tracks", None),
        (few_events, "too_few_events", None),
        (piece(*crowd, total_time=BAR), "too_many_tracks", None),
        (_duo(*busy), "too_many_events", 2),
    ):
        found = _converter().extract(sequence)
        assert not found.examples
        (rejection,) = found.rejections
        assert (rejection.reason, rejection.track, rejection.bar) == (reason, track, 1)


def test_62_events_fit_and_63_do_not():
    # A velocity, then an on, a shift and an off each; notes follow each other.
    def events(count):
        ons = [note(40 + i, i / 2, i / 2 + 0.5, instrument=2, program=5) for i in range(20)]
        more = [note(90, 12 + i, 12.5 + i, instrument=2, program=5) for i in range(count)]
        return _converter().extract(_duo(*ons, *more))

    fits = events(0)
    assert fits.examples[0].length[1] == 64
    assert reasons(events(1)) == ["too_many_events"]


def test_the_sustain_pedal_is_written_out():
    sequence = _duo()
    sequence.control_changes.add(time=0.0, control_number=64, control_value=127, instrument=1)
    sequence.control_changes.add(time=14 * STEP, control_number=64, control_value=0, instrument=1)
    (example,) = _converter().extract(sequence).examples
    assert _segments(example)[1][4:-1] == [SHIFT + 60, OFF + 40, SHIFT + 12]


def test_the_pedal_goes_on_after_a_change_of_tempo():
    sequence = piece(
        note(60, 0, 16),
        note(40, 0, 16, instrument=1),
        note(60, 16, 18),
        note(62, 16, 32),
        note(40, 16, 32, instrument=1),
    )
    sequence.tempos.add(time=BAR, qpm=119.0)
    sequence.control_changes.add(time=0.1, control_number=64, control_value=127, instrument=0)
    found = _converter(min_total_events=1).extract(sequence)
    segment = _segments(found.examples[1])[0]
    assert segment[-4:] == [OFF + 60, OFF + 62, SHIFT + 1, END]


def test_chords_are_a_control_of_every_event():
    sequence = add_chords(_duo(), [(0.0, "C"), (8 * STEP, "Am7")])
    (example,) = _converter(chord_encoding="triad").extract(sequence).examples
    assert example.controls.shape == (512, 49)
    rows = example.controls.reshape(8, 64, 49)
    # No chord with the program; a shift has the chord that it starts in; the end has the last one.
    assert labels(rows[0][:9]) == [0, 1, 1, 1, 1, 22, 22, 22, 22]
    assert labels(rows[1][:8]) == [0, 1, 1, 1, 1, 22, 22, 22]
    assert labels(rows[2][:1]) == [0]
    assert not rows[0][9:].any()
    assert not rows[2][1:].any()


def test_a_chord_that_begins_with_another_rejects_the_bar():
    sequence = add_chords(_duo(), [(0.0, "C"), (0.001, "Am")])
    found = _converter(chord_encoding="triad").extract(sequence)
    assert not found.examples
    assert found.rejections[0].reason == "chords"
    assert "C and Am" in found.rejections[0].detail


def test_a_bar_turns_back_into_its_notes():
    converter = _converter()
    sequence = _duo(drum(36, 0, velocity=127))
    (example,) = converter.extract(sequence).examples
    back = converter.to_notes(example.outputs)
    found = {
        (n.pitch, n.velocity, n.start_time, n.end_time, n.program, n.is_drum) for n in back.notes
    }
    # Velocities come back as the lowest of their bin.
    assert found == {
        (60, 65, 0.0, 1.0, 0, False),
        (64, 65, 0.0, 1.0, 0, False),
        (40, 17, 0.5, 1.5, 33, False),
        (36, 113, 0.0, 0.125, 0, True),
    }
    assert [n.instrument for n in back.notes] == [0, 0, 1, 2]
    assert back.total_time == BAR


def test_chords_come_back_as_chord_symbols():
    converter = _converter(chord_encoding="triad")
    sequence = add_chords(_duo(), [(0.0, "C"), (8 * STEP, "Bdim")])
    (example,) = converter.extract(sequence).examples
    back = converter.to_notes(example.outputs, example.controls)
    assert [(a.time, a.text) for a in back.text_annotations] == [(0.0, "C"), (1.0, "Bdim")]


def _decoded(*tokens):
    rows = np.zeros((512, 490), np.float32)
    rows[np.arange(len(tokens)), list(tokens)] = 1
    rows[np.arange(64, 512, 64), END] = 1
    return [
        (
            n.pitch,
            n.velocity,
            round(n.start_time * 48),
            round(n.end_time * 48),
            n.program,
            n.is_drum,
        )
        for n in _converter().to_notes(rows).notes
    ]


def test_odd_tokens_are_read_as_well_as_they_can_be():
    half = SHIFT + 48
    assert _decoded(60, half, OFF + 60, END) == [(60, 100, 0, 48, 0, False)]
    assert _decoded(60, PROGRAM + 5, half, END) == [(60, 100, 0, 96, 5, False)]
    assert _decoded(PROGRAM + 5, PROGRAM + 7, 60, half, END) == [(60, 100, 0, 96, 5, False)]
    assert _decoded(DRUMS, VELOCITY + 1, 36, half, END) == [(36, 17, 0, 96, 0, True)]
    assert _decoded(PROGRAM, OFF + 60, 60, SHIFT + 96, half, OFF + 60) == [
        (60, 100, 0, 96, 0, False)
    ]
    assert _decoded(PROGRAM, SHIFT + 96, 60, half, OFF + 60, END) == []
    assert _decoded(END, 60, half) == []


def test_all_tracks_but_drums_are_transposed_with_the_chords():
    converter = _converter(chord_encoding="triad")
    sequence = add_chords(_duo(drum(36, 0)), [(0.0, "B")])
    batch = converter.extract_compact(sequence).arrays
    moved = converter.expand(converter.transpose(batch, np.array([2])))
    tokens = np.array(labels(moved.outputs[0])).reshape(8, 64)
    assert tokens[0, 2:4].tolist() == [62, 66]
    assert tokens[1, 3] == 42
    assert tokens[2, 2] == 36
    assert set(labels(moved.controls[0].reshape(8, 64, 49)[0, 1:9])) == {2}  # C#


def test_transposing_a_bar_stops_at_the_range():
    converter = _converter()
    batch = converter.extract_compact(_duo(note(126, 0, 8, instrument=0))).arrays
    moved = converter.transpose(batch, np.array([5]))["tokens"].reshape(8, 64)
    assert moved[0, 2:5].tolist() == [61, 65, 127]
