from __future__ import annotations

import pytest

from musicvae.generate.adaptations import (
    as_taps,
    basses_on_a_piano,
    in_bars_of_four,
    on_a_piano,
    with_one_tempo,
    within_an_hour,
)
from musicvae.lazy_note_seq import NoteSequence


def piece(*onsets: float, program: int = 0, is_drum: bool = False) -> NoteSequence:
    sequence = NoteSequence(total_time=max(onsets) + 0.5)
    for onset in onsets:
        sequence.notes.add(
            pitch=60, velocity=80, start_time=onset, end_time=onset + 0.5, program=program,
            is_drum=is_drum,
        )  # fmt: skip
    return sequence


def test_one_tempo_keeps_every_note_on_its_beat():
    slowing = piece(0.0, 0.5, 1.0, 2.0, 3.0)  # quarters at 120, then at 60
    slowing.tempos.add(qpm=120)
    slowing.tempos.add(time=1.0, qpm=60)
    adapted = with_one_tempo(slowing)
    assert adapted is not None
    assert [tempo.qpm for tempo in adapted.sequence.tempos] == [60.0]
    assert [note.start_time for note in adapted.sequence.notes] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert "60 qpm" in adapted.notes


def test_a_tempo_that_is_said_twice_is_one():
    steady = piece(0.0, 1.0)
    steady.tempos.add(qpm=90)
    steady.tempos.add(time=1.0, qpm=90)
    assert with_one_tempo(steady) is None


def test_the_bars_of_a_waltz_become_bars_of_four_that_end_in_silence():
    waltz = piece(0.0, 1.5)  # the first beats of two bars at 120
    waltz.time_signatures.add(numerator=3, denominator=4)
    adapted = in_bars_of_four(waltz)
    assert adapted is not None
    assert [(m.numerator, m.denominator) for m in adapted.sequence.time_signatures] == [(4, 4)]
    assert [note.start_time for note in adapted.sequence.notes] == [0.0, 2.0]
    assert "3/4" in adapted.notes
    assert in_bars_of_four(adapted.sequence) is None


def test_what_is_past_an_hour_is_left_out_and_that_is_said():
    endless = piece(0.0, 3599.8, 4000.0)
    adapted = within_an_hour(endless)
    assert [note.end_time for note in adapted.sequence.notes] == [0.5, 3600.0]
    assert adapted.notes == "only its first hour was read"
    assert within_an_hour(piece(0.0)) is None


def test_flutes_become_pianos_and_basses_stay_until_they_are_alone():
    flute, bass = piece(0.0, program=73), piece(0.0, program=33)
    assert on_a_piano(flute).sequence.notes[0].program == 0
    assert on_a_piano(bass) is None
    assert basses_on_a_piano(bass).sequence.notes[0].program == 0


def test_notes_are_taps_only_where_there_are_no_drums():
    assert all(note.is_drum for note in as_taps(piece(0.0, 1.0)).sequence.notes)
    assert as_taps(piece(0.0, is_drum=True)) is None
    assert as_taps(NoteSequence()) is None


@pytest.mark.parametrize("adaptation", [with_one_tempo, in_bars_of_four, on_a_piano, as_taps])
def test_the_piece_that_was_given_stays_as_it_is(adaptation):
    original = piece(0.0, 1.0, program=73)
    original.tempos.add(qpm=100)
    original.tempos.add(time=0.7, qpm=50)
    original.time_signatures.add(numerator=3, denominator=4)
    before = original.SerializeToString(deterministic=True)
    assert adaptation(original) is not None
    assert original.SerializeToString(deterministic=True) == before
