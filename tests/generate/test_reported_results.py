"""The reports about what groove jobs and whole pieces lost, each with the file that it came with.

Files are read back by mido, from the commands' results with the models that ship. The lines of
tests/reported/REPORTS.tsv about reading are tested where files are read.
"""

from __future__ import annotations

import functools
import pathlib
from typing import NamedTuple

import mido
import pytest

from musicvae.cli import generate
from musicvae.cli.flags import run_command
from musicvae.generate import TrainedModel

REPORTED = pathlib.Path(__file__).resolve().parents[1] / "reported"
AS_PLAYED = ("--timing=0", "--velocity=0")
HAT = 42


class Note(NamedTuple):
    """A note of a file; times in beats."""

    start: float
    pitch: int
    length: float
    channel: int
    program: int
    velocity: int


class File(NamedTuple):
    """What is in a MIDI file; times in beats."""

    notes: list[Note]
    tempos: list[tuple[float, float]]
    signatures: list[tuple[float, str]]
    end: float


def read(path: pathlib.Path) -> File:
    file = mido.MidiFile(path)
    notes, tempos, signatures, end = [], [], [], 0.0
    for track in file.tracks:
        tick, programs, open_notes = 0, {}, {}
        for message in track:
            tick += message.time
            beat = round(tick / file.ticks_per_beat, 4)
            if message.type == "set_tempo":
                tempos.append((beat, round(mido.tempo2bpm(message.tempo), 2)))
            elif message.type == "time_signature":
                signatures.append((beat, f"{message.numerator}/{message.denominator}"))
            elif message.type == "program_change":
                programs[message.channel] = message.program
            elif message.type == "note_on" and message.velocity:
                key = message.channel, message.note
                open_notes.setdefault(key, []).append((beat, message.velocity))
            elif message.type in ("note_on", "note_off"):
                channel, pitch = message.channel, message.note
                start, velocity = open_notes[channel, pitch].pop(0)
                length = round(beat - start, 4)
                program = programs.get(channel, 0)
                notes.append(Note(start, pitch, length, channel, program, velocity))
        end = max(end, beat)
    return File(sorted(notes), tempos, signatures, end)


@functools.cache
def loaded(config: str) -> TrainedModel:
    return TrainedModel(config, 8, seed=1)


@pytest.fixture
def run(tmp_path, capfd, monkeypatch):
    """Runs the command, with models that are loaded once; returns what is in the file."""
    monkeypatch.setattr(
        generate, "load_chosen_model", lambda choice, *_, **__: loaded(choice.config.name)
    )

    def run(name: str, *arguments: str) -> File:
        for flag in generate.FLAGS:
            generate.FLAGS[flag].unparse()
        given = [
            *arguments,
            f"--input_midi_1={REPORTED / name}",
            f"--output_dir={tmp_path}",
            "--num_outputs=1",
            "--seed=1",
        ]
        with pytest.raises(SystemExit) as exit_info:
            run_command("x", generate.__doc__, generate.FLAGS, generate.main, arguments=given)
        assert not exit_info.value.code, capfd.readouterr().err
        [path] = tmp_path.glob("*.mid")
        found = read(path)
        path.unlink()
        return found

    return run


def sounding_bars(file: File, bar_beats: float) -> list[int]:
    return sorted({int(note.start / bar_beats + 1e-6) for note in file.notes})


@pytest.mark.parametrize(
    ("name", "beats"),
    [
        ("humanize_loses_hits/roll32.mid", 8.0),
        ("humanize_loses_hits/flam.mid", 8.0),
        ("add_hihat_loses_percussion/tamb.mid", 8.0),
        ("waltz/waltz5.mid", 15.0),
        ("whole_loses_bars/beat5.mid", 20.0),
    ],
)
@pytest.mark.parametrize("mode", ["humanize", "follow_hits"])
def test_every_hit_comes_back_and_no_other(run, mode, name, beats):
    given = read(REPORTED / name)
    same = run(name, f"--mode={mode}", *AS_PLAYED)
    assert same.notes == given.notes
    played = run(name, f"--mode={mode}")
    for result in (same, played):
        assert sorted(n.pitch for n in result.notes) == sorted(n.pitch for n in given.notes)
        assert (result.tempos, result.signatures) == (given.tempos, given.signatures)
        assert result.end == beats
    assert played.notes != given.notes


def test_a_roll_of_32nds_has_all_of_its_strokes(run):
    snares = [note for note in run("humanize_loses_hits/roll32.mid", "--mode=humanize").notes
              if note.pitch == 38]  # fmt: skip
    assert len(snares) == 64
    assert len({note.start for note in snares}) == 64


def test_grace_notes_stay_before_their_stroke(run):
    snares = [note for note in run("humanize_loses_hits/flam.mid", "--mode=humanize").notes
              if note.pitch == 38]  # fmt: skip
    assert len(snares) == 8
    for grace, stroke in zip(snares[::2], snares[1::2], strict=True):
        assert 0.02 < stroke.start - grace.start < 0.08
        assert grace.velocity < stroke.velocity


def test_tambourine_shaker_and_pedal_stay_where_hi_hats_are_added(run):
    given = read(REPORTED / "add_hihat_loses_percussion" / "tamb.mid")
    result = run("add_hihat_loses_percussion/tamb.mid", "--mode=add_hihat")
    assert [note for note in result.notes if note.pitch != HAT] == given.notes
    assert any(note.pitch == HAT for note in result.notes)
    assert (result.tempos, result.signatures, result.end) == (given.tempos, given.signatures, 8.0)


@pytest.mark.parametrize(
    ("name", "bars"), [("tune5.mid", 5), ("tune3.mid", 3), ("gap_tune.mid", 4)]
)
def test_a_whole_tune_has_all_of_its_bars_in_their_places(run, name, bars):
    name = f"whole_loses_bars/{name}"
    given = read(REPORTED / name)
    result = run(name, "--config=cat-mel_2bar_small", "--mode=reconstruct", "--whole")
    assert result.end == 4.0 * bars
    assert sounding_bars(result, 4.0) == sounding_bars(given, 4.0)
    assert (result.tempos, result.signatures) == (given.tempos, given.signatures)
    assert {note[3:5] for note in result.notes} == {note[3:5] for note in given.notes}


@pytest.mark.parametrize("config", ["cat-drums_2bar_small", "groovae_2bar_humanize"])
def test_a_whole_beat_has_all_of_its_bars(run, config):
    given = read(REPORTED / "whole_loses_bars" / "beat5.mid")
    arguments = f"--config={config}", "--mode=reconstruct", "--whole"
    result = run("whole_loses_bars/beat5.mid", *arguments)
    assert result.end == 20.0
    assert sounding_bars(result, 4.0) == sounding_bars(given, 4.0) == [0, 1, 2, 3, 4]
    assert (result.tempos, result.signatures) == (given.tempos, given.signatures)
    assert {note.channel for note in result.notes} == {9}


@pytest.mark.parametrize("mode", ["humanize", "add_hihat", "follow_hits", "tap2drum"])
def test_a_length_leaves_no_holes(run, mode):
    given = read(REPORTED / "ignored_flags" / "song.mid")
    result = run("ignored_flags/song.mid", f"--mode={mode}", "--length=16")
    assert result.end == 4.0
    assert (result.tempos, result.signatures) == (given.tempos, given.signatures)
    if mode != "tap2drum":
        kept = sorted(note.pitch for note in given.notes if note.channel == 9 and note.start < 4)
        found = [note.pitch for note in result.notes]
        assert len(found) >= len(kept) if mode == "add_hihat" else sorted(found) == kept


def test_a_tempo_just_after_the_start_loses_no_hit(run):
    name = "tempo_just_after_start/tempo_tick1_drums.mid"
    given = read(REPORTED / name)
    same = run(name, "--mode=humanize", *AS_PLAYED)
    assert [note.pitch for note in same.notes] == [note.pitch for note in given.notes]
    starts = [note.start for note in given.notes]
    assert [note.start for note in same.notes] == pytest.approx(starts, abs=5e-3)
    assert {note.pitch for note in same.notes if note.start < 0.1} == {36, HAT}
    whole = run(name, "--config=cat-drums_2bar_small", "--mode=reconstruct", "--whole")
    assert {note.pitch for note in whole.notes if note.start < 0.1} == {36, HAT}
    for result in (same, whole):
        assert result.end == pytest.approx(16.0, abs=5e-3)
        assert result.tempos[-1][1] == 100.0


def test_a_tempo_just_after_the_start_loses_no_bar_of_a_tune(run):
    arguments = "--config=cat-mel_2bar_small", "--mode=reconstruct", "--whole"
    result = run("tempo_just_after_start/tempo_tick1.mid", *arguments)
    assert result.end == pytest.approx(16.0, abs=5e-3)
    assert sounding_bars(result, 4.0) == [0, 1, 2, 3]
    assert result.tempos[-1][1] == 100.0


# A bar of rock, pitch and beat, which most of the reported beats play.
ROCK = [*((36, 0.0), (36, 2.0), (36, 2.5), (38, 1.0), (38, 3.0)), *((HAT, k / 2) for k in range(8))]


@pytest.mark.parametrize(
    ("name", "bars", "qpm"),
    [
        ("tempo_on_later_track/tempo_track1.mid", 2, 90),
        ("unknown_meta_shifts/unknown_meta_drums.mid", 4, 90),
        ("zero_length_hits/part_zero_beat.mid", 2, 90),
        ("zero_length_hits/zero_len_beat.mid", 2, 90),
        ("drums_other_channel/drums_ch1.mid", 2, 90),
        ("drums_other_channel/xg_ch11.mid", 2, 100),
        ("refused_midi/alien_chunk.mid", 2, 90),
        ("refused_midi/bad_key.mid", 2, 90),
        ("refused_midi/fewer_tracks.mid", 2, 90),
        ("refused_midi/riff.mid", 2, 90),
        ("refused_midi/smpte.mid", 2, 90),
    ],
)
def test_a_reported_beat_is_humanized_with_all_of_its_hits_at_its_tempo(run, name, bars, qpm):
    result = run(name, "--mode=humanize", *AS_PLAYED)
    expected = sorted((4 * bar + beat, pitch) for bar in range(bars) for pitch, beat in ROCK)
    found = sorted((round(note.start * 2) / 2, note.pitch) for note in result.notes)
    assert found == expected
    assert all(abs(note.start * 2 - round(note.start * 2)) < 0.01 for note in result.notes)
    assert [tempo for _, tempo in result.tempos] == [pytest.approx(qpm, abs=0.01)]
    assert {note.channel for note in result.notes} == {9}


@pytest.mark.parametrize(
    ("name", "qpm"),
    [
        ("tempo_on_later_track/tune_tempo_track1.mid", 80),
        ("refused_midi/bad_key8.mid", 90),
        ("karaoke_extension/song.kar", 100),
        ("score_pickup_and_ties/pickup.musicxml", 100),
        ("score_pickup_and_ties/pickup.abc", 100),
    ],
)
def test_a_reported_tune_is_reconstructed_at_its_tempo(run, name, qpm):
    if name.startswith("score"):
        pytest.importorskip("music21")
    result = run(name, "--config=cat-mel_2bar_small", "--mode=reconstruct", "--whole")
    assert [tempo for _, tempo in result.tempos] == [pytest.approx(qpm, abs=0.01)]
    bars = {"pickup.musicxml": 4, "pickup.abc": 9}.get(pathlib.Path(name).name, 2)
    assert result.end == pytest.approx(4.0 * bars)
    if name.startswith("score"):
        # The pickup stands at the end of a bar of its own.
        assert min(note.start for note in result.notes) >= 2.75
    assert {note.channel for note in result.notes} == {0}
