"""What a groove job keeps of its input, and values that a decoder is given."""

from __future__ import annotations

import numpy as np
import pytest
from pieces import drum_beat
from tiny_models import write_run

from musicvae.errors import InputError
from musicvae.generate import TrainedModel
from musicvae.generate.grooves import GROOVE_MODES, follow_hits, play_groove
from musicvae.generate.results import Piece, Sample, SamplingOptions
from musicvae.lazy_note_seq import NoteSequence

WILD = SamplingOptions(seed=5, temperatures=(1.0,))
FREE = SamplingOptions(seed=5, temperatures=(1.0,), keep_hits=False)
HI_HAT = 42


def swung_beat() -> NoteSequence:
    """Three bars in which each hit has a loudness of its own, and most are late or early."""
    beat = drum_beat(3)
    for k, note in enumerate(beat.notes):
        note.velocity = 40 + 7 * k % 80
        shift = 0.01 * (k % 5 - 2) if note.start_time else 0.0
        note.start_time, note.end_time = note.start_time + shift, note.end_time + shift
    return beat


BEAT = Piece(swung_beat(), "beat")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("grooves")
    found = {}
    for job, details in GROOVE_MODES.items():
        write_run(folder / job, details.config)
        found[job] = TrainedModel(details.config, 4, folder / job)
    return found


def played(piece: NoteSequence, *without: int) -> list[tuple[int, int, int, float]]:
    """Returns (step, pitch, velocity, seconds) of each hit."""
    return sorted(
        (round(note.start_time / 0.125), note.pitch, note.velocity, round(note.start_time, 3))
        for note in piece.notes
        if note.pitch not in without
    )


def hits(piece: NoteSequence) -> list[tuple[int, int]]:
    return [(step, pitch) for step, pitch, *_ in played(piece)]


@pytest.mark.parametrize("job", ["humanize", "follow_hits"])
def test_hits_are_kept_and_played_anew(models, job):
    one, other = play_groove(models[job], job, BEAT, 2, WILD).samples
    assert hits(one.sequence) == hits(other.sequence) == hits(BEAT.sequence)
    assert played(one.sequence) != played(BEAT.sequence)
    assert played(one.sequence) != played(other.sequence)


@pytest.mark.parametrize("job", ["humanize", "add_hihat", "follow_hits"])
def test_hits_are_played_on_the_drums_that_they_had(models, job):
    beat = swung_beat()
    snares = [note for note in beat.notes if note.pitch == 38]
    for note, pitch in zip(snares, (37, 39, 38, 40, 37, 38), strict=True):
        note.pitch = pitch
    cowbell = beat.notes.add()
    cowbell.CopyFrom(snares[0])
    cowbell.pitch, cowbell.velocity = 56, 1
    take = play_groove(models[job], job, Piece(beat, "beat"), 1, WILD).samples[0]
    pitches = [pitch for _, pitch in hits(take.sequence) if pitch not in (36, HI_HAT)]
    assert pitches == [37, 56, 39, 38, 40, 37, 38]


def test_without_keeping_them_the_model_chooses_hits(models):
    free = play_groove(models["humanize"], "humanize", BEAT, 1, FREE).samples[0]
    assert hits(free.sequence) != hits(BEAT.sequence)


def test_hits_are_kept_in_a_manner_that_is_not_their_own(models):
    for take in follow_hits(models["follow_hits"], BEAT, 2, WILD).samples:
        assert hits(take.sequence) == hits(BEAT.sequence)


def test_hi_hats_are_added_and_the_rest_stays_as_it_is_played(models):
    def added(take: Sample) -> list[tuple[int, int, int, float]]:
        return played(take.sequence, 36, 38)

    one, other = play_groove(models["add_hihat"], "add_hihat", BEAT, 2, WILD).samples
    for take in (one, other):
        assert played(take.sequence, HI_HAT) == played(BEAT.sequence, HI_HAT)
    assert added(one) != added(other)
    assert {pitch for _, pitch, *_ in added(one)} == {HI_HAT}


def test_a_tapped_rhythm_keeps_nothing(models):
    take = play_groove(models["tap2drum"], "tap2drum", BEAT, 1, WILD).samples[0]
    assert hits(take.sequence) != hits(BEAT.sequence)


def test_what_is_given_is_written_and_what_follows_depends_on_it(models):
    model = models["humanize"]
    z = model.sample_z(3, seed=1)
    own = np.array(model.decode_to_tensors(z, 8, 0.0))
    again = np.array(model.decode_to_tensors(z, 8, 0.0, fixed=own[:, :4]))
    np.testing.assert_allclose(again, own, atol=1e-6)
    changed = np.full((3, 2, 27), np.nan)
    changed[:, 1] = 1.0
    after = np.array(model.decode_to_tensors(z, 8, 0.0, fixed=changed))
    np.testing.assert_array_equal(after[:, 0], own[:, 0])
    np.testing.assert_array_equal(after[:, 1], np.ones((3, 27)))
    assert np.abs(after[:, 2:] - own[:, 2:]).max() > 1e-4


def test_given_values_that_do_not_fit_are_refused(models):
    model = models["humanize"]
    with pytest.raises(InputError, match=r"must be \[2, T, 27\]"):
        model.decode_to_tensors(model.sample_z(2), 8, fixed=np.zeros((2, 8, 9)))
