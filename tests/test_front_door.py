"""`import musicvae as mv`: what the package shows, takes and says."""

import doctest
import functools
import io
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from pieces import melody

import musicvae as mv
from musicvae import errors
from musicvae.formats.tfrecord import write_note_sequences
from musicvae.generate import grooves, loading, modes
from musicvae.generate.groove_methods import GrooveMethods
from musicvae.generate.keywords import SamplingKeywords, sampling_options
from musicvae.generate.music import Music
from musicvae.generate.results import SamplingOptions
from musicvae.generate.row_modes import RowModes
from musicvae.generate.tensor_model import TensorModel
from musicvae.lazy_note_seq import NoteSequence


@pytest.fixture(scope="module", autouse=True)
def models_once():
    """Loads each model once for all tests of this file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "load_model", functools.cache(loading.load_model))
        yield


@pytest.fixture
def drums(models_once):
    return mv.load("cat-drums_2bar_small")


PUBLIC = [getattr(mv, name) for name in mv.__all__ if name not in ("__version__", "configs")]
OWNERS = [*PUBLIC, RowModes, GrooveMethods, TensorModel, Music]
LONG = ("train", "evaluate", "style", "attributes", "Model.steer", "TrainedModel.", "TensorModel.")


def _examples():
    """The examples of all public names, each once; those that take long are slow tests."""
    finder = doctest.DocTestFinder()
    found = [test for owner in OWNERS for test in finder.find(owner) if test.examples]
    for test in {test.name: test for test in found}.values():
        marks = [pytest.mark.slow] if test.name.startswith(LONG) else []
        yield pytest.param(test, id=test.name, marks=marks)


# What is used through what has an example: properties, dunders and results' methods.
WITHOUT_EXAMPLE = {
    *("Run", "Piece", "Sample", "TensorModel", "TrainedModel", "RowModes", "GrooveMethods"),
    *("Model.config", "Model.name", "Piece.title", "Sample.title", "Music.title"),
    *("TensorModel.network", "TensorModel.device", "TensorModel.prior", "TensorModel.step_losses"),
    *("TensorModel.encode_tensors", "TrainedModel.extract", "TrainedModel.one_example"),
    *("TrainedModel.encode_examples", "Run.model", "Run.evaluations", "Music"),
}


def test_every_public_name_has_an_example():
    finder = doctest.DocTestFinder(exclude_empty=False)
    tests = [test for owner in OWNERS for test in finder.find(owner)]
    lacking = {
        test.name
        for test in tests
        if not test.examples and not test.name.rpartition(".")[2].startswith("_")
    }
    assert lacking <= WITHOUT_EXAMPLE
    assert len(tests) > 40


@pytest.mark.parametrize("example", _examples())
def test_examples_in_docstrings_run(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(example, out=out.write)
    assert runner.summarize(verbose=False).failed == 0, out.getvalue()


def test_every_mode_of_the_command_is_a_method():
    names = {"sample", "reconstruct", "interpolate", "morph", "grid", "similar", "steer"}
    assert names <= {*dir(modes)}
    assert names | {*grooves.GROOVE_MODES} <= {*dir(mv.Model)}


def test_public_names_are_listed_and_there():
    assert {"load", "read", "write", "convert", "train", "evaluate", "configs"} <= {*dir(mv)}
    for name in mv.__all__:
        assert getattr(mv, name) is not None
    with pytest.raises(AttributeError, match="lod"):
        mv.lod  # noqa: B018


def test_keywords_are_the_sampling_options():
    # A style belongs to some of the modes alone.
    options = {field for field in SamplingOptions.__dataclass_fields__ if field != "style"}
    own = {"temperatures": "temperature", "targets": "attribute"}
    assert {*SamplingKeywords.__annotations__} == {own.get(name, name) for name in options}
    assert sampling_options({}) == SamplingOptions()
    assert sampling_options({"drum_map": "training"}).drum_map.name == "training"


def test_a_wrong_keyword_is_answered_with_the_nearest_right_one(drums):
    with pytest.raises(TypeError, match="unknown keyword 'qmp'; did you mean 'qpm'"):
        drums.sample(1, qmp=90)
    with pytest.raises(TypeError, match="did you mean 'early_stopping'"):
        mv.train("cat-drums_2bar_small", "x.tfrecord", run_dir="run", early_stoping=1)


def test_an_unknown_model_is_answered_with_the_nearest_one():
    with pytest.raises(errors.ConfigError, match="did you mean 'cat-drums_2bar_small'"):
        mv.load("cat-drums_2bar_smal")


def test_paths_sequences_and_pretty_midi_objects_are_taken_alike(drums, tmp_path):
    beat = drums.sample(1, seed=1, temperature=0.2)[0]
    path = tmp_path / "beat.mid"
    mv.write(beat, path)
    ways = [path, str(path), beat.to_note_sequence(), beat.to_pretty_midi(), beat, mv.read(path)]
    played = [drums.reconstruct(music, temperature=0, seed=1)[0].to_midi() for music in ways]
    assert len({*played}) == 1


def test_what_is_no_music_is_said(drums):
    with pytest.raises(errors.InputError, match="int is not music; give a path"):
        drums.reconstruct(3)
    with pytest.raises(errors.InputError, match=r"end the name in \.mid"):
        mv.write(NoteSequence(), "beat.xyz")


def test_results_are_sequences_of_samples(drums):
    result = drums.sample(3, seed=1)
    assert [sample.title for sample in result] == ["sample 1", "sample 2", "sample 3"]
    assert result[-1] is result.samples[2]
    assert "3 samples" in repr(result) and "notes in" in repr(result[0])


def test_a_training_from_python_leaves_a_run_that_loads_and_goes_on(drums, tmp_path):
    beats = [sample.to_note_sequence() for sample in drums.sample(8, seed=1)]
    sizes = "batch_size=4,z_size=4,enc_rnn_size=[8],dec_rnn_size=[8]"
    folder = tmp_path / "run"
    run = mv.train(
        "cat-drums_2bar_small", beats, run_dir=folder, num_steps=2, hparams=sizes, num_workers=1
    )
    assert (run.step, run.is_finished) == (2, True)
    assert len(run.model().sample(2, seed=1)) == 2
    assert mv.train(None, folder / "examples.tfrecord", run_dir=folder, num_steps=3).step == 3
    report = mv.evaluate(run.model(), folder / "examples.tfrecord", num_samples=0, num_workers=1)
    assert report.reconstruction.examples == 8


@pytest.mark.slow
def test_the_readmes_python_runs_as_it_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_note_sequences("notes.tfrecord", [melody()])
    for name in ("a.mid", "b.mid"):
        mv.write(melody(), name)
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    [block] = re.findall(r"^```python\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    sizes = 'hparams="batch_size=1,z_size=4,enc_rnn_size=[8],dec_rnn_size=[8,8]"'
    short = block.replace("num_steps=5000", f"num_steps=2, {sizes}")
    assert short != block
    exec(compile(short, "README.md", "exec"), {})
    assert sorted(path.name for path in tmp_path.glob("[0-9].mid")) == [
        f"{k}.mid" for k in range(9)
    ]


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, musicvae; dir(musicvae); print({'tensorflow', 'note_seq'} & {*sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_loading_a_model_keeps_out_what_it_does_not_need():
    code = (
        "import sys, musicvae; musicvae.TrainedModel;"
        "print({'sklearn', 'scipy', 'pandas', 'librosa', 'numba'} & {*sys.modules})"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


@pytest.mark.slow
def test_a_script_that_uses_the_public_names_passes_a_strict_type_checker(tmp_path: Path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import musicvae as mv

            model = mv.load("cat-mel_2bar_small")
            a, b = mv.read("a.mid"), mv.read("b.mid")
            for k, s in enumerate(model.interpolate(a, b, 9, seed=1)):
                mv.write(s, f"{k}.mid")
            run = mv.train("cat-mel_2bar_small", "notes.tfrecord", run_dir="run", num_steps=5000)
            reveal_type(run.model().sample(4))
            reveal_type(model.humanize)
            """
        )
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", str(script)]
    command += ["--follow-imports=silent", f"--cache-dir={tmp_path}"]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert '"musicvae.generate.results.Result"' in found and "error" not in found, found
