from __future__ import annotations

import pathlib

import numpy as np
import pytest
from pieces import drum_beat, melody
from tiny_models import write_run

from musicvae.attribute_vectors import attribute_vectors
from musicvae.errors import ConfigError, InputError
from musicvae.generate import TrainedModel
from musicvae.generate.grooves import GROOVE_MODES, follow_hits, play_groove
from musicvae.generate.modes import grid, interpolate, morph, reconstruct, sample, similar, steer
from musicvae.generate.results import Piece, Result, SamplingOptions

TUNE = Piece(melody(), "tune")
LOW_FLUTE = Piece(melody(program=73, lowest=48), "flute")
SEED = SamplingOptions(seed=5)
CLOSE = {"rtol": 1e-4, "atol": 1e-4}


def tiny_model(name: str, folder: pathlib.Path) -> TrainedModel:
    write_run(folder / name, name)
    return TrainedModel(name, 4, folder / name)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_model("cat-mel_2bar_small", tmp_path_factory.mktemp("melody"))


@pytest.fixture(scope="module")
def groove_models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("grooves")
    return {job: tiny_model(GROOVE_MODES[job].config, folder) for job in GROOVE_MODES}


def content(result: Result) -> list[bytes]:
    return [take.sequence.SerializeToString(deterministic=True) for take in result.samples]


def captions(result: Result) -> list[str]:
    return [take.caption for take in result.samples]


def test_a_seed_makes_a_run_repeatable_and_another_differs(model):
    assert content(sample(model, 5, SEED)) == content(sample(model, 5, SEED))
    assert content(sample(model, 5, SEED)) != content(sample(model, 5, SamplingOptions(seed=6)))
    assert content(sample(model, 5)) != content(sample(model, 5))


def test_samples_are_those_of_the_trained_model_itself(model):
    ours = content(sample(model, 3, SamplingOptions(seed=5, temperatures=(0.8,))))
    theirs = model.sample(3, temperature=0.8, seed=5)
    assert ours == [piece.SerializeToString(deterministic=True) for piece in theirs]


def test_several_temperatures_share_their_latent_vectors(model):
    result = sample(model, 2, SamplingOptions(seed=5, temperatures=(0.0, 1.0)))
    assert captions(result) == [
        "sample 1, temperature 0",
        "sample 2, temperature 0",
        "sample 1, temperature 1",
        "sample 2, temperature 1",
    ]
    np.testing.assert_array_equal(result.samples[0].z, result.samples[2].z)


def test_tempo_and_program_are_the_inputs_unless_others_are_wished_for(model):
    slow = Piece(melody(program=24), "guitar")
    slow.sequence.tempos[0].qpm = 60
    for note in slow.sequence.notes:
        note.start_time, note.end_time = note.start_time * 2, note.end_time * 2
    kept = reconstruct(model, slow, options=SEED).samples[0].sequence
    assert kept.tempos[0].qpm == 60
    assert {note.program for note in kept.notes} == {24}
    assert {note.velocity for note in kept.notes} == {80}
    wished = (
        reconstruct(model, slow, options=SamplingOptions(seed=5, qpm=140, program=73))
        .samples[0]
        .sequence
    )
    assert wished.tempos[0].qpm == 140
    assert {note.program for note in wished.notes} == {73}


def test_an_interpolation_begins_and_ends_at_its_inputs(model):
    result = interpolate(model, TUNE, LOW_FLUTE, 5, SEED)
    assert result.order == "path"
    names = ["tune", "0.25 of the way", "0.5 of the way", "0.75 of the way", "flute"]
    assert captions(result) == names
    first = model.encode([TUNE.sequence]).mu[0]
    np.testing.assert_allclose(result.samples[0].z, first, **CLOSE)
    programs = [{note.program for note in take.sequence.notes} for take in result.samples]
    assert programs == [{0}, {0}, {73}, {73}, {73}]
    assert result.notes == ("flute: its instruments were read as a piano",)


def test_a_linear_interpolation_goes_straight(model):
    z = [take.z for take in interpolate(model, TUNE, LOW_FLUTE, 3, SEED, linear=True).samples]
    np.testing.assert_allclose(z[1], (z[0] + z[2]) / 2, **CLOSE)


def test_equal_inputs_are_interpolated_without_a_nan(model):
    for take in interpolate(model, TUNE, TUNE, 3, SEED).samples:
        assert np.isfinite(take.z).all()


def test_one_piece_of_an_interpolation_is_its_start(model):
    assert captions(interpolate(model, TUNE, LOW_FLUTE, 1, SEED)) == ["tune"]


def test_a_grid_has_its_inputs_in_the_corners(model):
    result = grid(model, [TUNE, LOW_FLUTE, LOW_FLUTE, TUNE], 3, SEED)
    assert result.columns == 3
    assert [captions(result)[k] for k in (0, 2, 6, 8)] == ["tune", "flute", "flute", "tune"]
    corner = interpolate(model, TUNE, LOW_FLUTE, 2, SEED)
    for k, expected in ((0, 0), (2, 1), (6, 1), (8, 0)):
        np.testing.assert_allclose(result.samples[k].z, corner.samples[expected].z, **CLOSE)


def test_a_grid_needs_four_corners(model):
    with pytest.raises(InputError, match="not 2"):
        grid(model, [TUNE, LOW_FLUTE], 3)
    with pytest.raises(InputError, match="at least 2"):
        grid(model, [TUNE] * 4, 1)


def test_the_closest_variation_is_the_input_and_the_farthest_a_sample(model):
    mu = model.encode([TUNE.sequence]).mu[0]
    same = similar(model, TUNE, 2, 1.0, SEED)
    np.testing.assert_allclose(same.samples[1].z, mu, **CLOSE)
    farthest = similar(model, TUNE, 2, 0.0, SEED)
    np.testing.assert_allclose([take.z for take in farthest.samples], model.sample_z(2, 5), **CLOSE)
    with pytest.raises(InputError, match="closeness"):
        similar(model, TUNE, 2, 1.5)


def test_a_morph_is_one_piece_that_passes_its_stations(model):
    result = morph(model, [TUNE, LOW_FLUTE, TUNE], 5, SEED)
    (take,) = result.samples
    assert take.sequence.total_time == 5 * 4.0
    apart = morph(model, [TUNE, LOW_FLUTE, TUNE], 5, SEED, joined=False)
    assert captions(apart) == ["tune", "0.5", "flute", "1.5", "tune"]
    np.testing.assert_allclose(apart.samples[0].z, apart.samples[4].z, **CLOSE)
    with pytest.raises(InputError, match="at least two"):
        morph(model, [TUNE], 5)


def test_steering_adds_the_attribute_vector(model):
    rng = np.random.default_rng(1)
    vectors = attribute_vectors(rng.normal(size=(20, 8)), rng.random((20, 5)))
    result = steer(model, TUNE, vectors, "note_density", [-1, 0, 2], SEED)
    assert captions(result) == ["note_density -1", "note_density +0", "note_density +2"]
    step = result.samples[2].z - result.samples[1].z
    np.testing.assert_allclose(step, 2 * vectors.vector("note_density"), **CLOSE)
    with pytest.raises(InputError, match="amounts"):
        steer(model, TUNE, vectors, "note_density", [float("nan")], SEED)


def test_a_reconstruction_has_the_posteriors_mean_first_and_samples_after(model):
    result = reconstruct(model, TUNE, 3, SEED)
    mu = model.encode([TUNE.sequence]).mu[0]
    np.testing.assert_allclose(result.samples[0].z, mu, **CLOSE)
    assert not np.allclose(result.samples[1].z, result.samples[2].z)
    assert captions(result) == [f"tune, version {k}" for k in (1, 2, 3)]


def test_a_whole_piece_is_as_long_as_it_was(model):
    long = Piece(melody(), "long")
    for repeat in (1, 2):
        for note in melody().notes:
            copy = long.sequence.notes.add()
            copy.CopyFrom(note)
            copy.start_time += 4 * repeat
            copy.end_time += 4 * repeat
    long.sequence.total_time = 12.0
    result = reconstruct(model, long, options=SEED, whole=True)
    assert result.samples[0].sequence.total_time == 12.0


@pytest.mark.parametrize("n", [0, -1, 10**9])
def test_a_number_out_of_range_is_refused(model, n):
    with pytest.raises(InputError, match="give 1 to"):
        sample(model, n)


@pytest.mark.parametrize(
    "options",
    [{"temperatures": ()}, {"temperatures": (-1.0,)}, {"temperatures": (float("nan"),)},
     {"qpm": 0.0}, {"program": 128}, {"length": 0}, {"seed": -1}],
)  # fmt: skip
def test_a_wish_out_of_range_is_refused(options):
    with pytest.raises(InputError):
        SamplingOptions(**options)


def test_chords_for_a_model_without_are_refused(model):
    with pytest.raises(InputError, match="plays over no chords"):
        sample(model, 1, SamplingOptions(chords="C"))


@pytest.mark.parametrize("job", ["humanize", "add_hihat", "follow_hits"])
def test_a_groove_job_plays_a_whole_beat_at_its_tempo(groove_models, job):
    beat = drum_beat(5)
    result = play_groove(groove_models[job], job, Piece(beat, "beat"), 2, SEED)
    assert len(result.samples) == 2
    for take in result.samples:
        assert take.sequence.total_time == 10.0
        assert take.sequence.tempos[0].qpm == 120
        assert all(note.is_drum and note.start_time >= 0 for note in take.sequence.notes)
    assert content(result) == content(
        play_groove(groove_models[job], job, Piece(beat, "beat"), 2, SEED)
    )


def test_taps_may_be_notes_of_any_kind(groove_models):
    result = play_groove(groove_models["tap2drum"], "tap2drum", TUNE, 1, SEED)
    assert result.notes == ("tune: its notes were read as taps",)
    assert all(note.is_drum for note in result.samples[0].sequence.notes)


def test_a_model_of_another_kind_is_refused_and_the_right_one_named(model, groove_models):
    with pytest.raises(ConfigError, match="groovae_2bar_humanize"):
        play_groove(model, "humanize", TUNE)
    with pytest.raises(ConfigError, match="groovae_2bar_tap_fixed_velocity"):
        play_groove(groove_models["humanize"], "tap2drum", TUNE)


def test_hits_are_followed_in_a_manner_of_their_own_or_that_of_another_piece(groove_models):
    model = groove_models["follow_hits"]
    hits = Piece(drum_beat(4), "hits")
    free = follow_hits(model, hits, 2, SEED)
    assert [take.sequence.total_time for take in free.samples] == [8.0, 8.0]
    styled = follow_hits(model, hits, 2, SEED, style=Piece(drum_beat(2), "style"))
    assert content(styled) != content(free)


def test_a_model_of_hits_needs_them(groove_models):
    with pytest.raises(InputError, match="--control_midi"):
        sample(groove_models["follow_hits"], 1)
