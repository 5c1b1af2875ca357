from __future__ import annotations

import pytest

from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.errors import InputError
from musicvae.generate.chords import NO_CHORD, Key, chord_controls, parse_chords, parse_key
from musicvae.lazy_note_seq import note_seq


def test_chords_stand_one_to_a_bar_unless_bars_are_drawn():
    assert parse_chords("C Am  F G") == [["C"], ["Am"], ["F"], ["G"]]
    assert parse_chords("C Am | F G7 | C") == [["C", "Am"], ["F", "G7"], ["C"]]
    assert parse_chords("| Dm7b5 | C/E |") == [["Dm7b5"], ["C/E"]]
    assert parse_chords(". N.C.") == [[NO_CHORD], [NO_CHORD]]


def test_numerals_are_read_in_their_key():
    assert parse_chords("I vi IV V7", parse_key("G")) == [["G"], ["Em"], ["C"], ["D7"]]
    assert parse_chords("i iv bII viio", parse_key("Am")) == [["Am"], ["Dm"], ["A#"], ["Gdim"]]
    assert parse_chords("IV ii", parse_key("F")) == [["Bb"], ["Gm"]]


@pytest.mark.parametrize(
    ("text", "key"),
    [("C", Key(0)), ("f#", Key(6)), ("Bb minor", Key(10, True)), ("Em", Key(4, True)),
     ("D major", Key(2)), ("Cb", Key(11))],
)  # fmt: skip
def test_keys_are_read(text, key):
    assert parse_key(text) == key


@pytest.mark.parametrize("text", ["H", "", "C minorish", "12"])
def test_what_is_no_key_is_refused(text):
    with pytest.raises(InputError, match="is no key"):
        parse_key(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [("C Xy", "unknown chord 'Xy'"), ("", "0 bars"), ("C || G", "an empty bar"), ("I IV", "--key")],
)
def test_what_are_no_chords_is_refused(text, message):
    with pytest.raises(InputError, match=message):
        parse_chords(text)


def label(figure: str) -> int:
    return note_seq.chords_encoder_decoder.TriadChordOneHotEncoding().encode_event(figure)


def test_a_two_bar_melody_has_each_chord_for_its_bar():
    converter = build_converter(load_config("cat-mel_2bar_med_chords").converter)
    (control,) = chord_controls(converter, parse_chords("C Am"))
    assert control.shape == (32, 49)
    found = control.argmax(axis=1).tolist()
    assert found == [label("C")] * 16 + [label("Am")] * 16


def test_more_chords_take_more_windows_and_fewer_are_repeated():
    converter = build_converter(load_config("cat-mel_2bar_med_chords").converter)
    first, second = chord_controls(converter, parse_chords("C Am F G"))
    assert set(first.argmax(axis=1)) == {label("C"), label("Am")}
    assert set(second.argmax(axis=1)) == {label("F"), label("G")}
    (alone,) = chord_controls(converter, parse_chords("Ddim"))
    assert set(alone.argmax(axis=1)) == {label("Ddim")}


def test_two_chords_share_a_bar():
    converter = build_converter(load_config("cat-mel_2bar_med_chords").converter)
    (control,) = chord_controls(converter, parse_chords("C G | Am"))
    found = control.argmax(axis=1).tolist()
    assert found == [label("C")] * 8 + [label("G")] * 8 + [label("Am")] * 16


def test_a_bar_of_several_instruments_has_its_chord_in_every_track_but_for_its_program():
    converter = build_converter(load_config("hier-multiperf_vel_1bar_med_chords").converter)
    controls = chord_controls(converter, parse_chords("C Am F G"))
    assert len(controls) == 4
    for control, figure in zip(controls, ["C", "Am", "F", "G"], strict=True):
        tracks = control.reshape(8, 64, 49).argmax(axis=-1)
        assert control.any(axis=-1).all()
        assert set(tracks[:, 0]) == {label(note_seq.NO_CHORD)}
        assert set(tracks[:, 1:].ravel()) == {label(figure)}
