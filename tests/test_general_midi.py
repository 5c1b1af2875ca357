from __future__ import annotations

import pytest

from musicvae.errors import InputError
from musicvae.general_midi import PROGRAM_NAMES, drum_name, drum_rank, program_number


def test_there_are_128_programs_and_landmarks_stand_where_they_should():
    assert len(PROGRAM_NAMES) == len(set(PROGRAM_NAMES)) == 128
    assert PROGRAM_NAMES[0] == "Acoustic grand piano"
    assert PROGRAM_NAMES[33] == "Fingered bass"
    assert PROGRAM_NAMES[73] == "Flute"
    assert PROGRAM_NAMES[127] == "Gunshot"


def test_programs_may_be_given_by_number_name_or_part_of_one():
    assert program_number(" 12 ") == 12
    assert program_number("Flute") == 73
    assert program_number("cello") == 42


@pytest.mark.parametrize("text", ["128", "-1", "flutte", ""])
def test_what_is_no_program_is_refused(text):
    with pytest.raises(InputError, match="127"):
        program_number(text)


def test_a_near_name_is_suggested():
    with pytest.raises(InputError, match="did you mean 'flute'"):
        program_number("flutte")


def test_kicks_stand_lowest_and_percussion_above_the_kit():
    order = sorted([56, 49, 42, 38, 36], key=drum_rank)
    assert order == [36, 38, 42, 49, 56]
    assert drum_name(38) == "Snare"
    assert drum_name(3) == "Drum 3"
