"""The small files that users' reports led to: what is read of each of them.

tests/reported/REPORTS.tsv says what is expected of each.
"""

from __future__ import annotations

import pathlib

import pytest

from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.data.conversion import ConversionOptions, convert
from musicvae.data.music_files import read_music_file
from musicvae.errors import NoExamplesError
from musicvae.formats.bounds import MusicFileError
from musicvae.formats.tfrecord import read_note_sequences
from musicvae.generate.input_windows import fit_window
from musicvae.sequences import channels_of, tempo_at

REPORTED = pathlib.Path(__file__).parent / "reported"

# A bar of rock: kick, snare and closed hi-hat, pitch and beat.
_ROCK = [
    *((36, 0.0), (36, 2.0), (36, 2.5), (38, 1.0), (38, 3.0)),
    *((42, eighth / 2) for eighth in range(8)),
]
_SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def _read(name: str):
    (sequence,) = read_music_file(REPORTED / name).sequences
    return sequence


def _codes(name: str) -> list[str]:
    return [code for code, _ in read_music_file(REPORTED / name).corrections]


def _notes(sequence) -> list[tuple[int, float, float]]:
    """Pitch, start and length in beats of the tempo at the start; times as near as a tick."""
    beat = 60.0 / tempo_at(sequence)
    notes = [
        (note.start_time / beat, note.pitch, (note.end_time - note.start_time) / beat)
        for note in sequence.notes
    ]
    return [
        (pitch, pytest.approx(start, abs=3e-3), pytest.approx(length, abs=3e-3))
        for start, pitch, length in sorted((round(s, 2), p, length) for s, p, length in notes)
    ]


def _rock(bars: int, length: float) -> list[tuple[int, float, float]]:
    hits = [(4 * bar + beat, pitch) for bar in range(bars) for pitch, beat in _ROCK]
    return [(pitch, start, length) for start, pitch in sorted(hits)]


def _tune(notes: int, length: float = 0.979) -> list[tuple[int, float, float]]:
    return [(_SCALE[beat % 8], float(beat), length) for beat in range(notes)]


def _check(sequence, notes, *, qpm, time_signature, channel, program, is_drum) -> None:
    assert _notes(sequence) == notes
    assert tempo_at(sequence) == pytest.approx(qpm, abs=0.01)
    time_signatures = [f"{each.numerator}/{each.denominator}" for each in sequence.time_signatures]
    assert time_signatures == [time_signature] * bool(time_signature)
    assert len(sequence.tempos) == 1
    assert {channels_of(sequence).get(note.instrument, 10) for note in sequence.notes} == {channel}
    assert {(note.program, note.is_drum) for note in sequence.notes} == {(program, is_drum)}


@pytest.mark.parametrize(
    ("name", "bars", "qpm", "length", "channel", "codes"),
    [
        ("tempo_on_later_track/tempo_track1.mid", 2, 90, 0.125, 10, []),
        ("tempo_just_after_start/tempo_tick1_drums.mid", 4, 100, 0.125, 10, ["early_change"]),
        ("unknown_meta_shifts/unknown_meta_drums.mid", 4, 90, 0.125, 10, []),
        ("unknown_meta_shifts/same_with_marker.mid", 4, 90, 0.125, 10, []),
        ("zero_length_hits/zero_len_beat.mid", 2, 90, 1 / 480, 10, ["zero_length_notes"]),
        ("drums_other_channel/drums_ch1.mid", 2, 90, 0.125, 1, ["drum_track"]),
        ("drums_other_channel/xg_ch11.mid", 2, 100, 0.125, 11, ["drum_track"]),
        ("refused_midi/alien_chunk.mid", 2, 90, 0.125, 10, ["foreign_chunk"]),
        ("refused_midi/bad_key.mid", 2, 90, 0.125, 10, ["bad_key"]),
        ("refused_midi/fewer_tracks.mid", 2, 90, 0.125, 10, ["track_count"]),
        ("refused_midi/riff.mid", 2, 90, 0.125, 10, []),
        ("whole_loses_bars/beat5.mid", 5, 100, 0.125, 10, []),
    ],
)
def test_beats_are_read_as_they_were_written(name, bars, qpm, length, channel, codes):
    _check(
        _read(name),
        _rock(bars, length),
        qpm=qpm,
        time_signature="4/4",
        channel=channel,
        program=0,
        is_drum=True,
    )
    assert _codes(name) == codes


@pytest.mark.parametrize(
    ("name", "notes", "qpm", "codes"),
    [
        ("tempo_on_later_track/tune_tempo_track1.mid", 8, 80, []),
        ("tempo_just_after_start/tempo_tick1.mid", 16, 100, ["early_change"]),
        ("refused_midi/bad_key8.mid", 8, 90, ["bad_key"]),
        ("karaoke_extension/song.kar", 8, 100, []),
        ("whole_loses_bars/tune3.mid", 12, 100, []),
        ("whole_loses_bars/tune5.mid", 20, 100, []),
    ],
)
def test_tunes_are_read_as_they_were_written(name, notes, qpm, codes):
    tune = _tune(notes)
    _check(_read(name), tune, qpm=qpm, time_signature="4/4", channel=1, program=0, is_drum=False)
    assert _codes(name) == codes


def test_snares_of_length_0_are_there():
    hits = [
        (pitch, start, 1 / 480 if pitch == 38 else length)
        for pitch, start, length in _rock(2, 0.125)
    ]
    name = "zero_length_hits/part_zero_beat.mid"
    _check(_read(name), hits, qpm=90, time_signature="4/4", channel=10, program=0, is_drum=True)
    assert _codes(name) == ["zero_length_notes"]


def test_a_last_note_that_is_never_switched_off_ends_with_its_track():
    name = "zero_length_hits/last_open_tune.mid"
    tune = [*_tune(8)[:-1], (72, 7.0, 1.0)]
    _check(_read(name), tune, qpm=90, time_signature="4/4", channel=1, program=0, is_drum=False)
    assert _codes(name) == ["open_notes"]


def test_smpte_time_code_gives_times_in_seconds():
    # The file counts milliseconds, so its beats are a thousandth off.
    sequence = _read("refused_midi/smpte.mid")
    hits = _rock(2, 0.06)
    _check(sequence, hits, qpm=90, time_signature="", channel=10, program=0, is_drum=True)


def test_a_melody_model_does_not_read_drums_on_other_channels_and_names_the_channel():
    converter = build_converter(load_config("cat-mel_2bar_small").converter)
    for name, channel in (("drums_ch1.mid", 1), ("xg_ch11.mid", 11)):
        sequence = _read(f"drums_other_channel/{name}")
        with pytest.raises(NoExamplesError, match=rf"\(channel {channel}\), bar 1: plays drums"):
            fit_window(sequence, converter, name=name)


def test_a_drum_model_that_finds_none_names_the_channels_with_notes():
    converter = build_converter(load_config("cat-drums_2bar_small").converter)
    with pytest.raises(NoExamplesError, match="on channel 1; --drum_channel takes one for drums"):
        fit_window(_read("whole_loses_bars/tune3.mid"), converter, name="tune3.mid")


@pytest.mark.parametrize(
    ("name", "notes", "qpm", "time_signature"),
    [
        ("hp.abc", [(70, 0, 2), (72, 2, 0.5), (74, 2.5, 0.5), (75, 3, 0.5), (77, 3.5, 0.5),
                    (79, 4, 2), (82, 6, 2)], 90, "2/4"),
        ("tie.musicxml", [(72, 0, 8), (72, 8, 1), (74, 9, 1), (76, 10, 1), (77, 11, 1)],
         100, "4/4"),
        ("pickup.musicxml", [(pitch, 3 + beat, 1) for beat, pitch in enumerate(
            (67, 72, 74, 76, 77, 79, 81, 83, 72, 72, 74, 76, 77))], 100, "4/4"),
    ],
)  # fmt: skip
def test_scores_keep_ties_and_begin_bar_1_on_a_bar_line(name, notes, qpm, time_signature):
    pytest.importorskip("music21")
    sequence = _read(f"score_pickup_and_ties/{name}")
    _check(
        sequence,
        notes,
        qpm=qpm,
        time_signature=time_signature,
        channel=10,
        program=0,
        is_drum=False,
    )


def test_a_pickup_in_abc_comes_before_bar_1():
    pytest.importorskip("music21")
    sequence = _read("score_pickup_and_ties/pickup.abc")
    assert _notes(sequence)[:5] == [(62, 3, 1), (67, 4, 2), (71, 6, 1), (74, 7, 1), (79, 8, 2)]
    assert tempo_at(sequence) == pytest.approx(100)


@pytest.mark.parametrize("path", sorted(REPORTED.glob("damaged_mxl/*")), ids=lambda path: path.name)
def test_a_damaged_archive_gives_its_reason_in_a_line(path):
    with pytest.raises(MusicFileError) as caught:
        read_music_file(path)
    assert caught.value.reason == "bad_zip"
    assert "\n" not in caught.value.detail


def test_a_folder_with_damaged_files_is_converted_and_its_corrections_counted(tmp_path):
    pytest.importorskip("music21")
    options = ConversionOptions(REPORTED, tmp_path / "x.tfrecord", recursive=True, num_workers=1)
    totals = convert(options)
    assert {reason: count for reason, (count, _) in totals.skipped.items()} == {"bad_zip": 4}
    assert {code: count for code, (count, _) in totals.corrected.items()} == {
        "bad_key": 2,
        "drum_track": 2,
        "early_change": 2,
        "foreign_chunk": 1,
        "open_notes": 1,
        "track_count": 1,
        "zero_length_notes": 2,
    }
    names = {sequence.filename for sequence in read_note_sequences(tmp_path / "x.tfrecord")}
    assert "karaoke_extension/song.kar" in names
