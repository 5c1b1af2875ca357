from __future__ import annotations

import itertools

import pytest

from musicvae.generate.bar_lines import BarLines
from musicvae.lazy_note_seq import NoteSequence


def piece(
    beats: float, *signatures: tuple[float, int, int], tempos: tuple[tuple[float, float], ...] = ()
) -> NoteSequence:
    """A note on every quarter, at 60 qpm where no tempos (seconds, qpm) are given."""
    sequence = NoteSequence()
    for seconds, qpm in tempos or ((0.0, 60.0),):
        sequence.tempos.add(time=seconds, qpm=qpm)
    for seconds, numerator, denominator in signatures:
        sequence.time_signatures.add(time=seconds, numerator=numerator, denominator=denominator)
    lines = BarLines.of(sequence)
    for beat in range(int(beats)):
        sequence.notes.add(
            pitch=60,
            velocity=80,
            start_time=lines.seconds_at(beat),
            end_time=lines.seconds_at(beat + 1),
        )
    sequence.total_time = lines.seconds_at(beats)
    return sequence


@pytest.mark.parametrize(
    ("signature", "beats", "bars", "slots"),
    [
        ((4, 4), 20, 5, [4, 4, 4, 4, 4]),
        ((3, 4), 15, 5, [3, 3, 3, 3, 3]),
        ((6, 8), 6, 2, [3, 3]),
        ((2, 4), 6, 3, [2, 2, 2]),
        ((2, 2), 8, 2, [4, 4]),
        ((5, 4), 10, 2, [4, 1, 4, 1]),
        ((7, 8), 7, 2, [3.5, 3.5]),
        ((12, 8), 12, 2, [3, 3, 3, 3]),
        ((9, 8), 9, 2, [3, 1.5, 3, 1.5]),
    ],
)
def test_bars_of_any_time_signature_end_with_the_piece(signature, beats, bars, slots):
    lines = BarLines.of(piece(beats, (0.0, *signature)))
    assert (lines.end, lines.num_bars) == (beats, bars)
    assert [lines.slot_numbered(k).beats for k in range(len(slots))] == slots
    assert lines.slot_numbered(len(slots)).beat == beats


def test_every_bar_begins_at_a_multiple_of_four_on_the_grid_and_comes_back():
    lines = BarLines.of(piece(17, (0.0, 3, 4), (6.0, 4, 4), (14.0, 3, 4)))
    starts = [lines.slot_of_bar(bar).beat for bar in range(1, 6)]
    assert starts == [0.0, 3.0, 6.0, 10.0, 14.0]
    assert [lines.grid_at(beat) for beat in starts] == [0.0, 4.0, 8.0, 12.0, 16.0]
    for beat in (0.0, 1.25, 2.8, 2.95, 3.0, 6.5, 9.99, 13.1, 16.9):
        assert lines.beat_at_grid(lines.grid_at(beat)) == pytest.approx(beat)


def test_an_early_hit_goes_with_the_bar_that_it_leads_into():
    lines = BarLines.of(piece(6, (0.0, 3, 4)))
    assert lines.grid_at(2.95) == pytest.approx(3.95)
    assert lines.grid_at(2.8) == pytest.approx(2.8)
    assert lines.beat_at_grid(3.95) == pytest.approx(2.95)
    assert lines.beat_at_grid(3.4) is None
    assert lines.end_at_grid(3.4) == 3.0


def test_seconds_and_beats_follow_the_tempo():
    lines = BarLines.of(piece(16, tempos=((0.0, 120.0), (4.0, 60.0), (6.0, 240.0))))
    assert [tempo.beat for tempo in lines.tempos] == [0.0, 8.0, 10.0]
    for seconds in (0.0, 3.9, 4.0, 5.5, 6.0, 7.25):
        assert lines.seconds_at(lines.beat_at(seconds)) == pytest.approx(seconds)
    assert lines.main_tempo == 120.0


def test_a_time_signature_just_after_a_bar_line_begins_at_it():
    lines = BarLines.of(piece(9, (0.01, 3, 4)))
    assert [(region.beat, region.numerator) for region in lines.regions] == [(0.0, 3)]
    lines = BarLines.of(piece(9, (0.0, 3, 4), (3.02, 6, 8)))
    assert [region.beat for region in lines.regions] == [0.0, 3.0]


def test_a_time_signature_in_the_middle_of_a_bar_cuts_it():
    lines = BarLines.of(piece(7, (0.0, 4, 4), (1.0, 3, 4)))
    bars = [lines.slot_of_bar(bar)[1:3] for bar in (1, 2, 3)]
    assert bars == [(0.0, 1.0), (1.0, 3.0), (4.0, 3.0)]


def test_impossible_tempos_and_time_signatures_do_not_count():
    sequence = piece(4, (0.0, 0, 4), (1.0, 3, 5), (2.0, 4, 0), (float("nan"), 3, 4))
    for qpm in (0.0, -3.0, float("inf"), float("nan")):
        sequence.tempos.add(time=1.0, qpm=qpm)
    lines = BarLines.of(sequence)
    assert [tempo.qpm for tempo in lines.tempos] == [60.0]
    assert [region[1:3] for region in lines.regions] == [(4, 4)]


def test_the_end_is_that_of_the_last_bar_and_an_early_hit_leads_into_the_next():
    sequence = piece(8)
    assert BarLines.of(sequence).end == 8.0
    sequence.notes.add(pitch=36, velocity=90, start_time=7.98, end_time=8.2, is_drum=True)
    assert BarLines.of(sequence).end == 12.0
    sequence.notes[-1].start_time = 7.875  # the last 32nd of a roll
    assert BarLines.of(sequence).end == 8.0


def test_a_held_note_keeps_its_bars_and_one_that_rings_on_a_little_opens_none():
    sequence = piece(8)
    sequence.notes[-1].end_time = 8.1
    assert BarLines.of(sequence).end == 8.0
    sequence.notes[-1].end_time = 11.0
    assert BarLines.of(sequence).end == 12.0


def test_an_excerpt_has_the_tempos_and_time_signatures_that_hold_in_it():
    lines = BarLines.of(
        piece(14, (0.0, 4, 4), (2.0, 3, 4), tempos=((0.0, 120.0), (2.0, 60.0), (8.0, 90.0)))
    )
    part, seconds = lines.excerpt(6.0, 13.0)
    assert [(tempo.time, tempo.qpm) for tempo in part.tempos] == [(0.0, 60.0), (4.0, 90.0)]
    assert [(each.time, each.numerator) for each in part.time_signatures] == [(0.0, 3)]
    assert (seconds(6.0), part.total_time) == (0.0, 6.0)
    part, _ = lines.excerpt(2.0, 13.0, 120.0)
    assert [(tempo.time, tempo.qpm) for tempo in part.tempos] == [(0.0, 120.0)]
    assert [(each.time, each.numerator) for each in part.time_signatures] == [(0.0, 4), (1.0, 3)]


@pytest.mark.parametrize(
    ("signature", "starts"),
    [
        ((4, 4), [0, 8, 16]),
        ((3, 4), [0, 6, 12, 18]),
        ((6, 8), [0, 6, 12, 18]),
        ((5, 4), [0, 5, 10, 15, 20]),
        ((9, 4), [0, 8, 9, 17, 18]),
    ],
)
def test_windows_have_as_many_whole_bars_as_fit_and_parts_of_longer_ones(signature, starts):
    lines = BarLines.of(piece(23, (0.0, *signature)))
    windows = sorted({lines.window_at(beat / 4, 8.0) for beat in range(92)})
    assert [window.start for window in windows] == starts
    for window, after in itertools.pairwise(windows):
        assert window.end == after.start
        assert lines.window_from(window.start, 8.0) == window


def test_a_piece_of_a_year_in_tiny_bars_takes_no_memory():
    sequence = piece(4, (0.0, 1, 64), tempos=((0.0, 100_000.0),))
    sequence.notes.add(pitch=36, velocity=90, start_time=3599.0, end_time=3e7, is_drum=True)
    sequence.total_time = 3e7
    lines = BarLines.of(sequence)
    assert len(lines.regions) == 1
    assert lines.num_bars > 90_000_000
