from __future__ import annotations

import math

import pytest
from pieces import drum_beat

from musicvae.lazy_note_seq import NoteSequence
from musicvae.plot.timeline import MAX_BARS, timeline_of


def test_two_bars_at_120_have_their_lines_at_0_2_and_4_seconds():
    timeline = timeline_of(drum_beat())
    assert timeline.bars == (0.0, 2.0, 4.0)
    assert timeline.beats == (0.5, 1.0, 1.5, 2.5, 3.0, 3.5)


def test_a_last_hit_that_rings_on_adds_no_bar():
    piece = drum_beat()
    piece.notes.add(pitch=49, velocity=90, start_time=3.9, end_time=4.1, is_drum=True)
    piece.total_time = 4.1
    assert timeline_of(piece).num_bars == 2


def test_an_onset_in_the_next_bar_adds_one():
    piece = drum_beat()
    piece.notes.add(pitch=49, velocity=90, start_time=4.0, end_time=4.1, is_drum=True)
    assert timeline_of(piece).num_bars == 3


def test_bars_follow_changes_of_tempo_and_metre():
    piece = drum_beat(4)
    piece.tempos.add(time=2.0, qpm=60)
    piece.time_signatures.add(time=2.0, numerator=3, denominator=4)
    assert timeline_of(piece).bars == (0.0, 2.0, 5.0, 8.0)


def test_silence_at_the_end_is_part_of_the_piece():
    piece = drum_beat(1)
    piece.total_time = 8.0
    assert timeline_of(piece).num_bars == 4


def test_no_notes_are_one_bar():
    assert timeline_of(NoteSequence()).bars == (0.0, 2.0)


@pytest.mark.parametrize("qpm", [0.0, -3.0, math.nan, math.inf, 1e9])
def test_tempos_that_mean_nothing_are_120(qpm):
    piece = drum_beat()
    piece.tempos[0].qpm = qpm
    assert timeline_of(piece).qpm == 120.0


def test_time_signatures_that_mean_nothing_are_4_4():
    piece = drum_beat()
    piece.time_signatures.add(numerator=0, denominator=0)
    piece.time_signatures.add(numerator=4, denominator=3)
    timeline = timeline_of(piece)
    assert (timeline.numerator, timeline.denominator) == (4, 4)


def test_a_piece_of_a_year_is_bounded():
    piece = drum_beat()
    piece.total_time = 3.15e7
    timeline = timeline_of(piece, max_bars=8)
    assert timeline.num_bars == 8
    assert timeline.left_out == MAX_BARS - 8


def test_times_that_are_not_numbers_are_left_out():
    piece = drum_beat()
    piece.notes.add(pitch=36, velocity=90, start_time=math.inf, end_time=math.nan, is_drum=True)
    piece.total_time = math.inf
    assert timeline_of(piece).num_bars == 2
