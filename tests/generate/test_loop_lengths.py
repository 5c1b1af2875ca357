"""Results are whole bars long, and as long as the piece that they come from."""

from __future__ import annotations

import io

import mido
import pytest
from pieces import drum_beat
from tiny_models import write_run

from musicvae.formats.midi import midi_to_note_sequence
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.generate import TrainedModel
from musicvae.generate.grooves import play_groove
from musicvae.generate.modes import reconstruct, sample
from musicvae.generate.results import Piece, SamplingOptions
from musicvae.lazy_note_seq import NoteSequence

WISHES = SamplingOptions(seed=5, temperatures=(1.0,))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("groove")
    write_run(folder, "groovae_2bar_humanize")
    return TrainedModel("groovae_2bar_humanize", 4, folder)


def as_read(piece: NoteSequence) -> NoteSequence:
    """Returns a piece as it comes back from its file."""
    return midi_to_note_sequence(note_sequence_to_midi(piece), with_silence=True)


def seconds_of_file(piece: NoteSequence) -> float:
    return mido.MidiFile(file=io.BytesIO(note_sequence_to_midi(piece))).length


def humanized(model: TrainedModel, piece: NoteSequence) -> NoteSequence:
    return play_groove(model, "humanize", Piece(piece, "beat"), 1, WISHES).samples[0].sequence


def test_hits_that_are_late_do_not_lengthen_a_loop(model):
    for take in sample(model, 8, WISHES).samples:
        assert take.sequence.total_time == 4.0
        assert seconds_of_file(take.sequence) == pytest.approx(4.0)


def test_a_last_hit_that_is_early_does_not_shorten_a_loop(model):
    beat = drum_beat(2)
    del beat.notes[-3:]
    beat.notes[-1].start_time -= 0.05
    beat.notes[-1].end_time -= 0.1
    read = as_read(beat)
    assert read.total_time == pytest.approx(4.0)
    assert seconds_of_file(humanized(model, read)) == pytest.approx(4.0)


@pytest.mark.parametrize(("played", "silent"), [(1, 0), (1, 1), (2, 2), (3, 0), (3, 1)])
def test_a_loop_keeps_its_bars_and_its_silent_bars(model, played, silent):
    beat = drum_beat(played)
    beat.total_time = 2.0 * (played + silent)
    result = humanized(model, as_read(beat))
    assert seconds_of_file(result) == pytest.approx(beat.total_time)
    assert max(note.start_time for note in result.notes) < 2.0 * played + 0.1


def test_a_forgotten_end_is_not_counted_as_silence():
    beat = drum_beat(1)
    beat.total_time = 500.0
    assert as_read(beat).total_time == pytest.approx(1.875)


def test_the_end_of_a_recording_is_no_silent_bar():
    beat = drum_beat(1)
    beat.total_time = 7.77
    assert as_read(beat).total_time == pytest.approx(1.875)


def test_silence_counts_only_where_it_is_asked_for():
    beat = drum_beat(1)
    beat.total_time = 8.0
    assert midi_to_note_sequence(note_sequence_to_midi(beat)).total_time == pytest.approx(1.875)


def test_a_piece_whose_tempo_changes_ends_with_its_last_bar(model):
    beat = drum_beat(4)
    beat.tempos.add(time=4.0, qpm=60)
    for note in beat.notes:
        if note.start_time >= 4.0:
            note.start_time, note.end_time = 2 * note.start_time - 4, 2 * note.end_time - 4
    beat.total_time = 12.0
    result = reconstruct(model, Piece(beat, "beat"), 1, WISHES, whole=True)
    assert result.notes == ()
    assert result.samples[0].sequence.total_time == 12.0
    assert [tempo.time for tempo in result.samples[0].sequence.tempos] == [0.0, 4.0]
