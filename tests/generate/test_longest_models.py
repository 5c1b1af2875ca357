"""--models: each stretch of a whole piece is played by the longest model that fits it."""

from __future__ import annotations

import pytest
from pieces import drum_beat
from tiny_models import write_run

from musicvae.config import load_config
from musicvae.converters import build_converter
from musicvae.errors import InputError
from musicvae.generate import TrainedModel
from musicvae.generate.drum_performance import read_by_length
from musicvae.generate.grooves import play_groove
from musicvae.generate.modes import reconstruct
from musicvae.generate.results import Piece, SamplingOptions
from musicvae.generate.whole_piece import read_whole
from musicvae.generate.window_plan import by_length, check_length_of, family, longest_plan
from musicvae.lazy_note_seq import NoteSequence

MELODIES = ("cat-mel_2bar_small", "cat-mel_4bar_small")
GROOVES = ("groovae_2bar_humanize", "groovae_1bar_humanize", "groovae_4bar_humanize")
OPTIONS = SamplingOptions(seed=3, temperatures=(1.0,))


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    found = {}
    for name in (*MELODIES, *GROOVES):
        write_run(folder / name, name)
        found[name] = TrainedModel(name, 4, folder / name)
    return found


def tune(*bars: int, signature: tuple[int, int] = (4, 4)) -> Piece:
    """A melody at 60 qpm with a quarter on every beat of the given bars, counted from 1."""
    beats = signature[0]
    sequence = NoteSequence(total_time=float(beats * max(bars)))
    sequence.tempos.add(qpm=60)
    sequence.time_signatures.add(numerator=beats, denominator=4)
    for bar in bars:
        for beat in range(beats):
            start = float(beats * (bar - 1) + beat)
            sequence.notes.add(
                pitch=60 + (bar + beat) % 12, velocity=90, start_time=start, end_time=start + 1
            )
    return Piece(sequence, "tune")


def beat(bars: int) -> Piece:
    """Drums at 120 qpm."""
    sequence = NoteSequence(total_time=2.0 * bars)
    sequence.tempos.add(qpm=120)
    for start in range(0, bars, 2):
        for note in drum_beat(2).notes:
            if note.start_time + 2 * start < 2 * bars - 0.01:
                copy = sequence.notes.add()
                copy.CopyFrom(note)
                copy.start_time += 2 * start
                copy.end_time += 2 * start
    return Piece(sequence, "beat")


def sounds(sequence: NoteSequence, until: float) -> list[tuple[float, int, int]]:
    """Start, pitch and velocity of the notes before a second."""
    found = [(n.start_time, n.pitch, n.velocity) for n in sequence.notes if n.start_time < until]
    return sorted(found)


@pytest.mark.parametrize(
    ("bars", "lengths", "expected"),
    [
        (range(7), (2, 1, 4), [(0, 4), (4, 2), (6, 1)]),
        ([0, 1, 2, 4, 5, 6, 7, 8, 9], (1, 2, 4), [(0, 2), (2, 1), (4, 4), (8, 2)]),
        (range(3), (2, 4), [(0, 2), (2, 2)]),
        (range(4, 8), (2, 4), [(4, 4)]),
        # A window that is filled up reaches into what follows; nothing is played twice.
        ([0, 2, 3, 4], (4, 8), [(0, 4), (4, 4)]),
        ([], (2, 4), []),
    ],
)
def test_the_longest_window_within_a_stretch_is_taken(bars, lengths, expected) -> None:
    assert longest_plan(set(bars), lengths) == expected


def test_every_note_is_read_by_one_window() -> None:
    converter = build_converter(load_config(MELODIES[0]).converter)
    piece = tune(*range(1, 8), *range(9, 12))
    whole = read_whole(piece.sequence, converter, name="tune", lengths=(2, 4))
    windows = [(tile.slot, tile.bars) for tile in whole.tiles]
    assert windows == [(0, 4), (4, 2), (6, 2), (8, 2), (10, 2)]
    read = []
    for tile in whole.tiles:
        assert len(tile.example.outputs) == 16 * tile.bars
        notes = converter.to_notes(tile.example.outputs, qpm=60.0).notes
        read += [(note.start_time + 4.0 * tile.slot, note.pitch) for note in notes]
    assert read == [(note.start_time, note.pitch) for note in piece.sequence.notes]


def test_a_stretch_sounds_as_the_model_that_plays_it_alone(models) -> None:
    short, long = (models[name] for name in MELODIES)
    together = reconstruct(short, tune(*range(1, 7)), 1, OPTIONS, whole=True, others=[long])
    sequence = together.samples[0].sequence
    assert sequence.total_time == 24.0
    alone = reconstruct(long, tune(1, 2, 3, 4), 1, OPTIONS, whole=True).samples[0].sequence
    assert sounds(sequence, 16.0) == sounds(alone, 16.0)
    assert sounds(alone, 16.0)
    by_two = reconstruct(short, tune(*range(1, 7)), 1, OPTIONS, whole=True).samples[0].sequence
    assert sounds(sequence, 16.0) != sounds(by_two, 16.0)
    [note] = [line for line in together.notes if "windows" in line]
    assert note == (
        "tune: it was played in windows as long as fit: bars 1-4 by cat-mel_4bar_small; "
        "bars 5-6 by cat-mel_2bar_small"
    )


@pytest.mark.parametrize("signature", [(4, 4), (3, 4)])
def test_bars_in_are_bars_out_whoever_plays_them(models, signature) -> None:
    short, long = (models[name] for name in MELODIES)
    piece = tune(*range(1, 6), 9, signature=signature)
    for sample in reconstruct(short, piece, 2, OPTIONS, whole=True, others=[long]).samples:
        assert sample.sequence.total_time == piece.sequence.total_time
        starts = [note.start_time for note in sample.sequence.notes]
        # Bars 7 and 8 are silent; the window that ends the stretch is filled up in bar 6.
        assert not [start for start in starts if 6 <= start / signature[0] < 8]


def test_humanizing_keeps_every_hit_and_says_who_played(models) -> None:
    two, one, four = (models[name] for name in GROOVES)
    piece = beat(7)
    result = play_groove(two, "humanize", piece, 2, OPTIONS, [one, four])
    for sample in result.samples:
        assert len(sample.sequence.notes) == len(piece.sequence.notes)
        starts = [note.start_time for note in sample.sequence.notes]
        assert starts == sorted(starts)
    alone = play_groove(four, "humanize", beat(4), 1, OPTIONS).samples[0].sequence
    assert sounds(result.samples[0].sequence, 7.5) == sounds(alone, 7.5)
    assert result.notes[-1] == (
        "beat: it was played in windows as long as fit: bars 1-4 by groovae_4bar_humanize; "
        "bars 5-6 by groovae_2bar_humanize; bar 7 by groovae_1bar_humanize"
    )


def test_a_performance_is_cut_without_losing_a_hit(models) -> None:
    converters = {models[name].converter.bars: models[name].converter for name in GROOVES}
    found = read_by_length(beat(7), converters, OPTIONS)
    assert {bars: own.first_steps.tolist() for bars, own in found.items()} == {
        4: [0], 2: [64], 1: [96]
    }  # fmt: skip
    assert sum(len(own.hits) for own in found.values()) == len(beat(7).sequence.notes)


def test_models_of_another_kind_or_of_one_length_are_refused(models) -> None:
    short, long = (models[name] for name in MELODIES)
    with pytest.raises(InputError, match="'cat-mel_2bar_small' and 'cat-mel_2bar_small' both have"):
        by_length(short, [short])
    with pytest.raises(InputError, match="does not read and write what config 'cat-mel_4bar_small"):
        by_length(long, [models[GROOVES[0]]])
    humanize, taps = (
        build_converter(load_config(name).converter)
        for name in ("groovae_4bar_humanize", "groovae_2bar_tap_fixed_velocity")
    )
    with pytest.raises(InputError, match="give models of one kind that differ in their bars"):
        check_length_of(taps, "taps", humanize, "humanize")


def test_a_family_differs_in_its_bars_alone() -> None:
    names = ["cat-mel_2bar_small", "cat-mel_4bar_small", "cat-mel_2bar_big", "groovae_4bar"]
    assert family("cat-mel_2bar_small", names) == ["cat-mel_4bar_small"]
    assert family("groovae_4bar", names) == []
