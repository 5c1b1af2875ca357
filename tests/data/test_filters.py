from __future__ import annotations

import pytest

from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.data.filters import Filters, extract_filtered
from musicvae.lazy_note_seq import NoteSequence

DRUMS = build_converter(load_config("cat-drums_2bar_small").converter)
GROOVE = build_converter(load_config("groovae_2bar_humanize").converter)


def _piece(offsets, *, velocities=(80,), quarters=16, tempos=((0, 120),), melody=False):
    """Drum hits, one a quarter at 120 qpm, moved by `offsets` quarters in turn."""
    sequence = NoteSequence(total_time=quarters / 2)
    for time, qpm in tempos:
        sequence.tempos.add(time=time, qpm=qpm)
    for index in range(quarters):
        start = (index + offsets[index % len(offsets)]) / 2
        sequence.notes.add(
            pitch=36 + 2 * (index % 2),
            velocity=velocities[index % len(velocities)],
            start_time=start,
            end_time=start + 0.1,
            is_drum=True,
            instrument=9,
        )
        if melody:
            sequence.notes.add(pitch=60, velocity=50, start_time=index / 2, end_time=start + 0.4)
    return sequence


def _passes(sequence, converter=DRUMS, **bounds) -> bool:
    return bool(extract_filtered(sequence, converter, Filters(**bounds))[0].origins)


@pytest.mark.parametrize(
    ("offset", "positions"), [(0, 1), (0.031, 1), (0.0314, 2), (0.5, 2), (0.96, 2), (0.98, 1)]
)
def test_metric_positions_are_sixteenths_of_a_quarter(offset, positions):
    # The thresholds are those of Magenta 2.1.4, found by running it.
    piece = _piece([0, offset])
    assert _passes(piece, min_metric_positions=positions)
    assert not _passes(piece, min_metric_positions=positions + 1)


def test_velocities_are_counted_of_the_notes_asked_for():
    piece = _piece([0], melody=True)
    assert _passes(piece, min_velocities=2)
    assert not _passes(piece, min_velocities=2, is_drum=True)
    assert not _passes(piece, min_velocities=2, is_drum=False)
    assert _passes(_piece([0], velocities=(70, 80)), min_velocities=2, is_drum=True)
    assert not _passes(_piece([0]), is_drum=False)


def test_lengths_and_notes_are_bounded():
    assert _passes(_piece([0]), max_total_time=8, max_num_notes=16)
    assert not _passes(_piece([0]), max_total_time=7.9)
    assert not _passes(_piece([0]), max_num_notes=15)
    assert not _passes(_piece([0], melody=True), max_num_notes=16, is_drum=True)


def test_music_with_other_instruments_is_refused_where_only_drums_are_wanted():
    assert _passes(_piece([0]), drums_only=True)
    assert not _passes(_piece([0], melody=True), drums_only=True)


def test_stretches_between_changes_are_judged_one_by_one():
    piece = _piece([0], quarters=40, tempos=((0, 120), (10, 118)))
    assert _passes(piece, max_total_time=11)
    found, objections = extract_filtered(piece, DRUMS, Filters(min_metric_positions=2))
    assert {origin.seconds >= 10 for origin in found.origins} == {True}
    assert objections == ["filter_min_metric_positions"]


def test_a_groove_is_judged_whole():
    piece = _piece([0], quarters=40)
    assert _passes(piece, GROOVE, max_total_time=20)
    assert not _passes(piece, GROOVE, max_total_time=19)


def test_without_filters_all_examples_stay():
    piece = _piece([0])
    found, objections = extract_filtered(piece, DRUMS, None)
    assert len(found.origins) == len(DRUMS.extract_compact(piece).origins) > 0
    assert objections == []
