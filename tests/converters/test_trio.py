"""Trios: who plays together, and where."""

from __future__ import annotations

import numpy as np
from handmade_music import BAR, drum, labels, note, piece, reasons, scale

from musicvae.components import Component, Options
from musicvae.converters import build_converter


def _converter(**options):
    return build_converter(Component("trio", Options({"slice_bars": 4, **options})))


def _bass(bars, first_step=0, **values):
    notes = scale(bars, first_step, instrument=1, program=33, **values)
    return [{**each, "pitch": each["pitch"] - 30} for each in notes]


def _beat(bars, first_step=0):
    return [drum(36, first_step + step) for step in range(0, 16 * bars, 8)]


def _trio(bars):
    return [*scale(bars), *_bass(bars), *_beat(bars)]


def test_the_parts_stand_side_by_side():
    converter = _converter()
    assert converter.spec.part_depths == (90, 90, 512)
    (example,) = converter.extract(piece(*_trio(4))).examples
    assert example.outputs.shape == (64, 692)
    assert labels(example.outputs[:, :90])[:5] == [41, 0, 0, 0, 48]
    assert labels(example.outputs[:, 90:180])[:5] == [11, 0, 0, 0, 18]
    assert labels(example.outputs[:, 180:])[:9] == [1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert example.outputs.sum(axis=1).tolist() == [3] * 64


def test_every_combination_of_instruments_is_a_trio():
    notes = [*_trio(4), *scale(4, instrument=5, program=31), *_beat(4)]
    for each in notes[-8:]:
        each["instrument"] = 10
    found = _converter().extract(piece(*notes))
    assert [origin.tracks for origin in found.origins] == [
        (0, 1, 9),
        (0, 1, 10),
        (5, 1, 9),
        (5, 1, 10),
    ]


def test_programs_decide_the_part():
    for program, part in ((31, "no_bass"), (32, "no_melody"), (39, "no_melody"), (40, "no_melody")):
        notes = [*scale(4, program=program), *_beat(4)]
        if part == "no_melody":
            notes += _bass(4)
        assert part in reasons(_converter().extract(piece(*notes)))


def test_an_instrument_that_changes_its_program_plays_each_part_with_its_own_notes():
    notes = _trio(4)
    bass = [each for each in notes if each.get("program") == 33]
    melody = notes[: len(scale(4))]
    for each in bass:
        each["instrument"] = 0
    found = _converter().extract(piece(*notes))
    assert [origin.tracks for origin in found.origins] == [(0, 0, 9)]
    melody[0]["program"] = 48
    found = _converter().extract(piece(*notes))
    assert labels(found.examples[0].outputs[:, :90])[:5] == [0, 0, 0, 0, 48]
    assert reasons(found) == ["program_not_allowed"]


def test_an_instrument_of_drums_and_other_notes_is_none():
    notes = _trio(4)
    notes[3]["is_drum"] = True
    found = _converter().extract(piece(*notes))
    assert not found.examples
    assert "mixed_instrument" in reasons(found)
    assert "no_melody" in reasons(found)


def test_two_melody_programs_of_one_instrument_are_one_melody():
    notes = _trio(4)
    notes[3]["program"] = 5
    assert len(_converter().extract(piece(*notes)).examples) == 1


def test_a_window_counts_where_all_three_cover_every_bar():
    # The bass pauses: a hole of 4 bars is closed by the two bars that each side is widened by, one
    # of 5 is not.
    def windows(hole):
        bass = [*_bass(4), *_bass(4, first_step=16 * (4 + hole))]
        bars = 8 + hole
        found = _converter().extract(piece(*scale(bars), *bass, *_beat(bars)))
        return [origin.bar for origin in found.origins]

    assert windows(4) == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert windows(5) == [1, 2, 3, 8, 9, 10]


def test_the_first_and_last_two_bars_count_where_any_of_the_three_plays():
    # The bass comes late and widens to bar 4; bars 1 and 2 count because the melody plays there.
    late = [*scale(12), *_bass(7, first_step=16 * 5), *_beat(12)]
    assert [o.bar for o in _converter().extract(piece(*late)).origins] == [4, 5, 6, 7, 8, 9]
    barely = [*scale(12), *_bass(8, first_step=16 * 4), *_beat(12)]
    assert [o.bar for o in _converter().extract(piece(*barely)).origins] == list(range(1, 10))


def test_equal_windows_are_kept():
    same = [
        *(note(60, 4 * beat, 4 * beat + 4) for beat in range(32)),
        *(note(40, 4 * beat, 4 * beat + 4, instrument=1, program=32) for beat in range(32)),
        *_beat(8),
    ]
    assert len(_converter().extract(piece(*same)).examples) == 5


def test_a_window_may_start_with_a_note_off():
    melody = [note(60, 0, 16), note(64, 20, 80)]
    found = _converter().extract(piece(*melody, *_bass(5), *_beat(5)))
    assert labels(found.examples[1].outputs[:, :90])[:6] == [1, 0, 0, 0, 45, 0]


def test_pitches_out_of_range_are_left_out_of_the_line():
    notes = [*_trio(4), note(110, 8, 12), note(12, 8, 12, instrument=1, program=33)]
    found = _converter().extract(piece(*notes))
    assert labels(found.examples[0].outputs[:, :90])[8] == 55
    assert "out_of_range" in reasons(found)


def test_a_missing_part_is_named():
    melody, bass, beat = scale(4), _bass(4), _beat(4)
    assert reasons(_converter().extract(piece(*bass, *beat))) == ["no_melody"]
    assert reasons(_converter().extract(piece(*melody, *beat))) == ["no_bass"]
    assert reasons(_converter().extract(piece(*melody, *bass))) == ["no_drums"]


def test_parts_that_never_play_together_say_so():
    apart = [*scale(4), *_bass(4, first_step=16 * 20), *_beat(4, first_step=16 * 40)]
    found = _converter().extract(piece(*apart))
    assert not found.examples
    assert reasons(found) == ["not_all_playing"]


def test_a_short_section_says_so():
    assert reasons(_converter().extract(piece(*_trio(3)))) == ["too_short"]


def test_the_number_of_trios_is_bounded():
    crowd = [
        note(60, 0, 64, instrument=20 + number, program=program)
        for number, program in enumerate([0] * 30 + [33] * 30)
    ]
    found = _converter(max_trios=100).extract(piece(*crowd, *_beat(4)))
    assert len(found.examples) == 100
    assert "too_many_tracks" in reasons(found)


def test_a_trio_turns_back_into_three_instruments():
    converter = _converter()
    sequence = piece(*_trio(4))
    (example,) = converter.extract(sequence).examples
    back = converter.to_notes(example.outputs)
    assert {(n.instrument, n.program, n.is_drum) for n in back.notes} == {
        (0, 0, False),
        (1, 33, False),
        (9, 0, True),
    }
    assert {n.velocity for n in back.notes} == {80}
    melody = [(n.pitch, n.start_time, n.end_time) for n in back.notes if n.instrument == 0]
    assert melody == [(n.pitch, n.start_time, n.end_time) for n in sequence.notes[:16]]
    assert back.total_time == 4 * BAR


def test_melody_and_bass_are_transposed_together_and_drums_are_not():
    batch = {
        "melody": np.array([[88, 0]], np.uint8),
        "bass": np.array([[10, 1]], np.uint8),
        "drums": np.array([[3, 0]], np.uint16),
    }
    moved = _converter().transpose(batch, np.array([4]))
    assert [moved[name].tolist() for name in ("melody", "bass", "drums")] == [
        [[89, 0]],
        [[11, 1]],
        [[3, 0]],
    ]
