"""A trained model gives what its weights say, whatever the number of pieces, seed and source."""

from __future__ import annotations

import pathlib
import tarfile

import note_seq
import numpy as np
import pytest
import small_music
import tiny_models

from musicvae import TrainedModel as PublicTrainedModel
from musicvae import configs, model_choice
from musicvae.checkpoints import save_checkpoint
from musicvae.config import load_config, parse_config
from musicvae.converters import build_converter
from musicvae.errors import (
    CheckpointError,
    CheckpointMismatchError,
    InputError,
    MultipleExamplesError,
    NoExamplesError,
)
from musicvae.generate import TrainedModel, shipped_models
from musicvae.models import MusicVAE

GROOVE = "groovae_2bar_humanize"
MELODY = "cat-mel_2bar_small"


def _same(a: list[np.ndarray], b: list[np.ndarray]) -> bool:
    return len(a) == len(b) and all(map(np.array_equal, a, b))


def test_notebooks_imports_and_assignments_work(runs: dict[str, pathlib.Path]) -> None:
    config = configs.CONFIG_MAP[GROOVE]
    config.hparams.batch_size = 3
    model = PublicTrainedModel(config, batch_size=3, checkpoint_dir_or_path=str(runs[GROOVE]))
    assert len(model.sample(n=2, length=32, temperature=0.5)) == 2
    z, mu, sigma = model.encode([small_music.drum_piece(1, bars=2)])
    assert z.shape == mu.shape == sigma.shape == (1, 8)


def test_the_calls_of_magentas_notebooks_work(runs: dict[str, pathlib.Path]) -> None:
    config = configs.CONFIG_MAP[MELODY]
    config.data_converter.max_tensors_per_item = None
    song = small_music.melody_piece(1, bars=4)
    extracted = config.data_converter.from_tensors(config.data_converter.to_tensors(song)[1])
    assert len(extracted) > 1
    assert config.data_converter.to_tensors(small_music.waltz(1)).inputs == ()
    model = PublicTrainedModel(config, batch_size=4, checkpoint_dir_or_path=str(runs[MELODY]))
    assert len(model.sample(n=4, length=80, temperature=0.5)) == 4
    z, mu, sigma = model.encode([extracted[0]])
    tensors = config.data_converter.to_tensors(extracted[0])
    again = model.encode_tensors(list(tensors.inputs), list(tensors.lengths))
    np.testing.assert_array_equal(mu, again.mu)
    assert len(model.decode(z, length=32)) == 1
    assert len(model.decode(mu + sigma, length=32, temperature=0.1)) == 1
    steps = model.interpolate(
        extracted[0],
        extracted[1],
        num_steps=5,
        length=32,
        temperature=0.5,
        assert_same_length=True,
    )
    assert len(steps) == 5
    concatenated = note_seq.sequences_lib.concatenate_sequences(steps, [4.0] * 5)
    assert concatenated.total_time == pytest.approx(20.0)


def test_fault_01_sizes_come_from_the_checkpoint(runs: dict[str, pathlib.Path]) -> None:
    model = TrainedModel(GROOVE, 2, runs[GROOVE] / "train" / "model.ckpt-5.index")
    assert model.config.hparams.enc_rnn_size == (12,)
    assert model.config.hparams.dec_rnn_size == (10, 12)
    assert model.step == 5


@pytest.mark.parametrize("name", ["flat.tar", "folder.tar.gz"])
def test_an_archive_gives_the_same_model_as_its_folder(
    runs: dict[str, pathlib.Path], tmp_path: pathlib.Path, groove: TrainedModel, name: str
) -> None:
    with tarfile.open(tmp_path / name, "w:gz" if name.endswith("gz") else "w") as tar:
        tar.add(runs[GROOVE] / "train", name.split(".")[0])
    model = TrainedModel(GROOVE, 4, tmp_path / name)
    z = np.eye(3, 8)
    assert _same(
        model.decode_to_tensors(z, temperature=0), groove.decode_to_tensors(z, temperature=0)
    )
    assert model.checkpoint == str(tmp_path / name)


def test_pieces_come_in_any_number(groove: TrainedModel) -> None:
    """fault 05: a number over the batch size broke."""
    for n in (1, 3, 4, 9):
        assert len(groove.sample(n)) == n
    assert len(groove.sample()) == 4
    z = np.random.default_rng(0).standard_normal([9, 8])
    whole = groove.decode_to_tensors(z, temperature=0)
    assert [piece.shape for piece in whole] == [(32, 27)] * 9
    for i in (0, 5, 8):
        np.testing.assert_allclose(
            groove.decode_to_tensors(z[i : i + 1], temperature=0)[0], whole[i], atol=1e-5
        )


def test_fault_05_more_pieces_than_the_batch_encode_as_they_do_alone(groove: TrainedModel) -> None:
    pieces = [small_music.drum_piece(seed, bars=2) for seed in range(6)]
    mu = groove.encode(pieces).mu
    assert mu.shape == (6, 8)
    np.testing.assert_allclose(groove.encode(pieces[5:]).mu, mu[5:], atol=1e-5)
    assert not np.allclose(mu[0], mu[5])


def test_a_seed_repeats_a_call_bit_for_bit(groove: TrainedModel) -> None:
    z = groove.sample_z(6, seed=3)
    np.testing.assert_array_equal(z, groove.sample_z(6, seed=3))
    np.testing.assert_array_equal(z[:2], groove.sample_z(2, seed=3))
    first = groove.decode_to_tensors(z, temperature=2.0, seed=3)
    assert _same(first, groove.decode_to_tensors(z, temperature=2.0, seed=3))
    assert not _same(first, groove.decode_to_tensors(z, temperature=2.0, seed=4))
    assert groove.sample(5, seed=1) == groove.sample(5, seed=1)
    assert groove.sample(5, temperature=2.0) != groove.sample(5, temperature=2.0)


def test_a_models_seed_repeats_all_that_follows(runs: dict[str, pathlib.Path]) -> None:
    piece = small_music.drum_piece(1, bars=2)

    def session() -> tuple[object, ...]:
        model = TrainedModel(GROOVE, 4, runs[GROOVE], seed=11)
        return model.sample(3), model.encode([piece]).z.tolist(), model.sample(2)

    assert session() == session()


def test_the_randomness_of_others_is_left_alone(groove: TrainedModel) -> None:
    np.random.seed(0)
    expected = np.random.RandomState(0).rand()
    groove.sample(2, seed=1)
    assert np.random.rand() == expected


def test_fault_04_temperature_0_is_the_arg_max(melody: TrainedModel) -> None:
    z = melody.sample_z(5, seed=0)
    cold = melody.decode_to_tensors(z, temperature=0)
    assert _same(cold, melody.decode_to_tensors(z, temperature=0.0, seed=123))
    assert _same(cold, melody.decode_to_tensors(z, temperature=1e-7))
    assert all(np.isfinite(piece).all() for piece in cold)


def test_same_z_gives_pieces_of_one_latent_vector(melody: TrainedModel) -> None:
    cold = melody.sample(3, temperature=0, same_z=True)
    assert cold[0] == cold[1] == cold[2]
    warm = melody.sample(3, temperature=1.0, same_z=True)
    assert warm[0] != warm[1]


def test_length_is_the_configurations_unless_given(melody: TrainedModel) -> None:
    assert len(melody.decode_to_tensors(np.zeros([1, 8]))[0]) == 32
    assert len(melody.decode_to_tensors(np.zeros([1, 8]), length=7)[0]) == 7


def test_fault_04_interpolating_equal_and_opposite_inputs_is_finite(groove: TrainedModel) -> None:
    piece = small_music.drum_piece(1, bars=2)
    same = groove.interpolate(piece, piece, 5, temperature=0)
    assert len(same) == 5
    assert all(_alike(sequence, same[0]) for sequence in same)


def test_interpolation_leads_from_one_input_to_the_other(groove: TrainedModel) -> None:
    start, end = small_music.drum_piece(1, bars=2), small_music.drum_piece(2, bars=2)
    mu = groove.encode([start, end]).mu
    pieces = groove.interpolate(start, end, 4, temperature=0)
    ends = groove.decode(mu, temperature=0)
    assert len(pieces) == 4
    assert _alike(pieces[0], ends[0])
    assert _alike(pieces[-1], ends[1])
    assert not _alike(ends[0], ends[1])


def test_fault_07_interpolations_keep_the_tempo_of_their_inputs(groove: TrainedModel) -> None:
    start, end = _at_tempo(small_music.drum_piece(1, bars=2), 90), small_music.drum_piece(2, bars=2)
    pieces = groove.interpolate(start, end, 3)
    assert [piece.tempos[0].qpm for piece in pieces] == pytest.approx([90, 105, 120])
    fixed = groove.interpolate(start, end, 3, qpm=80)
    assert [piece.tempos[0].qpm for piece in fixed] == [80, 80, 80]


def test_samples_have_the_tempo_and_program_asked_for(melody: TrainedModel) -> None:
    pieces = melody.sample(3, qpm=87, program=12, velocity=33)
    assert {piece.tempos[0].qpm for piece in pieces} == {87}
    notes = [note for piece in pieces for note in piece.notes]
    assert {(note.program, note.velocity) for note in notes} == {(12, 33)}


def test_an_input_without_an_example_says_why(groove: TrainedModel) -> None:
    with pytest.raises(NoExamplesError, match=r"melody 1: no example of config .*drum"):
        groove.encode([small_music.melody_piece(1, bars=2)])


def test_an_input_with_several_examples_is_refused_with_their_number(groove: TrainedModel) -> None:
    with pytest.raises(MultipleExamplesError, match=r"drums 1: 4 examples .*cut it to one"):
        groove.encode([small_music.drum_piece(1, bars=8)])


def test_pieces_of_any_length_are_fitted_where_that_is_asked_for(groove: TrainedModel) -> None:
    long = small_music.drum_piece(1, bars=8)
    with pytest.raises(MultipleExamplesError):
        groove.encode([long], strict=True)
    assert groove.encode([long], strict=False).mu.shape == (1, 8)
    short = small_music.drum_piece(2, bars=1)
    assert len(groove.interpolate(long, short, 3, strict=False, seed=1)) == 3


def test_fault_13_no_cap_on_windows_hides_that_an_input_has_several(groove: TrainedModel) -> None:
    cap = groove.converter.config.max_tensors_per_input
    assert cap == 20
    with pytest.raises(MultipleExamplesError, match="40 examples"):
        groove.encode([small_music.drum_piece(1, bars=80)])


def test_fault_08_the_check_and_the_encoder_use_the_same_pitch_map(groove: TrainedModel) -> None:
    piece = small_music.drum_piece(1, bars=2)
    for note in piece.notes:
        note.pitch = (
            35  # a bass drum in General MIDI, unknown to the Roland kit of the training data
        )
    (example,) = groove.extract(piece).examples
    assert example.outputs[:, 0].any()
    np.testing.assert_array_equal(groove.encode([piece]).mu, groove.encode_examples([example]).mu)


def test_tensors_of_different_lengths_encode_as_they_do_alone(melody: TrainedModel) -> None:
    generator = np.random.default_rng(0)
    tensors = [np.eye(90)[generator.integers(0, 90, steps)] for steps in (32, 16)]
    together = melody.encode_tensors(tensors, [32, 16]).mu
    alone = [melody.encode_tensors([t], [len(t)]).mu[0] for t in tensors]
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_fault_05_each_piece_may_have_controls_of_its_own(hits_control: TrainedModel) -> None:
    z = np.repeat(hits_control.sample_z(1, seed=0), 6, axis=0)
    controls = np.zeros([6, 32, 9])
    controls[3:, ::4, 0] = 1
    each = hits_control.decode_to_tensors(z, temperature=0, c_input=controls)
    for i, shared_controls in ((0, controls[0]), (5, controls[5])):
        one = hits_control.decode_to_tensors(z[:1], temperature=0, c_input=shared_controls)
        np.testing.assert_allclose(one[0], each[i], atol=1e-5)
    assert not np.allclose(each[0], each[5])


def test_controls_of_an_input_reach_the_encoder(hits_control: TrainedModel) -> None:
    (example,) = hits_control.extract(small_music.drum_piece(1, bars=2)).examples
    other = example._replace(controls=np.zeros_like(example.controls))
    mu = hits_control.encode_examples([example, other]).mu
    assert not np.allclose(mu[0], mu[1])


def test_controls_that_are_missing_wrong_or_not_wanted_are_named(
    hits_control: TrainedModel, groove: TrainedModel
) -> None:
    with pytest.raises(InputError, match=r"needs controls: c_input of shape \[32, 9\]"):
        hits_control.sample(2)
    with pytest.raises(InputError, match=r"shape \[31, 9\]; it must be \[32, 9\]"):
        hits_control.sample(2, c_input=np.zeros([31, 9]))
    with pytest.raises(InputError, match="needs control_tensors"):
        hits_control.encode_tensors([np.zeros([32, 27])], [32])
    with pytest.raises(InputError, match="takes no controls"):
        groove.sample(2, c_input=np.zeros([32, 9]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.sample(0), "n=0 must be at least 1"),
        (lambda m: m.sample(2, temperature=-1), "temperature=-1 must be at least 0"),
        (lambda m: m.sample(2, temperature=float("nan")), "temperature=nan"),
        (lambda m: m.sample(2, length=0), "length=0 must be at least 1"),
        (lambda m: m.sample(2, seed=-1), "seed=-1 must be at least 0"),
        (lambda m: m.decode(np.zeros([2, 9])), r"shape \[2, 9\]; it must be \[N, 8\]"),
        (lambda m: m.decode(np.full([2, 8], np.nan)), "not finite"),
        (lambda m: m.encode([]), "nothing to encode"),
        (lambda m: m.encode_tensors([np.zeros([32, 5])], [32]), r"shape \[32, 5\]"),
        (lambda m: m.encode_tensors([np.zeros([32, 27])], [32, 32]), "differ in number"),
        (lambda m: m.interpolate(None, None, 0), "num_steps=0"),
    ],
)
def test_what_is_out_of_range_is_named(groove: TrainedModel, call, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call(groove)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "batch_size=0"),
        ({"session_target": "grpc://host:2222"}, "session_target"),
        ({"device": "TPU"}, "--device=TPU is not a device"),
        ({"device": "GPU:77"}, "not in this machine"),
        ({"precision": "int8"}, "float32, bfloat16 or float16"),
    ],
)
def test_impossible_settings_are_refused(
    runs: dict[str, pathlib.Path], arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        TrainedModel(GROOVE, checkpoint_dir_or_path=runs[GROOVE], **{"batch_size": 2, **arguments})


def test_fault_02_a_wrong_config_names_what_fits(runs: dict[str, pathlib.Path]) -> None:
    with pytest.raises(CheckpointMismatchError) as caught:
        TrainedModel(MELODY, 2, runs[GROOVE])
    message = str(caught.value)
    assert "does not fit config 'cat-mel_2bar_small'" in message
    assert "'decoder/multi_rnn_cell/cell_0/lstm_cell/kernel' is [45, 40] instead of" in message
    assert "--config=groovae_2bar_humanize, " in message
    assert "--config=groovae_4bar, " in message
    assert ", each with --hparams=z_size=8,enc_rnn_size=[12],dec_rnn_size=[10,12]" in message
    assert "cat-" not in message.split("it fits")[1]
    assert "\n" not in message


def test_sizes_that_the_user_chose_are_not_overridden(runs: dict[str, pathlib.Path]) -> None:
    config = load_config(GROOVE).override("z_size=16")
    with pytest.raises(CheckpointMismatchError, match=r"it fits .*--config=groovae_2bar_humanize"):
        TrainedModel(config, 2, runs[GROOVE], keep_hparams=["z_size"])


def test_a_missing_checkpoint_is_one_line(tmp_path: pathlib.Path) -> None:
    with pytest.raises(CheckpointError, match="no such checkpoint or file"):
        TrainedModel(GROOVE, 2, tmp_path / "nothing.tar")


def test_renamed_variables_are_found_by_substitution(tmp_path: pathlib.Path) -> None:
    config = tiny_models.tiny_config(GROOVE)
    made = MusicVAE(config, build_converter(config.converter).spec, seed=1)
    renamed = {f"old/{name}": value for name, value in made.named_variables.items()}
    prefix = save_checkpoint(tmp_path, 1, renamed)
    model = TrainedModel(config, 2, prefix, [("^", "old/")], keep_hparams=["z_size"])
    z = np.eye(2, 8, dtype=np.float32)
    np.testing.assert_allclose(
        model.decode_to_tensors(z, temperature=0), made.decode(z, 32, temperature=0.0).outputs
    )


def test_a_decoder_alone_decodes_and_says_that_it_cannot_encode(
    runs: dict[str, pathlib.Path], groove: TrainedModel
) -> None:
    model = TrainedModel(GROOVE, 4, runs[GROOVE], decoder_only=True)
    z = np.eye(3, 8)
    assert _same(
        model.decode_to_tensors(z, temperature=0), groove.decode_to_tensors(z, temperature=0)
    )
    with pytest.raises(InputError, match="decoder_only"):
        model.encode([small_music.drum_piece(1, bars=2)])


def test_a_model_without_latent_vectors_samples(tmp_path: pathlib.Path) -> None:
    tables = tiny_models.tiny_config(MELODY).to_dict()
    tables["model"] |= {"z_size": 0, "conditional": False}
    config = parse_config(tables, "unconditional", source="unconditional.toml")
    spec = build_converter(config.converter).spec
    made = MusicVAE(config, spec, seed=1)
    model = TrainedModel(config, 2, save_checkpoint(tmp_path, 1, made.named_variables))
    assert model.config.hparams.z_size == 0
    assert len(model.sample(3)) == 3


def test_the_model_that_ships_is_loaded_by_its_name(
    runs: dict[str, pathlib.Path], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tarfile.open(tmp_path / f"{GROOVE}.tar.gz", "w:gz") as tar:
        tar.add(runs[GROOVE] / "train", GROOVE)
    monkeypatch.setattr(model_choice.importlib.resources, "files", lambda package: tmp_path)
    assert list(shipped_models()) == [GROOVE]
    assert len(TrainedModel(GROOVE, 2).sample(1)) == 1
    with pytest.raises(CheckpointError, match=f"'{MELODY}' comes .*those that do: {GROOVE}"):
        TrainedModel(MELODY, 2)


def _alike(a, b) -> bool:
    """Whether two pieces have the same notes, but for the last bits of their times."""
    if [note.pitch for note in a.notes] != [note.pitch for note in b.notes]:
        return False
    pairs = zip(a.notes, b.notes, strict=True)
    return all(abs(m.start_time - n.start_time) < 1e-4 for m, n in pairs)


def _at_tempo(piece, qpm: float):
    """Plays a piece at another tempo: the same beats in other seconds."""
    factor = piece.tempos[0].qpm / qpm
    for note in piece.notes:
        note.start_time *= factor
        note.end_time *= factor
    piece.total_time *= factor
    piece.tempos[0].qpm = qpm
    return piece
