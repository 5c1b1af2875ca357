"""Tests of converters, encoders and decoders of a user's own, by their import paths."""

from __future__ import annotations

import importlib
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
from small_music import write_melodies

from musicvae.checkpoints import RunFolder
from musicvae.components import Component
from musicvae.config import load_config
from musicvae.converters import CONVERTERS, build_converter
from musicvae.data import examples as examples_module
from musicvae.data.examples import cache_key, extract_examples
from musicvae.data.records import TFRecordSource
from musicvae.errors import ConfigError, InputError
from musicvae.export.exporting import export_model
from musicvae.model_choice import ModelChoice

OWN = pathlib.Path(__file__).parent / "own_components"
CONVERTER = "my_pkg.rhythm:RhythmConverter"


@pytest.fixture
def own(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """Returns a folder with a user's configuration, whose package is on the path."""
    package = tmp_path / "lib" / "my_pkg"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    shutil.copy(OWN / "rhythm.py", package)
    shutil.copy(OWN / "rhythm.toml", tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "lib")
    for name in [name for name in sys.modules if name.partition(".")[0] == "my_pkg"]:
        del sys.modules[name]
    importlib.invalidate_caches()
    return tmp_path


def test_workers_find_a_converter_of_the_users_own(
    own: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples_module, "_ALONE_SECONDS", 0.0)
    music = write_melodies(own / "music.tfrecord", pieces=130)
    component = load_config(str(own / "rhythm.toml")).converter
    found = extract_examples(component, TFRecordSource((str(music),)), num_workers=2)
    assert len(found) == 260
    assert found.arrays["begins"].sum(axis=1).tolist() == [16] * 260


def test_workers_find_a_converter_that_was_registered_in_this_process(
    own: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rhythm = importlib.import_module("my_pkg.rhythm")
    monkeypatch.setattr(CONVERTERS, "_classes", dict(CONVERTERS._classes))
    for _ in range(2):  # as when a notebook's cell is run again
        CONVERTERS.register("rhythm")(rhythm.RhythmConverter)
    monkeypatch.setattr(examples_module, "_ALONE_SECONDS", 0.0)
    music = write_melodies(own / "music.tfrecord", pieces=130)
    source = TFRecordSource((str(music),))
    assert len(extract_examples(Component("rhythm"), source, num_workers=2)) == 260


def test_two_classes_cannot_share_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CONVERTERS, "_classes", dict(CONVERTERS._classes))
    with pytest.raises(ConfigError, match=r"'drums' is musicvae[.]converters"):
        CONVERTERS.register("drums")(CONVERTERS.get("melody"))


def test_a_cache_of_examples_depends_on_what_the_users_module_says(own: pathlib.Path) -> None:
    source = TFRecordSource((str(write_melodies(own / "music.tfrecord", pieces=1)),))
    component = Component(CONVERTER)
    before = cache_key(component, source, "training")
    with (own / "lib" / "my_pkg" / "rhythm.py").open("a") as file:
        file.write("# changed\n")
    assert cache_key(component, source, "training") != before


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("no_pkg.slow:Slow", "there is no module 'no_pkg'; is its folder on PYTHONPATH"),
        ("my_pkg.rythm:RhythmConverter", "there is no module 'my_pkg.rythm'"),
        ("my_pkg.rhythm:RythmConverter", "has no 'RythmConverter'; did you mean 'RhythmConverter'"),
        ("my_pkg.rhythm:MeanEncoder", "is not a converter; it must extend musicvae.converters"),
        ("my_pkg.rhythm:STEPS_PER_BAR", "is not a converter"),
        ("my_pkg.broken:Slow", "importing my_pkg.broken fails: ZeroDivisionError"),
        ("my_pkg.lacking:Slow", "importing my_pkg.lacking fails: No module named 'no_pkg'"),
        (":Slow", "importing  fails"),
    ],
)
def test_an_import_path_that_leads_nowhere_is_answered_in_a_line(
    own: pathlib.Path, path: str, message: str
) -> None:
    (own / "lib" / "my_pkg" / "broken.py").write_text("1 / 0\n")
    (own / "lib" / "my_pkg" / "lacking.py").write_text("import no_pkg\n")
    with pytest.raises(ConfigError, match=message) as raised:
        build_converter(Component(path))
    assert "\n" not in str(raised.value)


def test_a_run_folder_alone_imports_no_code(own: pathlib.Path) -> None:
    config = load_config(str(own / "rhythm.toml"))
    folder = RunFolder(own / "run")
    folder.remember(config)
    with pytest.raises(ConfigError, match="asks for code from outside musicvae, 'my_pkg"):
        folder.resolve(None)
    assert "my_pkg.rhythm" not in sys.modules
    assert folder.resolve(str(own / "rhythm.toml")).import_paths == config.import_paths


def test_a_run_folder_imports_only_what_the_users_configuration_names(own: pathlib.Path) -> None:
    text = (own / "rhythm.toml").read_text()
    folder = RunFolder(own / "run")
    folder.remember(load_config(str(own / "rhythm.toml")))
    stored = own / "run" / "config.toml"
    stored.write_text(stored.read_text().replace(CONVERTER, "their_pkg.evil:Converter"))
    assert CONVERTER in text
    with pytest.raises(ConfigError, match="'their_pkg"):
        folder.resolve(str(own / "rhythm.toml"))


def test_a_model_of_the_users_own_is_not_exported(own: pathlib.Path) -> None:
    choice = ModelChoice(load_config(str(own / "rhythm.toml")), "run")
    with pytest.raises(InputError, match="has a model of its own, 'my_pkg"):
        export_model(choice, "onnx", own / "out")
    assert not (own / "out").exists()


@pytest.mark.slow
def test_own_components_train_resume_generate_and_evaluate_from_the_command_line(
    own: pathlib.Path,
) -> None:
    # Slow enough for worker processes to be started.
    with (own / "lib" / "my_pkg" / "rhythm.py").open("a") as file:
        file.write(
            "\nimport time\n_extract = RhythmConverter.section_windows\n"
            "RhythmConverter.section_windows = lambda self, *given, **options: (\n"
            "    time.sleep(0.02), _extract(self, *given, **options))[1]\n"
        )
    write_melodies(own / "music.tfrecord", pieces=200)
    write_melodies(own / "held_out.tfrecord", pieces=12)
    config = ("--config=rhythm.toml", "--run_dir=run")
    done = _run(
        own, "train", *config, "--examples_path=music.tfrecord", "--num_steps=4", "--num_workers=2"
    )
    assert "400 examples" in done
    assert "step 6/6" in _run(own, "train", *config, "--num_steps=6", "--num_workers=2")
    assert "accuracy" in _run(
        own, "train", *config, "--mode=eval", "--examples_path=held_out.tfrecord"
    )
    _run(own, "generate", *config, "--mode=sample", "--num_outputs=2", "--output_dir=out")
    first, second = sorted((own / "out").glob("*.mid"))
    _run(
        own,
        "generate",
        *config,
        "--mode=interpolate",
        f"--input_midi_1={first}",
        f"--input_midi_2={second}",
        "--num_outputs=3",
        "--output_dir=between",
    )
    assert len(list((own / "between").glob("*.mid"))) == 3
    _run(
        own, "evaluate", *config, "--examples_path=held_out.tfrecord", "--output_dir=report",
        "--num_samples=8",
    )  # fmt: skip
    assert (own / "report" / "evaluation.json").exists()
    if importlib.util.find_spec("apache_beam") is not None:
        _run(
            own, "preprocess", "--config=rhythm.toml", "--input_tfrecord=music.tfrecord",
            "--output_tfrecord=unique.tfrecord", "--output_shards=1", "--enable_filtering=false",
        )  # fmt: skip
        assert list(own.glob("unique*.tfrecord*"))


def _run(folder: pathlib.Path, command: str, *flags: str) -> str:
    """Runs a command in the user's folder; returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", f"musicvae.cli.{command}", *flags],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "lib")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_rhythms_come_back_as_they_were(own: pathlib.Path) -> None:
    converter = build_converter(Component(CONVERTER))
    begins = np.random.default_rng(1).random((3, converter.num_steps)) < 0.5
    batch = converter.expand({"begins": begins})
    sequence = converter.to_notes(batch.outputs[0])
    assert converter.extract_compact(sequence).arrays["begins"].tolist() == begins[:1].tolist()
