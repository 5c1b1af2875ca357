"""Groove jobs give back every hit of their input, and no other.

The models are of random weights: what is kept does not depend on what they learnt.
"""

from __future__ import annotations

import collections
import dataclasses

import numpy as np
import pytest
from pieces import drum_beat
from tiny_models import write_run

from musicvae.converters.drum_map import GENERAL_MIDI, parse_drum_map
from musicvae.errors import InputError, NoExamplesError
from musicvae.formats.midi import midi_to_note_sequence
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.generate import TrainedModel
from musicvae.generate.bar_lines import BarLines
from musicvae.generate.drum_hits import read_hits
from musicvae.generate.drum_performance import read_performance
from musicvae.generate.grooves import GROOVE_MODES, play_groove
from musicvae.generate.kept_hits import played
from musicvae.generate.results import Piece, SamplingOptions
from musicvae.lazy_note_seq import NoteSequence

OPTIONS = SamplingOptions(seed=5, temperatures=(1.0,))
KEEPING = ("humanize", "follow_hits", "add_hihat")
KICK, SNARE, HAT, PEDAL, TAMBOURINE, SHAKER, CLAP = 36, 38, 42, 44, 54, 70, 39


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("grooves")
    found = {}
    for mode, details in GROOVE_MODES.items():
        write_run(folder / mode, details.config)
        found[mode] = TrainedModel(details.config, 4, folder / mode)
    return found


def drums(*hits: tuple[float, int, int], beats: float = 8.0, qpm: float = 60.0) -> NoteSequence:
    """A piece of hits: beat, pitch, velocity."""
    sequence = NoteSequence(ticks_per_quarter=480, total_time=beats * 60.0 / qpm)
    sequence.tempos.add(qpm=qpm)
    for beat, pitch, velocity in hits:
        start = beat * 60.0 / qpm
        sequence.notes.add(
            pitch=pitch, velocity=velocity, start_time=start, end_time=start + 0.1, is_drum=True,
            instrument=9,
        )  # fmt: skip
    return sequence


EIGHT = range(8)
FLAMS = [(beat + grace, SNARE, 50 if grace else 100) for beat in EIGHT[1:] for grace in (-0.05, 0)]
ROLL = [(k / 8, SNARE, 40 + k) for k in range(64)]
ROLL_64 = [(4 + k / 16, SNARE, 60) for k in range(16)]
BACKBEAT = [(beat, pitch, 90) for beat in EIGHT for pitch in (SNARE, CLAP, 37)]
PERCUSSION = [(k / 2, (PEDAL, TAMBOURINE, SHAKER, HAT, 56)[k % 5], 80) for k in range(16)]
UNKNOWN = [(beat, pitch, 70) for beat in EIGHT for pitch in (KICK, 3, 100)]
PIECES = {
    "flams": drums(*FLAMS, (0, KICK, 90)),
    "a roll of 32nds": drums(*ROLL, (0, KICK, 90)),
    "a roll of 64ths": drums(*ROLL_64, (0, KICK, 90)),
    "clap with snare": drums(*BACKBEAT),
    "one drum twice at once": drums(*((beat, SNARE, 80 + k) for beat in EIGHT for k in range(2))),
    "percussion": drums(*PERCUSSION),
    "pitches of no class": drums(*UNKNOWN),
    "a hit before each bar": drums(*((beat - 0.06, KICK, 70) for beat in (4, 8))),
    "a hit in nearly every bar": drums((0, KICK, 70), (9, SNARE, 70), (26, SNARE, 70), beats=32),
}
for _beats, _signature in ((15, (3, 4)), (9, (6, 8)), (15, (5, 4)), (14, (7, 8)), (24, (12, 8))):
    _hits = [(k / 4, (KICK, SNARE, HAT)[k % 3], 60 + k % 40) for k in range(4 * _beats)]
    _piece = drums(*_hits, (_beats - 0.06, SNARE, 30), (1.1, SNARE, 30), beats=_beats)
    _piece.time_signatures.add(numerator=_signature[0], denominator=_signature[1])
    PIECES["{}/{}".format(*_signature)] = _piece


def as_file(sequence: NoteSequence) -> NoteSequence:
    """Returns a piece as its file has it."""
    return midi_to_note_sequence(note_sequence_to_midi(sequence), with_silence=True)


def onsets(sequence: NoteSequence) -> list[tuple[float, int, int]]:
    """Returns (beat, pitch, velocity) of each hit, in the order of the piece."""
    lines = BarLines.of(sequence)
    found = [(lines.beat_at(n.start_time), n.pitch, n.velocity) for n in sequence.notes]
    return sorted(found)


def result(models, mode: str, piece: NoteSequence, **options: object) -> NoteSequence:
    wanted = dataclasses.replace(OPTIONS, **options)
    sample = play_groove(models[mode], mode, Piece(piece, "beat"), 2, wanted).samples[1]
    return as_file(sample.sequence)


def without_added(played_: NoteSequence, piece: NoteSequence) -> list[tuple[float, int, int]]:
    """Returns a result's hits without hi-hats that are not in the input."""
    known = {(round(beat, 2), pitch) for beat, pitch, _ in onsets(piece)}
    return [hit for hit in onsets(played_) if hit[1] != HAT or (round(hit[0], 2), HAT) in known]


@pytest.mark.parametrize("mode", KEEPING)
@pytest.mark.parametrize("name", PIECES)
def test_every_hit_comes_back_and_no_other(models, mode, name):
    piece = PIECES[name]
    played_ = result(models, mode, piece)
    expected = collections.Counter(note.pitch for note in piece.notes)
    if mode == "add_hihat":
        found = without_added(played_, piece)
        beats, pitches, velocities = zip(*found, strict=True)
        assert beats == pytest.approx([beat for beat, *_ in onsets(piece)], abs=2e-3)
        assert list(zip(pitches, velocities, strict=True)) == [hit[1:] for hit in onsets(piece)]
    else:
        assert collections.Counter(note.pitch for note in played_.notes) == expected
    lines = BarLines.of(played_)
    assert lines.end == pytest.approx(BarLines.of(piece).end)
    assert lines.regions[0][1:3] == BarLines.of(piece).regions[0][1:3]


@pytest.mark.parametrize("mode", ["humanize", "follow_hits"])
def test_grace_notes_stay_before_their_stroke(models, mode):
    snares = [hit for hit in onsets(result(models, mode, PIECES["flams"])) if hit[1] == SNARE]
    for (grace, _, soft), (stroke, _, loud) in zip(snares[::2], snares[1::2], strict=True):
        assert 0.01 < stroke - grace < 0.06
        assert soft == pytest.approx(loud / 2, abs=1)


def random_playing(
    hits, seed: int, *, timing: float = 1.0, end: float = 8.0
) -> tuple[np.ndarray, np.ndarray]:
    """Plays hits in the wildest manner: any velocity, any place within half a step."""
    generator = np.random.default_rng(seed)
    heard = np.maximum(hits.heard, 0)
    velocities = generator.integers(1, 128, len(hits))[heard]
    late = generator.uniform(-0.5, 0.5, len(hits))[heard]
    return played(hits, velocities, late, 0.0, end, timing=timing)


@pytest.mark.parametrize("name", PIECES)
@pytest.mark.parametrize("timing", [0.4, 1.0])
def test_no_hit_overtakes_another_however_wild_the_manner(name, timing):
    piece = PIECES[name]
    lines = BarLines.of(piece)
    hits = read_hits(piece, lines, GENERAL_MIDI)
    for seed in range(20):
        beats, velocities = random_playing(hits, seed, timing=timing, end=lines.end)
        assert beats.min() >= 0
        assert beats.max() < lines.end
        assert ((velocities >= 1) & (velocities <= 127)).all()
        for drum in set(hits.drum[hits.drum >= 0].tolist()):
            own = hits.drum == drum
            apart = np.diff(hits.beat[own]) > 0
            assert (np.diff(beats[own])[apart] > 0).all()
        for k, beat in enumerate(hits.beat):
            earlier = hits.beat <= beat - 0.25
            assert beats[k] >= beats[earlier].max(initial=0.0) - 1e-9


def test_the_amounts_lead_from_the_input_to_the_model(models):
    piece = PIECES["percussion"]
    still = result(models, "humanize", piece, timing=0.0, velocity=0.0)
    assert onsets(still) == onsets(as_file(piece))
    full, half = (result(models, "humanize", piece, timing=t) for t in (1.0, 0.5))
    quiet = result(models, "humanize", piece, timing=0.0)
    beats = [np.array([hit[0] for hit in onsets(each)]) for each in (piece, half, full)]
    np.testing.assert_allclose(beats[1], (beats[0] + beats[2]) / 2, atol=2e-3)
    assert np.abs(beats[2] - beats[0]).max() > 0.01
    assert [hit[:2] for hit in onsets(quiet)] == [hit[:2] for hit in onsets(as_file(piece))]
    loud = result(models, "humanize", piece, velocity=0.5)
    velocities = [np.array([hit[2] for hit in onsets(each)]) for each in (piece, loud, full)]
    np.testing.assert_allclose(velocities[1], (velocities[0] + velocities[2]) / 2, atol=1)
    for name in ("timing", "velocity"):
        with pytest.raises(InputError, match=f"{name} 1.5 is not in 0"):
            SamplingOptions(**{name: 1.5})


@pytest.mark.parametrize("mode", KEEPING)
def test_the_kit_and_the_length_of_each_hit_stay(models, mode):
    piece = drum_beat(2)
    for note in piece.notes:
        note.program, note.end_time = 25, note.start_time + 0.03
    played_ = result(models, mode, piece, timing=0.0)
    assert {note.program for note in played_.notes} == {25}
    kept = [note for note in played_.notes if note.pitch != HAT]
    assert {round(note.end_time - note.start_time, 2) for note in kept} == {0.03}


def test_hi_hats_of_the_input_are_not_doubled(models):
    piece = drums(*((k / 4, HAT, 80) for k in range(32)), (0, KICK, 90))
    played_ = result(models, "add_hihat", piece)
    assert onsets(played_) == onsets(as_file(piece))
    shaken = drums(*((k / 4, SHAKER, 80) for k in range(32)), (0, KICK, 90))
    assert any(note.pitch == HAT for note in result(models, "add_hihat", shaken).notes)


def test_windows_are_those_of_the_converter(models):
    piece = drum_beat(6)
    for k, note in enumerate(piece.notes):
        note.start_time = max(note.start_time + 0.01 * (k % 7 - 3), 0.0)
        note.velocity = 20 + k
    converter = models["humanize"].converter
    found = read_performance(Piece(piece, "beat"), converter, OPTIONS).examples
    expected = converter.extract(piece, pitch_map="inference").examples
    assert len(found) == len(expected) == 3
    for one, other in zip(found, expected, strict=True):
        for array, wanted in zip(one, other, strict=True):
            np.testing.assert_allclose(array, wanted, atol=1e-5)


def test_a_window_begins_at_a_bar_line_and_the_model_reads_on_past_its_bars(models):
    piece = drums(*((beat, KICK, 90) for beat in range(15)), beats=15)
    piece.time_signatures.add(numerator=3, denominator=4)
    performance = read_performance(Piece(piece, "waltz"), models["humanize"].converter, OPTIONS)
    assert performance.first_steps.tolist() == [0, 24, 48]
    assert performance.ends.tolist() == [6.0, 12.0, 18.0]
    heard = [np.flatnonzero(each.outputs[:, 0]).tolist() for each in performance.examples]
    assert heard == [list(range(0, 32, 4)), list(range(0, 32, 4)), [0, 4, 8]]


def test_a_kit_of_its_own_is_read_and_written(models):
    kit = parse_drum_map({"60": "kick", "61": "snare", "62": "closed_hihat"}, "kit")
    piece = drums(*((beat, 60 + beat % 2, 90) for beat in range(8)))
    played_ = result(models, "add_hihat", piece, drum_map=kit)
    assert {note.pitch for note in played_.notes} == {60, 61, 62}
    free = play_groove(
        models["humanize"], "humanize", Piece(piece, "beat"), 1,
        dataclasses.replace(OPTIONS, drum_map=kit, keep_hits=False),
    ).samples[0].sequence  # fmt: skip
    assert not {note.pitch for note in free.notes} & {36, 38, 42}
    performance = read_performance(
        Piece(piece, "beat"),
        models["humanize"].converter,
        dataclasses.replace(OPTIONS, drum_map=kit),
    )
    assert set(performance.hits.drum.tolist()) == {0, 1}


@pytest.mark.parametrize("mode", list(GROOVE_MODES))
@pytest.mark.parametrize("keep_hits", [True, False])
def test_tempos_and_time_signatures_inside_a_piece_are_kept(models, mode, keep_hits):
    piece = drum_beat(6)
    piece.tempos.add(time=4.0, qpm=60.0)
    for seconds, numerator in ((0.0, 4), (4.0, 3)):
        piece.time_signatures.add(time=seconds, numerator=numerator, denominator=4)
    played_ = result(models, mode, piece, keep_hits=keep_hits)
    assert [(tempo.time, tempo.qpm) for tempo in played_.tempos] == [(0.0, 120.0), (4.0, 60.0)]
    signatures = [(each.time, each.numerator) for each in played_.time_signatures]
    assert signatures == [(0.0, 4), (4.0, 3)]
    assert BarLines.of(played_).end == BarLines.of(piece).end
    at_one_tempo = result(models, mode, piece, keep_hits=keep_hits, qpm=90.0)
    assert [tempo.qpm for tempo in at_one_tempo.tempos] == [pytest.approx(90.0, rel=1e-5)]
    assert BarLines.of(at_one_tempo).end == pytest.approx(BarLines.of(piece).end)


@pytest.mark.parametrize("mode", list(GROOVE_MODES))
@pytest.mark.parametrize("length", [5, 16, 32, 48, 1000])
def test_a_length_cuts_the_end_and_leaves_no_holes(models, mode, length):
    piece = drums(*((k / 4, (KICK, SNARE)[k % 2], 90) for k in range(80)), beats=20)
    whole, cut = result(models, mode, piece), result(models, mode, piece, length=length)
    end = min(length / 4, 20.0)
    sixteenths = {round(4 * beat) for beat, *_ in onsets(cut)}
    assert max(sixteenths) <= 4 * end
    if mode != "tap2drum":
        assert sixteenths >= set(range(round(4 * end)))
        assert len(onsets(cut)) <= len(onsets(whole))
    samples = play_groove(
        models[mode], mode, Piece(piece, "a"), 1, dataclasses.replace(OPTIONS, length=length)
    ).samples
    assert samples[0].sequence.total_time == pytest.approx(end)


@pytest.mark.parametrize("mode", KEEPING)
def test_a_bar_gives_the_window_that_begins_there(models, mode):
    piece = drums(*((k / 2, (KICK, SNARE)[k % 2], 40 + k) for k in range(40)), beats=20)
    played_ = result(models, mode, piece, bar=4, timing=0.0, velocity=0.0)
    kept = [hit for hit in onsets(played_) if hit[1] != HAT]
    expected = [(k / 2 - 12, (KICK, SNARE)[k % 2], 40 + k) for k in range(24, 40)]
    assert [hit[1:] for hit in kept] == [hit[1:] for hit in expected]
    assert [hit[0] for hit in kept] == pytest.approx([hit[0] for hit in expected], abs=2e-3)
    with pytest.raises(InputError, match="no window of 'beat' begins at bar 6; it has 5 bars"):
        result(models, mode, piece, bar=6)


def test_what_no_class_has_is_said(models):
    notes = play_groove(
        models["humanize"], "humanize", Piece(PIECES["pitches of no class"], "beat"), 1, OPTIONS
    ).notes
    assert "beat: 16 drum notes have pitches of no class: kept" in notes[0]
    with pytest.raises(NoExamplesError, match="'odd' has nothing that this model can read: 1 drum"):
        play_groove(models["humanize"], "humanize", Piece(drums((0, 3, 90)), "odd"), 1, OPTIONS)
