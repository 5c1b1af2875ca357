from __future__ import annotations

import numpy as np
import pytest

from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.errors import InputError, MultipleExamplesError, NoExamplesError
from musicvae.generate.adaptations import as_taps
from musicvae.generate.input_windows import SeveralWindowsError, fit_window
from musicvae.generate.whole_piece import read_whole
from musicvae.generate.window_score import window_score
from musicvae.lazy_note_seq import NoteSequence

MELODY = build_converter(load_config("cat-mel_2bar_small").converter)
LONG_MELODY = build_converter(load_config("hierdec-mel_16bar").converter)
DRUMS = build_converter(load_config("cat-drums_2bar_small").converter)
GROOVE = build_converter(load_config("groovae_2bar_humanize").converter)
TAPS = build_converter(load_config("groovae_2bar_tap_fixed_velocity").converter)


def melody(*steps: int, bars: int = 2, program: int = 0, qpm: float = 120.0) -> NoteSequence:
    """Eighths on these sixteenths, rising."""
    step = 15.0 / qpm
    sequence = NoteSequence(total_time=bars * 16 * step)
    sequence.tempos.add(qpm=qpm)
    for k, at in enumerate(steps):
        sequence.notes.add(
            pitch=60 + k % 12, velocity=70, start_time=at * step, end_time=(at + 2) * step,
            program=program,
        )  # fmt: skip
    return sequence


def beat(bars: int, qpm: float = 120.0) -> NoteSequence:
    sequence = NoteSequence(total_time=bars * 240.0 / qpm)
    sequence.tempos.add(qpm=qpm)
    for quarter in range(bars * 4):
        start = quarter * 60.0 / qpm
        sequence.notes.add(
            pitch=36,
            velocity=90,
            start_time=start,
            end_time=start + 0.1,
            is_drum=True,
            instrument=9,
        )
    return sequence


def labels(window) -> list[int]:
    return window.example.outputs.argmax(axis=1).tolist()


def test_a_piece_that_fits_is_taken_as_it_is():
    window = fit_window(melody(*range(0, 32, 4)), MELODY, name="tune")
    assert window.notes == ()
    assert (window.qpm, window.velocity, window.program, window.bar) == (120.0, 70, 0, 1)


def test_a_short_melody_is_filled_up_with_silence_and_its_last_note_ends():
    window = fit_window(melody(0, 4, 8, 14, bars=1), MELODY, name="tune")
    assert window.notes == ("its 1 bar was filled up with silence to 2",)
    found = labels(window)
    assert found[14] >= 2
    assert found[16:] == [1] + [0] * 15


def test_a_short_beat_is_filled_up_with_silence():
    for converter in (DRUMS, GROOVE):
        window = fit_window(beat(1), converter, name="beat")
        assert "filled up" in window.notes[0]
        assert len(converter.to_notes(window.example.outputs).notes) == 4


def test_a_melody_of_ten_bars_fills_ten_of_sixteen():
    window = fit_window(melody(*range(0, 160, 4), bars=10), LONG_MELODY, name="tune")
    assert "its 10 bars were filled up" in window.notes[0]
    assert len(window.example.outputs) == 256


def test_of_a_long_piece_the_most_musical_window_is_taken_and_said():
    sparse = [0, 16, 32, 48]
    rich = list(range(64, 96, 2))
    window = fit_window(melody(*sparse, *rich, 96, 112, bars=8), MELODY, name="tune")
    assert window.bar == 5
    assert "of its 7 windows the one at bar 5 was taken" in window.notes[0]


def test_the_user_may_choose_the_bar():
    tune = melody(*range(0, 128, 4), bars=8)
    window = fit_window(tune, MELODY, name="tune", bar=3)
    assert (window.bar, window.seconds) == (3, 4.0)
    with pytest.raises(InputError, match="no window of 'tune' begins at bar 99"):
        fit_window(tune, MELODY, name="tune", bar=99)


def test_strict_wants_exactly_one_window_as_it_stands():
    assert fit_window(melody(*range(0, 32, 4)), MELODY, name="tune", strict=True).notes == ()
    with pytest.raises(SeveralWindowsError, match="gives 4 windows") as caught:
        fit_window(melody(*range(0, 125, 2), bars=8), MELODY, name="tune", strict=True)
    assert isinstance(caught.value, MultipleExamplesError)
    assert len(caught.value.windows) == 4
    with pytest.raises(NoExamplesError, match=r"'tune'.*1 bars of melody"):
        fit_window(melody(0, 4, bars=1), MELODY, name="tune", strict=True)


def test_a_flute_is_read_as_a_piano_and_stays_a_flute():
    window = fit_window(melody(*range(0, 32, 4), program=73), MELODY, name="tune")
    assert "piano" in window.notes[0]
    assert window.program == 73


def test_tempo_and_loudness_are_those_of_the_window():
    tune = melody(*range(0, 32, 4), qpm=90.0)
    for note in tune.notes:
        note.velocity = 33
    window = fit_window(tune, MELODY, name="tune")
    assert (window.qpm, window.velocity) == (90.0, 33)


def test_a_waltz_with_changing_tempo_is_repaired_step_by_step():
    tune = melody(*range(0, 64, 4), bars=4)
    tune.time_signatures.add(numerator=3, denominator=4)
    for k in range(1, 8):
        tune.tempos.add(time=k * 1.0, qpm=120 + k)
    window = fit_window(tune, MELODY, name="tune")
    assert any("evened out" in line for line in window.notes)
    assert any("3/4" in line for line in window.notes)


def test_any_notes_are_taps_where_taps_are_wanted():
    tune = melody(*range(0, 32, 4))
    assert "taps" in fit_window(tune, TAPS, name="tune", adaptations=[as_taps]).notes[0]
    with pytest.raises(NoExamplesError, match="'tune' has nothing that this model can read"):
        fit_window(tune, TAPS, name="tune")


def test_an_empty_piece_has_a_reason():
    for converter in (MELODY, DRUMS, GROOVE):
        with pytest.raises(NoExamplesError, match="'nothing' has nothing"):
            fit_window(NoteSequence(), converter, name="nothing")


def test_a_piece_of_a_year_is_bounded():
    endless = beat(2)
    endless.total_time = 3e7
    endless.notes.add(pitch=36, velocity=90, start_time=2.9e7, end_time=3e7, is_drum=True)
    window = fit_window(endless, DRUMS, name="endless")
    assert "first hour" in window.notes[0]


def test_silence_is_the_least_musical():
    silence = np.zeros((32, 90), bool)
    silence[:, 0] = True
    tune = fit_window(melody(0, 16), MELODY, name="tune").example
    dense = fit_window(melody(*range(0, 32, 2)), MELODY, name="tune").example
    values = [
        window_score(MELODY, example) for example in (tune._replace(outputs=silence), tune, dense)
    ]
    assert values[0] == 0.0 < values[1] < values[2]


def test_drums_that_a_model_does_not_know_are_said_to_be_left_out():
    piece = beat(2)
    piece.notes.add(pitch=90, velocity=90, start_time=1.0, end_time=1.1, is_drum=True)
    notes = fit_window(piece, GROOVE, name="beat").notes
    assert notes == ("1 drum note has a pitch of no class: left out",)


def test_the_reason_for_nothing_is_what_is_missing_and_not_that_it_is_short():
    trio = build_converter(load_config("flat-trio_16bar").converter)
    with pytest.raises(NoExamplesError, match="no instrument plays melody"):
        fit_window(beat(2), trio, name="beat")


@pytest.mark.parametrize("program", [24, 73])
def test_the_instrument_of_a_trio_is_that_of_its_melody(program):
    piece = melody(*range(0, 32, 2), program=program)
    for step in range(0, 32, 4):
        piece.notes.add(
            pitch=40, velocity=70, start_time=step * 0.125, end_time=step * 0.125 + 0.25,
            program=35, instrument=1,
        )  # fmt: skip
    piece.notes.extend(beat(2).notes)
    window = fit_window(piece, build_converter(load_config("flat-trio_16bar").converter), name="a")
    assert window.program == program


def _changing_program(*programs: int):
    # Of 59 eighths, so that no window is like another.
    piece = melody(*range(0, 118, 2), bars=8)
    for k, note in enumerate(piece.notes):
        note.program = programs[k * len(programs) // len(piece.notes)]
    return piece


def test_a_tune_that_changes_its_program_is_read_to_its_end():
    changing, steady = _changing_program(0, 56), _changing_program(0)
    read = read_whole(changing, MELODY, name="tune")
    expected = read_whole(steady, MELODY, name="tune")
    assert len(read.tiles) == len(expected.tiles) == 4
    for tile, other in zip(read.tiles, expected.tiles, strict=True):
        assert (tile.example.outputs == other.example.outputs).all()
    assert read.notes == ("track 0 changes its program (0 to 56) and was read as one instrument",)
    assert fit_window(changing, MELODY, name="tune", bar=7).example.outputs.any()


def test_the_program_that_a_model_does_not_read_is_named():
    found = MELODY.extract(_changing_program(0, 56))
    assert "program 56 is not one of the melody programs" in [r.detail for r in found.rejections]


def test_a_time_signature_of_impossible_bars_is_taken_for_common_time():
    piece = melody(*range(0, 32, 4))
    piece.time_signatures.add(numerator=255, denominator=1)
    window = fit_window(piece, MELODY, name="tune")
    assert window.notes == ("its time signature of 255/1 was taken for 4/4",)
    assert labels(window) == labels(fit_window(melody(*range(0, 32, 4)), MELODY, name="tune"))
