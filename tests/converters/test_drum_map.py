from __future__ import annotations

import pytest

from musicvae.converters.drum_map import DRUM_MAPS, DRUM_NAMES, load_drum_map, parse_drum_map
from musicvae.errors import InputError
from musicvae.lazy_note_seq import NoteSequence

KIT = """
35 = "kick"
60 = 44          # the pedal
61 = "closed_hihat"
62 = 42
24 = "snare"
38 = "none"
"""


@pytest.fixture
def kit(tmp_path):
    path = tmp_path / "kit.toml"
    path.write_text(KIT)
    return load_drum_map(str(path))


def drums(*pitches: int) -> NoteSequence:
    sequence = NoteSequence()
    for pitch in pitches:
        sequence.notes.add(pitch=pitch, velocity=80, is_drum=True)
    sequence.notes.add(pitch=60, velocity=80)
    return sequence


def pitches(sequence: NoteSequence) -> list[int]:
    return [note.pitch for note in sequence.notes]


def test_a_kit_is_read_by_its_file_and_the_rest_by_general_midi(kit):
    known = {35: 0, 60: 2, 61: 2, 24: 1, 38: -1, 51: 8, 200: -1}
    assert {pitch: kit.class_of(pitch) for pitch in known} == known
    heard = kit.as_general_midi(drums(35, 60, 61, 24, 38, 51))
    assert pitches(heard) == [36, 44, 42, 38, 0, 51, 60]


def test_what_a_model_writes_goes_to_the_kits_own_pitches(kit):
    # The class's own pitch is preferred to another one of the class; a melody stays as it is.
    assert pitches(kit.with_original_pitches(drums(36, 38, 42, 44, 46, 51))) == [
        35,
        24,
        61,
        60,
        46,
        51,
        60,
    ]


def test_the_maps_that_have_names_are_general_midis_and_the_training_datas():
    beat = drums(36, 43, 58, 39)
    assert load_drum_map("inference").as_general_midi(beat) is beat
    roland = load_drum_map("training")
    assert pitches(roland.as_general_midi(beat)) == [36, 45, 45, 0, 60]
    assert pitches(roland.with_original_pitches(drums(36, 38, 42, 45, 48))) == [
        36,
        38,
        42,
        43,
        47,
        60,
    ]
    assert set(DRUM_MAPS) == {"inference", "training"}


@pytest.mark.parametrize("name", DRUM_NAMES)
def test_every_class_has_a_name(name):
    assert parse_drum_map({"7": name}, "kit").class_of(7) == DRUM_NAMES.index(name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('37 = "snar"', "37 = 'snar' is no drum; did you mean 'snare'"),
        ("37 = 128", "37 = 128 is no drum"),
        ("37 = true", "37 = True is no drum"),
        ("128 = 36", "'128' is not a MIDI pitch"),
        ('kick = "kick"', "'kick' is not a MIDI pitch"),
        ("37 = ", "is not TOML"),
        ("", "is empty"),
        ("# " + "x" * 70_000, "over 65536 bytes"),
    ],
)
def test_a_file_that_makes_no_sense_is_one_clear_line(tmp_path, text, message):
    path = tmp_path / "kit.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        load_drum_map(str(path))


def test_a_file_that_is_missing_is_said_with_the_names_there_are():
    with pytest.raises(InputError, match=r"No such file.*inference, training or a TOML file"):
        load_drum_map("nowhere.toml")
