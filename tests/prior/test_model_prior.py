"""A trained model draws from its learned prior where it has one, beside it or in its archive."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
import tarfile

import numpy as np
import pytest
from command_line import run_command_line
from pieces import melody
from test_storage import some_prior
from tiny_models import write_run

import musicvae as mv
from musicvae.errors import InputError
from musicvae.formats.midi_writing import note_sequence_to_midi
from musicvae.formats.tfrecord import write_note_sequences
from musicvae.generate import TrainedModel
from musicvae.generate.modes import sample, similar
from musicvae.generate.results import Piece, SamplingOptions
from musicvae.prior import Target, load_prior, save_prior

MELODY = "cat-mel_2bar_small"


@pytest.fixture
def run(tmp_path: pathlib.Path) -> pathlib.Path:
    write_run(tmp_path / "run", MELODY)
    return tmp_path / "run"


def drawn(model: TrainedModel, **options) -> np.ndarray:
    return model.sample_z(3, 1, **options)


def normal() -> np.ndarray:
    """What a model without a learned prior draws."""
    child = np.random.SeedSequence(1).spawn(3)[0]
    return np.random.default_rng(child).standard_normal((3, 8), np.float32)


def test_a_model_without_a_learned_prior_draws_as_magenta(run: pathlib.Path) -> None:
    model = TrainedModel(MELODY, 4, run)
    assert model.prior is None
    np.testing.assert_array_equal(drawn(model), normal())
    with pytest.raises(InputError, match=r"no learned prior here .*musicvae-prior"):
        drawn(model, prior="learned")
    with pytest.raises(InputError, match="no learned prior here"):
        TrainedModel(MELODY, 4, run, prior="learned")
    with pytest.raises(InputError, match="must be learned, standard or a file"):
        drawn(model, prior="lerned")
    with pytest.raises(InputError, match="attribute can be asked of a learned prior"):
        drawn(model, targets=[Target("note_density", "high")])


def test_the_prior_beside_the_checkpoint_is_drawn_from(run: pathlib.Path) -> None:
    save_prior(run / "train" / "model.ckpt-5.prior.npz", some_prior())
    model = TrainedModel(MELODY, 4, run)
    assert model.prior is not None
    learned = drawn(model)
    assert not np.allclose(learned, normal())
    np.testing.assert_array_equal(drawn(model, prior="learned"), learned)
    np.testing.assert_array_equal(drawn(model, prior="standard"), normal())
    standard = TrainedModel(MELODY, 4, run, prior="standard")
    assert standard.prior is None
    np.testing.assert_array_equal(drawn(standard), normal())
    np.testing.assert_array_equal(drawn(standard, prior="learned"), learned)
    path = run / "train" / "model.ckpt-5.prior.npz"
    np.testing.assert_array_equal(drawn(standard, prior=path), learned)
    np.testing.assert_array_equal(drawn(standard, prior=load_prior(path)), learned)


def test_samples_and_variations_come_from_the_learned_prior(run: pathlib.Path) -> None:
    save_prior(run / "train" / "model.ckpt-5.prior.npz", some_prior())
    model = TrainedModel(MELODY, 4, run)
    wishes = SamplingOptions(seed=1)
    np.testing.assert_array_equal(
        [take.z for take in sample(model, 3, wishes).samples], drawn(model)
    )
    piece = Piece(melody(), "tune")
    takes = similar(model, piece, 3, 0.0, wishes).samples
    np.testing.assert_allclose([take.z for take in takes], drawn(model), atol=1e-5)
    dense = SamplingOptions(seed=1, targets=(Target("note_density", "high"),))
    expected = drawn(model, targets=dense.targets)
    assert not np.allclose(expected, drawn(model))
    np.testing.assert_array_equal([take.z for take in sample(model, 3, dense).samples], expected)
    again = model.sample(3, seed=1, attributes={"note_density": "high"})
    for one, other in zip(again, model.decode(expected, seed=1), strict=True):
        assert one == other


def test_new_music_is_decoded_at_the_temperature_of_the_prior(run, command, tmp_path) -> None:
    assert TrainedModel(MELODY, 4, run).default_temperature == 0.5
    prior = dataclasses.replace(some_prior(), temperature=0.0)
    save_prior(run / "train" / "model.ckpt-5.prior.npz", prior)
    model = mv.load(run)
    assert model.trained.default_temperature == 0.0
    likeliest = list(model.sample(2, seed=1, temperature=0.0))
    assert [take.sequence for take in model.sample(2, seed=1)] == [
        take.sequence for take in likeliest
    ]
    assert [take.sequence for take in model.stream(2, seed=1)] == [
        take.sequence for take in likeliest
    ]
    assert [take.sequence for take in model.sample(2, seed=1, temperature=1.0)] != [
        take.sequence for take in likeliest
    ]
    piece, usual = model.compose(4, "AB", seed=1), model.compose(4, "AB", seed=1, temperature=0.0)
    assert piece[0].sequence == usual[0].sequence
    # What is given comes back at the temperature of every model.
    again, half = (
        model.reconstruct(melody(), seed=1, **own)[0].sequence for own in ({}, {"temperature": 0.5})
    )
    assert again == half
    files = []
    for k, extra in enumerate(([], ["--temperature=0"], ["--temperature=1"])):
        made = command(
            *("generate", f"--run_dir={run}", "--num_outputs=1", "--seed=1"),
            *(f"--output_dir={tmp_path / str(k)}", *extra),
        )
        assert made.status == 0, made.err
        files.append(next((tmp_path / str(k)).iterdir()).read_bytes())
    assert files[0] == files[1] != files[2]


def test_the_prior_in_an_archive_is_drawn_from(run: pathlib.Path, tmp_path: pathlib.Path) -> None:
    save_prior(run / "train" / "model.ckpt-5.prior.npz", some_prior())
    expected = drawn(TrainedModel(MELODY, 4, run))
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for file in sorted((run / "train").glob("model.ckpt-5.*")):
            tar.add(file, f"folder/{file.name}")
    model = TrainedModel(MELODY, 4, archive)
    np.testing.assert_array_equal(drawn(model), expected)
    # One beside the archive, which the user fitted, comes first.
    save_prior(tmp_path / "model.prior.npz", some_prior(factor=1.5))
    assert not np.allclose(drawn(TrainedModel(MELODY, 4, archive)), expected)


def test_a_broken_or_foreign_prior_is_said_when_it_is_drawn_from(run: pathlib.Path) -> None:
    path = run / "train" / "model.ckpt-5.prior.npz"
    path.write_bytes(b"nothing")
    model = TrainedModel(MELODY, 4, run)
    model.encode([melody()])
    with pytest.raises(InputError, match="holds no prior"):
        model.sample(1)
    assert len(model.sample(1, prior="standard")) == 1
    for prior, message in (
        (some_prior(step=4), "fitted to step 4, the checkpoint is of step 5"),
        (some_prior(z_size=9), "has 9 dimensions, the model 8"),
    ):
        save_prior(path, prior)
        with pytest.raises(InputError, match=message):
            TrainedModel(MELODY, 4, run).sample(1)


@pytest.fixture
def command(capfd):
    """Runs a command; returns status, output and messages."""
    return functools.partial(run_command_line, capfd)


def test_the_command_fits_a_prior_that_generate_draws_from(command, run, tmp_path) -> None:
    music = tmp_path / "music.tfrecord"
    write_note_sequences(music, [melody(lowest=lowest) for lowest in range(30, 76)])
    fitted = command(
        *("prior", f"--run_dir={run}", f"--examples_path={music}", "--num_steps=40"),
        *("--units=16", "--blocks=1", "--num_workers=1"),
    )
    assert fitted.status == 0, fitted.err
    path = run / "train" / "model.ckpt-5.prior.npz"
    assert f"Prior of {MELODY}, step 5: {path}" in fitted.out
    assert "that of a Gaussian" in fitted.out
    assert "pitch_range" not in load_prior(path).scale.names
    assert "c_diatonic" in load_prior(path).scale.names
    names = []
    for extra in ([], ["--attribute=c_diatonic=high"], ["--prior=standard"]):
        out = tmp_path / str(len(names))
        made = command(
            *("generate", f"--run_dir={run}", "--num_outputs=1", "--seed=1"),
            *(f"--output_dir={out}", *extra),
        )
        assert made.status == 0, made.err
        names.append(next(out.iterdir()).read_bytes())
    assert names[0] != names[2]


def test_folders_are_groups_that_new_music_is_asked_for(command, run, tmp_path) -> None:
    for k, name in enumerate(("waltz", "polka")):
        (tmp_path / name).mkdir()
        for lowest in range(40 + 12 * k, 64 + 12 * k):
            content = note_sequence_to_midi(melody(lowest=lowest))
            (tmp_path / name / f"{lowest}.mid").write_bytes(content)
    folders = [f"--groups={tmp_path / 'waltz'}/", f"{tmp_path / 'polka'}/"]
    fitted = command(
        *("prior", f"--run_dir={run}", *folders, "--num_steps=20", "--units=16", "--blocks=1"),
        "--num_workers=1",
    )
    assert fitted.status == 0, fitted.err
    assert "Groups for --attribute=group=NAME: waltz, polka" in fitted.out
    assert load_prior(run / "train" / "model.ckpt-5.prior.npz").scale.groups == ("waltz", "polka")
    arguments = ("generate", f"--run_dir={run}", "--num_outputs=1", "--seed=1")
    made = command(*arguments, "--attribute=group=polka", f"--output_dir={tmp_path / 'out'}")
    assert made.status == 0, made.err
    wrong = command(*arguments, "--attribute=group=jazz", f"--output_dir={tmp_path / 'no'}")
    assert wrong.status == 1
    assert "no group 'jazz'" in wrong.err
    assert "waltz, polka" in wrong.err


@pytest.mark.parametrize(
    ("module", "arguments", "message"),
    [
        ("prior", [f"--config={MELODY}", "--groups=a/"], "give two folders or more"),
        ("prior", [f"--config={MELODY}", "a/"], "unexpected argument 'a/'"),
        (
            "prior",
            [f"--config={MELODY}", "--groups=a/,b/", "--examples_path=c.tfrecord"],
            "--groups takes the place of --examples_path",
        ),
        ("prior", ["--config=cat-mel_2bar_small"], "give the music to fit to"),
        ("prior", ["--examples_path=a.tfrecord"], "missing --config"),
        (
            "generate",
            ["--mode=humanize", "--attribute=note_density=high"],
            "--attribute has no effect with",
        ),
        ("generate", [f"--config={MELODY}", "--attribute=joy=high"], "unknown attribute 'joy'"),
    ],
)
def test_a_mistake_is_one_line(
    command, module: str, arguments: list[str], message: str, tmp_path
) -> None:
    if "--mode=humanize" in arguments:
        from pieces import drum_beat

        beat = tmp_path / "beat.mid"
        beat.write_bytes(note_sequence_to_midi(drum_beat(2)))
        arguments = [*arguments, f"--input_midi_1={beat}"]
    result = command(module, *arguments)
    assert result.status == 1
    assert message in result.err
    assert "Traceback" not in result.err
