from __future__ import annotations

import math

import numpy as np
import pytest

from musicvae.attribute_vectors import ATTRIBUTES, attribute_named, measure, measure_all
from musicvae.attribute_vectors.measures import (
    average_interval,
    c_diatonic,
    note_density,
    step_notes,
    syncopation_8th,
    syncopation_16th,
)
from musicvae.errors import InputError
from musicvae.lazy_note_seq import NoteSequence


def piece(*notes: tuple[int, int], qpm: float = 120.0, steps: int = 32, **more) -> NoteSequence:
    """A piece of (sixteenth, pitch)."""
    step_seconds = 15.0 / qpm
    sequence = NoteSequence(total_time=steps * step_seconds)
    sequence.tempos.add(qpm=qpm)
    for step, pitch in notes:
        start = step * step_seconds
        sequence.notes.add(
            pitch=pitch, velocity=80, start_time=start, end_time=start + step_seconds, **more
        )
    return sequence


def onsets(*steps: int) -> NoteSequence:
    return piece(*((step, 60) for step in steps))


def test_white_keys_are_diatonic():
    assert c_diatonic(step_notes(piece((0, 60), (1, 61), (2, 62), (3, 71)))) == 0.75


def test_density_is_onsets_a_sixteenth_of_the_whole_length():
    assert note_density(step_notes(piece((0, 60), (4, 60), (4, 64)))) == 3 / 32
    assert note_density(step_notes(piece((0, 60)), length=64)) == 1 / 64


def test_the_average_interval_is_the_mean_size_of_steps():
    assert average_interval(step_notes(piece((0, 60), (2, 64), (4, 62)))) == 3.0


def test_of_a_chord_the_highest_note_makes_the_melody():
    assert average_interval(step_notes(piece((0, 60), (0, 48), (2, 50), (2, 64)))) == 4.0


def test_intervals_are_taken_within_each_voice():
    sequence = piece((0, 60), (4, 62))
    for note in piece((2, 36), (6, 40), program=33, instrument=1).notes:
        sequence.notes.add().CopyFrom(note)
    assert average_interval(step_notes(sequence)) == 3.0


@pytest.mark.parametrize(
    ("steps", "share"),
    [
        ((0, 4, 8, 12), 0.0),
        ((1, 5), 1.0),  # odd, nothing before
        ((0, 1), 0.0),  # odd, but one just before
        ((0, 3), 0.5),
        ((2, 6), 0.0),  # eighths are no odd sixteenths
        ((31,), 1.0),
    ],
)
def test_16th_syncopation_is_an_odd_sixteenth_with_nothing_just_before(steps, share):
    assert syncopation_16th(step_notes(onsets(*steps))) == share


@pytest.mark.parametrize(
    ("steps", "share"),
    [
        ((0, 4, 8, 12), 0.0),
        ((2, 6), 1.0),  # off the beat, nothing before
        ((0, 2), 0.0),  # one on the beat before
        ((1, 2), 0.0),  # one on the sixteenth before
        ((1, 6), 0.5),
        ((30,), 1.0),
    ],
)
def test_8th_syncopation_is_an_odd_eighth_with_nothing_on_the_two_sixteenths_before(steps, share):
    assert syncopation_8th(step_notes(onsets(*steps))) == share


def test_notes_that_start_together_are_one_onset_for_syncopation():
    assert syncopation_16th(step_notes(piece((0, 60), (3, 60), (3, 64), (3, 67)))) == 0.5


def test_the_grid_follows_the_tempo_and_takes_the_nearer_sixteenth():
    sequence = piece((5, 60), qpm=90.0)
    sequence.notes[0].start_time += 0.4 * 15.0 / 90.0
    assert list(step_notes(sequence).steps) == [5]
    assert step_notes(sequence).length == 32


def test_drums_have_a_rhythm_but_no_pitch():
    drums = piece((1, 36), (4, 38), is_drum=True)
    values = dict(zip([a.name for a in ATTRIBUTES], measure(drums), strict=True))
    assert math.isnan(values["c_diatonic"])
    assert math.isnan(values["average_interval"])
    assert values["note_density"] == 2 / 32
    assert values["syncopation_16th"] == 0.5


def test_silence_has_no_attribute_but_a_density_of_nought():
    values = measure(NoteSequence())
    assert values[1] == 0.0
    assert np.isnan(np.delete(values, 1)).all()


def test_many_pieces_are_rows():
    assert measure_all([onsets(0), onsets(1)]).shape == (2, 5)
    assert measure_all([]).shape == (0, 5)


def test_names_may_be_spelled_with_blanks_and_an_unknown_one_is_suggested():
    assert attribute_named("Note density").name == "note_density"
    with pytest.raises(InputError, match="did you mean 'note_density'"):
        attribute_named("note_densty")
